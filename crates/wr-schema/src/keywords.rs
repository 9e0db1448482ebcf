//! The keywords of the dialect: where each may stand and what it may hold.
//!
//! The lint, the resolver and the editors' schema of the dialect read this one table.

use std::collections::HashSet;

use crate::draft::Role;
use crate::json::{Data, Node, Span};
use crate::pattern;

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

/// Why a keyword says nothing where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    /// It belongs to the root of a file.
    Root,
    /// It belongs to a property.
    Property,
    /// It belongs to schemas of these kinds.
    Kinds(&'static [Kind]),
    /// Another keyword beside it says everything.
    Beside(&'static str),
    /// Nothing beside it can be closed.
    NothingToClose,
}

/// Why a keyword says nothing on a schema of this kind and role.
///
/// What stands beside a `$ref` is for the rule `ref_siblings`.
pub fn dead(keyword: &Keyword, kind: Kind, role: Role<'_>, schema: &Node) -> Option<Dead> {
    let is_root = role == Role::Root;
    let has = |name: &str| schema.get(name).is_some();
    match keyword.on {
        On::Anywhere if keyword.name == "default" => {
            let may_be_absent = matches!(role, Role::Property { .. } | Role::Definition { .. });
            (!may_be_absent).then_some(Dead::Property)
        }
        On::Anywhere => None,
        On::Root => (!is_root).then_some(Dead::Root),
        On::Kinds(_) if kind == Kind::Reference => None,
        On::Kinds(kinds) if !kinds.contains(&kind) => Some(Dead::Kinds(kinds)),
        On::Kinds(_) if kind != Kind::Text => None,
        On::Kinds(_) => match keyword.name {
            "minLength" | "maxLength" | "pattern" | "format" | "enum" if has("const") => {
                Some(Dead::Beside("const"))
            }
            "minLength" | "maxLength" | "pattern" | "format" if has("enum") => {
                Some(Dead::Beside("enum"))
            }
            "x-wr-closed" if !has("enum") => Some(Dead::NothingToClose),
            _ => None,
        },
    }
}

/// What is wrong with the value of a keyword.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What to underline.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The largest count: beyond it two implementations may read two numbers.
const MAX_COUNT: i128 = 1 << 53;

/// The names of types.
pub const TYPES: &[&str] = &["string", "integer", "number", "boolean", "object", "array"];

/// What is wrong with the value of a keyword on a schema of this kind, as [`Keyword::holds`] says.
///
/// A schema in it is not judged.
pub fn fault(keyword: &Keyword, kind: Option<Kind>, value: &Node) -> Option<Fault> {
    let name = keyword.name;
    let fault = |span, what: &str, help: String| {
        Some(Fault { span, message: format!("`{name}` {what}"), help })
    };
    let integer = value.as_integer();
    match keyword.holds {
        Holds::Anything => None,
        Holds::Text if value.as_str().is_none() => {
            fault(value.span, "is no string", "write a string in double quotes".to_owned())
        }
        Holds::Boolean if value.as_bool().is_none() => {
            fault(value.span, "is neither `true` nor `false`", "write `true` or `false`".to_owned())
        }
        Holds::True if value.as_bool() != Some(true) => fault(
            value.span,
            "can only be `true`",
            format!("write `true`, or remove `{name}`: that is what `false` would mean"),
        ),
        Holds::Count if !integer.is_some_and(|count| (0..=MAX_COUNT).contains(&count)) => fault(
            value.span,
            "is no whole number from 0 to 2^53",
            "write a whole number without fraction and exponent".to_owned(),
        ),
        Holds::Positive if !integer.is_some_and(|count| (1..=MAX_COUNT).contains(&count)) => fault(
            value.span,
            "is no whole number from 1 to 2^53",
            "write a whole number above 0, without fraction and exponent".to_owned(),
        ),
        Holds::Number => number_fault(keyword, kind, value),
        Holds::Array if !matches!(value.data, Data::Array(_)) => {
            fault(value.span, "is no array", "write `[...]`".to_owned())
        }
        Holds::Names => names_fault(keyword, value),
        Holds::Schema if !value.is_object() && value.as_bool().is_none() => {
            fault(value.span, "is no schema", "write `{...}`".to_owned())
        }
        Holds::Schemas if !value.is_object() => fault(
            value.span,
            "is no object of schemas",
            format!("write `\"{name}\": {{\"NAME\": {{...}}}}`"),
        ),
        Holds::SchemaList if value.items().is_empty() => fault(
            value.span,
            "is no array of one or more schemas",
            format!("write `\"{name}\": [{{...}}]`"),
        ),
        Holds::Type => type_fault(value),
        Holds::Text
        | Holds::Boolean
        | Holds::True
        | Holds::Count
        | Holds::Positive
        | Holds::Array
        | Holds::Schema
        | Holds::Schemas
        | Holds::SchemaList => None,
    }
}

fn number_fault(keyword: &Keyword, kind: Option<Kind>, value: &Node) -> Option<Fault> {
    let name = keyword.name;
    let fault = |what: &str, help: &str| {
        let message = format!("`{name}` {what}");
        Some(Fault { span: value.span, message, help: help.to_owned() })
    };
    let Some(number) = value.as_number() else {
        return fault("is no number", "write a number without quotes");
    };
    let integer = value.as_integer();
    match kind {
        // A whole bound beyond 64 bits is for the rule `integer_range`.
        Some(Kind::Integer) if integer.is_none() && number.as_f64().is_some_and(is_small) => fault(
            "of an integer is not written as a whole number",
            "write it without fraction and exponent, such as `10`",
        ),
        Some(Kind::Integer) => None,
        _ => {
            let exact = integer.is_none_or(|integer| {
                number.as_f64().is_some_and(|float| float as i128 == integer)
            });
            let help = "write a number that a 64-bit float holds exactly, at most 2^53";
            if exact { None } else { fault("is a number that a float cannot hold", help) }
        }
    }
}

fn is_small(value: f64) -> bool {
    value.fract() != 0.0 || value.abs() < 9.0e18
}

fn names_fault(keyword: &Keyword, value: &Node) -> Option<Fault> {
    let name = keyword.name;
    if !matches!(value.data, Data::Array(_)) {
        return Some(Fault {
            span: value.span,
            message: format!("`{name}` is no array of names"),
            help: format!("write `\"{name}\": [\"NAME\"]`"),
        });
    }
    let mut seen = HashSet::new();
    value.items().iter().find_map(|item| {
        let (message, help) = match item.as_str() {
            None => (format!("`{name}` holds something that is no name"), "write a string"),
            Some(text) if !seen.insert(text) => {
                (format!("`{name}` lists `{text}` twice"), "remove one of the two")
            }
            Some(_) => return None,
        };
        Some(Fault { span: item.span, message, help: help.to_owned() })
    })
}

/// An unknown name, or something that is no name; which names go together is for `type_union`.
fn type_fault(value: &Node) -> Option<Fault> {
    let names = if let Data::Array(names) = &value.data { names.as_slice() } else { &[] };
    let is_array = matches!(value.data, Data::Array(_));
    let one = if is_array { names } else { std::slice::from_ref(value) };
    if is_array && names.is_empty() {
        return Some(Fault {
            span: value.span,
            message: "`type` names no type".to_owned(),
            help: format!("write one of `{}`", TYPES.join("`, `")),
        });
    }
    one.iter().find_map(|item| {
        let name = item.as_str();
        if name.is_some_and(|name| TYPES.contains(&name) || is_array && name == "null") {
            return None;
        }
        let message = match name {
            Some("null") => "`null` alone is no type of the dialect".to_owned(),
            Some(name) => format!("`{name}` is no type"),
            None => "`type` is no name of a type".to_owned(),
        };
        let nearest = name.and_then(|name| nearest_of(name, TYPES.iter().copied()));
        let help = match (name, nearest) {
            (Some("null"), _) => "make the property optional; writers leave it out".to_owned(),
            (_, Some(nearest)) => format!("write `{nearest}`"),
            (_, None) => format!("write one of `{}`", TYPES.join("`, `")),
        };
        Some(Fault { span: item.span, message, help })
    })
}

/// The keyword of the dialect that a misspelt one was meant to be.
pub fn nearest(name: &str) -> Option<&'static str> {
    nearest_of(name, KEYWORDS.iter().map(|keyword| keyword.name))
}

