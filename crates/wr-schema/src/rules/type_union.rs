//! Refuses a `type` of several types, other than one type and `"null"`.
//!
//! A value that is a string here and a number there has no one Rust type.
//!
//! Instead of `["string", "integer"]` write the one type that is meant; instead of `["string"]`
//! write `"string"`; a value that may be null is `["string", "null"]`.

use crate::draft::{Draft, Site};
use crate::json::{Data, Node};
use crate::keywords::{self, TYPES};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(value) = site.node.get("type") else { return };
    let Data::Array(names) = &value.data else { return };
    let names: Vec<&str> = names.iter().filter_map(Node::as_str).collect();
    let are_types = names.iter().all(|name| TYPES.contains(name) || *name == "null");
    // What is no name of a type is for the rule `keyword_value`.
    if !are_types || names.len() != value.items().len() || names.is_empty() {
        return;
    }
    if keywords::type_name(site.node).is_none() {
        let first = names.iter().find(|name| **name != "null").unwrap_or(&"string");
        report.at(
            value.span,
            format!("`{}` is neither one type nor one type and null", value.to_value()),
            format!("write `\"{first}\"`, or `[\"{first}\", \"null\"]`"),
        );
    }
}
