//! Findings as a person or a program reads them: one report, five formats.
//!
//! A diagnostic has one spot or more; the first is the one to mend, the others are what it
//! disagrees with.

use std::borrow::Cow;
use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::path::Path;

use wr_schema::Sources;
use wr_schema::finding::{Finding, LineColumn, Place};
use wr_schema::lint::{RULES, Rule};

use crate::{Error, Screen};

mod github;
mod json;
mod markdown;
mod sarif;
mod text;

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// The source with what is wrong underlined
    Text,
    /// One JSON object
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Markdown, for a comment of a pull request
    Markdown,
}

/// What a verb found.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// What is wrong, in the order in which it is shown.
    pub(crate) diagnostics: Vec<Diagnostic<'a>>,
    /// The rules that were checked.
    pub(crate) rules: Vec<RuleRow>,
    /// How many files were read.
    pub(crate) files: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Diagnostic<'a> {
    /// The id of the rule.
    pub(crate) rule: &'a str,
    /// What is wrong.
    pub(crate) message: Cow<'a, str>,
    /// What shows it, a text of one or more lines each.
    pub(crate) notes: Vec<String>,
    /// What to write instead.
    pub(crate) help: Cow<'a, str>,
    /// Where; the first is the one to mend.
    pub(crate) spots: Vec<Spot<'a>>,
}

/// A place in a file, or a whole file.
#[derive(Clone, Debug)]
pub(crate) struct Spot<'a> {
    /// The path, with the folder that the user named in front.
    pub(crate) path: String,
    /// The stretch of the file, where it could be read.
    pub(crate) region: Option<Region<'a>>,
    /// What is there, beside the underlined stretch.
    pub(crate) label: Option<String>,
}

/// A stretch of a file.
#[derive(Clone, Debug)]
pub(crate) struct Region<'a> {
    /// The text of the whole file.
    pub(crate) text: &'a str,
    /// The bytes; both ends lie in the text, between two characters.
    pub(crate) bytes: Range<usize>,
    /// The bytes of the lines that the stretch is in, without the last line's break.
    pub(crate) lines: Range<usize>,
    /// The place of the first byte.
    pub(crate) start: LineColumn,
    /// The place after the last byte.
    pub(crate) end: LineColumn,
}

/// A rule, as a report lists it.
#[derive(Clone, Debug)]
pub(crate) struct RuleRow {
    /// Its id.
    pub(crate) id: &'static str,
    /// The first line of its page.
    pub(crate) summary: &'static str,
    /// Its page.
    pub(crate) page: String,
}

impl<'a> Report<'a> {
    /// The report of the lint on a folder of schemas.
    pub(crate) fn of_lint(
        findings: &'a [Finding],
        sources: &'a Sources,
        folder: &Path,
    ) -> Report<'a> {
        let lines: Vec<Lines<'a>> = sources.iter().map(|(_, file)| Lines::of(&file.text)).collect();
        let diagnostics = findings.iter().map(|finding| {
            let region = match &finding.place {
                Place::Path(_) => None,
                Place::Span(span) => usize::try_from(span.file.0)
                    .ok()
                    .and_then(|file| lines.get(file))
                    .map(|lines| lines.region(span.start, span.end)),
            };
            let path = shown(folder, sources.path(&finding.place));
            Diagnostic {
                rule: finding.rule,
                message: Cow::from(&finding.message),
                notes: Vec::new(),
                help: Cow::from(&finding.help),
                spots: vec![Spot { path, region, label: None }],
            }
        });
        Report {
            diagnostics: diagnostics.collect(),
            rules: rules_of_lint(),
            files: sources.iter().count(),
        }
    }

    /// Shows it.
    pub(crate) fn write(&self, format: Format, screen: &mut Screen<'_>) -> Result<(), Error> {
        match format {
            Format::Text => text::write(self, screen.colour, screen.out),
            Format::Json => json::write(self, screen.out),
            Format::Github => github::write(self, screen.out),
            Format::Sarif => sarif::write(self, screen.out),
            Format::Markdown => markdown::write(self, screen.out),
        }
        .map_err(Error::from)
    }
}

/// The rules of the lint.
pub(crate) fn rules_of_lint() -> Vec<RuleRow> {
    let row =
        |rule: &'static Rule| RuleRow { id: rule.id, summary: rule.summary(), page: rule.page() };
    RULES.iter().map(row).collect()
}

impl Diagnostic<'_> {
    /// Shows it alone, underlined, with an empty line below.
    pub(crate) fn write(&self, screen: &mut Screen<'_>) -> io::Result<()> {
        text::write_one(self, screen.colour, screen.out)
    }
}

/// Where the lines of a text begin, so that many places in it are found without reading it again.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The offset and the place that were asked for last: findings come in the order of the text,
    /// so that the characters of a long line are counted once.
    last: Cell<(usize, LineColumn)>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Lines<'a> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Lines { text, starts, last: Cell::new((0, LineColumn { line: 1, column: 1 })) }
    }

    /// The stretch between two offsets.
    pub(crate) fn region(&self, start: usize, end: usize) -> Region<'a> {
        let start = boundary(self.text, start);
        let end = boundary(self.text, end).max(start);
        let (first, last) = (self.place(start), self.place(end));
        let lines = self.start(first.line)..self.end(last.line).max(end);
        Region { text: self.text, bytes: start..end, lines, start: first, end: last }
    }

    /// As [`LineColumn::of`], of an offset between two characters.
    fn place(&self, offset: usize) -> LineColumn {
        let line = self.starts.partition_point(|start| *start <= offset);
        let (from, column) = match self.last.get() {
            (last, place) if place.line == line && last <= offset => (last, place.column),
            _ => (self.start(line), 1),
        };
        let between = self.text.get(from..offset).unwrap_or_default();
        let place = LineColumn { line, column: column + between.chars().count() };
        self.last.set((offset, place));
        place
    }

    /// The first byte of a line.
    fn start(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|before| self.starts.get(before)).copied().unwrap_or_default()
    }

    /// The byte after the last of a line, its break left out.
    fn end(&self, line: usize) -> usize {
        let end = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(self.start(line)..end).unwrap_or_default();
        if text.ends_with('\r') { end - 1 } else { end }
    }
}

/// The offset, or the nearest one before it that lies in the text and between two characters.
fn boundary(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset)
}

/// A path below the folder of schemas, as the user would type it.
pub(crate) fn shown(folder: &Path, path: &str) -> String {
    let folder = folder.to_string_lossy().replace('\\', "/");
    match folder.trim_end_matches('/') {
        "" if folder.is_empty() => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
