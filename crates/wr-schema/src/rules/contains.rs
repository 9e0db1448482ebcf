//! Refuses `contains`, `minContains` and `maxContains`.
//!
//! What some item of an array is, no Rust type can say.
//!
//! Give the item a property of its own, or describe it in words.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    for keyword in ["contains", "minContains", "maxContains"] {
        report.keyword(
            site.node,
            keyword,
            format!("`{keyword}` speaks of some items only, which no Rust type can follow"),
            "give that item a property of its own; `items` holds for all",
        );
    }
}
