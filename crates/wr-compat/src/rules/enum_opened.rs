//! A closed enum or union takes unknown values.
//!
//! A closed type has no variant for what it does not name, so code matches it without one, and does
//! not compile once there is one.
//! Readers of the closed version also refuse what a later minor adds.
//!
//! Example: `x-wr-closed` is removed beside `enum`.
//!
//! Leave it closed, or open it in a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::{Change, Otherwise};
use crate::enums;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if !pair.old.is_closed() || pair.new.is_closed() || !enums::are_both(pair) {
        return;
    }
    let message = format!("{} takes what it does not name, too", pair.new.place());
    let change = Change::of_keywords(pair, &["x-wr-closed"], message);
    let otherwise = Otherwise::Code {
        path: format!("{}::Unknown", pair.new.type_called()),
        old: None,
        new: Some("a variant".to_owned()),
    };
    changes.push(Change { otherwise, ..change });
}
