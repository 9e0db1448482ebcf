//! JSON: one object with every finding, for scripts.

use std::io::{self, Write};

use serde::Serialize;
use wr_schema::finding::LineColumn;

use super::{Diagnostic, Report};

#[derive(Serialize)]
struct Object<'a> {
    /// How many files were read.
    files: usize,
    findings: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    rule: &'a str,
    #[serde(flatten)]
    spot: Spot<'a>,
    message: &'a str,
    help: &'a str,
    /// The places that the first one disagrees with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Spot<'a>>,
}

#[derive(Default, Serialize)]
struct Spot<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Place>,
}

/// Lines and columns from 1, columns in characters, bytes from 0; an end is the place after it.
#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
    byte: usize,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.diagnostics.iter().map(row).collect();
    serde_json::to_writer_pretty(&mut *out, &Object { files: report.files, findings })?;
    writeln!(out)
}

fn row<'a>(diagnostic: &'a Diagnostic<'_>) -> Row<'a> {
    let mut spots = diagnostic.spots.iter().map(spot);
    Row {
        rule: diagnostic.rule,
        spot: spots.next().unwrap_or_default(),
        message: &diagnostic.message,
        help: &diagnostic.help,
        related: spots.collect(),
    }
}

fn spot<'a>(spot: &'a super::Spot<'_>) -> Spot<'a> {
    let region = spot.region.as_ref();
    Spot {
        path: &spot.path,
        start: region.map(|region| place(region.start, region.bytes.start)),
        end: region.map(|region| place(region.end, region.bytes.end)),
    }
}

fn place(at: LineColumn, byte: usize) -> Place {
    Place { line: at.line, column: at.column, byte }
}
