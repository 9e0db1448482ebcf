//! Refuses what regular expression engines read differently.
//!
//! Services in other languages check the same pattern: `\w` is Unicode here and ASCII there, `.`
//! takes a carriage return or not, look-around is unknown to engines that run in linear time.
//!
//! Write the characters: `[0-9A-Za-z_]` for `\w`, `[ \t\n\r]` for `\s`, `(?:...)` for a group.
//! `\d` is read as `[0-9]`. Everything that is left is read alike by ECMA-262, Python, Go and Rust.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};
use crate::pattern::FaultKind;

pub(super) const CHECK: Check = Check::Schema(check);

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    report.patterns(draft, site, FaultKind::NotPortable);
}
