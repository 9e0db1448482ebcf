//! The two languages of a schema: what its writers send and what its readers take.
//!
//! The generator, the checker and the lint all come here; nothing else decides what null, an
//! unknown property or an unknown enum value means.

use std::collections::{HashMap, HashSet};

use crate::draft::required;
use crate::json::{Data, Member, Node, Span};
use crate::keywords::{self, Kind};
use crate::names::Subject;

/// Which side of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The writer language W: structs closed, optional properties left out rather than null.
    Writer,
    /// The reader language R: unknown properties ignored, null read as absent for an optional
    /// property, open enums and unions take what they do not know.
    Reader,
}

/// The language of a resolved schema on one side, as a schema without annotations.
pub fn language(schema: &Node, side: Side) -> Node {
    let Data::Object(members) = &schema.data else { return schema.clone() };
    let closed = schema.get("x-wr-closed").and_then(Node::as_bool) == Some(true);
    let open = side == Side::Reader && !closed;
    let mut out: Vec<Member> = Vec::new();
    for member in members {
        let name = member.key.as_str();
        let is_annotation = keywords::keyword(name).is_some_and(|keyword| keyword.is_annotation());
        if is_annotation || name == "x-wr-closed" || (name == "enum" && open) {
            continue;
        }
        let value = match name {
            "properties" => properties(schema, &member.value, side),
            "items" | "additionalProperties" => language(&member.value, side),
            "oneOf" => union(&member.value, side, open),
            _ => member.value.clone(),
        };
        out.push(Member { value, ..member.clone() });
    }
    if side == Side::Writer && keywords::kind(schema) == Some(Kind::Struct) {
        out.push(member("additionalProperties", schema.span, Data::Bool(false)));
    }
    Node { span: schema.span, data: Data::Object(out) }
}

/// The message of a subject: the envelope around the payload, each already in its language.
///
/// `type` is the subject's event type, and the major of `version` is the subject's.
pub fn message(envelope: &Node, payload: &Node, subject: &Subject) -> Node {
    let mut message = envelope.clone();
    let Data::Object(members) = &mut message.data else { return message };
    for outer in members {
        let Data::Object(properties) = &mut outer.value.data else { continue };
        if outer.key != "properties" {
            continue;
        }
        for property in properties {
            let constraint = match property.key.as_str() {
                "type" => ("const", subject.event_type().to_string()),
                "version" => ("pattern", format!("^{}\\.[0-9]+$", subject.major())),
                "data" => {
                    property.value = payload.clone();
                    continue;
                }
                _ => continue,
            };
            let span = property.value.span;
            property.value = object(
                span,
                vec![
                    member("type", span, Data::String("string".to_owned())),
                    member(constraint.0, span, Data::String(constraint.1)),
                ],
            );
        }
    }
    message
}

fn properties(schema: &Node, properties: &Node, side: Side) -> Node {
    let required = required(schema);
    let members = properties
        .members()
        .iter()
        .map(|property| {
            let value = language(&property.value, side);
            let value = match (required.contains(property.key.as_str()), side) {
                (true, _) => value,
                (false, Side::Reader) => with_null(value),
                (false, Side::Writer) => without_null(value),
            };
            Member { value, ..property.clone() }
        })
        .collect();
    object(properties.span, members)
}

/// The branches; an open union also takes an object whose tag is a string that no branch names.
fn union(branches: &Node, side: Side, open: bool) -> Node {
    let mut items: Vec<Node> =
        branches.items().iter().map(|branch| language(branch, side)).collect();
    if let (true, Some((tag, values))) = (open, tag(branches)) {
        let span = branches.span;
        let known = object(span, vec![member("enum", span, Data::Array(values))]);
        let other = object(
            span,
            vec![
                member("type", span, Data::String("string".to_owned())),
                member("not", span, known.data),
            ],
        );
        let tags = object(span, vec![member(tag, span, other.data)]);
        items.push(object(
            span,
            vec![
                member("type", span, Data::String("object".to_owned())),
                member("required", span, Data::Array(vec![text(span, tag)])),
                member("properties", span, tags.data),
            ],
        ));
    }
    Node { span: branches.span, data: Data::Array(items) }
}

/// The property that tells the branches of a union apart, and its value in each.
pub fn tag(branches: &Node) -> Option<(&str, Vec<Node>)> {
    let first = branches.items().first()?;
    let mut values: HashMap<&str, (HashSet<&str>, Vec<Node>)> = HashMap::new();
    for branch in branches.items() {
        let required = required(branch);
        for property in branch.get("properties").map(Node::members).unwrap_or_default() {
            let is_tag =
                required.contains(property.key.as_str()) && !keywords::is_nullable(&property.value);
            let Some(value) = property.value.get("const").filter(|_| is_tag) else { continue };
            let (seen, values) = values.entry(property.key.as_str()).or_default();
            if value.as_str().is_some_and(|text| seen.insert(text)) {
                values.push(value.clone());
            }
        }
    }
    let properties = first.get("properties").map(Node::members).unwrap_or_default();
    properties.iter().find_map(|property| {
        let (_, values) = values.remove(property.key.as_str())?;
        (values.len() == branches.items().len()).then_some((property.key.as_str(), values))
    })
}

/// The schema, and null.
fn with_null(mut schema: Node) -> Node {
    let span = schema.span;
    if keywords::kind(&schema) == Some(Kind::Any) || keywords::is_nullable(&schema) {
        return schema;
    }
    let null = || text(span, "null");
    if schema.get("oneOf").is_some() || schema.get("const").is_some() {
        let null = object(span, vec![member("type", span, null().data)]);
        return object(span, vec![member("anyOf", span, Data::Array(vec![null, schema]))]);
    }
    if let Data::Object(members) = &mut schema.data {
        for member in members {
            match member.key.as_str() {
                "type" => member.value.data = Data::Array(vec![member.value.clone(), null()]),
                "enum" => {
                    let mut values = member.value.items().to_vec();
                    values.push(Node { span, data: Data::Null });
                    member.value.data = Data::Array(values);
                }
                _ => {}
            }
        }
    }
    schema
}

/// The schema without null.
fn without_null(mut schema: Node) -> Node {
    let span = schema.span;
    if keywords::kind(&schema) == Some(Kind::Any) {
        let null = object(span, vec![member("type", span, Data::String("null".to_owned()))]);
        return object(span, vec![member("not", span, null.data)]);
    }
    if !keywords::is_nullable(&schema) {
        return schema;
    }
    let type_name = keywords::type_name(&schema).map(|name| text(span, name));
    if let Data::Object(members) = &mut schema.data {
        for member in members {
            match (member.key.as_str(), &type_name) {
                ("type", Some(name)) => member.value = name.clone(),
                ("enum", _) => {
                    let values = member.value.items().iter();
                    let strings = values.filter(|value| value.as_str().is_some());
                    member.value.data = Data::Array(strings.cloned().collect());
                }
                _ => {}
            }
        }
    }
    schema
}

fn object(span: Span, members: Vec<Member>) -> Node {
    Node { span, data: Data::Object(members) }
}

fn member(key: &str, span: Span, data: Data) -> Member {
    Member { key: key.to_owned(), key_span: span, value: Node { span, data } }
}

fn text(span: Span, value: &str) -> Node {
    Node { span, data: Data::String(value.to_owned()) }
}
