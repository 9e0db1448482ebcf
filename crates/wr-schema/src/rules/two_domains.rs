//! Reports subjects of a second domain.
//!
//! A folder of schemas becomes one crate, whose modules are named by entity and action; the domain
//! is the same in all.
//!
//! Put the other domain's subjects into a folder of schemas of their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::{Draft, Place};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Catalog(check);

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut domains: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in &draft.files {
        if let (Place::Event(subject, _), Some((folder, _))) =
            (&file.place, file.path.split_once('/'))
        {
            domains.entry(subject.domain()).or_default().insert(folder);
        }
    }
    // The domain of most subjects is the catalogue's; of two that have as many, the first.
    let most = domains.values().map(BTreeSet::len).max().unwrap_or_default();
    let own = domains.iter().find(|(_, folders)| folders.len() == most).map(|(domain, _)| *domain);
    for (domain, folders) in &domains {
        let Some(own) = own.filter(|own| own != domain) else { continue };
        for folder in folders {
            report.path(
                folder,
                format!("the domain is `{domain}`, but that of this catalogue is `{own}`"),
                "move it to a folder of schemas of its own, or correct the first token",
            );
        }
    }
}
