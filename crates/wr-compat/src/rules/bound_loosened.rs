//! A bound admits more values.
//!
//! Deployed readers enforce the old one, so they refuse what new writers may send.
//! Bounds are those of numbers, of lengths, of items and of entries, `multipleOf` and `uniqueItems`.
//!
//! Example: `minimum` 0 becomes -10, and a new message has -1.
//!
//! Add an optional property with the wider bound, or make a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::bounds::{self, Way};
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for bound in bounds::changed(pair) {
        if matches!(bound.way, Way::Loosened | Way::Both) {
            let change = Change::of_keywords(pair, bound.keywords, bound.message(pair));
            changes.push(Change { backward: false, ..change });
        }
    }
}
