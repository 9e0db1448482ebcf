//! One step away from a document that a schema accepts, at any keyword.

use serde_json::{Value, json};

use super::documents::{any_text, anything, document, text_of_length, texts_of, whole};

/// Changes one place of a document: at a keyword of the schema there, or in a way that needs none.
pub(super) fn mutate(doc: &mut Value, schema: &Value, rng: &mut fastrand::Rng) {
    let mut places = Vec::new();
    collect(doc, schema, String::new(), &mut places);
    let (pointer, schema) = places.swap_remove(rng.usize(..places.len()));
    if rng.u32(..4) == 0 {
        blunt(doc, &pointer, rng);
    } else if let Some(value) = doc.pointer_mut(&pointer) {
        at_keyword(value, schema, rng);
    }
}

/// The most characters or items that a mutation writes, whatever a schema allows.
const LONG: usize = 5000;

static ANY: Value = Value::Bool(true);

/// Every place of the document with the schema that is about it.
fn collect<'a>(
    doc: &Value,
    schema: &'a Value,
    pointer: String,
    places: &mut Vec<(String, &'a Value)>,
) {
    places.push((pointer.clone(), schema));
    let below =
        |segment: &str| format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"));
    let schemas = ["anyOf", "oneOf"].iter().filter_map(|key| schema.get(key)?.as_array());
    // Of a union, the branch whose constants the document has, or else the last.
    let branch = schemas.flatten().find(|branch| {
        branch.get("properties").and_then(Value::as_object).is_some_and(|properties| {
            properties.iter().all(|(name, property)| match property.get("const") {
                Some(value) => doc.get(name) == Some(value),
                None => true,
            })
        })
    });
    let schema = branch.unwrap_or(schema);
    match doc {
        Value::Object(members) => {
            for (name, value) in members {
                let property = schema.get("properties").and_then(|all| all.get(name));
                let values = schema.get("additionalProperties").filter(|v| v.is_object());
                collect(value, property.or(values).unwrap_or(&ANY), below(name), places);
            }
        }
        Value::Array(items) => {
            let schema = schema.get("items").unwrap_or(&ANY);
            for (index, item) in items.iter().enumerate() {
                collect(item, schema, below(&index.to_string()), places);
            }
        }
        _ => {}
    }
}

/// A change that needs no schema: null, another type, a member more, a member less.
fn blunt(doc: &mut Value, pointer: &str, rng: &mut fastrand::Rng) {
    let Some(value) = doc.pointer_mut(pointer) else { return };
    match (rng.u32(..5), &mut *value) {
        (0, value) => *value = Value::Null,
        (1, Value::Object(members)) => {
            let name = if rng.bool() { "unknown".to_owned() } else { any_text(rng, 3) };
            members.insert(name, anything(rng, 2));
        }
        (2 | 3, Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(rng.usize(..members.len())).cloned();
            members.remove(&name.unwrap_or_default());
        }
        (_, value) => *value = anything(rng, 2),
    }
}

