//! A closed enum or union takes unknown values.
//!
//! Writers send the same values as before, so nothing breaks.
//! A later minor still may not add a value while readers of the closed version are deployed: every
//! pair of minors is compared.
//!
//! Example: `x-wr-closed` is removed beside `enum`.
//!
//! Nothing has to be done.

use super::Check;
use crate::change::Change;
use crate::enums;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if !pair.old.is_closed() || pair.new.is_closed() || !enums::are_both(pair) {
        return;
    }
    let message = format!("{} takes what it does not name, too", pair.new.place());
    changes.push(Change::of_keywords(pair, &["x-wr-closed"], message));
}
