//! The texts that the spans of one version lead into.

use serde::Serialize;
use wr_schema::Sources;
use wr_schema::finding::LineColumn;
use wr_schema::json::Span;

use crate::render::{Lines, Spot};

/// The texts of one version, each with the path that the user knows it by.
#[derive(Debug)]
pub(crate) struct Texts<'a> {
    files: Vec<(String, Lines<'a>)>,
}

/// A stretch of a file, as JSON: lines and columns from 1, columns in characters, offsets in
/// bytes from 0; an end is the place after it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct JsonSpan {
    pub(crate) path: String,
    pub(crate) start: JsonPlace,
    pub(crate) end: JsonPlace,
}

/// One end of a stretch.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct JsonPlace {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) offset: usize,
}

impl<'a> Texts<'a> {
    /// The texts of some sources; `shown` makes a path what the user knows it by.
    pub(crate) fn of(sources: &'a Sources, shown: impl Fn(&str) -> String) -> Texts<'a> {
        Texts::new(sources.iter().map(|(_, file)| (shown(&file.path), file.text.as_str())))
    }

    /// Texts with their paths; a span's file is the place in this order.
    pub(crate) fn new(files: impl IntoIterator<Item = (String, &'a str)>) -> Texts<'a> {
        Texts { files: files.into_iter().map(|(path, text)| (path, Lines::of(text))).collect() }
    }

    fn file(&self, span: Span) -> Option<&(String, Lines<'a>)> {
        self.files.get(usize::try_from(span.file.0).ok()?)
    }

    /// The place of a span, with what to write beside it.
    pub(crate) fn spot(&self, span: Option<Span>, label: &str) -> Option<Spot<'a>> {
        let span = span?;
        let (path, lines) = self.file(span)?;
        Some(Spot {
            path: path.clone(),
            region: Some(lines.region(span.start, span.end)),
            label: Some(label.to_owned()),
        })
    }

    /// The place of a span, as JSON.
    pub(crate) fn json(&self, span: Option<Span>) -> Option<JsonSpan> {
        let span = span?;
        let (path, lines) = self.file(span)?;
        let region = lines.region(span.start, span.end);
        let place = |at: LineColumn, offset| JsonPlace { line: at.line, column: at.column, offset };
        Some(JsonSpan {
            path: path.clone(),
            start: place(region.start, region.bytes.start),
            end: place(region.end, region.bytes.end),
        })
    }
}
