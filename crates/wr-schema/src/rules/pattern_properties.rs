//! Refuses `patternProperties`.
//!
//! Properties whose type depends on their name have no Rust type.
//!
//! Instead of `{"patternProperties": {"^x_": {"type": "number"}}}` write a map:
//! `{"type": "object", "propertyNames": {"pattern": "^x_[a-z]+$"}, "additionalProperties":
//! {"type": "number"}}`.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    report.keyword(
        site.node,
        "patternProperties",
        "`patternProperties` types properties by their name, which no Rust type can follow",
        "write a map: `propertyNames` with the pattern, and `additionalProperties` with the schema",
    );
}
