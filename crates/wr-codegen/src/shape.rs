//! The border to typify: a contract's shape goes in, names and Rust types come out.
//!
//! typify drops most constraints and would name a type after its title or its place of definition,
//! so it is handed one named type at a time, with constraints removed, references resolved and the
//! title set from the path; what it answers is compared with the names that the lint has judged.

use schemars08::schema::Schema;
use serde_json::{Value, json};
use typify::{TypeDetails, TypeEnumVariant, TypeId, TypeSpace, TypeSpaceSettings};
use wr_schema::contract::{Field, Shape, TextFormat, Type};
use wr_schema::names::{rust_field, rust_type};

use crate::Error;

/// A Rust type as it stands in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RustType {
    Bool,
    I64,
    U64,
    F64,
    String,
    Uuid,
    DateTime,
    Date,
    Ipv4,
    Ipv6,
    Value,
    List(Box<RustType>),
    Map(Box<RustType>),
    Option(Box<RustType>),
    /// A type of the same module.
    Named(String),
    /// A shared type.
    Shared(String),
}

/// The name of a named type, and of its fields or variants in the order of the contract.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) ident: String,
    pub(crate) members: Vec<String>,
}

/// The name of a type from its path, for example `position_enqueued_v1` and then `client`.
pub(crate) fn type_name(path: &[String]) -> String {
    rust_type(&path.join("_"))
}

/// The path of what a type holds: the items of an array, the values of a map.
pub(crate) fn below(path: &[String], segment: &str) -> Vec<String> {
    let mut path = path.to_vec();
    path.push(segment.to_owned());
    path
}

/// The Rust type of a contract; `path` names it where it gets a type of its own.
pub(crate) fn rust_type_of(ty: &Type, path: &[String]) -> RustType {
    let plain = match (&ty.shape, &ty.shared) {
        (_, Some(shared)) => RustType::Shared(rust_type(shared)),
        (Shape::Any, _) => RustType::Value,
        (Shape::Boolean, _) => RustType::Bool,
        (Shape::Integer { maximum, .. }, _) if *maximum > i64::MAX.into() => RustType::U64,
        (Shape::Integer { .. }, _) => RustType::I64,
        (Shape::Number { .. }, _) => RustType::F64,
        (Shape::Constant(_), _) => RustType::String,
        (Shape::Text { format, .. }, _) => match format {
            None => RustType::String,
            Some(TextFormat::Uuid) => RustType::Uuid,
            Some(TextFormat::DateTime) => RustType::DateTime,
            Some(TextFormat::Date) => RustType::Date,
            Some(TextFormat::Ipv4) => RustType::Ipv4,
            Some(TextFormat::Ipv6) => RustType::Ipv6,
        },
        (Shape::Struct { .. } | Shape::Enum { .. } | Shape::Union { .. }, _) => {
            RustType::Named(type_name(path))
        }
        (Shape::Array { items, .. }, _) => {
            RustType::List(Box::new(rust_type_of(items, &below(path, "item"))))
        }
        (Shape::Map { values, .. }, _) => {
            RustType::Map(Box::new(rust_type_of(values, &below(path, "value"))))
        }
    };
    if ty.nullable { RustType::Option(Box::new(plain)) } else { plain }
}

/// A struct's names; `fields` are those that become Rust fields.
pub(crate) fn of_struct(
    space: &mut TypeSpace,
    path: &[String],
    fields: &[&Field],
) -> Result<Names, Error> {
    let properties: serde_json::Map<String, Value> =
        fields.iter().map(|field| (field.name.clone(), shape(&field.ty))).collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let schema = json!({
        "title": path.join("_"),
        "type": "object",
        "properties": properties,
        "required": required,
        // An object without properties would be a map to typify.
        "additionalProperties": false,
    });
    let (ident, id) = add(space, path, schema)?;
    let details = space.get_type(&id).map_err(|error| refused(&ident, &error))?;
    let TypeDetails::Struct(made) = details.details() else {
        return Err(disagreement(&ident, &details.describe(), "a struct"));
    };
    let mut members = Vec::new();
    for field in fields {
        let expected = rust_field(&field.name);
        let found = made.properties().find(|(name, _)| *name == expected);
        let Some((name, id)) = found else {
            let names: Vec<&str> = made.properties().map(|(name, _)| name).collect();
            return Err(disagreement(&ident, &names.join(", "), &expected));
        };
        agree(space, &id, &rust_type_of(&plain(&field.ty), &below(path, &field.name)), name)?;
        members.push(name.to_owned());
    }
    Ok(Names { ident, members })
}

/// The names of an enum of strings, or of the branches of a union.
pub(crate) fn of_variants(
    space: &mut TypeSpace,
    path: &[String],
    values: &[&str],
) -> Result<Names, Error> {
    let schema = json!({ "title": path.join("_"), "type": "string", "enum": values });
    let (ident, id) = add(space, path, schema)?;
    let details = space.get_type(&id).map_err(|error| refused(&ident, &error))?;
    let TypeDetails::Enum(made) = details.details() else {
        return Err(disagreement(&ident, &details.describe(), "an enum"));
    };
    let mut members = Vec::new();
    for ((name, details), value) in made.variants().zip(values) {
        let expected = rust_type(value);
        if name != expected || !matches!(details, TypeEnumVariant::Simple) {
            return Err(disagreement(&format!("{ident}::{expected}"), name, &expected));
        }
        members.push(name.to_owned());
    }
    Ok(Names { ident, members })
}

