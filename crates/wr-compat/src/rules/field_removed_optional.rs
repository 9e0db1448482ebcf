//! An optional property is gone.
//!
//! Code that reads the field does not compile, and what stored messages say in it is lost.
//! No property leaves within a major, also because a later minor could bring its name back with
//! another meaning.
//!
//! Example: `ip` is dropped, or renamed to `ip_address`.
//!
//! Keep it, set `deprecated: true`, stop writing it, and drop it in the next major.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for field in pair.removed().into_iter().filter(|field| !field.required) {
        let message = format!("the optional property `{}` is gone", field.name);
        changes.push(Change::of_removed(pair, field, message).help(HELP));
    }
}

const HELP: &str = "keep it with `deprecated: true`, and drop it in the next major";
