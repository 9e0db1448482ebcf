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
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    for diagnostic in &report.diagnostics {
        writeln!(out, "{}\n", one(diagnostic, &renderer))?;
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

fn one(diagnostic: &Diagnostic<'_>, renderer: &Renderer) -> String {
    let shown: Vec<Shown<'_>> = diagnostic.spots.iter().map(Shown::of).collect();
    let mut elements: Vec<Element<'_>> = Vec::new();
    for (index, Shown { path, excerpt, .. }) in shown.iter().enumerate() {
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        elements.push(match excerpt {
            Some(excerpt) => Snippet::source(&excerpt.text)
                .path(path)
                .line_start(excerpt.line)
                .annotation(kind.span(excerpt.span.clone()))
                .into(),
            None => Origin::path(path).into(),
        });
    }
    elements.push(Level::HELP.message(normalize_untrusted_str(diagnostic.help)).into());
    let title = Level::ERROR.primary_title(diagnostic.message).id(diagnostic.rule);
    let text = renderer.render(&[title.elements(elements)]);
    shown.iter().fold(text, |text, shown| shown.mend_column(text))
}

/// A spot, made ready to show.
struct Shown<'a> {
    path: String,
    region: Option<&'a Region<'a>>,
    excerpt: Option<Excerpt>,
}

impl<'a> Shown<'a> {
    fn of(spot: &'a Spot<'_>) -> Shown<'a> {
        let path = normalize_untrusted_str(&spot.path).replace(['\n', '\r'], "\u{240a}");
        let region = spot.region.as_ref();
        Shown { path, region, excerpt: region.map(Excerpt::of) }
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
        let whole = region.text;
        let Range { start, end } = region.bytes;
        let first = whole.get(..start).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
        let line = region.start.line;
        if region.end.line - line < MOST_LINES {
            let last = line_end(whole, end);
            let text = whole.get(first..last).unwrap_or_default();
            if text.lines().all(|line| fits(line, LONGEST_LINE)) {
                return Excerpt { text: text.to_owned(), line, span: start - first..end - first };
            }
        }
        let last = line_end(whole, start);
        let text = whole.get(first..last).unwrap_or_default();
        let start = (start - first).min(text.len());
        let end = end.min(last) - first;
        let (before, rest) = text.split_at_checked(start).unwrap_or((text, ""));
        let (within, after) = rest.split_at_checked(end.max(start) - start).unwrap_or((rest, ""));
        Excerpt::cut(before, within, after, line)
    }

    /// A line around the stretch `within`, each part no longer than it may be.
    fn cut(before: &str, within: &str, after: &str, line: usize) -> Excerpt {
        let whole = fits(before, BEFORE) && fits(within, WITHIN) && fits(after, AFTER);
        let short = whole || fits(&[before, within, after].concat(), LONGEST_LINE);
        let (mut text, within, after) = if short {
            (before.to_owned(), within.to_owned(), after.to_owned())
        } else {
            let within_short = head(within, WITHIN);
            let after = if fits(within, WITHIN) { head(after, AFTER) } else { String::new() };
            (tail(before, BEFORE), within_short, after)
        };
        let start = text.len();
        text.push_str(&within);
        let span = start..text.len();
        text.push_str(&after);
        Excerpt { text, line, span }
    }
}

/// The end of the line that an offset is in, without its line break.
fn line_end(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    let end = offset + rest.find('\n').unwrap_or(rest.len());
    let ends_in_cr = text.get(offset..end).is_some_and(|line| line.ends_with('\r'));
    if ends_in_cr { end - 1 } else { end }
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
