//! `compat --pairs`: many pairs in one process, a line each; whatever a line holds, its answer is
//! one line.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde_json::{Value, json};
use wr_compat::{Finding, Mode, compare};
use wr_schema::json::{self, FileId, Node};

use super::answer::Answer;
use super::texts::{JsonPlace, JsonSpan};
use super::{Texts, guarded};
use crate::{Error, Exit, Screen};

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 8 * 1024 * 1024;

pub(super) fn run(path: &Path, mode: Mode, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = File::open(path).map_err(|error| Error::file("read", path, &error))?;
        Box::new(BufReader::new(file))
    };
    let shown = path.display().to_string();
    let (mut number, mut offset) = (0, 0);
    let read = |error: io::Error| Error::file("read", path, &error);
    while let Some(line) = next(&mut *input).map_err(read)? {
        number += 1;
        let place = Place { path: &shown, line: number, offset };
        offset += line.bytes;
        let answer = answer(&line, mode, &place).unwrap_or_else(|error| json!({"error": error}));
        // `Value` writes itself in one line.
        writeln!(screen.out, "{answer}")?;
        screen.out.flush()?;
    }
    Ok(Exit::Clean)
}

/// A line of the input.
struct Line {
    /// Its text without the break; none where it was too long.
    text: Option<Vec<u8>>,
    /// How many bytes it takes.
    bytes: usize,
}

/// Where a line stands.
struct Place<'a> {
    path: &'a str,
    line: usize,
    offset: usize,
}

/// The next line; of one that is too long no more is kept than may be.
fn next(input: &mut dyn BufRead) -> io::Result<Option<Line>> {
    let mut text = Vec::new();
    let mut bytes = 0;
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if buffer.is_empty() {
            break;
        }
        let (part, end) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (buffer.get(..at).unwrap_or_default(), at + 1),
            None => (buffer, buffer.len()),
        };
        if text.len() <= MAX_LINE {
            text.extend_from_slice(part);
        }
        let ended = end > part.len();
        input.consume(end);
        bytes += end;
        if ended {
            break;
        }
    }
    let text = (text.len() <= MAX_LINE).then_some(text);
    Ok((bytes > 0).then_some(Line { text, bytes }))
}

fn answer(line: &Line, mode: Mode, place: &Place<'_>) -> Result<Value, String> {
    let Some(text) = &line.text else {
        return Err(format!("line {}: longer than {MAX_LINE} bytes", place.line));
    };
    let text = std::str::from_utf8(text).map_err(|error| {
        format!("line {}: byte {} is no UTF-8", place.line, error.valid_up_to())
    })?;
    let pair = json::parse(FileId(0), text).map_err(|error| {
        let at = Texts::new([(String::new(), text)]).json(Some(error.span));
        let column = at.map_or(1, |at| at.start.column);
        format!("line {}, column {column}: no JSON: {}", place.line, error.message)
    })?;
    let schema = |name: &str| {
        let node = pair.get(name).ok_or_else(|| format!("line {}: no `{name}`", place.line))?;
        let is_schema = node.is_object() || node.as_bool().is_some();
        let why = "no schema, which is an object or a boolean";
        is_schema.then_some(node).ok_or_else(|| format!("line {}: `{name}` is {why}", place.line))
    };
    let (old, new): (&Node, &Node) = (schema("old")?, schema("new")?);
    let texts = Texts::new([(place.path.to_owned(), text)]);
    let report = guarded(|| compare(old, new, mode))
        .map_err(|error| format!("line {}: {error}", place.line))?;
    let span = |span| texts.json(span).map(|span| place.moved(span));
    let spans = |finding: &Finding| (span(finding.old), span(finding.new));
    serde_json::to_value(Answer::of(&report, &spans))
        .map_err(|error| format!("line {}: {error}", place.line))
}

impl Place<'_> {
    /// A span of the line as one of the file.
    fn moved(&self, span: JsonSpan) -> JsonSpan {
        let place = |at: JsonPlace| JsonPlace {
            line: at.line + self.line - 1,
            offset: at.offset + self.offset,
            ..at
        };
        JsonSpan { start: place(span.start), end: place(span.end), ..span }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut text: &[u8]) -> Vec<(Option<usize>, usize)> {
        let mut lines = Vec::new();
        while let Some(line) = next(&mut text).unwrap() {
            lines.push((line.text.map(|text| text.len()), line.bytes));
        }
        lines
    }

    #[test]
    fn every_line_is_one_whatever_its_length() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"a\n\nbc"), [(Some(1), 2), (Some(0), 1), (Some(2), 2)]);
        let mut long = vec![b'x'; MAX_LINE + 1];
        long.extend_from_slice(b"\nnext\n");
        assert_eq!(lines(&long), [(None, MAX_LINE + 2), (Some(4), 5)]);
    }
}
