//! Refuses a schema that says something of its values, but not of what type they are.
//!
//! `{"minLength": 1}` takes every number: `minLength` says something of strings only.
//!
//! Add the `type`: `{"type": "string", "minLength": 1}`. A schema that is meant to take any value
//! has no keyword but annotations.

use crate::draft::{Draft, Site};
use crate::keywords;
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let node = site.node;
    let is_said_elsewhere = !node.is_object()
        || keywords::kind(node).is_some()
        || node.get("type").is_some()
        || node.get("const").is_some()
        || node.members().iter().any(|member| keywords::is_refused(&member.key))
        || ["type", "$ref", "oneOf"].iter().any(|name| keywords::misspells(node, name));
    if !is_said_elsewhere {
        let help = match implied(site) {
            Some(name) => format!("add `\"type\": \"{name}\"`"),
            None => "add the `type`".to_owned(),
        };
        report.at(site.at, "this schema has keywords, but no `type`", help);
    }
}

/// The type that the first keyword of its own belongs to.
fn implied(site: &Site<'_>) -> Option<&'static str> {
    site.node.members().iter().find_map(|member| match member.key.as_str() {
        "minLength" | "maxLength" | "pattern" | "enum" => Some("string"),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => Some("number"),
        "multipleOf" => Some("integer"),
        "properties" | "required" | "additionalProperties" | "minProperties" | "maxProperties"
        | "propertyNames" => Some("object"),
        "items" | "minItems" | "maxItems" | "uniqueItems" => Some("array"),
        _ => None,
    })
}
