//! Text: the source with what is wrong underlined, as rustc shows it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Element, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::{Diagnostic, Region, Report, Spot, count};

/// A longer line is cut around the stretch that is underlined, in characters.
const LONGEST_LINE: usize = 140;
/// What a cut line keeps before the stretch, of the stretch itself, and after it.
const BEFORE: usize = 40;
const WITHIN: usize = 60;
const AFTER: usize = 30;
/// A stretch over more lines is underlined in its first line only.
const MOST_LINES: usize = 50;

/// Writes every diagnostic, then a line that counts them.
pub(super) fn write(report: &Report<'_>, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        write_one(diagnostic, colour, out)?;
    }
    if report.diagnostics.is_empty() {
        return writeln!(out, "no findings in {}", count(report.files, "file"));
    }
    let spots = report.diagnostics.iter().filter_map(|diagnostic| diagnostic.spots.first());
    let paths: BTreeSet<&str> = spots.map(|spot| spot.path.as_str()).collect();
    writeln!(
        out,
        "{} in {}; `cargo xtask explain RULE` tells more about a rule",
        count(report.diagnostics.len(), "finding"),
        count(paths.len(), "file"),
    )
}

/// Writes one diagnostic, and an empty line.
pub(super) fn write_one(
    diagnostic: &Diagnostic<'_>,
    colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    writeln!(out, "{}\n", one(diagnostic, &renderer))
}

/// One diagnostic without colours.
pub(super) fn plain(diagnostic: &Diagnostic<'_>) -> String {
    one(diagnostic, &Renderer::plain())
}

fn one(diagnostic: &Diagnostic<'_>, renderer: &Renderer) -> String {
    let shown: Vec<Shown<'_>> = diagnostic.spots.iter().map(Shown::of).collect();
    let mut elements: Vec<Element<'_>> = Vec::new();
    for (index, Shown { path, excerpt, label, .. }) in shown.iter().enumerate() {
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        elements.push(match excerpt {
            Some(excerpt) => Snippet::source(&excerpt.text)
                .path(path)
                .line_start(excerpt.line)
                .annotation(kind.span(excerpt.span.clone()).label(label.as_deref()))
                .into(),
            None => Origin::path(path).into(),
        });
    }
    for note in &diagnostic.notes {
        elements.push(Level::NOTE.message(normalize_untrusted_str(note)).into());
    }
    elements.push(Level::HELP.message(normalize_untrusted_str(&diagnostic.help)).into());
    let title = Level::ERROR.primary_title(diagnostic.message.as_ref()).id(diagnostic.rule);
    let text = renderer.render(&[title.elements(elements)]);
    shown.iter().fold(text, |text, shown| shown.mend_column(text))
}

/// A spot, made ready to show.
struct Shown<'a> {
    path: String,
    region: Option<&'a Region<'a>>,
    excerpt: Option<Excerpt>,
    label: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(spot: &'a Spot<'_>) -> Shown<'a> {
        let path = normalize_untrusted_str(&spot.path).replace(['\n', '\r'], "\u{240a}");
        let region = spot.region.as_ref();
        let label = spot.label.as_deref().map(normalize_untrusted_str);
        Shown { path, region, excerpt: region.map(Excerpt::of), label }
    }

    /// The renderer knows the column in the excerpt; where that is cut on the left, the column in
    /// the file is another.
    fn mend_column(&self, text: String) -> String {
        let (Some(region), Some(excerpt)) = (self.region, &self.excerpt) else { return text };
        let before = excerpt.text.get(..excerpt.span.start).unwrap_or_default();
        let (shown, column) = (before.chars().count() + 1, region.start.column);
        if shown == column {
            return text;
        }
        let place = |column: usize| format!("{}:{}:{column}\n", self.path, excerpt.line);
        text.replacen(&place(shown), &place(column), 1)
    }
}

/// The lines of a region, short enough to show.
struct Excerpt {
    text: String,
    /// The number of the first line.
    line: usize,
    /// What to underline, in bytes of `text`.
    span: Range<usize>,
}

impl Excerpt {
    fn of(region: &Region<'_>) -> Excerpt {
        let Range { start, end } = region.bytes;
        let first = region.lines.start;
        let line = region.start.line;
        let text = region.text.get(region.lines.clone()).unwrap_or_default();
        // A character takes four bytes at the most.
        let few = region.end.line - line < MOST_LINES && text.len() < MOST_LINES * 4 * LONGEST_LINE;
        if few && text.split('\n').all(|line| fits(line, LONGEST_LINE)) {
            return Excerpt { text: text.to_owned(), line, span: start - first..end - first };
        }
        let (before, rest) = text.split_at_checked(start - first).unwrap_or((text, ""));
        let (within, after) = rest.split_at_checked(end - start).unwrap_or((rest, ""));
        match within.split_once('\n') {
            Some((within, _)) => Excerpt::cut(before, within.trim_end_matches('\r'), "", line),
            None => Excerpt::cut(before, within, after, line),
        }
    }

    /// A line around the stretch `within`, each part no longer than it may be.
    fn cut(before: &str, within: &str, after: &str, line: usize) -> Excerpt {
        let mut text = tail(before, BEFORE);
        let start = text.len();
        text.push_str(&head(within, WITHIN));
        let span = start..text.len();
        if fits(within, WITHIN) {
            text.push_str(&head(after, AFTER));
        }
        Excerpt { text, line, span }
    }
}

fn fits(text: &str, characters: usize) -> bool {
    text.len() <= characters || text.chars().nth(characters).is_none()
}

fn head(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn tail(text: &str, characters: usize) -> String {
    if fits(text, characters) {
        return text.to_owned();
    }
    let start = text.char_indices().rev().nth(characters - 1).map_or(0, |(start, _)| start);
    format!("...{}", text.get(start..).unwrap_or_default())
}
