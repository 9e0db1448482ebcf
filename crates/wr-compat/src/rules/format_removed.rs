//! A string has no format any more.
//!
//! Deployed readers refuse new messages whose string is not of it, and the Rust type is another one.
//!
//! Example: `at` was a `date-time` and is any string.
//!
//! Keep the format, or add a new optional property.

use wr_schema::json::Node;

use super::Check;
use crate::change::Change;
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let (old, new) = pair.both("format");
    let (Some(old), None) = (old.and_then(Node::as_str), new.and_then(Node::as_str)) else {
        return;
    };
    let message = format!("{} no longer has the format `{old}`", pair.new.place());
    changes.push(Change::of_keywords(pair, &["format"], message).typed(pair));
}
