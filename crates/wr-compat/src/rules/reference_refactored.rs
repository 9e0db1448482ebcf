//! A schema is written in another way: through a reference, or with other keywords.
//!
//! That both have the same values is proved, not guessed; then nothing changes for writers and
//! readers.
//! A struct, an enum or a union that moves into `schemas/definitions/`, out of it, or to another name
//! in it, has another Rust type, so that code that names it does not compile.
//!
//! Example: an object becomes a `$ref` to a definition with the same content.
//!
//! Nothing has to be done; for a shared definition, leave the type where it is until the next major.

use wr_schema::json::Node;

use super::Check;
use crate::change::{Change, Otherwise};
use crate::documents::spelled;
use crate::walk::{Pair, Site};

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    const SHARED: &str = "a type of the shared definitions";
    const OWN: &str = "a type of its own";
    let moved = match (pair.old.shared_at(), pair.new.shared_at()) {
        (Some(_), None) => Some((SHARED, OWN, "is no shared definition any more")),
        (None, Some(_)) => Some((OWN, SHARED, "became a shared definition")),
        (Some(old), Some(new)) if old != new => {
            Some((SHARED, "another type of them", "is another shared definition"))
        }
        (Some(_), Some(_)) | (None, None) => None,
    };
    if let Some((old, new, way)) = moved {
        let message = format!("{} {way}", pair.new.place());
        let change = Change::of_whole(pair, message);
        let otherwise = Otherwise::Code {
            path: pair.new.called(),
            old: Some(old.to_owned()),
            new: Some(new.to_owned()),
        };
        changes.push(Change { backward: false, forward: false, otherwise, ..change });
    }
    if is_respelled(pair) {
        let message = format!("{} is written in another way", pair.new.place());
        changes.push(Change { if_equal: true, ..Change::of_whole(pair, message) });
    }
}

/// Whether a reference is another one, or keywords differ that no rule reads.
fn is_respelled(pair: &Pair<'_>) -> bool {
    let reference = |site: &Site<'_>| site.at.get("$ref").map(spelled);
    let is_union = pair.unions().is_some();
    let others = UNREAD.iter().filter(|keyword| !(is_union && UNIONS.contains(keyword)));
    let mut others = others.filter(|keyword| !is_paired(pair, keyword));
    reference(&pair.old) != reference(&pair.new) || others.any(|keyword| pair.differs(keyword))
}

/// Whether the parts of a list are paired one by one, so that each is judged on its own.
fn is_paired(pair: &Pair<'_>, keyword: &str) -> bool {
    let (old, new) = pair.both(keyword);
    let count = |node: Option<&Node>| node.map(|node| node.items().len());
    LISTS.contains(&keyword) && count(old) == count(new)
}

const UNIONS: &[&str] = &["anyOf", "oneOf"];
const LISTS: &[&str] = &["allOf", "anyOf", "oneOf"];

/// Keywords whose meaning is the solver's alone.
const UNREAD: &[&str] = &[
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "contains",
    "minContains",
    "maxContains",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "nullable",
];
