//! An enum has a value more.
//!
//! An open enum, which is the default, may grow: deployed readers keep the new value as `Unknown`.
//! A closed one may not: they refuse it.
//!
//! Example: `reason` may be `queue_closed` too.
//!
//! For a closed enum, add an optional property, or make a new major: `cargo xtask new major SUBJECT`.

use super::Check;
use crate::change::Change;
use crate::enums;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    for values in enums::beyond(pair, pair.new.node, pair.old.node) {
        let message = format!("{} may be {} too", pair.new.place(), enums::listed(&values));
        let change = Change::of_keywords(pair, &["enum"], message);
        changes.push(Change {
            new: values.first().map(|value| value.span),
            to_new: vec![enums::with(&pair.old, &values)],
            to_old: vec![enums::without(&pair.new, &values)],
            ..change
        });
    }
}
