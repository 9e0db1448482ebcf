//! Reports a `default` that its own property would not take.
//!
//! Readers fill it in for an absent property, so it must be a value that the property may have.
//! Null is none, since an optional property is left out rather than null.
//!
//! Correct the `default`, or remove it.

use crate::draft::{Draft, DraftFile, Role, Site};
use crate::judge::Judge;
use crate::lint::{Check, Report};
use crate::resolve;

pub(super) const CHECK: Check = Check::File(check);

fn check(draft: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    let sites = file.sites();
    let sites: Vec<&Site<'_>> = sites
        .iter()
        .filter(|site| {
            let may_be_absent =
                matches!(site.role, Role::Property { required: false, .. } | Role::Definition { .. });
            may_be_absent && site.node.get("default").is_some()
        })
        .collect();
    if sites.is_empty() || resolve::too_large(draft, file).is_some() {
        return;
    }
    for site in sites {
        let Some(default) = site.node.get("default") else { continue };
        let Some(judge) = Judge::of(draft, site, true) else { continue };
        if let Some(violation) = judge.violations(default).first() {
                        report.at(
                violation.place(default),
                format!("this `default` violates `{}` of its own property", violation.keyword),
                "correct it, or remove it",
            );
        }
    }
}
