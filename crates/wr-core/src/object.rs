//! The properties of an object, read by name and written in order.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::error::{Error, Keyword};
use crate::pointer::At;
use crate::rules::Rule;

/// The properties of an object that is being read.
#[derive(Debug)]
pub struct Object<'a> {
    members: Map<String, Value>,
    at: &'a At<'a>,
}

impl<'a> Object<'a> {
    /// The properties of a value.
    ///
    /// # Errors
    /// It is no object.
    pub fn read(value: Value, at: &'a At<'a>) -> Result<Object<'a>, Error> {
        match value {
            Value::Object(members) => Ok(Object { members, at }),
            _ => Err(at.violation(Keyword::Type, "an object")),
        }
    }

    /// A property that must be there.
    ///
    /// # Errors
    /// It is not there, or breaks the rule.
    pub fn required<T>(&mut self, name: &str, rule: &impl Rule<T>) -> Result<T, Error> {
        match self.members.remove(name) {
            Some(value) => rule.read(value, &self.at.name(name)),
            None => Err(self.at.violation(Keyword::Required, format!("`{name}`"))),
        }
    }

    /// A property that may be missing; null is read as missing.
    ///
    /// # Errors
    /// It breaks the rule.
    pub fn optional<T>(&mut self, name: &str, rule: &impl Rule<T>) -> Result<Option<T>, Error> {
        match self.members.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => rule.read(value, &self.at.name(name)).map(Some),
        }
    }

    pub(crate) fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

/// Writes the properties of an object in order.
#[derive(Debug)]
pub struct Fields<S: Serializer>(S::SerializeMap);

impl<S: Serializer> Fields<S> {
    /// Begins an object.
    ///
    /// # Errors
    /// The serializer's.
    pub fn begin(serializer: S) -> Result<Self, S::Error> {
        serializer.serialize_map(None).map(Fields)
    }

    /// A property that is always there.
    ///
    /// # Errors
    /// The serializer's.
    pub fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), S::Error> {
        self.0.serialize_entry(name, value)
    }

    /// A property that is left out where there is none.
    ///
    /// # Errors
    /// The serializer's.
    pub fn put_some<T: Serialize>(
        &mut self,
        name: &str,
        value: &Option<T>,
    ) -> Result<(), S::Error> {
        match value {
            Some(value) => self.0.serialize_entry(name, value),
            None => Ok(()),
        }
    }

    /// Ends the object.
    ///
    /// # Errors
    /// The serializer's.
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}
