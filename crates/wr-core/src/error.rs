//! Why bytes are no event, or a value may not be sent: a pointer and a keyword, never a value.
//!
//! A pointer holds the names of the properties on the way, those of a map's entries too: a map must
//! not be keyed by personal data.

use std::fmt;

/// Why bytes are no event, or a value may not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pointer: String,
    kind: ErrorKind,
}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not JSON, or nest deeper than 127.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1.
        column: usize,
    },
    /// A rule of the schema is broken.
    Violation {
        /// The keyword that sets the rule.
        keyword: Keyword,
        /// What the rule asks for.
        expected: String,
    },
    /// The envelope's `type` is not the event type of the subject.
    TypeMismatch {
        /// The event type of the subject.
        expected: &'static str,
    },
    /// The major of the envelope's `version` is not the major of the subject.
    MajorMismatch {
        /// The major of the subject.
        expected: u32,
    },
    /// No event of the catalogue has this type.
    UnknownType,
    /// The catalogue has the event type, in other majors only.
    UnknownMajor,
}

/// The keyword of JSON Schema that sets a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the keyword of its name")]
pub enum Keyword {
    Type,
    Required,
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
    MultipleOf,
    MinLength,
    MaxLength,
    Pattern,
    Format,
    Enum,
    Const,
    MinItems,
    MaxItems,
    UniqueItems,
    MinProperties,
    MaxProperties,
    PropertyNames,
    OneOf,
    Not,
}

impl Error {
    pub(crate) fn new(pointer: String, kind: ErrorKind) -> Error {
        Error { pointer, kind }
    }

    pub(crate) fn syntax(error: &serde_json::Error) -> Error {
        let kind = ErrorKind::Syntax { line: error.line(), column: error.column() };
        Error::new(String::new(), kind)
    }

    /// Where in the document, as a JSON pointer; empty for the whole of it.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The keyword, where a rule of the schema is broken.
    pub fn keyword(&self) -> Option<Keyword> {
        match &self.kind {
            ErrorKind::Violation { keyword, .. } => Some(*keyword),
            ErrorKind::Syntax { .. }
            | ErrorKind::TypeMismatch { .. }
            | ErrorKind::MajorMismatch { .. }
            | ErrorKind::UnknownType
            | ErrorKind::UnknownMajor => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "`{}`: ", self.pointer)?;
        }
        match &self.kind {
            ErrorKind::Syntax { line, column } => {
                write!(f, "not JSON at line {line}, column {column}")
            }
            ErrorKind::Violation { keyword, expected } => {
                write!(f, "`{keyword}` asks for {expected}")
            }
            ErrorKind::TypeMismatch { expected } => {
                write!(f, "the subject carries events of type `{expected}`")
            }
            ErrorKind::MajorMismatch { expected } => {
                write!(f, "the subject carries major {expected}")
            }
            ErrorKind::UnknownType => f.write_str("no event of this type is known"),
            ErrorKind::UnknownMajor => f.write_str("this major of the event is not known"),
        }
    }
}

impl std::error::Error for Error {}

impl Keyword {
    /// The keyword as JSON Schema spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Keyword::Type => "type",
            Keyword::Required => "required",
            Keyword::Minimum => "minimum",
            Keyword::Maximum => "maximum",
            Keyword::ExclusiveMinimum => "exclusiveMinimum",
            Keyword::ExclusiveMaximum => "exclusiveMaximum",
            Keyword::MultipleOf => "multipleOf",
            Keyword::MinLength => "minLength",
            Keyword::MaxLength => "maxLength",
            Keyword::Pattern => "pattern",
            Keyword::Format => "format",
            Keyword::Enum => "enum",
            Keyword::Const => "const",
            Keyword::MinItems => "minItems",
            Keyword::MaxItems => "maxItems",
            Keyword::UniqueItems => "uniqueItems",
            Keyword::MinProperties => "minProperties",
            Keyword::MaxProperties => "maxProperties",
            Keyword::PropertyNames => "propertyNames",
            Keyword::OneOf => "oneOf",
            Keyword::Not => "not",
        }
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
