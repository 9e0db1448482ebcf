//! A constant is another one.
//!
//! New readers refuse every stored message that has the old one, and deployed readers every new message.
//!
//! Example: `kind` was always `a` and is always `b`.
//!
//! Add a new property, or make a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (Some(old), Some(new)) = pair.both("const") else { return };
    let (old, new) = (old.to_value(), new.to_value());
    if old != new {
        let message = format!("the constant {} was `{old}` and is `{new}`", pair.new.place());
        changes.push(Change::of_keywords(pair, &["const"], message).typed(pair));
    }
}
