//! Refuses `$id` below the root.
//!
//! It would change what every `$ref` below it means.
//!
//! Remove it; a shared schema is a definition, which is referenced by its name.

use crate::draft::{Draft, Role, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    if site.role != Role::Root {
        report.keyword(
            site.node,
            "$id",
            "`$id` below the root changes what references mean",
            "remove it; only the root of a file has an `$id`",
        );
    }
}
