//! Why a message may not be sent, in words: where, by which rule, and what the rule demands; never
//! the value that stands there.

use serde::Serialize;
use serde_json::Value;
use wr_runtime::Violation;

use crate::screen::printable;

/// A rule of the schema that a message breaks.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Broken {
    /// Where in the message, as a JSON pointer; empty for the whole.
    pub(crate) pointer: String,
    /// The keyword of the schema.
    pub(crate) keyword: String,
    /// What it demands: `must be at most 9`.
    pub(crate) demand: String,
}

impl Broken {
    /// By the schema of the message, and the message, of which only names are told.
    pub(crate) fn new(schema: &Value, message: &Value, violation: &Violation) -> Broken {
        let Violation { pointer, keyword, .. } = violation;
        let place = message.pointer(pointer);
        let rule =
            at(schema, message, pointer).and_then(|schema| Some((schema, schema.get(keyword)?)));
        let demand = match rule {
            Some((schema, rule)) => demand(keyword, rule, schema, place),
            None => "must be what the schema says there".to_owned(),
        };
        Broken { pointer: pointer.clone(), keyword: keyword.clone(), demand }
    }
}

/// The schema of the value that a pointer leads to.
fn at<'a>(schema: &'a Value, message: &Value, pointer: &str) -> Option<&'a Value> {
    let mut place = String::new();
    pointer.split('/').skip(1).try_fold(schema, |schema, token| {
        let schema = variant(schema, message.pointer(&place)?);
        place = format!("{place}/{token}");
        let name = token.replace("~1", "/").replace("~0", "~");
        let property = schema.get("properties").and_then(|all| all.get(&name));
        property.or_else(|| {
            let any = ["additionalProperties", "items"].iter().find_map(|it| schema.get(it));
            any.filter(|it| it.is_object())
        })
    })
}

/// Of a union, the variant that the value's tag names.
fn variant<'a>(schema: &'a Value, value: &Value) -> &'a Value {
    let is_meant = |variant: &&Value| {
        let properties = variant.get("properties").and_then(Value::as_object);
        let mut tags = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| Some((name, schema.get("const")?)));
        tags.any(|(name, tag)| value.get(name) == Some(tag))
    };
    let variants = schema.get("oneOf").and_then(Value::as_array);
    variants.and_then(|all| all.iter().find(is_meant)).unwrap_or(schema)
}

fn demand(keyword: &str, rule: &Value, schema: &Value, place: Option<&Value>) -> String {
    let has = |name: &str| place.is_some_and(|place| place.get(name).is_some());
    match keyword {
        "required" => {
            let names = rule.as_array().into_iter().flatten().filter_map(Value::as_str);
            format!("must have {}", quoted(names.filter(|name| !has(name))))
        }
        "additionalProperties" => {
            let known = schema.get("properties");
            let is_known = |name: &str| known.is_some_and(|known| known.get(name).is_some());
            let names = place.and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
            format!(
                "must not have {}",
                quoted(names.map(String::as_str).filter(|it| !is_known(it)))
            )
        }
        _ => format!("must be {}", shape(keyword, rule)),
    }
}

fn shape(keyword: &str, rule: &Value) -> String {
    match keyword {
        "type" => match rule {
            Value::Array(types) => types.iter().map(kind).collect::<Vec<_>>().join(" or "),
            one => kind(one),
        },
        "enum" => {
            let all = rule.as_array().into_iter().flatten().map(Value::to_string);
            format!("one of {}", all.collect::<Vec<_>>().join(", "))
        }
        "minimum" => format!("at least {rule}"),
        "maximum" => format!("at most {rule}"),
        "exclusiveMinimum" => format!("more than {rule}"),
        "exclusiveMaximum" => format!("less than {rule}"),
        "multipleOf" => format!("a multiple of {rule}"),
        "minLength" => format!("at least {rule} characters long"),
        "maxLength" => format!("at most {rule} characters long"),
        "minItems" => format!("at least {rule} items long"),
        "maxItems" => format!("at most {rule} items long"),
        "minProperties" => format!("of at least {rule} members"),
        "maxProperties" => format!("of at most {rule} members"),
        "uniqueItems" => "without two equal items".to_owned(),
        "oneOf" | "anyOf" => "one of the variants of the schema".to_owned(),
        "pattern" => format!("a match of {}", plain(rule)),
        "format" => format!("a `{}`", plain(rule)),
        _ => rule.to_string(),
    }
}

/// A type of JSON with its article.
fn kind(name: &Value) -> String {
    match plain(name).as_str() {
        name @ ("object" | "array" | "integer") => format!("an {name}"),
        "null" => "null".to_owned(),
        name => format!("a {name}"),
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names = names.map(|name| format!("`{}`", printable(name)));
    names.collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_rule_asks_for() {
        let schema = json!({
            "type": "object",
            "required": ["kind", "id"],
            "additionalProperties": false,
            "properties": {
                "id": { "type": "string", "pattern": "^[a-z]+$" },
                "kind": { "enum": ["a", "b"] },
                "a/b": { "type": "array", "items": { "type": "integer", "maximum": 9 } },
                "counts": { "additionalProperties": { "minimum": 1 } },
                "who": { "oneOf": [
                    { "properties": { "is": { "const": "x" }, "name": { "maxLength": 3 } } },
                    { "properties": { "is": { "const": "y" }, "name": { "maxLength": 5 } } },
                ] },
            },
        });
        let message = json!({
            "id": 1, "a/b": [10], "counts": { "n": 0 }, "who": { "is": "y", "name": "secret" },
            "more": "secret",
        });
        for (pointer, keyword, expected) in [
            ("", "required", "must have `kind`"),
            ("", "additionalProperties", "must not have `more`"),
            ("/id", "type", "must be a string"),
            ("/id", "pattern", "must be a match of ^[a-z]+$"),
            ("/kind", "enum", "must be one of \"a\", \"b\""),
            ("/a~1b/0", "maximum", "must be at most 9"),
            ("/a~1b", "type", "must be an array"),
            ("/counts/n", "minimum", "must be at least 1"),
            ("/who/name", "maxLength", "must be at most 5 characters long"),
            ("/nowhere/at/all", "type", "must be what the schema says there"),
        ] {
            let (pointer, keyword) = (pointer.to_owned(), keyword.to_owned());
            let violation = Violation { pointer: pointer.clone(), keyword: keyword.clone() };
            let told = Broken::new(&schema, &message, &violation);
            let demand = expected.to_owned();
            assert_eq!(told, Broken { pointer, keyword, demand });
        }
    }
}
