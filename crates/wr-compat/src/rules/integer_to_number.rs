//! An integer became a number.
//!
//! Deployed readers refuse a fraction, and the Rust type was an integer and is a float.
//!
//! Example: `priority` was 1 and may be 0.5.
//!
//! Add a new optional property that is a number.

use super::Check;
use crate::change::Change;
use crate::types::{self, Retyping};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if types::change(pair) == Some(Retyping::IntegerToNumber) {
        let message = format!("{} was an integer and is a number", pair.new.place());
        changes.push(Change::of_keywords(pair, &["type"], message).typed(pair));
    }
}
