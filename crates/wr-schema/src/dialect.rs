//! The dialect as a JSON Schema: editors check and complete schema files by it as they are typed.
//!
//! It says what one schema can say of another: which keywords there are, on what they stand and
//! what they hold. What needs more than one place or one file is left to the lint.

use serde_json::{Map, Value, json};

use crate::keywords::{Holds, INTEGER_FORMATS, KEYWORDS, Keyword, Kind, On, TEXT_FORMATS, TYPES};

/// The schema of the schema files of events, of the envelope, of definitions and of dead letters.
pub fn json_schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A schema file of an event",
        "description": "One version of a subject, of the envelope, of definitions or of a dead letter.",
        "type": "object",
        "required": ["description"],
        "allOf": [
            { "$ref": "#/definitions/keywords" },
            {
                "if": { "required": ["type"] },
                "then": root_of_struct(),
                "else": root_of_definitions(),
            },
        ],
        "definitions": {
            "keywords": keywords(),
            "schema": schema(),
            "item": { "allOf": [{ "$ref": "#/definitions/below" }, without("default")] },
            "branch": {
                "allOf": [{ "$ref": "#/definitions/described" }, without("default"), branch()],
            },
            "described": described(),
            "below": below(),
            "names": names(),
        },
    })
}

/// A file of an event, of the envelope or of the dead letter.
fn root_of_struct() -> Value {
    json!({
        "required": ["properties"],
        "properties": {
            "type": { "const": "object" },
            "title": { "pattern": "^[A-Z][A-Za-z0-9]*V[1-9][0-9]*$" },
        },
        "propertyNames": allowed(|keyword| keyword.on == On::Root || is_on(keyword, Kind::Struct)),
    })
}

/// A file of definitions.
fn root_of_definitions() -> Value {
    json!({
        "required": ["definitions"],
        "propertyNames": allowed(|keyword| keyword.on == On::Root || keyword.is_annotation()),
    })
}

