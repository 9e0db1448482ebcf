//! The names that a map may have are others.
//!
//! Readers enforce them, so the side whose names are fewer refuses messages of the other.
//! Whether two patterns admit the same names is decided, not guessed.
//!
//! Example: `propertyNames` asks for lower-case letters.
//!
//! Keep the names, or add a new optional map.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if pair.differs("propertyNames") {
        let message = format!("the names that {} may have changed", pair.new.place());
        changes.push(Change::of_keywords(pair, &["propertyNames"], message));
    }
}
