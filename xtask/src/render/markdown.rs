//! Markdown: a comment of a pull request.

use std::io::{self, Write};

use super::{Report, count, text};

/// GitHub takes 65,536 characters; so many are for findings.
const MOST: usize = 50_000;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    if report.diagnostics.is_empty() {
        return writeln!(out, "No findings in {}.", count(report.files, "file"));
    }
    let mut left = MOST;
    let mut diagnostics = report.diagnostics.iter();
    while let Some(diagnostic) = diagnostics.next() {
        let text = text::plain(diagnostic);
        match left.checked_sub(text.chars().count()) {
            Some(less) => left = less,
            None => {
                let more = count(diagnostics.len() + 1, "finding");
                return writeln!(out, "There is no room here for {more} more.");
            }
        }
        let fence = fence(&text);
        writeln!(out, "{fence}text\n{}\n{fence}\n", text.trim_end())?;
    }
    writeln!(out, "`cargo xtask explain RULE` tells more about a rule.")
}

/// What encloses a text that may hold a fence itself.
fn fence(text: &str) -> String {
    let longest = text.split(|other| other != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::render::Diagnostic;

    fn shown(messages: &[&str]) -> String {
        let diagnostics = messages.iter().map(|message| Diagnostic {
            rule: "a_rule",
            message: Cow::from(*message),
            notes: Vec::new(),
            help: Cow::from("mend it"),
            spots: Vec::new(),
        });
        let report = Report { diagnostics: diagnostics.collect(), rules: Vec::new(), files: 2 };
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing() {
        assert_eq!(shown(&[]), "No findings in 2 files.\n");
    }

    #[test]
    fn a_fence_ends_no_fence() {
        insta::assert_snapshot!(shown(&["plain", "a ```` fence"]));
    }

    #[test]
    fn what_no_comment_holds_is_counted() {
        let long = "x".repeat(MOST / 3);
        let shown = shown(&[&long, &long, &long, &long]);
        assert!(shown.ends_with("There is no room here for 2 findings more.\n"), "{shown}");
        assert!(shown.len() < MOST);
    }
}
