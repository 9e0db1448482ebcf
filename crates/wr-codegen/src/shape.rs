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
use wr_schema::rust_names::{self, Step};

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

/// The Rust type of a contract; `name` is its own, where it gets one.
pub(crate) fn rust_type_of(ty: &Type, name: &str) -> RustType {
    let plain = match (&ty.shape, &ty.shared) {
        (_, Some(shared)) => RustType::Shared(rust_names::shared(shared)),
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
            RustType::Named(name.to_owned())
        }
        (Shape::Array { items, .. }, _) => {
            RustType::List(Box::new(rust_type_of(items, &Step::Items.name(name))))
        }
        (Shape::Map { values, .. }, _) => {
            RustType::Map(Box::new(rust_type_of(values, &Step::Values.name(name))))
        }
    };
    if ty.nullable { RustType::Option(Box::new(plain)) } else { plain }
}

/// The names of a struct's fields; `fields` are those properties that become one.
pub(crate) fn of_struct(
    space: &mut TypeSpace,
    name: &str,
    fields: &[&Field],
) -> Result<Vec<String>, Error> {
    let properties: serde_json::Map<String, Value> =
        fields.iter().map(|field| (field.name.clone(), shape(&field.ty))).collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let schema = json!({
        "title": name,
        "type": "object",
        "properties": properties,
        "required": required,
        // An object without properties would be a map to typify.
        "additionalProperties": false,
    });
    let id = add(space, name, schema)?;
    let details = space.get_type(&id).map_err(|error| refused(name, &error))?;
    let TypeDetails::Struct(made) = details.details() else {
        return Err(disagreement(name, &details.describe(), "a struct"));
    };
    let mut members = Vec::new();
    for field in fields {
        let expected = rust_field(&field.name);
        let found = made.properties().find(|(ident, _)| *ident == expected);
        let Some((ident, id)) = found else {
            let names: Vec<&str> = made.properties().map(|(name, _)| name).collect();
            return Err(disagreement(name, &names.join(", "), &expected));
        };
        agree(space, &id, &rust_type_of(&plain(&field.ty), ""), ident)?;
        members.push(ident.to_owned());
    }
    Ok(members)
}

/// The names of an enum of strings, or of the branches of a union.
pub(crate) fn of_variants(
    space: &mut TypeSpace,
    name: &str,
    values: &[&str],
) -> Result<Vec<String>, Error> {
    let schema = json!({ "title": name, "type": "string", "enum": values });
    let id = add(space, name, schema)?;
    let details = space.get_type(&id).map_err(|error| refused(name, &error))?;
    let TypeDetails::Enum(made) = details.details() else {
        return Err(disagreement(name, &details.describe(), "an enum"));
    };
    let mut members = Vec::new();
    for ((variant, details), value) in made.variants().zip(values) {
        let expected = rust_type(value);
        if variant != expected || !matches!(details, TypeEnumVariant::Simple) {
            return Err(disagreement(&format!("{name}::{expected}"), variant, &expected));
        }
        members.push(variant.to_owned());
    }
    if members.len() != values.len() {
        return Err(disagreement(name, &members.join(", "), &values.join(", ")));
    }
    Ok(members)
}

/// Hands a schema over under the name that its path gives it.
fn add(space: &mut TypeSpace, name: &str, schema: Value) -> Result<TypeId, Error> {
    let schema: Schema = serde_json::from_value(schema)
        .map_err(|error| Error::Typify { name: name.to_owned(), reason: error.to_string() })?;
    let id = space
        .add_type_with_name(&schema, Some(name.to_owned()))
        .map_err(|error| refused(name, &error))?;
    // typify may call it a little otherwise, as `OrderV1x` for `OrderV1X`: the path's name counts.
    Ok(id)
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
            let format = if rust_type_of(ty, "") == RustType::U64 { "uint64" } else { "int64" };
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
