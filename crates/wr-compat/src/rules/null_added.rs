//! Null is a value of a place where it was none.
//!
//! Null in place of an optional property is read as absent, and writers leave it out instead; so
//! that is allowed.
//! Deployed readers refuse null in place of a required property, an item or a map value.
//!
//! Example: `type` becomes `["string", "null"]`.
//!
//! Make the property optional in a new major, or add a new optional property.

use super::Check;
use crate::change::Change;
use crate::types::{self, Null};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if types::null(pair) == Some(Null::Added) {
        let message = format!("{} may be null", pair.new.place());
        changes.push(types::null_change(pair, message));
    }
}
