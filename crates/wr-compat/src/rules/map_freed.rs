//! A map of one type became a map of anything.
//!
//! Deployed readers refuse values of other types, and the Rust type is another one.
//!
//! Example: `labels` held strings and holds anything.
//!
//! Add a new optional property that is a free map.

use super::Check;
use crate::change::Change;
use crate::maps::{self, Opening};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if maps::change(pair) == Some(Opening::Freed) {
        let message = format!("{} may hold anything now", pair.new.place());
        changes.push(Change::of_keywords(pair, &["additionalProperties"], message).typed(pair));
    }
}
