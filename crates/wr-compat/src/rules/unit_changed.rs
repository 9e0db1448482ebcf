//! A value is counted in another unit.
//!
//! No validator sees it: every reader takes every message, and one of them is wrong by a factor.
//!
//! Example: `x-wr-unit` was `seconds` and is `milliseconds`.
//!
//! Keep the unit, and add a new optional property whose name and unit say the other.

use super::Check;
use crate::change::{Change, Otherwise, Sample};
use crate::enums;
use crate::walk::{Pair, Site};

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    let unit = |site: &Site<'_>| site.annotation("x-wr-unit").map(enums::text);
    let (old, new) = (unit(&pair.old), unit(&pair.new));
    let Some(was) = old.filter(|old| new.as_ref() != Some(old)) else { return };
    let name = pair.new.place();
    let message = match &new {
        Some(new) => format!("the unit of {name} was `{was}` and is `{new}`"),
        None => format!("{name} no longer says its unit, `{was}`"),
    };
    let now = new.map_or("no unit".to_owned(), |new| format!("`{new}`"));
    let change = Change::of_keywords(pair, &["x-wr-unit"], message);
    let otherwise = Otherwise::Meaning {
        sample: Sample { path: pair.old.path.clone(), edits: Vec::new() },
        old: format!("{name} in `{was}`"),
        new: format!("{name} in {now}"),
    };
    changes.push(Change { backward: false, forward: false, otherwise, ..change });
}
