//! Refuses a name in `required` that has no property.
//!
//! No message could be sent: writers may not send what the schema does not name.
//!
//! Correct the spelling, or add the property.

use std::collections::HashSet;

use crate::draft::{Draft, Site};
use crate::json::Node;
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(required) = site.node.member("required") else { return };
    match keywords::kind(site.node) {
        Some(Kind::Struct) => names(site.node, &required.value, report),
        Some(Kind::Map) if !keywords::misspells(site.node, "properties") => report.at(
            required.key_span,
            "`required` stands on an object without `properties`",
            "add `properties`, or say how many entries a map has by `minProperties`",
        ),
        Some(
            Kind::Reference
            | Kind::Any
            | Kind::Text
            | Kind::Integer
            | Kind::Number
            | Kind::Boolean
            | Kind::Map
            | Kind::Array
            | Kind::Union,
        )
        | None => {}
    }
}

fn names(schema: &Node, required: &Node, report: &mut Report<'_>) {
    let Some(properties) = schema.get("properties").filter(|node| node.is_object()) else { return };
    let known: HashSet<&str> =
        properties.members().iter().map(|member| member.key.as_str()).collect();
    for item in required.items() {
        let Some(name) = item.as_str().filter(|name| !known.contains(name)) else { continue };
        let near = if known.len() < 1000 {
            keywords::nearest_of(name, known.iter().copied())
        } else {
            None
        };
        let help = match near {
            Some(nearest) => format!("write `{nearest}`, or add the property"),
            None => "add the property, or remove the name".to_owned(),
        };
        report.at(item.span, format!("`{name}` is required, but is no property"), help);
    }
}
