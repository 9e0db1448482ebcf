//! An enum or a union that took unknown values is closed.
//!
//! Readers kept a value that they did not know as `Unknown`; a closed type has no such variant, so
//! code that handles it does not compile, and what a newer minor adds is refused.
//!
//! Example: `x-wr-closed` is added beside `enum`.
//!
//! Leave it open, or close it in a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::{Change, Otherwise};
use crate::enums;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if pair.old.is_closed() || !pair.new.is_closed() || !enums::are_both(pair) {
        return;
    }
    let message = format!("{} no longer takes what it does not name", pair.new.place());
    let change = Change::of_keywords(pair, &["x-wr-closed"], message);
    let otherwise = Otherwise::Code {
        path: format!("{}::Unknown", pair.old.type_called()),
        old: Some("a variant".to_owned()),
        new: None,
    };
    changes.push(Change { otherwise, ..change });
}
