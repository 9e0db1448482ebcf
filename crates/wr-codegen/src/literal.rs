//! A JSON value as a value of the Rust type that a contract gives it.

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, NaiveDate};
use serde_json::{Number, Value};
use wr_schema::contract::{Branch, Field, Shape, Type};
use wr_schema::names::{rust_field, rust_type};
use wr_schema::rust_names::Step;

use crate::model;
use crate::shape::{self, RustType};

/// A value of a Rust type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    Uuid(u128),
    /// A moment; a leap second is the one before it with a second of nanoseconds more.
    Moment {
        seconds: i64,
        nanoseconds: u32,
    },
    Day(NaiveDate),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Any(Value),
    List(Vec<Literal>),
    Map(Vec<(String, Literal)>),
    Option(Option<Box<Literal>>),
    /// A struct, with the Rust name of each of its fields; those of optional fields are options.
    Struct {
        home: RustType,
        fields: Vec<(String, Literal)>,
    },
    /// A variant of an enum of strings, or one of a union with what it holds.
    Variant {
        home: RustType,
        variant: String,
        inner: Option<Box<Literal>>,
    },
}

impl Literal {
    /// The value of a JSON value where `ty` stands, which is `rust` in Rust; none where it is no
    /// value of it.
    pub(crate) fn read(ty: &Type, rust: &RustType, value: &Value) -> Option<Literal> {
        Reader { in_shared: false }.read(ty, rust, value)
    }

    /// Calls `look` with every struct and enum that the value is made of.
    pub(crate) fn each_type(&self, look: &mut impl FnMut(&RustType)) {
        match self {
            Literal::Struct { home, fields } => {
                look(home);
                fields.iter().for_each(|(_, value)| value.each_type(look));
            }
            Literal::Variant { home, inner, .. } => {
                look(home);
                inner.iter().for_each(|value| value.each_type(look));
            }
            Literal::List(items) => items.iter().for_each(|item| item.each_type(look)),
            Literal::Map(entries) => entries.iter().for_each(|(_, value)| value.each_type(look)),
            Literal::Option(value) => value.iter().for_each(|value| value.each_type(look)),
            Literal::Bool(_)
            | Literal::Integer(_)
            | Literal::Float(_)
            | Literal::Text(_)
            | Literal::Uuid(_)
            | Literal::Moment { .. }
            | Literal::Day(_)
            | Literal::Ipv4(_)
            | Literal::Ipv6(_)
            | Literal::Any(_) => {}
        }
    }
}

/// What is known on the way into a value.
#[derive(Clone, Copy)]
struct Reader {
    /// Whether a shared type is around: what it names lies in its module, not in ours.
    in_shared: bool,
}

impl Reader {
    fn read(self, ty: &Type, rust: &RustType, value: &Value) -> Option<Literal> {
        Some(match (rust, value) {
            (RustType::Option(_), Value::Null) => Literal::Option(None),
            (RustType::Option(inner), _) => {
                Literal::Option(Some(Box::new(self.read(ty, inner, value)?)))
            }
            (RustType::Bool, Value::Bool(value)) => Literal::Bool(*value),
            (RustType::I64 | RustType::U64, Value::Number(value)) => {
                Literal::Integer(whole(value)?)
            }
            (RustType::F64, Value::Number(value)) => Literal::Float(value.as_f64()?),
            (RustType::String, Value::String(text)) => Literal::Text(text.clone()),
            (RustType::Uuid, Value::String(text)) => {
                Literal::Uuid(u128::from_str_radix(&text.replace('-', ""), 16).ok()?)
            }
            (RustType::DateTime, Value::String(text)) => {
                let moment = DateTime::parse_from_rfc3339(text).ok()?;
                Literal::Moment {
                    seconds: moment.timestamp(),
                    nanoseconds: moment.timestamp_subsec_nanos(),
                }
            }
            (RustType::Date, Value::String(text)) => Literal::Day(text.parse().ok()?),
            (RustType::Ipv4, Value::String(text)) => Literal::Ipv4(text.parse().ok()?),
            (RustType::Ipv6, Value::String(text)) => Literal::Ipv6(text.parse().ok()?),
            (RustType::Value, value) => Literal::Any(value.clone()),
            (RustType::List(rust), Value::Array(values)) => {
                let Shape::Array { items, .. } = &ty.shape else { return None };
                let values = values.iter().map(|value| self.read(items, rust, value));
                Literal::List(values.collect::<Option<_>>()?)
            }
            (RustType::Map(rust), Value::Object(entries)) => {
                let Shape::Map { values, .. } = &ty.shape else { return None };
                let entry = |(name, value): (&String, &Value)| {
                    Some((name.clone(), self.read(values, rust, value)?))
                };
                Literal::Map(entries.iter().map(entry).collect::<Option<_>>()?)
            }
            (RustType::Named(name), value) => self.named(ty, name, value)?,
            (RustType::Shared(name), value) => Reader { in_shared: true }.named(ty, name, value)?,
            (
                RustType::Bool
                | RustType::I64
                | RustType::U64
                | RustType::F64
                | RustType::String
                | RustType::Uuid
                | RustType::DateTime
                | RustType::Date
                | RustType::Ipv4
                | RustType::Ipv6
                | RustType::List(_)
                | RustType::Map(_),
                _,
            ) => return None,
        })
    }

