//! A bound is written in another way and admits the same values.
//!
//! That both are equal is proved, not guessed.
//!
//! Example: `minimum` 1 of an integer becomes `exclusiveMinimum` 0.
//!
//! Nothing has to be done.

use super::Check;
use crate::bounds::{self, Way};
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for bound in bounds::changed(pair) {
        if bound.way == Way::Same {
            let change = Change::of_keywords(pair, bound.keywords, bound.message(pair));
            changes.push(Change { if_equal: true, ..change });
        }
    }
}
