//! Refuses `additionalProperties: false`.
//!
//! A reader that refuses what it does not know breaks with the first property that a newer minor
//! adds. Writers send nothing else anyway: the generated types and the check before publishing are
//! closed without it.
//!
//! Remove it.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let values = site.node.get("additionalProperties");
    if values.and_then(|values| values.as_bool()) == Some(false) {
        report.keyword(
            site.node,
            "additionalProperties",
            "`additionalProperties: false` makes readers refuse every newer minor",
            "remove it: writers are closed and readers open without it",
        );
    }
}
