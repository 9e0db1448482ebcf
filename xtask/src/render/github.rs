//! GitHub: one workflow command a finding, which annotates the changed file in a pull request.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use std::io::{self, Write};

use super::{Diagnostic, Report};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        writeln!(out, "{}", command(diagnostic))?;
    }
    Ok(())
}

fn command(diagnostic: &Diagnostic<'_>) -> String {
    let mut properties = Vec::new();
    if let Some(spot) = diagnostic.spots.first() {
        properties.push(format!("file={}", property(&spot.path)));
        if let Some(region) = &spot.region {
            properties.push(format!("line={}", region.start.line));
            // GitHub takes columns only of a stretch in one line.
            if region.start.line == region.end.line {
                properties.push(format!("col={}", region.start.column));
            }
            properties.push(format!("endLine={}", region.end.line));
            if region.start.line == region.end.line {
                properties.push(format!("endColumn={}", region.end.column));
            }
        }
    }
    properties.push(format!("title={}", property(diagnostic.rule)));
    let others = diagnostic.spots.iter().skip(1).map(|spot| format!("\nsee {}", spot.path));
    let others: String = others.collect();
    let notes: String = diagnostic.notes.iter().map(|note| format!("\nnote: {note}")).collect();
    let text = format!("{}{notes}\nhelp: {}{others}", diagnostic.message, diagnostic.help);
    format!("::error {}::{}", properties.join(","), data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
