//! SARIF 2.1.0: one run, with the pages of its rules, for code scanning.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Diagnostic, Report, Spot};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = report
        .rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": {"text": rule.summary},
                "help": {"text": rule.page, "markdown": rule.page},
                "defaultConfiguration": {"level": "error"},
            })
        })
        .collect();
    let results: Vec<Value> =
        report.diagnostics.iter().map(|diagnostic| result(diagnostic, report)).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "cargo xtask",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn result(diagnostic: &Diagnostic<'_>, report: &Report<'_>) -> Value {
    let mut spots = diagnostic.spots.iter().map(location);
    let notes: String = diagnostic.notes.iter().map(|note| format!("\nnote: {note}")).collect();
    let text = format!("{}{notes}\nhelp: {}", diagnostic.message, diagnostic.help);
    let mut result = json!({
        "ruleId": diagnostic.rule,
        "level": "error",
        "message": {"text": text},
        "locations": spots.next().into_iter().collect::<Vec<_>>(),
    });
    let related: Vec<Value> = spots.collect();
    if let Value::Object(members) = &mut result {
        let index = report.rules.iter().position(|rule| rule.id == diagnostic.rule);
        if let Some(index) = index {
            members.insert("ruleIndex".to_owned(), index.into());
        }
        if !related.is_empty() {
            members.insert("relatedLocations".to_owned(), related.into());
        }
    }
    result
}

fn location(spot: &Spot<'_>) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(&spot.path)}});
    if let (Some(region), Value::Object(members)) = (&spot.region, &mut physical) {
        let region = json!({
            "startLine": region.start.line,
            "startColumn": region.start.column,
            "endLine": region.end.line,
            "endColumn": region.end.column,
            "byteOffset": region.bytes.start,
            "byteLength": region.bytes.len(),
        });
        members.insert("region".to_owned(), region);
    }
    json!({"physicalLocation": physical})
}

/// A path as a URI reference: relative stays relative, `/` in front means this machine.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
