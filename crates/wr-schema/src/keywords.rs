//! The keywords of the dialect: where each may stand and what it may hold.
//!
//! The lint, the resolver and the editors' schema of the dialect read this one table.

use crate::json::{Data, Node};

/// What a schema describes, as far as its own keywords say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `$ref`
    Reference,
    /// `{}` or `true`
    Any,
    /// `type: string`
    Text,
    /// `type: integer`
    Integer,
    /// `type: number`
    Number,
    /// `type: boolean`
    Boolean,
    /// `type: object` with `properties`
    Struct,
    /// `type: object` without `properties`
    Map,
    /// `type: array`
    Array,
    /// `oneOf`
    Union,
}

/// What a keyword may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Any JSON.
    Anything,
    /// A string.
    Text,
    /// `true` or `false`
    Boolean,
    /// `true` and nothing else.
    True,
    /// A whole number, 0 or more, at most 2^53.
    Count,
    /// A whole number above 0, at most 2^53.
    Positive,
    /// A number; for an integer, a whole one written without fraction or exponent.
    Number,
    /// An array.
    Array,
    /// An array of different strings.
    Names,
    /// A schema.
    Schema,
    /// An object of schemas.
    Schemas,
    /// An array of one or more schemas.
    SchemaList,
    /// The name of a type, or an array of one and `"null"`.
    Type,
}

/// One keyword.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub holds: Holds,
    /// Where it may stand.
    pub on: On,
}

/// Where a keyword may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// On any schema, beside a `$ref` too: it changes no meaning.
    Anywhere,
    /// On the root of a file.
    Root,
    /// On schemas of these kinds.
    Kinds(&'static [Kind]),
}

use Kind::{Array, Integer, Map, Number, Reference, Struct, Text, Union};

const NUMERIC: On = On::Kinds(&[Integer, Number]);
const TYPED: On =
    On::Kinds(&[Text, Integer, Number, Kind::Boolean, Struct, Map, Array, Union, Kind::Any]);

/// Every keyword of the dialect.
pub const KEYWORDS: &[Keyword] = &[
    Keyword { name: "$schema", holds: Holds::Text, on: On::Root },
    Keyword { name: "$id", holds: Holds::Text, on: On::Root },
    Keyword { name: "definitions", holds: Holds::Schemas, on: On::Root },
    Keyword { name: "title", holds: Holds::Text, on: On::Anywhere },
    Keyword { name: "description", holds: Holds::Text, on: On::Anywhere },
    Keyword { name: "examples", holds: Holds::Array, on: On::Anywhere },
    Keyword { name: "default", holds: Holds::Anything, on: On::Anywhere },
    Keyword { name: "deprecated", holds: Holds::Boolean, on: On::Anywhere },
    Keyword { name: "$comment", holds: Holds::Text, on: On::Anywhere },
    Keyword { name: "x-wr-unit", holds: Holds::Text, on: On::Anywhere },
    Keyword { name: "x-wr-pii", holds: Holds::Text, on: On::Anywhere },
    Keyword { name: "x-wr-closed", holds: Holds::True, on: On::Kinds(&[Text, Union]) },
    Keyword { name: "$ref", holds: Holds::Text, on: On::Kinds(&[Reference]) },
    Keyword { name: "type", holds: Holds::Type, on: TYPED },
    Keyword { name: "minLength", holds: Holds::Count, on: On::Kinds(&[Text]) },
    Keyword { name: "maxLength", holds: Holds::Count, on: On::Kinds(&[Text]) },
    Keyword { name: "pattern", holds: Holds::Text, on: On::Kinds(&[Text]) },
    Keyword { name: "enum", holds: Holds::Array, on: On::Kinds(&[Text]) },
    Keyword { name: "const", holds: Holds::Text, on: On::Kinds(&[Text]) },
    Keyword { name: "format", holds: Holds::Text, on: On::Kinds(&[Text, Integer]) },
    Keyword { name: "minimum", holds: Holds::Number, on: NUMERIC },
    Keyword { name: "maximum", holds: Holds::Number, on: NUMERIC },
    Keyword { name: "exclusiveMinimum", holds: Holds::Number, on: NUMERIC },
    Keyword { name: "exclusiveMaximum", holds: Holds::Number, on: NUMERIC },
    Keyword { name: "multipleOf", holds: Holds::Positive, on: On::Kinds(&[Integer]) },
    Keyword { name: "properties", holds: Holds::Schemas, on: On::Kinds(&[Struct]) },
    Keyword { name: "required", holds: Holds::Names, on: On::Kinds(&[Struct]) },
    Keyword { name: "additionalProperties", holds: Holds::Schema, on: On::Kinds(&[Map]) },
    Keyword { name: "minProperties", holds: Holds::Count, on: On::Kinds(&[Map]) },
    Keyword { name: "maxProperties", holds: Holds::Count, on: On::Kinds(&[Map]) },
    Keyword { name: "propertyNames", holds: Holds::Schema, on: On::Kinds(&[Map]) },
    Keyword { name: "items", holds: Holds::Schema, on: On::Kinds(&[Array]) },
    Keyword { name: "minItems", holds: Holds::Count, on: On::Kinds(&[Array]) },
    Keyword { name: "maxItems", holds: Holds::Count, on: On::Kinds(&[Array]) },
    Keyword { name: "uniqueItems", holds: Holds::Boolean, on: On::Kinds(&[Array]) },
    Keyword { name: "oneOf", holds: Holds::SchemaList, on: On::Kinds(&[Union]) },
];

