//! A plain value became an enum.
//!
//! The Rust type was a string and is an enum, so code that uses it does not compile.
//! Where the enum is closed, new readers also refuse stored messages with another value.
//!
//! Example: `reason` was any string and is one of two.
//!
//! Keep the string, and add an optional property with the enum.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (None, Some(_)) = pair.both("enum") else { return };
    let message = format!("{} is an enum now", pair.new.place());
    changes.push(Change::of_keywords(pair, &["enum", "x-wr-closed"], message).typed(pair));
}
