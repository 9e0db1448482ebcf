//! Why the runtime refuses something: a kind, pointers and keywords, never a value.

use std::fmt;

/// Why the runtime refuses something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
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
    /// No event of the catalogue has this type.
    UnknownType,
    /// The catalogue has the event type, in other majors only.
    UnknownMajor,
    /// What is to be published names a minor that the catalogue does not have.
    UnknownMinor,
    /// The version is not of the form `{major}.{minor}`.
    InvalidVersion,
    /// The envelope's `type` is not the event type of the subject.
    TypeMismatch,
    /// The major of the envelope's `version` is not the major of the subject.
    MajorMismatch,
    /// Rules of the schema are broken; at least one.
    Violations(Vec<Violation>),
    /// A schema of the catalogue does not compile; the text says why.
    Catalogue(String),
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the document, as a JSON pointer; empty for the whole of it.
    pub pointer: String,
    /// The keyword of JSON Schema that sets the rule.
    pub keyword: String,
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Error {
        Error { kind }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        ErrorKind::Syntax { line: error.line(), column: error.column() }.into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Syntax { line, column } => {
                write!(f, "not JSON at line {line}, column {column}")
            }
            ErrorKind::UnknownType => f.write_str("no event of this type is known"),
            ErrorKind::UnknownMajor => f.write_str("this major of the event is not known"),
            ErrorKind::UnknownMinor => {
                f.write_str("this minor of the event is not known, so it cannot be published")
            }
            ErrorKind::InvalidVersion => {
                f.write_str("the version is not of the form `{major}.{minor}`")
            }
            ErrorKind::TypeMismatch => {
                f.write_str("`/type`: not the event type that the subject carries")
            }
            ErrorKind::MajorMismatch => {
                f.write_str("`/version`: not the major that the subject carries")
            }
            ErrorKind::Violations(violations) => {
                for (index, violation) in violations.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}`{}`: `{}`", violation.pointer, violation.keyword)?;
                }
                Ok(())
            }
            ErrorKind::Catalogue(reason) => {
                write!(f, "a schema of the catalogue does not compile: {reason}")
            }
        }
    }
}

impl std::error::Error for Error {}
