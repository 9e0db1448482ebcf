//! An optional property has no default any more.
//!
//! Stored messages left the property out and meant the default; now they mean nothing.
//! The evidence is a message that leaves the property out, and what it means to either.
//!
//! Example: an absent `n` read 0 and is unknown.
//!
//! Keep the default; new writers may write the value out.

use super::Check;
use crate::change::Change;
use crate::defaults;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let Some((Some(old), None)) = defaults::of(pair) else { return };
    let name = pair.new.place();
    let message = format!("{name} no longer has the default `{}`", old.to_value());
    let old = format!("absent, {name} reads `{}`", old.to_value());
    let new = format!("absent, {name} has no value");
    changes.push(defaults::change(pair, message, old, new));
}
