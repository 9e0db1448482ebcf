//! Refuses `additionalProperties` beside `properties`.
//!
//! An object is either a struct, whose properties have names, or a map, whose entries have one
//! type. A struct that takes any other entry could never get a new property: an old message might
//! hold an entry of that name.
//!
//! Move the open part into a property that is a map:
//! `"labels": {"type": "object", "additionalProperties": {"type": "string"}}`.

use crate::draft::{Draft, Site};
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(values) = site.node.get("additionalProperties") else { return };
    if keywords::kind(site.node) == Some(Kind::Struct) && values.as_bool() != Some(false) {
        report.keyword(
            site.node,
            "additionalProperties",
            "`additionalProperties` stands beside `properties`",
            "move it into a property that is a map",
        );
    }
}
