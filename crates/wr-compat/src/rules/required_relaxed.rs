//! A required property became optional.
//!
//! New writers may leave it out, and deployed readers refuse a message without it.
//!
//! Example: `queue_length` is taken out of `required`.
//!
//! Keep it in `required`, or relax it in a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for (old, new) in pair.kept() {
        if old.required && !new.required {
            let message = format!("`{}` is no longer required", new.name);
            let help = format!("put `{}` back into `required`", new.name);
            changes.push(Change::of_required(pair, old, new, message).help(help));
        }
    }
}
