//! The types of JSON values.

use serde_json::Value;

use super::read::Dialect;

/// A set of types; whole numbers are apart from the others, and those written as `1.0` from both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const NULL: Types = Types(1);
    pub(crate) const BOOLEAN: Types = Types(2);
    /// Whole, and written without a fraction.
    pub(crate) const INTEGER: Types = Types(4);
    pub(crate) const FRACTION: Types = Types(8);
    pub(crate) const STRING: Types = Types(16);
    pub(crate) const ARRAY: Types = Types(32);
    pub(crate) const OBJECT: Types = Types(64);
    /// Whole, and written as `1.0` or `1e300`: no integer in draft 04, as some validators see it.
    pub(crate) const WHOLE: Types = Types(128);
    pub(crate) const NUMBER: Types = Types(4 | 8 | 128);
    pub(crate) const NO: Types = Types(0);
    pub(crate) const ALL: Types = Types(255);

    pub(crate) fn and(self, other: Types) -> Types {
        Types(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    pub(crate) fn not(self) -> Types {
        Types(Types::ALL.0 & !self.0)
    }

    /// Whether any type is in both.
    pub(crate) fn has(self, other: Types) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of these are among the others.
    pub(crate) fn are_in(self, other: Types) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether whole numbers are among them, or not, however they are written.
    pub(crate) fn are_alike(self) -> bool {
        self.has(Types::INTEGER) == self.has(Types::WHOLE)
    }

    pub(crate) fn of(value: &Value) -> Types {
        match value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOLEAN,
            Value::Number(number) if super::number::whole(number).is_none() => Types::FRACTION,
            Value::Number(number) if number.is_f64() => Types::WHOLE,
            Value::Number(_) => Types::INTEGER,
            Value::String(_) => Types::STRING,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
        }
    }

    /// The types that a name of `type` means; none where it is no such name.
    pub(crate) fn named(name: &str, dialect: Dialect) -> Option<Types> {
        Some(match name {
            "null" => Types::NULL,
            "boolean" => Types::BOOLEAN,
            "integer" if dialect == Dialect::Draft4 => Types::INTEGER,
            "integer" => Types::INTEGER.or(Types::WHOLE),
            "number" => Types::NUMBER,
            "string" => Types::STRING,
            "array" => Types::ARRAY,
            "object" => Types::OBJECT,
            _ => return None,
        })
    }
}
