//! Reports a root, a property, a definition or a branch of a union without `description`.
//!
//! The descriptions become the documentation of the Rust types and the catalogue that other teams
//! read; a name alone does not say what a number counts.
//!
//! Add `"description": "..."`, a sentence that says what the name does not. Beside a `$ref` it may
//! be left out: the target's counts.

use crate::draft::{Draft, Role, Site};
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let what = match site.role {
        Role::Root => "the root".to_owned(),
        Role::Property { name, .. } => format!("the property `{name}`"),
        Role::Definition { name } => format!("the definition `{name}`"),
        Role::Branch => "this branch".to_owned(),
        Role::Items | Role::MapValue => return,
    };
    let help = "add `\"description\": \"...\"`, a sentence that says what the name does not";
    match site.node.get("description") {
        Some(text) => {
            if text.as_str().is_some_and(|text| text.trim().is_empty()) {
                report.at(text.span, format!("{what} has an empty `description`"), help);
            }
        }
        None => {
            let is_schema = site.node.is_object() || site.node.as_bool() == Some(true);
            let is_reference = keywords::kind(site.node) == Some(Kind::Reference);
            if is_schema && !is_reference && !keywords::misspells(site.node, "description") {
                report.at(site.at, format!("{what} has no `description`"), help);
            }
        }
    }
}
