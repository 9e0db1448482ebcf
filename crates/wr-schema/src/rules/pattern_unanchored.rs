//! Refuses a `pattern` that does not begin with `^` and end with `$` as a whole.
//!
//! An unanchored pattern accepts every text that holds a match somewhere, and `^a|b$` is one: it
//! accepts `abc`.
//!
//! Write `^(?:a|b)$`. To accept more around it, say what.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};
use crate::pattern::FaultKind;

pub(super) const CHECK: Check = Check::Schema(check);

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    report.patterns(draft, site, FaultKind::Unanchored);
}