/// A change at a keyword, to just outside or just inside of what it allows.
fn at_keyword(value: &mut Value, schema: &Value, rng: &mut fastrand::Rng) {
    let keywords: Vec<_> = schema.as_object().into_iter().flatten().collect();
    if keywords.is_empty() {
        *value = anything(rng, 2);
        return;
    }
    let (keyword, rule) = keywords[rng.usize(..keywords.len())];
    let count = rule.as_u64().unwrap_or_default() as usize;
    match keyword.as_str() {
        "type" => *value = of_another_type(value, rng),
        "const" | "enum" => *value = json!(any_text(rng, 5)),
        "oneOf" | "anyOf" => *value = of_another_branch(rule, rng),
        "minLength" if count < LONG => {
            *value = json!(text_of_length(rng, count.saturating_sub(1)));
        }
        "maxLength" if count < LONG => {
            let over = rng.usize(..=1);
            *value = json!(text_of_length(rng, count + over));
        }
        "pattern" => {
            if let Some(text) = value.as_str() {
                *value = json!(edited(text, rng));
            }
        }
        "format" => {
            if let Some(format) = rule.as_str() {
                let bad = texts_of(format).1;
                *value = json!(bad[rng.usize(..bad.len())]);
                if rng.bool() {
                    let good = texts_of(format).0;
                    *value = json!(edited(good[rng.usize(..good.len())], rng));
                }
            }
        }
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            *value = near(rule, rng);
        }
        "minItems" => {
            if let Value::Array(items) = value {
                items.truncate(count.saturating_sub(1));
            }
        }
        "maxItems" | "uniqueItems" => {
            if let Value::Array(items) = value {
                let schema = schema.get("items").cloned().unwrap_or_default();
                let wanted = if keyword == "maxItems" { count + 1 } else { items.len() + 1 };
                while items.len() < wanted.min(300) {
                    let item = match items.first() {
                        Some(first) if keyword == "uniqueItems" => respelled(first),
                        _ => document(&schema, rng),
                    };
                    items.push(item);
                }
            }
        }
        "minProperties" => {
            if let Value::Object(members) = value {
                while members.len() >= count.max(1) {
                    let name = members.keys().next().cloned().unwrap_or_default();
                    members.remove(&name);
                }
            }
        }
        "maxProperties" | "propertyNames" | "additionalProperties" => {
            if let Value::Object(members) = value {
                let wanted = if keyword == "maxProperties" { count + 1 } else { members.len() + 1 };
                while members.len() < wanted.min(300) {
                    let rule = schema.get("additionalProperties").filter(|rule| rule.is_object());
                    let member = match rule {
                        Some(rule) => document(rule, rng),
                        None => anything(rng, 1),
                    };
                    members.insert(text_of_length(rng, 5), member);
                }
            }
        }
        "required" | "properties" => {
            if let Value::Object(members) = value
                && !members.is_empty()
            {
                let name = members.keys().nth(rng.usize(..members.len())).cloned();
                let name = name.unwrap_or_default();
                if rng.bool() {
                    members.remove(&name);
                } else {
                    members.insert(name, Value::Null);
                }
            }
        }
        _ => *value = anything(rng, 2),
    }
}

/// The object of one branch with the constants of another.
fn of_another_branch(branches: &Value, rng: &mut fastrand::Rng) -> Value {
    let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut pick = || &branches[rng.usize(..branches.len())];
    let (one, other) = (pick(), pick());
    let mut value = document(one, rng);
    let constants = other.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, property) in constants {
        if let (Value::Object(members), Some(constant)) = (&mut value, property.get("const")) {
            members.insert(name.clone(), constant.clone());
        }
    }
    value
}

fn of_another_type(value: &Value, rng: &mut fastrand::Rng) -> Value {
    match value {
        Value::Number(number) => match rng.u32(..3) {
            0 => json!(number.to_string()),
            1 => json!(number.as_f64().unwrap_or_default() + 0.5),
            _ => json!(number.as_f64().unwrap_or_default()),
        },
        Value::Array(items) => items.first().cloned().unwrap_or(json!({})),
        Value::Object(_) => json!([]),
        Value::String(text) => text.parse::<f64>().map_or(json!([text]), |number| json!(number)),
        Value::Bool(value) => json!(u8::from(*value)),
        Value::Null => json!(0),
    }
}

/// The same value in another form, equal to JSON Schema, `1` and `1.0`, or to a Rust type only, as
/// a UUID in upper case is.
fn respelled(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_i64().map_or(value.clone(), |n| json!(n as f64)),
        Value::String(text) if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            json!(text.to_ascii_lowercase())
        }
        Value::String(text) => json!(text.to_ascii_uppercase()),
        Value::Array(items) => items.iter().map(respelled).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), respelled(value))).collect(),
        ),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// One character changed, put in or taken out.
fn edited(text: &str, rng: &mut fastrand::Rng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = rng.usize(..=characters.len());
    let new = ['0', '9', 'a', 'Z', '-', '.', '*', '+', ':', ' ', '\n', 'é', '٣'][rng.usize(..13)];
    match rng.u32(..3) {
        0 => characters.insert(at, new),
        1 if at < characters.len() => characters[at] = new,
        _ if at < characters.len() => {
            characters.remove(at);
        }
        _ => characters.push(new),
    }
    characters.into_iter().collect()
}

/// A number at, just below or just above a bound, also where f64 cannot tell them apart.
fn near(bound: &Value, rng: &mut fastrand::Rng) -> Value {
    let delta = i128::from(rng.i8(-2..=2));
    match bound.as_number().and_then(serde_json::Number::as_i128) {
        Some(bound) if rng.u32(..4) > 0 => whole(bound + delta),
        _ => {
            let bound = bound.as_f64().unwrap_or_default();
            let value =
                [bound, bound + 0.5, bound - 0.5, bound * 2.0, -bound, bound + delta as f64]
                    [rng.usize(..6)];
            if value.is_finite() { json!(value) } else { json!(0) }
        }
    }
}
