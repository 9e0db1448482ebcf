//! An optional property that had no default has one.
//!
//! Absence meant nothing yet, and stored messages left it out; now readers make a value of that.
//! The evidence is a message that leaves the property out, and what it means to either.
//!
//! Example: an absent `n` was unknown and reads 0.
//!
//! Add a new optional property with the default.

use super::Check;
use crate::change::Change;
use crate::defaults;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let Some((None, Some(new))) = defaults::of(pair) else { return };
    let name = pair.new.place();
    let message = format!("{name} has a default, `{}`", new.to_value());
    let old = format!("absent, {name} has no value");
    let new = format!("absent, {name} reads `{}`", new.to_value());
    changes.push(defaults::change(pair, message, old, new));
}
