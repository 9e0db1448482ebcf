//! Defaults of properties that may be absent in either version: what absence means.

use wr_schema::json::Node;

use crate::change::{Change, Otherwise, Sample};
use crate::documents::{Edit, Step, What};
use crate::walk::{Pair, Role};

/// The defaults of a property that may be absent; none of any other place.
pub(crate) fn of<'a>(pair: &Pair<'a>) -> Option<(Option<&'a Node>, Option<&'a Node>)> {
    match pair.role {
        Role::Property { old: true, new: true } | Role::Root | Role::Inner => None,
        Role::Property { .. } => {
            Some((pair.old.annotation("default"), pair.new.annotation("default")))
        }
    }
}

/// A change of what absence means.
pub(crate) fn change(pair: &Pair<'_>, message: String, old: String, new: String) -> Change {
    let change = Change::of_keywords(pair, &["default"], message).help(HELP);
    let mut path = pair.old.path.clone();
    let edits = match path.pop() {
        Some(Step::Property(name)) => {
            vec![Edit { path: path.clone(), what: What::Property(name, None) }]
        }
        Some(Step::Items | Step::Values | Step::Part(..)) | None => Vec::new(),
    };
    let otherwise = Otherwise::Meaning { sample: Sample { path, edits }, old, new };
    Change { backward: false, forward: false, otherwise, ..change }
}

const HELP: &str = "keep the default as it was, or add a new optional property";
