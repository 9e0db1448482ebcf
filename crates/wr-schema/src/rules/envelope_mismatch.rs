//! Reports an `envelope/` that describes another envelope than the one that is sent.
//!
//! The envelope is the same for every catalogue: the code that reads and writes it is written by
//! hand. The file documents it, so only annotations may be the catalogue's own.
//!
//! Copy the schema of the envelope, and change descriptions and examples alone; what else a message
//! has to carry belongs into the payload.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalog::envelope;
use crate::draft::{Draft, DraftFile, Place};
use crate::json::Node;
use crate::keywords;
use crate::language::{Side, language};
use crate::lint::{Check, Report};
use crate::resolve;

pub(super) const CHECK: Check = Check::File(check);

const HELP: &str = "only descriptions, examples and other annotations of the envelope may differ";

fn check(draft: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    let (Place::Envelope(_), Ok(root), Some(expected)) = (&file.place, &file.content, envelope())
    else {
        return;
    };
    let Ok(schema) = resolve::resolve(draft, file, root) else { return };
    if !keywords::is_sound(&schema) || schema.get("properties").is_none() {
        return;
    }
    let wanted = properties(&expected);
    let mut found = properties(&schema);
    let at = |name: &str| root.get("properties").and_then(|node| node.member(name));
    for (name, wanted) in wanted {
        match (found.remove(name), at(name)) {
            (Some(found), Some(member)) if found != wanted => {
                let message = format!("`{name}` is not what the envelope has under that name");
                report.at(member.key_span, message, HELP);
            }
            (Some(_), _) => {}
            (None, _) => report.keyword(
                root,
                "properties",
                format!("the envelope's `{name}` is missing"),
                HELP,
            ),
        }
    }
    for name in found.keys() {
        if let Some(member) = at(name) {
            report.at(member.key_span, format!("the envelope has no `{name}`"), HELP);
        }
    }
    if names(&schema) != names(&expected) {
        let message = "the envelope requires other properties";
        if root.get("required").is_some() {
            report.keyword(root, "required", message, HELP);
        } else {
            report.at(root.head(), message, HELP);
        }
    }
}

/// What each property is, on both sides.
fn properties(schema: &Node) -> BTreeMap<&str, [Value; 2]> {
    let members = schema.get("properties").map(Node::members).unwrap_or_default();
    let sides = |node: &Node| {
        [Side::Writer, Side::Reader].map(|side| normal(language(node, side).to_value()))
    };
    members.iter().map(|member| (member.key.as_str(), sides(&member.value))).collect()
}

/// Without a difference between orders.
fn normal(mut value: Value) -> Value {
    if let Some(Value::Array(names)) = value.get_mut("required") {
        names.sort_by_key(Value::to_string);
    }
    value
}

fn names(schema: &Node) -> Vec<&str> {
    let names = schema.get("required").map(Node::items).unwrap_or_default();
    let mut names: Vec<&str> = names.iter().filter_map(Node::as_str).collect();
    names.sort_unstable();
    names
}
