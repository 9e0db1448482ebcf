//! A constant became any value.
//!
//! Deployed readers refuse every new message that has another value.
//!
//! Example: `region` was always `eu` and is any string.
//!
//! Add an optional property for what is new, or make a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (Some(old), None) = pair.both("const") else { return };
    let message = format!("{} is no longer always `{}`", pair.new.place(), old.to_value());
    changes.push(Change::of_keywords(pair, &["const"], message).typed(pair));
}
