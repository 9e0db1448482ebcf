//! Refuses `not`.
//!
//! A Rust type cannot say what a value is not, so the generated decoder could not honour it.
//!
//! Instead of `{"type": "string", "not": {"enum": [""]}}` write `{"type": "string", "minLength": 1}`.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    report.keyword(
        site.node,
        "not",
        "`not` says what a value is not, which no Rust type can hold",
        "say what the value is: `minLength`, `minimum`, `enum` or a `pattern`",
    );
}