/// Every keyword, with what it holds.
fn keywords() -> Value {
    let mut properties = Map::new();
    for keyword in KEYWORDS {
        let mut value = holds(keyword);
        if let Some(members) = value.as_object_mut() {
            members.insert("description".to_owned(), page(keyword.name).into());
        }
        properties.insert(keyword.name.to_owned(), value);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn holds(keyword: &Keyword) -> Value {
    match keyword.name {
        "$schema" => json!({
            "enum": [
                "http://json-schema.org/draft-07/schema#",
                "http://json-schema.org/draft-07/schema",
            ],
        }),
        "$id" => json!({ "type": "string", "pattern": "/[^/]+/[0-9]+\\.[0-9]+\\.json$" }),
        "$ref" => json!({
            "type": "string",
            "pattern": "^(\\.\\./definitions/[0-9]+\\.[0-9]+\\.json)?#/definitions/[^/]+$",
        }),
        "description" => json!({ "type": "string", "pattern": "[^ \\t\\n\\r]" }),
        "pattern" => json!({ "type": "string", "pattern": "^\\^(.|\\n)*\\$$" }),
        "enum" => json!({
            "type": "array",
            "items": { "type": ["string", "null"] },
            "minItems": 1,
            "uniqueItems": true,
        }),
        "propertyNames" => json!({ "allOf": [{ "$ref": "#/definitions/names" }] }),
        "properties" | "definitions" => json!({
            "type": "object",
            "additionalProperties": { "$ref": "#/definitions/described" },
        }),
        "oneOf" => {
            json!({ "type": "array", "items": { "$ref": "#/definitions/branch" }, "minItems": 1 })
        }
        _ => match keyword.holds {
            Holds::Anything => json!({}),
            Holds::Text => json!({ "type": "string" }),
            Holds::Boolean => json!({ "type": "boolean" }),
            Holds::True => json!({ "const": true }),
            Holds::Count => {
                json!({ "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_992_u64 })
            }
            Holds::Positive => {
                json!({ "type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_992_u64 })
            }
            Holds::Number => json!({ "type": "number" }),
            Holds::Array => json!({ "type": "array" }),
            Holds::Names => {
                json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true })
            }
            Holds::Schema => json!({ "allOf": [{ "$ref": "#/definitions/item" }] }),
            Holds::Schemas => json!({ "type": "object" }),
            Holds::SchemaList => json!({ "type": "array", "minItems": 1 }),
            Holds::Type => types(),
        },
    }
}

fn types() -> Value {
    let pairs = TYPES.iter().map(|name| json!([{ "const": name }, { "const": "null" }]));
    let swapped = TYPES.iter().map(|name| json!([{ "const": "null" }, { "const": name }]));
    let arrays = pairs
        .chain(swapped)
        .map(|items| json!({ "type": "array", "items": items, "minItems": 2, "maxItems": 2 }));
    let mut choices = vec![json!({ "enum": TYPES })];
    choices.extend(arrays);
    json!({ "anyOf": choices })
}

/// A schema below the root: which keywords stand together.
fn schema() -> Value {
    let integer_formats: Vec<&str> = INTEGER_FORMATS.iter().map(|(name, _, _)| *name).collect();
    let mut conditions = vec![chain()];
    let text = |name: &str| is_annotation_or(name, &["type", name, "x-wr-closed"]);
    conditions.push(when(
        json!({ "required": ["enum"], "not": { "required": ["const"] } }),
        text("enum"),
    ));
    conditions.push(when(
        json!({ "required": ["const"] }),
        is_annotation_or("const", &["type", "const"]),
    ));
    conditions.push(when(
        of_type("integer"),
        json!({
            "properties": {
                "minimum": { "type": "integer" },
                "maximum": { "type": "integer" },
                "exclusiveMinimum": { "type": "integer" },
                "exclusiveMaximum": { "type": "integer" },
                "format": { "enum": integer_formats },
            },
            "anyOf": [
                { "required": ["format"] },
                { "allOf": [
                    { "anyOf": [{ "required": ["minimum"] }, { "required": ["exclusiveMinimum"] }] },
                    { "anyOf": [{ "required": ["maximum"] }, { "required": ["exclusiveMaximum"] }] },
                ] },
            ],
        }),
    ));
    conditions.push(when(
        of_type("string"),
        json!({
            "properties": { "format": { "enum": TEXT_FORMATS } },
            "anyOf": [{ "not": { "required": ["x-wr-closed"] } }, { "required": ["enum"] }],
        }),
    ));
    json!({ "allOf": [{ "$ref": "#/definitions/keywords" }, { "allOf": conditions }] })
}

/// By what a schema is, the keywords that it may have.
fn chain() -> Value {
    let kinds = |kind: Kind| json!({ "propertyNames": allowed(|keyword| is_on(keyword, kind)) });
    let has = |name: &str| json!({ "required": [name] });
    let mut chain = json!({ "propertyNames": allowed(Keyword::is_annotation) });
    for (name, kind) in [
        ("string", Kind::Text),
        ("integer", Kind::Integer),
        ("number", Kind::Number),
        ("boolean", Kind::Boolean),
        ("array", Kind::Array),
    ] {
        chain = json!({ "if": of_type(name), "then": kinds(kind), "else": chain });
    }
    let object =
        json!({ "if": has("properties"), "then": kinds(Kind::Struct), "else": kinds(Kind::Map) });
    chain = json!({ "if": of_type("object"), "then": object, "else": chain });
    let mut union = kinds(Kind::Union);
    if let Some(members) = union.as_object_mut() {
        members.insert("properties".to_owned(), json!({ "type": { "const": "object" } }));
    }
    chain = json!({ "if": has("oneOf"), "then": union, "else": chain });
    json!({ "if": has("$ref"), "then": kinds(Kind::Reference), "else": chain })
}

/// A schema, or `true`.
fn below() -> Value {
    json!({ "anyOf": [{ "const": true }, { "$ref": "#/definitions/schema" }] })
}

/// A property or a definition: it says what it is, or its reference does.
fn described() -> Value {
    json!({
        "allOf": [
            { "$ref": "#/definitions/schema" },
            { "anyOf": [{ "required": ["description"] }, { "required": ["$ref"] }] },
        ],
    })
}

fn branch() -> Value {
    json!({ "anyOf": [
        { "required": ["$ref"] },
        { "required": ["type", "properties", "required"], "properties": { "type": { "const": "object" } } },
    ] })
}

/// The names of a map.
fn names() -> Value {
    json!({
        "description": "What the names of a map must be.",
        "type": "object",
        "properties": {
            "description": { "type": "string" },
            "type": { "const": "string" },
            "pattern": { "type": "string", "pattern": "^\\^(.|\\n)*\\$$" },
            "minLength": { "type": "integer", "minimum": 0 },
            "maxLength": { "type": "integer", "minimum": 0 },
        },
        "additionalProperties": false,
    })
}

/// A schema whose `type` is this one, perhaps beside null.
fn of_type(name: &str) -> Value {
    let named = json!({ "anyOf": [
        { "const": name },
        { "type": "array", "contains": { "const": name } },
    ] });
    json!({ "required": ["type"], "properties": { "type": named } })
}

fn when(condition: Value, then: Value) -> Value {
    json!({ "if": condition, "then": then })
}

fn without(name: &str) -> Value {
    json!({ "not": { "required": [name], "type": "object" } })
}

/// Beside `name`, which says every value, stand only annotations and these.
fn is_annotation_or(name: &str, others: &[&str]) -> Value {
    let names = allowed(|keyword| keyword.is_annotation() || others.contains(&keyword.name));
    json!({ "propertyNames": names, "required": ["type", name] })
}

fn allowed(is_allowed: impl Fn(&Keyword) -> bool) -> Value {
    let names = KEYWORDS.iter().filter(|keyword| is_allowed(keyword)).map(|keyword| keyword.name);
    json!({ "enum": names.collect::<Vec<_>>() })
}

fn is_on(keyword: &Keyword, kind: Kind) -> bool {
    match keyword.on {
        On::Anywhere => true,
        On::Root => false,
        On::Kinds(kinds) => kinds.contains(&kind),
    }
}

/// What an editor shows beside a keyword.
fn page(keyword: &str) -> &'static str {
    PAGES.iter().find(|(name, _)| *name == keyword).map_or("", |(_, page)| page)
}

const PAGES: &[(&str, &str)] = &[
    ("$schema", "The draft of JSON Schema, of which the dialect is a part."),
    (
        "$id",
        "The address under which the schema is published: a base that all files share, the folder, the file.",
    ),
    ("definitions", "Schemas that others refer to by their names."),
    ("title", "At the root the name of the Rust type, elsewhere a heading."),
    ("description", "What it is, in a sentence. It becomes documentation."),
    (
        "examples",
        "Values that the schema accepts. An event has at least two: the required properties alone, and all.",
    ),
    ("default", "What an absent optional property means."),
    ("deprecated", "Writers stop sending it; it goes with the next major."),
    ("$comment", "A note to other authors, which is not published."),
    ("x-wr-unit", "The unit of a number, such as `seconds`. It never changes within a major."),
    ("x-wr-pii", "The value is personal data; the text says how it is masked."),
    (
        "x-wr-closed",
        "The enum or union can never grow; without it readers keep what they do not know.",
    ),
    (
        "$ref",
        "A definition of this file, `#/definitions/NAME`, or a shared one, `../definitions/1.0.json#/definitions/NAME`.",
    ),
    ("type", "The type, or the type and null."),
    ("minLength", "The fewest characters."),
    ("maxLength", "The most characters."),
    (
        "pattern",
        "A regular expression for the whole text, between `^` and `$`, of what all engines read alike.",
    ),
    ("enum", "The strings that it may be. Open unless `x-wr-closed` is beside it."),
    ("const", "The one string that it is."),
    ("format", "Of a string its form, of an integer its range."),
    ("minimum", "The smallest value."),
    ("maximum", "The largest value."),
    ("exclusiveMinimum", "The value that it is above."),
    ("exclusiveMaximum", "The value that it is below."),
    ("multipleOf", "The whole number that it is a multiple of."),
    (
        "properties",
        "The properties of a struct, in the order in which they are read; a minor appends.",
    ),
    ("required", "The properties that are always there. They never change within a major."),
    ("additionalProperties", "What the values of a map are. A struct does not have it."),
    ("minProperties", "The fewest entries of a map."),
    ("maxProperties", "The most entries of a map."),
    ("propertyNames", "What the names of a map are."),
    ("items", "What every item is."),
    ("minItems", "The fewest items."),
    ("maxItems", "The most items."),
    ("uniqueItems", "Whether no two items may be equal."),
    ("oneOf", "Objects that one property tells apart, a required `const`, another in each."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_has_a_page() {
        let keywords: Vec<&str> = KEYWORDS.iter().map(|keyword| keyword.name).collect();
        let pages: Vec<&str> = PAGES.iter().map(|(name, _)| *name).collect();
        assert_eq!(keywords, pages);
    }
}
