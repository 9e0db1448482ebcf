//! An object no longer refuses unknown properties by its schema.
//!
//! Writers send no unknown properties anyway, and readers ignore them anyway, so nothing changes
//! for either; schemas of the dialect cannot say it.
//!
//! Example: `additionalProperties: false` is removed.
//!
//! Nothing has to be done.

use super::Check;
use crate::change::Change;
use crate::maps::{self, Opening};
use crate::walk::Pair;

pub(super) const CHECK: Check = Check::Place(check);

fn check(pair: &Pair<'_>, changes: &mut Vec<Change>) {
    if maps::change(pair) == Some(Opening::Opened) {
        let message = format!("{} is no longer closed by its schema", pair.new.place());
        changes.push(Change::of_keywords(pair, maps::KEYWORDS, message));
    }
}
