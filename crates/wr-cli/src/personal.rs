//! Personal data, which is masked: what a schema marks with `x-wr-pii`, and what no schema knows.

use serde_json::{Map, Value};

/// What stands in the place of a masked value.
pub(crate) const MASK: &str = "•••";

/// Masks a payload by its schema.
///
/// A property that the schema does not have may hold anything: a newer minor may have brought it,
/// with personal data in it.
pub(crate) fn mask(schema: &Value, value: &mut Value) {
    if schema.get("x-wr-pii").is_some() {
        *value = hidden(value);
        return;
    }
    let branches = schema.get("oneOf").and_then(Value::as_array);
    match value {
        Value::Object(members) => match branches {
            Some(branches) => mask_union(branches, members),
            None => mask_members(&[schema], members),
        },
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| mask(schema, item));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Masks everything, where nothing is known.
pub(crate) fn mask_all(value: &mut Value) {
    *value = hidden(value);
}

/// Of a union, only the branch that the tag names; where it names none, nothing is known.
fn mask_union(branches: &[Value], members: &mut Map<String, Value>) {
    let fits = |branch: &&Value| {
        let properties = branch.get("properties").and_then(Value::as_object);
        let mut constants = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| Some((name, schema.get("const")?)))
            .peekable();
        constants.peek().is_some()
            && constants.all(|(name, constant)| members.get(name) == Some(constant))
    };
    let branch: Vec<&Value> = branches.iter().filter(fits).collect();
    mask_members(&branch, members);
}

fn mask_members(schemas: &[&Value], members: &mut Map<String, Value>) {
    for (name, value) in members {
        let known = schemas.iter().find_map(|schema| member(schema, name));
        match known {
            Some(Member::Of(schema)) => mask(schema, value),
            Some(Member::Free) => {}
            None => mask_all(value),
        }
    }
}

/// What a schema says of a member.
enum Member<'a> {
    Of(&'a Value),
    /// A schema that names no properties takes any, and its description has to say what is in it.
    Free,
}

fn member<'a>(schema: &'a Value, name: &str) -> Option<Member<'a>> {
    match (schema.get("properties"), schema.get("additionalProperties")) {
        (Some(properties), _) => properties.get(name).map(Member::Of),
        (None, Some(values @ Value::Object(_))) => Some(Member::Of(values)),
        (None, _) => Some(Member::Free),
    }
}

/// The same shape without a value.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Array(items) => items.iter().map(hidden).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), hidden(value))).collect()
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => MASK.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_marked_or_unknown_is_masked() {
        let schema = json!({
            "properties": {
                "id": { "type": "string" },
                "address": { "type": "string", "x-wr-pii": "masked" },
                "people": { "items": { "properties": { "name": { "x-wr-pii": "a name" } } } },
                "free": { "type": "object" },
                "map": { "additionalProperties": { "x-wr-pii": "all of it" } },
                "who": { "oneOf": [
                    { "properties": { "kind": { "const": "user" }, "mail": { "x-wr-pii": "m" } } },
                    { "properties": { "kind": { "const": "job" }, "mail": { "type": "string" } } },
                ] },
            },
        });
        let mut value = json!({
            "id": "pos-1", "address": "192.0.2.1", "people": [{ "name": "Ada", "age": 36 }],
            "free": { "a": 1 }, "map": { "a": "b" }, "new": { "mail": "a@b" },
            "who": { "kind": "user", "mail": "a@b" },
        });
        mask(&schema, &mut value);
        let expected = json!({
            "id": "pos-1", "address": MASK, "people": [{ "name": MASK, "age": MASK }],
            "free": { "a": 1 }, "map": { "a": MASK }, "new": { "mail": MASK },
            "who": { "kind": "user", "mail": MASK },
        });
        assert_eq!(value, expected);
        for (who, expected) in [
            (json!({ "kind": "job", "mail": "x" }), json!({ "kind": "job", "mail": "x" })),
            (json!({ "kind": "new", "mail": "x" }), json!({ "kind": MASK, "mail": MASK })),
        ] {
            let mut value = json!({ "who": who });
            mask(&schema, &mut value);
            assert_eq!(value, json!({ "who": expected }));
        }
    }
}
