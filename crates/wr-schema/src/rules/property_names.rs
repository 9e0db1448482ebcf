//! Refuses a `propertyNames` with anything but a pattern and lengths.
//!
//! Names are strings, so a format, a list or a type of them would be a promise nobody checks.
//!
//! Write `"propertyNames": {"pattern": "^[a-z_]+$", "maxLength": 64}`.

use crate::draft::{Draft, Site};
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(names) = site.node.get("propertyNames") else { return };
    if keywords::kind(site.node) != Some(Kind::Map) {
        return;
    }
    if names.as_bool().is_some() {
        report.at(names.span, "`propertyNames` says nothing of names", "write its `pattern`");
    }
    for member in names.members() {
        match member.key.as_str() {
            "pattern" | "minLength" | "maxLength" | "description" => {}
            "type" if member.value.as_str() == Some("string") => {}
            name => report.at(
                member.key_span,
                format!("`{name}` has no place in `propertyNames`"),
                "say what names are by `pattern`, `minLength` and `maxLength`",
            ),
        }
    }
}
