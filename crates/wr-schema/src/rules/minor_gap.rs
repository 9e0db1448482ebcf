//! Reports a minor without the one before it.
//!
//! Minors are published one after the other, from 0 on; a gap means that a file was lost, and with
//! it what messages of that minor look like.
//!
//! Bring the file back, or number without a gap.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::{Draft, Place};
use crate::lint::{Check, Report};
use crate::names::Version;

pub(super) const CHECK: Check = Check::Catalog(check);

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut minors: BTreeMap<(&str, u32), BTreeSet<u32>> = BTreeMap::new();
    // A file that could not be read is there all the same.
    let unread = draft.sources.problems().iter().map(|problem| draft.sources.path(&problem.place));
    let unread = unread.filter(|path| path.ends_with(".json"));
    for path in draft.files.iter().map(|file| file.path).chain(unread) {
        if let (Some((folder, _)), Some(version)) = (path.split_once('/'), version(path)) {
            minors.entry((folder, version.major)).or_default().insert(version.minor);
        }
    }
    for ((folder, major), minors) in minors {
        let mut next = 0;
        for minor in minors {
            if minor != next {
                report.path(
                    &format!("{folder}/{major}.{minor}.json"),
                    format!("there is no `{major}.{next}.json` before it"),
                    format!("bring `{major}.{next}.json` back, or name this file so"),
                );
            }
            next = minor.saturating_add(1);
        }
    }
}

/// The version of a file, unless its subject has another major.
fn version(path: &str) -> Option<Version> {
    let place = Place::of(path);
    let version = place.version()?;
    if let Place::Event(subject, _) = &place
        && subject.major() != version.major
    {
        return None;
    }
    Some(version)
}
