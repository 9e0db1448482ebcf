//! What the checker says of two versions as JSON: other programs rely on every name in here.

use serde::Serialize;
use serde_json::Value;
use wr_compat::{Bump, Finding, Overall, Report, Verdict};

use super::texts::JsonSpan;

/// One object a pair.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    verdict: &'static str,
    required_bump: &'static str,
    backward: Direction,
    forward: Direction,
    findings: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Direction {
    verdict: &'static str,
    witness: Option<Value>,
}

/// One change.
#[derive(Debug, Serialize)]
struct Row {
    rule: &'static str,
    kind: &'static str,
    pointer: String,
    old_span: Option<JsonSpan>,
    new_span: Option<JsonSpan>,
    message: String,
    help: String,
}

/// The places of a finding in both texts.
pub(crate) type Spans<'a> = &'a dyn Fn(&Finding) -> (Option<JsonSpan>, Option<JsonSpan>);

impl Answer {
    /// The answer that a report is.
    pub(crate) fn of(report: &Report, spans: Spans<'_>) -> Answer {
        let row = |finding: &Finding| {
            let (old_span, new_span) = spans(finding);
            Row {
                rule: finding.rule,
                kind: finding.kind.name(),
                pointer: finding.pointer.clone(),
                old_span,
                new_span,
                message: finding.message.clone(),
                help: finding.help.clone(),
            }
        };
        Answer {
            verdict: word(report.overall()),
            required_bump: match report.required_bump {
                Bump::None => "none",
                Bump::Minor => "minor",
                Bump::Major => "major",
            },
            backward: Direction::of(&report.backward),
            forward: Direction::of(&report.forward),
            findings: report.findings.iter().map(row).collect(),
        }
    }
}

impl Direction {
    fn of(verdict: &Verdict) -> Direction {
        match verdict {
            Verdict::Compatible => Direction { verdict: "compatible", witness: None },
            Verdict::Breaking(witness) => {
                Direction { verdict: "breaking", witness: Some(witness.document.clone()) }
            }
            Verdict::Unproven(_) => Direction { verdict: "unproven", witness: None },
        }
    }
}

/// A verdict in a word.
pub(crate) fn word(overall: Overall) -> &'static str {
    match overall {
        Overall::Compatible => "compatible",
        Overall::Unproven => "unproven",
        Overall::Breaking => "breaking",
    }
}
