//! A pattern is another one.
//!
//! Readers enforce it, so the side whose pattern admits less refuses messages of the other.
//! Which strings either admits is decided by automata; the shortest string that tells them apart is
//! shown, and where there is none, the change is allowed.
//!
//! Example: `^pos-[a-z0-9]+$` becomes `^pos-[0-9]+$`.
//!
//! Keep the pattern, or add a new optional property.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if pair.differs("pattern") {
        let name = pair.new.place();
        let message = match pair.both("pattern") {
            (None, _) => format!("{name} has a pattern now"),
            (_, None) => format!("{name} no longer has a pattern"),
            (Some(_), Some(_)) => format!("the pattern of {name} changed"),
        };
        changes.push(Change::of_keywords(pair, &["pattern"], message));
    }
}
