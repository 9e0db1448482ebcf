//! A required property is gone.
//!
//! New writers no longer send it, so deployed readers refuse every new message.
//!
//! Example: `queue_length` is dropped.
//!
//! Keep it, set `deprecated: true`, go on writing it, and drop it in the next major.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for field in pair.removed().into_iter().filter(|field| field.required) {
        let message = format!("the required property `{}` is gone", field.name);
        changes.push(Change::of_removed(pair, field, message).help(HELP));
    }
}

const HELP: &str =
    "keep it with `deprecated: true`, go on writing it, and drop it in the next major";
