//! What is written about a place changed.
//!
//! Descriptions, examples, titles and the like change no message and no reader; what a unit or a
//! default says is for `unit_changed` and the rules about defaults.
//!
//! Example: a `description` gets a second sentence.
//!
//! Nothing has to be done: a published file may change in this too.

use wr_schema::json::Node;

use super::Check;
use crate::change::Change;
use crate::walk::{Pair, Role, Site};

pub(super) const CHECK: Check = Check::AnyPlace(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let changed: Vec<&str> = KEYWORDS.iter().copied().filter(|key| differs(pair, key)).collect();
    let is_new_unit = pair.old.annotation("x-wr-unit").is_none();
    let unit = (is_new_unit && differs(pair, "x-wr-unit")).then_some("x-wr-unit");
    let is_absent =
        matches!(pair.role, Role::Property { old: true, new: true } | Role::Root | Role::Inner);
    let default = (is_absent && differs(pair, "default")).then_some("default");
    let changed: Vec<&str> = changed.into_iter().chain(unit).chain(default).collect();
    if changed.is_empty() {
        return;
    }
    let message = format!("`{}` of {} changed", changed.join("`, `"), pair.new.place());
    let change = Change::of_keywords(pair, &changed, message);
    changes.push(Change { backward: false, forward: false, ..change });
}

const KEYWORDS: &[&str] = &[
    "title",
    "description",
    "examples",
    "example",
    "deprecated",
    "$comment",
    "readOnly",
    "writeOnly",
    "x-wr-pii",
];

fn differs(pair: &Pair<'_>, keyword: &str) -> bool {
    let value = |site: &Site<'_>| site.annotation(keyword).map(Node::to_value);
    value(&pair.old) != value(&pair.new)
}
