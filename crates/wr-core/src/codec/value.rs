//! Free values, as serde_json would build them.

use serde_json::{Map, Value};

use super::cursor::Cursor;
use super::scan::behind_blank;

impl Cursor<'_> {
    /// Any value. Of a key that is given twice the last counts, as it does to serde_json.
    pub(crate) fn value(&mut self) -> Option<Value> {
        self.rest = behind_blank(self.rest);
        Some(match self.rest.first()? {
            b'"' => Value::String(self.owned_string()?),
            b'{' => Value::Object(self.members()?),
            b'[' => Value::Array(self.items()?),
            b't' => self.literal("true").then_some(Value::Bool(true))?,
            b'f' => self.literal("false").then_some(Value::Bool(false))?,
            b'n' => self.literal("null").then_some(Value::Null)?,
            _ => match self.integer() {
                Some(value) => Value::from(value),
                None => Value::Number(self.long_number()?),
            },
        })
    }

    // Out of line, as `items`: a scalar is read without what these need of the stack.
    #[inline(never)]
    fn members(&mut self) -> Option<Map<String, Value>> {
        let mut before = self.open()?;
        let mut members = Map::new();
        while let Some(key) = self.any_key(&mut before)? {
            let value = self.value()?;
            members.insert(key.into_owned(), value);
        }
        Some(members)
    }

    #[inline(never)]
    fn items(&mut self) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        let mut more = self.begin_array()?;
        while more {
            items.push(self.value()?);
            more = self.more_items()?;
        }
        Some(items)
    }

    /// Whether the array that begins here has items.
    #[inline]
    pub(crate) fn begin_array(&mut self) -> Option<bool> {
        self.take_spaced(b'[').then_some(())?;
        self.enter()?;
        let is_empty = self.take_spaced(b']');
        if is_empty {
            self.leave();
        }
        Some(!is_empty)
    }

    /// Whether another item follows.
    #[inline]
    pub(crate) fn more_items(&mut self) -> Option<bool> {
        self.rest = behind_blank(self.rest);
        match self.next()? {
            b',' => Some(true),
            b']' => {
                self.leave();
                Some(false)
            }
            _ => None,
        }
    }
}

/// Whether the keys of an object all differ.
#[cold]
pub(crate) fn has_different_keys(object: &str) -> Option<bool> {
    let mut cursor = Cursor::new(object);
    let mut before = cursor.open()?;
    let mut keys = Vec::new();
    while let Some(key) = cursor.any_key(&mut before)? {
        keys.push(key);
        cursor.skip()?;
    }
    keys.sort_unstable();
    Some(keys.is_sorted_by(|a, b| a < b))
}
