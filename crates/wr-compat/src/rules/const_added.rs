//! A value became a constant.
//!
//! New readers refuse every stored message that has another value.
//!
//! Example: `region` was any string and is always `eu`.
//!
//! Keep the type; let writers send the constant.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (None, Some(new)) = pair.both("const") else { return };
    let message = format!("{} is always `{}`", pair.new.place(), new.to_value());
    changes.push(Change::of_keywords(pair, &["const"], message).typed(pair));
}
