//! A map of anything became a map of one type.
//!
//! New readers refuse stored values of other types, and the Rust type is another one.
//!
//! Example: `metadata` held anything and holds strings.
//!
//! Add a new optional property that is a typed map.

use super::Check;
use crate::change::Change;
use crate::maps::{self, Opening};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if maps::change(pair) == Some(Opening::Typed) {
        let message = format!("{} may no longer hold anything", pair.new.place());
        changes.push(Change::of_keywords(pair, &["additionalProperties"], message).typed(pair));
    }
}
