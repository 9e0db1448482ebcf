//! What the lint reports: data; the text around it is made by whoever shows it.

use std::fmt;

use crate::json::Span;

/// One thing that is wrong with a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the rule, which is its name in the code, the table and the case folder.
    pub rule: &'static str,
    /// Where.
    pub place: Place,
    /// What is wrong, as a lower-case fragment with names in backticks.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stretch of a file that was read.
    Span(Span),
    /// A path, relative to the folder of schemas, that could not be read or should not be there.
    Path(String),
}

/// A one-based line and a one-based column, counted in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl LineColumn {
    /// The place of a byte offset in a text.
    pub fn of(text: &str, offset: usize) -> LineColumn {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        LineColumn {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
