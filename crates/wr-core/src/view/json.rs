//! Any value as it stands in the bytes of a message.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::{ListView, Readable};
use crate::codec::Cursor;

/// Any value as it stands in the bytes of a message; it is read when it is asked for.
#[derive(Clone)]
pub struct JsonView<'a>(Inner<'a>);

#[derive(Clone)]
enum Inner<'a> {
    Text(&'a str),
    Value(Value),
}

impl<'a> JsonView<'a> {
    pub(crate) fn of_text(text: &'a str) -> JsonView<'a> {
        JsonView(Inner::Text(text))
    }

    pub(crate) fn of_value(value: Value) -> JsonView<'a> {
        JsonView(Inner::Value(value))
    }

    /// The value as a tree. Of a name that is given twice the last counts.
    pub fn to_value(&self) -> Value {
        self.clone().into_value()
    }

    /// The value as a tree. Of a name that is given twice the last counts.
    pub fn into_value(self) -> Value {
        match self.0 {
            Inner::Text(text) => {
                let value = Cursor::new(text).value();
                // It was judged to be JSON before it became a view.
                value.or_else(|| serde_json::from_str(text).ok()).unwrap_or_default()
            }
            Inner::Value(value) => value,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        match &self.0 {
            Inner::Text(text) => *text == "null",
            Inner::Value(value) => value.is_null(),
        }
    }

    /// The value, where it is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.0 {
            Inner::Text(text) => text.parse().ok(),
            Inner::Value(value) => value.as_bool(),
        }
    }

    /// The value, where it is a string.
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Inner::Text(text) => Cursor::new(text).string(),
            Inner::Value(value) => value.as_str().map(Cow::Borrowed),
        }
    }

    /// The value, where it is a number.
    pub fn as_number(&self) -> Option<serde_json::Number> {
        match &self.0 {
            Inner::Text(text) => Cursor::new(text).number(),
            Inner::Value(value) => value.as_number().cloned(),
        }
    }

    /// The value of a name, where it is an object that has one. Of a name that is given twice the
    /// last counts.
    pub fn get(&self, name: &str) -> Option<JsonView<'a>> {
        match &self.0 {
            Inner::Text(text) => {
                let mut cursor = Cursor::new(text);
                let mut before = cursor.open()?;
                let mut found = None;
                while let Some(key) = cursor.any_key(&mut before)? {
                    let value = Value::parse_view(&mut cursor)?;
                    if key == name {
                        found = Some(value);
                    }
                }
                found
            }
            Inner::Value(value) => value.get(name).cloned().map(JsonView::of_value),
        }
    }

    /// The items, where it is an array.
    pub fn as_list(&self) -> Option<ListView<'a, Value>> {
        match &self.0 {
            Inner::Text(text) => text.starts_with('[').then(|| ListView::of_text(text)),
            Inner::Value(value) => value.as_array().cloned().map(ListView::of_values),
        }
    }
}

impl fmt::Debug for JsonView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Text(text) => f.write_str(text),
            Inner::Value(value) => value.fmt(f),
        }
    }
}
