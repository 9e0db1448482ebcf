//! What a user sees of findings of every shape.

use std::path::Path;

use wr_schema::Sources;
use wr_schema::finding::{Finding, Place};
use wr_schema::json::{FileId, Span};

use super::{Format, Report};
use crate::Screen;

/// Shows findings as a verb would.
fn shown(findings: &[Finding], sources: &Sources, format: Format, colour: bool) -> String {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut screen = Screen { out: &mut out, err: &mut err, colour };
    Report::of_lint(findings, sources, Path::new("schemas")).write(format, &mut screen).unwrap();
    String::from_utf8(out).unwrap()
}

fn finding(start: usize, end: usize) -> Finding {
    Finding {
        rule: "not",
        place: Place::Span(Span { file: FileId(0), start, end }),
        message: "`not` says what a value is not".to_owned(),
        help: "say what the value is".to_owned(),
    }
}

/// A finding whose span is the first `marked` of a text, in every format but colours.
fn underlined(text: &str, marked: &str, format: Format) -> String {
    let start = text.find(marked).unwrap();
    let sources = Sources::from_texts([("a.b.c.v1/1.0.json", text)]);
    shown(&[finding(start, start + marked.len())], &sources, format, false)
}

const SCHEMA: &str = "{\n  \"type\": \"string\",\n  \"not\": {\n    \"enum\": [\"\"]\n  }\n}\n";

#[test]
fn one_line() {
    insta::assert_snapshot!(underlined(SCHEMA, "\"not\"", Format::Text));
}

#[test]
fn several_lines() {
    insta::assert_snapshot!(underlined(SCHEMA, "{\n    \"enum\": [\"\"]\n  }", Format::Text));
}

#[test]
fn windows_line_ends() {
    let text = SCHEMA.replace('\n', "\r\n");
    let unix = underlined(SCHEMA, "\"not\"", Format::Text);
    assert_eq!(underlined(&text, "\"not\"", Format::Text), unix);
    let line = underlined(&text, "\"not\": {\r\n", Format::Text);
    assert!(!line.contains('\r'), "{line:?}");
}

#[test]
fn tabs_and_wide_characters() {
    let text = "{\n\t\"説明\": \"待合室\",\t\"not\": \"🚦\"\n}\n";
    insta::assert_snapshot!(underlined(text, "\"🚦\"", Format::Text));
}

#[test]
fn a_long_line_is_cut_around_the_span() {
    let filler = r#""a": "b", "#.repeat(100_000);
    let text = format!("{{{filler}\"not\": {{}}, {filler}\"z\": 1}}");
    insta::assert_snapshot!(underlined(&text, "\"not\"", Format::Text));
    let whole = underlined(&text, &text, Format::Text);
    assert!(whole.len() < 1000, "{whole}");
}

#[test]
fn more_lines_than_are_shown() {
    let text = format!("{{{}\n}}\n", "\n  \"a\": 1,".repeat(60));
    insta::assert_snapshot!(underlined(&text, text.trim_end(), Format::Text));
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(underlined("", "", Format::Text));
}

#[test]
fn a_path() {
    let finding = Finding {
        rule: "unexpected_file",
        place: Place::Path("old/a\u{1b}[31m\nb.txt".to_owned()),
        message: "a file that is no schema".to_owned(),
        help: "move it out".to_owned(),
    };
    let sources = Sources::default();
    insta::assert_snapshot!(shown(&[finding], &sources, Format::Text, false));
}

#[test]
fn nothing() {
    let sources = Sources::from_texts([("topology.json", "{}")]);
    assert_eq!(shown(&[], &sources, Format::Text, false), "no findings in 1 file\n");
    assert_eq!(shown(&[], &sources, Format::Github, false), "");
}

#[test]
fn colours_only_where_they_are_asked_for() {
    let sources = Sources::from_texts([("a.b.c.v1/1.0.json", SCHEMA)]);
    let findings = [finding(2, 8)];
    assert!(shown(&findings, &sources, Format::Text, true).contains('\u{1b}'));
    assert!(!shown(&findings, &sources, Format::Text, false).contains('\u{1b}'));
}

#[test]
fn json() {
    insta::assert_snapshot!(underlined(SCHEMA, "\"not\"", Format::Json));
}

#[test]
fn github() {
    insta::assert_snapshot!(underlined(SCHEMA, "\"not\"", Format::Github));
}

#[test]
fn github_escapes_and_leaves_columns_out_over_several_lines() {
    let mut finding = finding(0, 30);
    finding.message = "100% of\r\nit: a, b".to_owned();
    let sources = Sources::from_texts([("a,b:c/1.0.json", SCHEMA)]);
    insta::assert_snapshot!(shown(&[finding], &sources, Format::Github, false));
}

#[test]
fn sarif() {
    let text = underlined(SCHEMA, "\"not\"", Format::Sarif);
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let index = run["results"][0]["ruleIndex"].as_u64().unwrap();
    assert_eq!(rules[usize::try_from(index).unwrap()]["id"], "not");
    assert!(rules.iter().all(|rule| rule["help"]["text"].as_str().is_some()));
    let mut result = run["results"][0].clone();
    result.as_object_mut().unwrap().remove("ruleIndex");
    insta::assert_snapshot!(serde_json::to_string_pretty(&result).unwrap());
}

/// No text and no span make a renderer panic or write without bound.
#[test]
fn no_text_and_no_span_is_too_strange() {
    let long = "説\t".repeat(300);
    let pieces = [
        "",
        "\r",
        "\n",
        "\r\n",
        "\t",
        "é",
        "説",
        "🚦",
        "\u{1b}[1m",
        "\u{200d}",
        "\u{202e}",
        &long,
        "{",
    ];
    for first in pieces {
        for second in pieces {
            let text = [first, second, "{"].concat();
            let sources = Sources::from_texts([("a.json", text.as_str())]);
            let at = [0, 1, 2, first.len(), first.len() + second.len(), text.len(), 9999];
            let findings: Vec<Finding> = at
                .into_iter()
                .flat_map(|start| at.into_iter().map(move |end| finding(start, end)))
                .collect();
            for format in [Format::Text, Format::Json, Format::Github] {
                let shown = shown(&findings, &sources, format, false);
                assert!(shown.len() < findings.len() * 3000, "{}", shown.len());
                assert!(!shown.contains('\u{1b}'));
            }
        }
    }
}
