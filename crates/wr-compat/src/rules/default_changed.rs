//! The default of an optional property is another one.
//!
//! Every reader takes every message, but what an absent property means depends on who reads.
//! The evidence is a message that leaves the property out, and what it means to either.
//!
//! Example: an absent `n` reads 0, then 1.
//!
//! Keep the default, and write the new value out; or add a new property.

use super::Check;
use crate::change::Change;
use crate::defaults;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let Some((Some(old), Some(new))) = defaults::of(pair) else { return };
    if old.to_value() == new.to_value() {
        return;
    }
    let name = pair.new.place();
    let message =
        format!("the default of {name} was `{}` and is `{}`", old.to_value(), new.to_value());
    let old = format!("absent, {name} reads `{}`", old.to_value());
    let new = format!("absent, {name} reads `{}`", new.to_value());
    changes.push(defaults::change(pair, message, old, new));
}
