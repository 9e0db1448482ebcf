//! Null: read as absent where a property is optional, and never written there.

use super::{member, object, text};
use crate::json::{Data, Node};
use crate::keywords::{self, Kind};

/// The schema, and null.
pub(super) fn with_null(mut schema: Node) -> Node {
    let span = schema.span;
    let takes_null = keywords::is_nullable(&schema) && schema.get("const").is_none();
    if keywords::kind(&schema) == Some(Kind::Any) || takes_null {
        return schema;
    }
    let null = || text(span, "null");
    if !is_plain(&schema) {
        let null = object(span, vec![member("type", span, null().data)]);
        return object(span, vec![member("anyOf", span, Data::Array(vec![null, schema]))]);
    }
    if let Data::Object(members) = &mut schema.data {
        for member in members {
            match (member.key.as_str(), &mut member.value.data) {
                ("type", Data::Array(types)) if types.iter().all(|name| !is_name(name)) => {
                    types.push(null());
                }
                ("type", Data::Array(_)) => {}
                ("type", Data::String(name)) if name == "null" => {}
                ("type", _) => {
                    member.value.data = Data::Array(vec![member.value.clone(), null()]);
                }
                ("enum", Data::Array(values)) if !values.iter().any(is_value) => {
                    values.push(Node { span, data: Data::Null });
                }
                _ => {}
            }
        }
    }
    schema
}

/// The schema without null.
pub(super) fn without_null(mut schema: Node) -> Node {
    let span = schema.span;
    let not_null = || {
        let null = object(span, vec![member("type", span, text(span, "null").data)]);
        object(span, vec![member("not", span, null.data)])
    };
    if keywords::kind(&schema) == Some(Kind::Any) {
        return not_null();
    }
    if !may_be_null(&schema) {
        return schema;
    }
    if is_null_alone(&schema) {
        let any = object(span, Vec::new());
        return object(span, vec![member("not", span, any.data)]);
    }
    if !is_plain(&schema) {
        return object(span, vec![member("allOf", span, Data::Array(vec![schema, not_null()]))]);
    }
    if let Data::Object(members) = &mut schema.data {
        for member in members {
            match (member.key.as_str(), &mut member.value.data) {
                ("type", Data::Array(types)) => {
                    types.retain(|name| name.as_str() != Some("null"));
                    if let [one] = types.as_slice() {
                        member.value.data = one.data.clone();
                    }
                }
                ("enum", Data::Array(values)) => {
                    values.retain(|value| !matches!(value.data, Data::Null));
                }
                _ => {}
            }
        }
    }
    schema
}

/// Whether the types of a schema's values are told by its `type` alone.
fn is_plain(schema: &Node) -> bool {
    const OTHERS: &[&str] =
        &["$ref", "const", "allOf", "anyOf", "oneOf", "not", "if", "$dynamicRef", "$recursiveRef"];
    schema.get("type").is_some() && !OTHERS.iter().any(|key| schema.get(key).is_some())
}

/// Whether a `type` or an `enum` leaves no value but null.
fn is_null_alone(schema: &Node) -> bool {
    let all = |values: &Node, is_null: fn(&Node) -> bool| {
        !values.items().is_empty() && values.items().iter().all(is_null)
    };
    schema.get("type").is_some_and(|types| is_name(types) || all(types, is_name))
        || schema.get("enum").is_some_and(|values| all(values, is_value))
}

/// Whether a node is the name of the type of null.
fn is_name(node: &Node) -> bool {
    node.as_str() == Some("null")
}

/// Whether a node is null.
fn is_value(node: &Node) -> bool {
    matches!(node.data, Data::Null)
}

/// Whether null may be a value of a schema, as far as its keywords tell.
fn may_be_null(schema: &Node) -> bool {
    if let Data::Bool(verdict) = schema.data {
        return verdict;
    }
    if let Some(value) = schema.get("const") {
        return matches!(value.data, Data::Null);
    }
    if let Some(types) = schema.get("type") {
        return types.as_str() == Some("null") || keywords::is_nullable(schema);
    }
    if let Some(values) = schema.get("enum") {
        return values.items().iter().any(|value| matches!(value.data, Data::Null));
    }
    ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|key| schema.get(key))
        .all(|branches| branches.items().iter().any(may_be_null))
}