/// The nearest of some names, where one is near.
pub fn nearest_of<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_ascii_lowercase();
    let most = |other: &str| 1 + other.len() / 5;
    let near = names.filter(|other| other.len().abs_diff(name.len()) <= most(other));
    let near = near.map(|other| (strsim::osa_distance(&lower, &other.to_ascii_lowercase()), other));
    let (distance, other) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= most(other)).then_some(other)
}

/// Whether an unknown keyword of the schema was meant to be this one.
///
/// A rule that misses a keyword is silent then: `unknown_keyword` says it.
pub fn misspells(schema: &Node, keyword: &str) -> bool {
    let unknown = schema.members().iter().filter(|member| is_unknown(&member.key));
    // Few are near to this one, so few are compared with all.
    let is_meant = |name: &str| {
        nearest_of(name, std::iter::once(keyword)).is_some() && nearest(name) == Some(keyword)
    };
    unknown.into_iter().any(|member| is_meant(&member.key))
}

/// Whether no rule and no table knows a keyword.
pub fn is_unknown(name: &str) -> bool {
    keyword(name).is_none() && !is_refused(name)
}

/// Whether a rule of its own refuses a keyword.
pub fn is_refused(name: &str) -> bool {
    REFUSED.iter().any(|(refused, _)| *refused == name)
}

