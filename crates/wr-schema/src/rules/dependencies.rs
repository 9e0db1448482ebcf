//! Refuses `dependencies`, `dependentRequired` and `dependentSchemas`.
//!
//! A property that another one makes required has no Rust type: both are fields of their own.
//!
//! Put properties that come together into one optional object:
//! `"client": {"type": "object", "required": ["name", "version"], ...}`.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
        report.keyword(
            site.node,
            keyword,
            format!("`{keyword}` ties properties to each other, which no Rust type can follow"),
            "put properties that come together into one optional object, required in it",
        );
    }
}
