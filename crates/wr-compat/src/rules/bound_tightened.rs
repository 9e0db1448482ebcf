//! A bound admits fewer values.
//!
//! New readers enforce it, so they refuse stored messages that were fine when they were written.
//! Bounds are those of numbers, of lengths, of items and of entries, `multipleOf` and `uniqueItems`.
//!
//! Example: `maxLength` 64 becomes 8, and a stored `position_id` has 36 characters.
//!
//! Keep the bound, and check the narrower one where messages are made.

use super::Check;
use crate::bounds::{self, Way};
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for bound in bounds::changed(pair) {
        if matches!(bound.way, Way::Tightened | Way::Both) {
            let change = Change::of_keywords(pair, bound.keywords, bound.message(pair));
            changes.push(Change { forward: false, ..change });
        }
    }
}
