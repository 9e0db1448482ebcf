//! Personal data, which is masked: what a schema marks with `x-wr-pii`, and what no schema knows.

use serde_json::{Map, Value};

/// What stands in the place of a masked value.
pub(crate) const MASK: &str = "•••";

/// Masks a payload by its schema.
///
/// A property that the schema does not have may hold anything: a newer minor may have brought it,
/// with personal data in it. So may a value of another kind than the schema has at its place: what a
/// dead-letter queue holds is what broke its schema.
pub(crate) fn mask(schema: &Value, value: &mut Value) {
    if schema.get("x-wr-pii").is_some() || !is_of_kind(schema, value) {
        mask_all(value);
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

/// Masks everything, where nothing is known: the names in an object may be addresses too.
pub(crate) fn mask_all(value: &mut Value) {
    if !value.is_null() {
        *value = MASK.into();
    }
}

/// Masks in a JSON pointer the keys of a map that is personal data, and what the schema does not have.
pub(crate) fn mask_pointer(schema: &Value, pointer: &str) -> String {
    let (mut schemas, mut is_personal) = (vec![schema], false);
    let mut masked = String::new();
    for token in pointer.split('/').skip(1) {
        let branches = schemas.iter().filter_map(|it| it.get("oneOf")?.as_array()).flatten();
        let all: Vec<&Value> = schemas.iter().copied().chain(branches).collect();
        is_personal |= all.iter().any(|it| it.get("x-wr-pii").is_some());
        let name = token.replace("~1", "/").replace("~0", "~");
        let is_index = token.bytes().all(|byte| byte.is_ascii_digit());
        let named = all.iter().filter_map(|it| it.get("properties")?.get(&name));
        let items = all.iter().filter_map(|it| it.get("items").filter(|_| is_index));
        let known: Vec<&Value> = named.chain(items).collect();
        let values = all.iter().filter_map(|it| it.get("additionalProperties"));
        let values: Vec<&Value> = values.collect();
        let is_shown = !known.is_empty() || !is_personal && !values.is_empty();
        masked = format!("{masked}/{}", if is_shown { token } else { MASK });
        schemas = [known, values].concat();
    }
    masked
}

/// Whether a value is of the kind that a schema has; null, which says nothing, is of any. A schema
/// that names no kind takes all, and its description has to say what is in it.
fn is_of_kind(schema: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        _ => false,
    };
    match (schema.get("type"), schema.get("oneOf")) {
        _ if value.is_null() => true,
        (Some(Value::Array(names)), _) => names.iter().any(is),
        (Some(name), _) => is(name),
        (None, Some(_)) => value.is_object(),
        (None, None) => true,
    }
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
    /// A schema of objects that names no properties takes any, and its description has to say what
    /// is in it.
    Free,
}

fn member<'a>(schema: &'a Value, name: &str) -> Option<Member<'a>> {
    match (schema.get("properties"), schema.get("additionalProperties")) {
        (Some(properties), _) => properties.get(name).map(Member::Of),
        (None, Some(values @ Value::Object(_))) => Some(Member::Of(values)),
        (None, _) => Some(Member::Free),
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
            "free": { "a": 1 }, "map": { "a": MASK }, "new": MASK,
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

    #[test]
    fn a_pointer_shows_names_of_the_schema_and_keys_of_maps_that_are_not_personal() {
        let schema = json!({
            "properties": {
                "a/b": { "items": { "properties": { "n": { "type": "integer" } } } },
                "limits": { "additionalProperties": { "minimum": 1 } },
                "people": { "x-wr-pii": "by address", "additionalProperties": {
                    "properties": { "name": {}, "tags": { "additionalProperties": {} } },
                } },
                "who": { "oneOf": [
                    { "properties": { "kind": { "const": "user" }, "mail": {} } },
                    { "properties": { "kind": { "const": "job" } } },
                ] },
            },
        });
        for (pointer, shown) in [
            ("", ""),
            ("/a~1b/17/n", "/a~1b/17/n"),
            ("/a~1b/ann", "/a~1b/•••"),
            ("/limits/rate", "/limits/rate"),
            ("/people", "/people"),
            ("/people/ann@example.com/name", "/people/•••/name"),
            ("/people/ann@example.com/tags/vip", "/people/•••/tags/•••"),
            ("/people/203~1113/more", "/people/•••/•••"),
            ("/who/mail", "/who/mail"),
            ("/who/ann", "/who/•••"),
            ("/new/ann/17", "/•••/•••/•••"),
        ] {
            assert_eq!(mask_pointer(&schema, pointer), shown, "{pointer}");
        }
    }

    #[test]
    fn what_is_of_another_kind_is_masked() {
        let schema = json!({ "type": "object", "properties": {
            "id": { "type": "string" },
            "count": { "type": ["integer", "null"] },
            "tags": { "type": "array", "items": { "type": "string" } },
            "who": { "oneOf": [{ "type": "object", "properties": { "kind": { "const": "job" } } }] },
            "any": { "description": "whatever" },
        } });
        for data in [json!("ip 203.0.113.7"), json!(7), json!([{ "id": "203.0.113.7" }])] {
            let mut masked = data.clone();
            mask(&schema, &mut masked);
            assert_eq!(masked, MASK, "{data}");
        }
        let mut value = json!({
            "id": { "ip_address": "203.0.113.7" }, "count": "ann@example.com",
            "tags": ["a", { "ann@example.com": 1 }], "who": "ann", "any": [1, { "a": "b" }],
            "new": { "ann@example.com": 1 },
        });
        mask(&schema, &mut value);
        let expected = json!({
            "id": MASK, "count": MASK, "tags": ["a", MASK], "who": MASK, "any": [1, { "a": "b" }],
            "new": MASK,
        });
        assert_eq!(value, expected);
        let fitting = json!({ "id": "a", "count": null, "tags": [], "who": { "kind": "job" } });
        let mut value = fitting.clone();
        mask(&schema, &mut value);
        assert_eq!(value, fitting);
    }
}
