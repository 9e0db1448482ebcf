//! Values are of another type.
//!
//! Either side refuses what the other sends, or what only the other sends.
//!
//! Example: `ip` was a string and is an integer; or it may be an integer, too.
//!
//! Add a new optional property of the other type.

use super::Check;
use crate::change::Change;
use crate::types::{self, Retyping};
use crate::walk::Pair;
use crate::words;

pub(super) const CHECK: Check = Check::AnyPlace(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let change = match types::change(pair) {
        Some(Retyping::Whole) => Change::of_whole,
        Some(Retyping::Names) => Change::of_type,
        Some(Retyping::IntegerToNumber | Retyping::NumberToInteger) | None => return,
    };
    let name = pair.new.place();
    let message = match words::plain_types(pair).filter(|(old, new)| old != new) {
        Some((old, new)) => format!("{name} was {old} and is {new}"),
        None => format!("the types of {name} changed"),
    };
    changes.push(change(pair, message).typed(pair));
}
