//! Refuses a `const` without `type`.
//!
//! The dialect's constants are strings, and a schema says so like every other string.
//!
//! Write `{"type": "string", "const": "card"}`.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let has = |name: &str| site.node.get(name).is_some();
    if !has("type") && !has("$ref") && !has("oneOf") {
        report.keyword(
            site.node,
            "const",
            "a `const` stands without `type`",
            "add `\"type\": \"string\"`",
        );
    }
}
