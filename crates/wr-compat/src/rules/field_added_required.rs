//! A required property is new.
//!
//! Every stored message lacks it, so new readers refuse them all; a `default` does not help, since it says what absence means, and a required property is never absent.
//!
//! Example: `region` is added and listed in `required`.
//!
//! Make it optional.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for field in pair.added().into_iter().filter(|field| field.required) {
        let message = format!("the required property `{}` is new", field.name);
        let help = format!("take `{}` out of `required`", field.name);
        let change = Change::of_added(pair, field, message).help(help);
        changes.push(Change { old: Some(pair.old.head), ..change });
    }
}
