//! Refuses a `$schema` other than draft-07.
//!
//! Keywords mean something else in every draft: `items`, `$ref` and `definitions` among them.
//!
//! Write `"$schema": "http://json-schema.org/draft-07/schema#"`, or leave it out.

use crate::draft::{Draft, Role, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

const DRAFT_07: &str = "http://json-schema.org/draft-07/schema";

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(value) = site.node.get("$schema").filter(|_| site.role == Role::Root) else { return };
    let Some(text) = value.as_str() else { return };
    if text.strip_suffix('#').unwrap_or(text) != DRAFT_07 {
        let help = format!("write `{DRAFT_07}#`, or leave `$schema` out");
        report.at(value.span, "the dialect is a part of draft-07", help);
    }
}
