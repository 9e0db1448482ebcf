//! A number became an integer.
//!
//! New readers refuse stored fractions, and the Rust type was a float and is an integer.
//!
//! Example: `load` was 0.5 and may only be 0 or 1.
//!
//! Add a new optional property that is an integer.

use super::Check;
use crate::change::Change;
use crate::types::{self, Retyping};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if types::change(pair) == Some(Retyping::NumberToInteger) {
        let message = format!("{} was a number and is an integer", pair.new.place());
        changes.push(Change::of_keywords(pair, &["type"], message).typed(pair));
    }
}
