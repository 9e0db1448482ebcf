//! Refuses a `default` that no accessor of the generated type fills in.
//!
//! An optional property with a `default` gets an accessor that answers it where the property is
//! absent; it can do so for booleans, numbers, plain strings and enums. Anywhere else a `default`
//! would be dropped in silence.
//!
//! Remove it, and say in the `description` what an absent value means.

use crate::draft::{Draft, Role, Site};
use crate::json::Node;
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};
use crate::resolve;

pub(super) const CHECK: Check = Check::Schema(check);

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    // Elsewhere it is for the rule `dead_keyword`.
    if !matches!(site.role, Role::Property { .. } | Role::Definition { .. }) {
        return;
    }
    let Ok(target) = resolve::follow(draft, site.file, site.node) else { return };
    if site.node.get("default").is_some() && !is_filled(target.node) {
        let message = "a `default` is filled in for booleans, numbers, plain strings and enums";
        let help = "remove it, and say in the `description` what an absent value means";
        report.keyword(site.node, "default", message, help);
    }
}

/// Whether the generated type has an accessor for a default of this schema.
fn is_filled(schema: &Node) -> bool {
    match keywords::kind(schema) {
        Some(Kind::Boolean | Kind::Integer | Kind::Number) => true,
        Some(Kind::Text) => schema.get("format").is_none(),
        Some(Kind::Any | Kind::Struct | Kind::Map | Kind::Array | Kind::Union) => false,
        // What it is, is for other rules to say.
        Some(Kind::Reference) | None => true,
    }
}
