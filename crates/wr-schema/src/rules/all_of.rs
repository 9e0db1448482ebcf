//! Refuses `allOf`.
//!
//! Schemas that are laid over each other have no one Rust type: their properties, bounds and
//! required names would have to be merged, and may contradict.
//!
//! Instead of `{"allOf": [{"$ref": "..."}, {"properties": {"a": ...}}]}` write all properties in
//! one `properties`, each a `$ref` where it is shared.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    report.keyword(
        site.node,
        "allOf",
        "`allOf` lays schemas over each other, which no Rust type can follow",
        "write all properties in one `properties`; share single ones by `$ref`",
    );
}