/// Keywords of JSON Schema that a rule of their own refuses, with the id of that rule.
pub const REFUSED: &[(&str, &str)] = &[
    ("not", "not"),
    ("if", "if_then_else"),
    ("then", "if_then_else"),
    ("else", "if_then_else"),
    ("dependencies", "dependencies"),
    ("dependentRequired", "dependencies"),
    ("dependentSchemas", "dependencies"),
    ("patternProperties", "pattern_properties"),
    ("contains", "contains"),
    ("minContains", "contains"),
    ("maxContains", "contains"),
    ("additionalItems", "additional_items"),
    ("prefixItems", "tuple_items"),
    ("anyOf", "untagged_union"),
    ("allOf", "all_of"),
];

/// The formats of strings.
pub const TEXT_FORMATS: &[&str] = &["uuid", "date-time", "date", "ipv4", "ipv6"];

/// The formats of integers, each with its range.
pub const INTEGER_FORMATS: &[(&str, i128, i128)] = &[
    ("int32", i32::MIN as i128, i32::MAX as i128),
    ("int64", i64::MIN as i128, i64::MAX as i128),
    ("uint32", 0, u32::MAX as i128),
    ("uint64", 0, u64::MAX as i128),
];

/// The keyword of a name, where the dialect has it.
pub fn keyword(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

impl Keyword {
    /// Whether the keyword changes no meaning.
    pub fn is_annotation(&self) -> bool {
        self.on == On::Anywhere
    }
}

/// What a schema describes, or nothing where its keywords do not say.
pub fn kind(schema: &Node) -> Option<Kind> {
    match &schema.data {
        Data::Bool(true) => return Some(Kind::Any),
        Data::Object(_) => {}
        _ => return None,
    }
    if schema.get("$ref").is_some() {
        return Some(Kind::Reference);
    }
    if schema.get("oneOf").is_some() {
        return Some(Kind::Union);
    }
    match type_name(schema) {
        Some("string") => Some(Kind::Text),
        Some("integer") => Some(Kind::Integer),
        Some("number") => Some(Kind::Number),
        Some("boolean") => Some(Kind::Boolean),
        Some("array") => Some(Kind::Array),
        Some("object") if schema.get("properties").is_some() => Some(Kind::Struct),
        Some("object") => Some(Kind::Map),
        Some(_) => None,
        None if schema.get("type").is_some() => None,
        None => {
            let says_nothing = schema.members().iter().all(|member| {
                keyword(&member.key).is_some_and(|keyword| keyword.is_annotation())
                    || keyword(&member.key).is_none_or(|keyword| keyword.on == On::Root)
                        && !REFUSED.iter().any(|(name, _)| *name == member.key)
            });
            says_nothing.then_some(Kind::Any)
        }
    }
}

/// The type beside null, where `type` is a name, or an array of one name and `"null"`.
pub fn type_name(schema: &Node) -> Option<&str> {
    let types = schema.get("type")?;
    if let Some(name) = types.as_str() {
        return Some(name);
    }
    match types.items() {
        [one, other] => match (one.as_str()?, other.as_str()?) {
            ("null", "null") => None,
            (name, "null") | ("null", name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `type` is an array with `"null"`.
pub fn is_nullable(schema: &Node) -> bool {
    schema
        .get("type")
        .is_some_and(|types| types.items().iter().any(|name| name.as_str() == Some("null")))
}