    /// The value of a type with a name of its own.
    fn named(self, ty: &Type, name: &str, value: &Value) -> Option<Literal> {
        let home = match self.in_shared {
            true => RustType::Shared(name.to_owned()),
            false => RustType::Named(name.to_owned()),
        };
        match &ty.shape {
            Shape::Struct { fields } => {
                let held = fields.iter().filter(|field| ty.constant(&field.name).is_none());
                let fields = held.map(|field| self.field(name, field, value));
                Some(Literal::Struct { home, fields: fields.collect::<Option<_>>()? })
            }
            Shape::Enum { values, .. } => {
                let text = values.iter().find(|text| Some(text.as_str()) == value.as_str())?;
                Some(Literal::Variant { home, variant: rust_type(text), inner: None })
            }
            Shape::Union { tag, branches, .. } => {
                let tag = value.get(tag)?.as_str()?;
                let Branch { value: text, ty } = branches.iter().find(|it| it.value == tag)?;
                let rust = shape::rust_type_of(ty, &Step::Branch(text).name(name));
                let inner = Some(Box::new(self.read(ty, &rust, value)?));
                Some(Literal::Variant { home, variant: rust_type(text), inner })
            }
            Shape::Any
            | Shape::Boolean
            | Shape::Integer { .. }
            | Shape::Number { .. }
            | Shape::Text { .. }
            | Shape::Constant(_)
            | Shape::Map { .. }
            | Shape::Array { .. } => None,
        }
    }

    /// A field of the struct that is called `parent`, from the object that the struct is.
    fn field(self, parent: &str, field: &Field, object: &Value) -> Option<(String, Literal)> {
        let rust = model::field_type(parent, field);
        let literal = match (object.as_object()?.get(&field.name), field.required) {
            (Some(value), true) => self.read(&field.ty, &rust, value)?,
            (Some(value), false) => {
                Literal::Option(Some(Box::new(self.read(&field.ty, &rust, value)?)))
            }
            (None, true) => return None,
            (None, false) => Literal::Option(None),
        };
        Some((rust_field(&field.name), literal))
    }
}

/// A whole number, however it is written.
fn whole(number: &Number) -> Option<i128> {
    let exact = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    let float = number.as_f64().filter(|value| value.fract() == 0.0);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and the cast saturates")]
    exact.or(float.map(|value| value as i128))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wr_schema::contract::{Docs, TextFormat};

    use super::*;

    fn ty(shape: Shape) -> Type {
        Type { shape, nullable: false, shared: None, docs: Docs::default() }
    }

    fn text(format: TextFormat) -> Type {
        ty(Shape::Text { min: None, max: None, pattern: None, format: Some(format) })
    }

    fn read(ty: &Type, value: Value) -> Option<Literal> {
        Literal::read(ty, &shape::rust_type_of(ty, "T"), &value)
    }

    #[test]
    fn moments() {
        for (text, seconds, nanoseconds) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2024-01-01t12:00:00.5z", 1_704_110_400, 500_000_000),
            ("2024-01-01T12:00:00.1234567899+02:00", 1_704_103_200, 123_456_789),
            ("2016-12-31T23:59:60Z", 1_483_228_799, 1_000_000_000),
            ("2016-12-31T15:59:60.25-08:00", 1_483_228_799, 1_250_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
            ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
        ] {
            let moment = read(&self::text(TextFormat::DateTime), json!(text));
            assert_eq!(moment, Some(Literal::Moment { seconds, nanoseconds }), "{text}");
        }
    }

    #[test]
    fn whole_numbers() {
        let integer = ty(Shape::Integer { minimum: 0, maximum: 9, multiple_of: None });
        for (value, expected) in [
            (json!(i64::MIN), Some(i128::from(i64::MIN))),
            (json!(u64::MAX), Some(i128::from(u64::MAX))),
            (json!(-3.0), Some(-3)),
            (json!(1e3), Some(1000)),
            (json!(0.5), None),
            (json!("1"), None),
        ] {
            assert_eq!(read(&integer, value), expected.map(Literal::Integer));
        }
    }

    #[test]
    fn what_is_of_another_type_is_none() {
        let choice = ty(Shape::Enum { values: vec!["a".to_owned()], closed: false });
        let list = ty(Shape::Array {
            items: Box::new(choice.clone()),
            min: None,
            max: None,
            unique: false,
        });
        let fields = vec![Field { name: "x".to_owned(), required: true, ty: choice.clone() }];
        let object = ty(Shape::Struct { fields });
        for (ty, value) in [
            (&choice, json!("b")),
            (&choice, Value::Null),
            (&list, json!(["a", "b"])),
            (&list, json!({})),
            (&object, json!({})),
            (&object, json!("x")),
            (&text(TextFormat::Uuid), json!("x")),
            (&text(TextFormat::DateTime), json!("2024-01-01")),
            (&text(TextFormat::Date), json!("2024-02-30")),
            (&text(TextFormat::Ipv4), json!("::1")),
            (&text(TextFormat::Ipv6), json!("127.0.0.1")),
        ] {
            assert_eq!(read(ty, value), None);
        }
    }
}
