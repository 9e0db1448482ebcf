//! A union is told apart by another property.
//!
//! Neither side finds the tag in what the other sends.
//!
//! Example: the tag was `type` and is `kind`.
//!
//! Keep the tag, or make a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let Some((old, new)) = pair.unions() else { return };
    if old.tag != new.tag {
        let message =
            format!("the tag of {} was `{}` and is `{}`", pair.new.place(), old.tag, new.tag);
        changes.push(Change::of_whole(pair, message).typed(pair).spans(
            pair,
            old.keyword,
            new.keyword,
        ));
    }
}
