//! A string has a format.
//!
//! New readers refuse stored messages whose string is not of it, and the Rust type is another one.
//!
//! Example: `at` was any string and is a `date-time`.
//!
//! Add a new optional property with the format.

use wr_schema::json::Node;

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (old, new) = pair.both("format");
    let (None, Some(new)) = (old.and_then(Node::as_str), new.and_then(Node::as_str)) else {
        return;
    };
    let message = format!("{} has the format `{new}` now", pair.new.place());
    changes.push(Change::of_keywords(pair, &["format"], message).typed(pair));
}
