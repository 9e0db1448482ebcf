//! Refuses `additionalItems`.
//!
//! It says something only beside a tuple, which the dialect does not have.
//!
//! Remove it, and write one schema for all items as `items`.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    report.keyword(
        site.node,
        "additionalItems",
        "`additionalItems` belongs to tuples, which have no place here",
        "remove it; `items` is one schema for all items",
    );
}
