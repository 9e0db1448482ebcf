//! An optional property became required.
//!
//! Stored messages may lack it, and new readers refuse those.
//!
//! Example: `estimated_wait_seconds` is put into `required`.
//!
//! Keep it optional; new writers may always send it.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for (old, new) in pair.kept() {
        if !old.required && new.required {
            let message = format!("`{}` is required now", new.name);
            let help = format!("take `{}` out of `required`", new.name);
            changes.push(Change::of_required(pair, old, new, message).help(help));
        }
    }
}
