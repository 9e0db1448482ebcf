//! An enum has a value less.
//!
//! Stored messages still hold it.
//! An open enum reads it as `Unknown`, so it loses its name, and code that matches its variant does
//! not compile; a closed one refuses it.
//!
//! Example: `reason` may no longer be `admin_revoked`.
//!
//! Keep the value, say in the description that it is no longer sent, and drop it in the next major.

use wr_schema::json::{Data, Node};

use super::Check;
use crate::change::{Change, Otherwise, Sample};
use crate::documents::{Edit, What};
use crate::enums;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for values in enums::beyond(pair, pair.old.node, pair.new.node) {
        let Some(first) = values.first() else { continue };
        let listed = enums::listed(&values);
        let message = format!("{} may no longer be {listed}", pair.new.place());
        let change = Change::of_keywords(pair, &["enum"], message).help(HELP);
        let only = Node { span: first.span, data: Data::Array(vec![(*first).clone()]) };
        let only = What::Keywords(vec![("enum".to_owned(), Some(only))]);
        let edits = vec![Edit { path: pair.old.path.clone(), what: only }];
        changes.push(Change {
            old: Some(first.span),
            to_new: vec![enums::without(&pair.old, &values)],
            to_old: vec![enums::with(&pair.new, &values)],
            otherwise: Otherwise::Meaning {
                sample: Sample { path: pair.old.path.clone(), edits },
                old: format!("{} is {}", pair.old.place(), enums::listed(&[first])),
                new: format!("{} is a value without a name", pair.new.place()),
            },
            ..change
        });
    }
}

const HELP: &str = "keep the value and no longer send it; drop it in the next major";
