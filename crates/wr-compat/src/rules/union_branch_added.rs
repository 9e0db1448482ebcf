//! A tagged union has a branch more.
//!
//! An open union, which is the default, may grow: deployed readers keep the new branch as `Unknown`.
//! A closed one may not: they refuse it.
//!
//! Example: `payment` may be a `voucher` too.
//!
//! For a closed union, add an optional property, or make a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let Some((old, new)) = pair.unions().filter(|(old, new)| old.tag == new.tag) else { return };
    for (value, branch) in new.beyond(&old) {
        let message = format!("{} may be a `{value}` too", pair.new.place());
        let change = Change::of_keywords(pair, &[new.keyword], message);
        changes.push(Change {
            new: Some(branch.head()),
            to_new: vec![old.with(&pair.old, branch)],
            to_old: vec![new.without(&pair.new, value)],
            ..change
        });
    }
}
