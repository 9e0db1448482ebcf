//! An enum became a plain value.
//!
//! The Rust type was an enum and is a string, so code that uses it does not compile.
//! Where the enum was closed, deployed readers also refuse new messages with another value.
//!
//! Example: `reason` was one of two and is any string.
//!
//! Keep the enum: an open one takes unknown strings already.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (Some(_), None) = pair.both("enum") else { return };
    let message = format!("{} is no enum any more", pair.new.place());
    changes.push(Change::of_keywords(pair, &["enum", "x-wr-closed"], message).typed(pair));
}
