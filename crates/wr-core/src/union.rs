//! A branch of an open union that this build does not know.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Keyword};
use crate::pointer::At;
use crate::view::{JsonView, Readable};

/// A branch of an open union that this build does not know: read from a message, never written to
/// one.
///
/// Only reading makes one, so that it never holds a branch that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownBranch {
    tag: String,
    value: Value,
}

impl UnknownBranch {
    /// What the tag says.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The whole object as it came.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The tag of a union's value.
    ///
    /// # Errors
    /// The value is no object, has no such property, or it is no string.
    #[doc(hidden)]
    pub fn tag_of(value: &Value, tag: &str, at: &At<'_>) -> Result<String, Error> {
        let Value::Object(members) = value else {
            return Err(at.violation(Keyword::Type, "an object"));
        };
        match members.get(tag) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(at.name(tag).violation(Keyword::Type, "a string")),
            None => Err(at.violation(Keyword::Required, format!("`{tag}`"))),
        }
    }

    /// For generated code, which has found no branch of this tag.
    #[doc(hidden)]
    pub fn new(tag: String, value: Value) -> UnknownBranch {
        UnknownBranch { tag, value }
    }

    #[doc(hidden)]
    pub fn into_view<'a>(self) -> UnknownBranchView<'a> {
        UnknownBranchView { tag: Cow::Owned(self.tag), value: self.value.into_view() }
    }
}

impl Serialize for UnknownBranch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// An [`UnknownBranch`] as it stands in the bytes of a message, which it borrows from.
#[derive(Clone, Debug)]
pub struct UnknownBranchView<'a> {
    tag: Cow<'a, str>,
    value: JsonView<'a>,
}

impl<'a> UnknownBranchView<'a> {
    pub(crate) fn new(tag: Cow<'a, str>, text: &'a str) -> UnknownBranchView<'a> {
        UnknownBranchView { tag, value: JsonView::of_text(text) }
    }

    /// What the tag says.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The whole object as it came.
    pub fn value(&self) -> &JsonView<'a> {
        &self.value
    }

    /// The value that is viewed, borrowing nothing.
    pub fn into_owned(self) -> UnknownBranch {
        UnknownBranch { tag: self.tag.into_owned(), value: self.value.into_value() }
    }
}