/// Whether a format belongs to schemas of this kind.
pub fn is_format(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Text => TEXT_FORMATS.contains(&name),
        Kind::Integer => INTEGER_FORMATS.iter().any(|(format, _, _)| *format == name),
        Kind::Reference
        | Kind::Any
        | Kind::Number
        | Kind::Boolean
        | Kind::Struct
        | Kind::Map
        | Kind::Array
        | Kind::Union => false,
    }
}

/// Whether every keyword of a resolved schema is of the dialect, stands where it may and holds
/// what it may: only of such a schema it can be said what it accepts.
///
/// Rules about values are silent on any other, so that one mistake is one finding.
pub fn is_sound(schema: &Node) -> bool {
    let Some(kind) = kind(schema).filter(|kind| *kind != Kind::Reference) else { return false };
    schema.members().iter().all(|member| {
        let value = &member.value;
        let Some(keyword) = keyword(&member.key) else { return false };
        let lives = match keyword.on {
            On::Anywhere | On::Root => true,
            On::Kinds(kinds) => kinds.contains(&kind),
        };
        lives
            && fault(keyword, Some(kind), value).is_none()
            && match keyword.name {
                "format" => value.as_str().is_some_and(|name| is_format(kind, name)),
                "pattern" => value.as_str().is_some_and(pattern::is_sound),
                "propertyNames" => value.members().iter().all(|member| {
                    member.key != "pattern" || member.value.as_str().is_some_and(pattern::is_sound)
                }),
                "enum" => !value.items().is_empty(),
                "required" => has_properties(schema, value),
                "properties" => value.members().iter().all(|property| is_sound(&property.value)),
                "items" | "additionalProperties" => is_sound(value),
                "oneOf" => value.items().iter().all(is_sound),
                _ => true,
            }
    })
}

/// Whether every name in `required` is a property.
fn has_properties(schema: &Node, required: &Node) -> bool {
    let properties = schema.get("properties").map(Node::members).unwrap_or_default();
    let names: HashSet<&str> = properties.iter().map(|member| member.key.as_str()).collect();
    required.items().iter().all(|name| name.as_str().is_some_and(|name| names.contains(name)))
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
