//! Null is no value of a place where it was one.
//!
//! Null in place of an optional property is read as absent, and writers leave it out instead; so
//! that is allowed.
//! New readers refuse stored messages with null in place of a required property, an item or a map
//! value.
//!
//! Example: `type` becomes `"string"`.
//!
//! Keep null; new writers need not send it.

use super::Check;
use crate::change::Change;
use crate::types::{self, Null};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if types::null(pair) == Some(Null::Removed) {
        let message = format!("{} may no longer be null", pair.new.place());
        changes.push(types::null_change(pair, message));
    }
}
