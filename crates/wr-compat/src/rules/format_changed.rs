//! A string has another format.
//!
//! Either side refuses what the other sends, and the Rust type is another one.
//!
//! Example: `at` was a `date-time` and is a `date`.
//!
//! Add a new optional property with the other format.

use wr_schema::json::Node;

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (old, new) = pair.both("format");
    let (Some(old), Some(new)) = (old.and_then(Node::as_str), new.and_then(Node::as_str)) else {
        return;
    };
    if old == new {
        return;
    }
    let message = format!("the format of {} was `{old}` and is `{new}`", pair.new.place());
    changes.push(Change::of_keywords(pair, &["format"], message).typed(pair));
}
