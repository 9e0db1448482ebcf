//! A tagged union has a branch less.
//!
//! Stored messages still hold it.
//! An open union reads it as `Unknown`, so that it loses its type, and code that matches its variant
//! does not compile; a closed one refuses it.
//!
//! Example: `payment` may no longer be a `voucher`.
//!
//! Keep the branch, say in its description that it is no longer sent, and drop it in the next major.

use super::Check;
use crate::change::{Change, Otherwise, Sample};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let Some((old, new)) = pair.unions().filter(|(old, new)| old.tag == new.tag) else { return };
    for (value, branch) in old.beyond(&new) {
        let message = format!("{} may no longer be a `{value}`", pair.new.place());
        let change = Change::of_keywords(pair, &[old.keyword], message).help(HELP);
        changes.push(Change {
            old: Some(branch.head()),
            to_new: vec![old.without(&pair.old, value)],
            to_old: vec![new.with(&pair.new, branch)],
            otherwise: Otherwise::Meaning {
                sample: Sample {
                    path: pair.old.path.clone(),
                    edits: vec![old.only(&pair.old, branch)],
                },
                old: format!("{} is a `{value}`", pair.old.place()),
                new: format!("{} is an unknown branch", pair.new.place()),
            },
            ..change
        });
    }
}

const HELP: &str = "keep the branch and no longer send it; drop it in the next major";
