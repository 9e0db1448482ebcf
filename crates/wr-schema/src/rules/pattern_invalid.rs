//! Refuses a `pattern` that is no regular expression, or a huge one.
//!
//! Rust's `regex` must be able to compile it, within 256 KiB.
//!
//! A character that means something is escaped by `\`, in JSON `\\`: `"^\\($"`. Lengths are for
//! `maxLength`: instead of `^[a-z]{1,5000}$` write `^[a-z]+$` and `"maxLength": 5000`.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};
use crate::pattern::FaultKind;

pub(super) const CHECK: Check = Check::Schema(check);

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    report.patterns(draft, site, FaultKind::Invalid);
}