fn add(space: &mut TypeSpace, path: &[String], schema: Value) -> Result<(String, TypeId), Error> {
    let expected = type_name(path);
    let schema: Schema = serde_json::from_value(schema)
        .map_err(|error| Error::Typify { name: expected.clone(), reason: error.to_string() })?;
    let id = space
        .add_type_with_name(&schema, Some(path.join("_")))
        .map_err(|error| refused(&expected, &error))?;
    let found = space.get_type(&id).map_err(|error| refused(&expected, &error))?.name();
    if found == expected {
        Ok((found, id))
    } else {
        Err(disagreement(&expected, &found, &expected))
    }
}

/// The schema of a type for typify: no constraints, no null, and anything where a named type
/// stands, which is handed over on its own.
fn shape(ty: &Type) -> Value {
    match (&ty.shape, &ty.shared) {
        (_, Some(_))
        | (Shape::Any | Shape::Struct { .. } | Shape::Enum { .. } | Shape::Union { .. }, _) => {
            json!(true)
        }
        (Shape::Boolean, _) => json!({ "type": "boolean" }),
        (Shape::Integer { .. }, _) => {
            let format = if rust_type_of(ty, &[]) == RustType::U64 { "uint64" } else { "int64" };
            json!({ "type": "integer", "format": format })
        }
        (Shape::Number { .. }, _) => json!({ "type": "number", "format": "double" }),
        (Shape::Constant(_), _) => json!({ "type": "string" }),
        (Shape::Text { format: None, .. }, _) => json!({ "type": "string" }),
        (Shape::Text { format: Some(format), .. }, _) => {
            json!({ "type": "string", "format": format.name() })
        }
        (Shape::Array { items, .. }, _) => json!({ "type": "array", "items": shape(items) }),
        (Shape::Map { values, .. }, _) => {
            json!({ "type": "object", "additionalProperties": shape(values) })
        }
    }
}

/// The type without null at any depth, as `shape` describes it.
fn plain(ty: &Type) -> Type {
    let mut ty = Type { nullable: false, ..ty.clone() };
    match &mut ty.shape {
        Shape::Array { items, .. } => **items = plain(items),
        Shape::Map { values, .. } => **values = plain(values),
        _ => {}
    }
    ty
}

/// Whether typify's type is the one that the contract asks for.
fn agree(space: &TypeSpace, id: &TypeId, expected: &RustType, name: &str) -> Result<(), Error> {
    let found = space.get_type(id).map_err(|error| refused(name, &error))?;
    let same = match (expected, found.details()) {
        (RustType::List(items), TypeDetails::Vec(id)) => return agree(space, &id, items, name),
        (RustType::Map(values), TypeDetails::Map(_, id)) => {
            return agree(space, &id, values, name);
        }
        (
            RustType::Named(_) | RustType::Shared(_) | RustType::Value,
            TypeDetails::Builtin(path),
        ) => path == "::serde_json::Value",
        // A map to anything is a `serde_json::Map` to typify.
        (RustType::Map(values), TypeDetails::Builtin(path)) => {
            path.starts_with("::serde_json::Map")
                && matches!(**values, RustType::Value | RustType::Named(_) | RustType::Shared(_))
        }
        (RustType::String, TypeDetails::String) => true,
        (expected, TypeDetails::Builtin(path)) => builtin(expected) == Some(path),
        _ => false,
    };
    if same { Ok(()) } else { Err(disagreement(name, &found.describe(), &format!("{expected:?}"))) }
}

/// typify's path of a type.
fn builtin(ty: &RustType) -> Option<&'static str> {
    Some(match ty {
        RustType::Bool => "bool",
        RustType::I64 => "i64",
        RustType::U64 => "u64",
        RustType::F64 => "f64",
        RustType::Uuid => "::uuid::Uuid",
        RustType::DateTime => "::chrono::DateTime<::chrono::offset::Utc>",
        RustType::Date => "::chrono::naive::NaiveDate",
        RustType::Ipv4 => "::std::net::Ipv4Addr",
        RustType::Ipv6 => "::std::net::Ipv6Addr",
        RustType::String
        | RustType::Value
        | RustType::List(_)
        | RustType::Map(_)
        | RustType::Option(_)
        | RustType::Named(_)
        | RustType::Shared(_) => return None,
    })
}

/// A fresh space: one a module, so that modules do not depend on each other.
pub(crate) fn space() -> TypeSpace {
    TypeSpace::new(&TypeSpaceSettings::default())
}

fn refused(name: &str, error: &typify::Error) -> Error {
    Error::Typify { name: name.to_owned(), reason: error.to_string() }
}

fn disagreement(name: &str, found: &str, expected: &str) -> Error {
    Error::Disagreement {
        name: name.to_owned(),
        found: format!("`{found}`"),
        expected: format!("`{expected}`"),
    }
}
