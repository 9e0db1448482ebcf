//! Reports a definition that the next minor of the definitions changes or loses.
//!
//! Every file of definitions holds those of the one before it, unchanged: each shared object or
//! enum is one Rust type, whichever file an event refers to.
//!
//! Give what should be different a new name. Descriptions and examples may change; `x-wr-unit` and
//! `default` may not.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::contract::{Shape, Type};
use crate::draft::{Draft, DraftFile, Place};
use crate::json::Node;
use crate::keywords;
use crate::lint::{Check, Report};
use crate::names::Version;
use crate::resolve;

pub(super) const CHECK: Check = Check::Catalog(check);

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let files: BTreeMap<Version, &DraftFile<'_>> = draft
        .files
        .iter()
        .filter_map(|file| match &file.place {
            Place::Definitions(version) => Some((*version, file)),
            Place::Event(..)
            | Place::Envelope(_)
            | Place::DeadLetter(_)
            | Place::Topology
            | Place::Waivers
            | Place::NoSubject(_)
            | Place::NoVersion(_)
            | Place::Stray => None,
        })
        .collect();
    for ((before, old), (after, new)) in files.iter().zip(files.iter().skip(1)) {
        let are_small = [old, new].iter().all(|file| resolve::too_large(draft, file).is_none());
        if before.major == after.major && are_small {
            compare(draft, old, new, report);
        }
    }
}

fn compare(draft: &Draft<'_>, old: &DraftFile<'_>, new: &DraftFile<'_>, report: &mut Report<'_>) {
    let (Ok(before), Ok(root)) = (&old.content, &new.content) else { return };
    let definitions = before.get("definitions").map(Node::members).unwrap_or_default();
    for definition in definitions {
        let name = &definition.key;
        let Some(member) = new.definition(name) else {
            let message = format!("`{name}` of `{}` is missing", old.path);
            let help = "copy it; a definition that is no longer used stays";
            match root.member("definitions") {
                Some(member) => report.at(member.key_span, message, help),
                None => report.at(root.head(), message, help),
            }
            continue;
        };
        let meanings = (meaning(draft, old, &definition.value), meaning(draft, new, &member.value));
        if let (Some(before), Some(after)) = meanings
            && before != after
        {
            report.at(
                member.key_span,
                format!("`{name}` is not what it is in `{}`", old.path),
                "give the changed definition a new name, and leave this one as it was",
            );
        }
    }
}

/// What a definition means, where it means something, and the names of its Rust types.
fn meaning(
    draft: &Draft<'_>,
    file: &DraftFile<'_>,
    node: &Node,
) -> Option<(Value, Vec<Option<String>>)> {
    let schema = resolve::resolve(draft, file, node).ok()?;
    let types = Type::of(draft, file, node).map(|ty| shared_types(&ty)).unwrap_or_default();
    keywords::is_sound(&schema).then(|| (bare(&schema), types))
}

/// The shared types that stand directly in a type, place by place.
fn shared_types(ty: &Type) -> Vec<Option<String>> {
    let inner: Vec<&Type> = match &ty.shape {
        Shape::Struct { fields } => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|field| &field.name);
            fields.into_iter().map(|field| &field.ty).collect()
        }
        Shape::Array { items, .. } => vec![items],
        Shape::Map { values, .. } => vec![values],
        Shape::Union { branches, .. } => branches.iter().map(|branch| &branch.ty).collect(),
        Shape::Any
        | Shape::Boolean
        | Shape::Integer { .. }
        | Shape::Number { .. }
        | Shape::Text { .. }
        | Shape::Constant(_)
        | Shape::Enum { .. } => Vec::new(),
    };
    let mut names = Vec::new();
    for ty in inner {
        names.push(ty.shared.clone());
        if ty.shared.is_none() {
            names.extend(shared_types(ty));
        }
    }
    names
}

/// The schema without annotations but units and defaults, and without a difference between orders.
fn bare(schema: &Node) -> Value {
    let members = schema.members().iter().filter_map(|member| {
        let name = member.key.as_str();
        let is_annotation = keywords::keyword(name).is_some_and(|keyword| keyword.is_annotation());
        let value = match name {
            "x-wr-unit" | "default" => member.value.to_value(),
            _ if is_annotation => return None,
            "properties" => member
                .value
                .members()
                .iter()
                .map(|property| (property.key.clone(), bare(&property.value)))
                .collect(),
            "items" | "additionalProperties" => bare(&member.value),
            "oneOf" => member.value.items().iter().map(bare).collect(),
            "required" | "enum" => {
                let mut names: Vec<Value> =
                    member.value.items().iter().map(Node::to_value).collect();
                names.sort_by_key(Value::to_string);
                Value::Array(names)
            }
            _ => member.value.to_value(),
        };
        Some((member.key.clone(), value))
    });
    Value::Object(members.collect())
}
