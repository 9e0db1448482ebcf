//! An optional property is new.
//!
//! Stored messages lack it, which new readers take as absent; deployed readers ignore it.
//!
//! Example: `estimated_wait_seconds` is added.
//!
//! Nothing has to be done: this is what minors are for.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for field in pair.added().into_iter().filter(|field| !field.required) {
        let message = format!("the optional property `{}` is new", field.name);
        changes.push(Change::of_added(pair, field, message).help(HELP));
    }
}

const HELP: &str = "give the property another name: readers already take one of this name";
