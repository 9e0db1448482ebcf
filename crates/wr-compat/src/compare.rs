//! An old and a new version to a report.

use std::thread;

use wr_schema::json::{Node, Span};
use wr_schema::language::Side;

use crate::direction::{Mode, Verdict, contains, direction};
use crate::documents::Documents;
use crate::evidence::Court;
use crate::report::{Bump, Evidence, Finding, Kind, Overall, Report};
use crate::solver::MALFORMED;
use crate::{rules, walk};

/// What the checker says of an old and a new version of a schema.
///
/// A schema of the dialect comes with its references replaced; any other may refer within itself.
pub fn compare(old: &Node, new: &Node, mode: Mode) -> Report {
    let documents = Documents::new(old, new);
    let verdicts = if old.to_value() == new.to_value() {
        // Nothing changed, so nothing can have broken that was not broken before.
        let verdict = match direction(old, new, mode) {
            Verdict::Unproven(reason) if reason != MALFORMED => Verdict::Compatible,
            verdict => verdict,
        };
        (verdict.clone(), verdict)
    } else {
        both(old, new, mode)
    };
    let mut court = Court::new((old, new), &documents, mode, verdicts);
    let (pairs, is_complete) = walk::pairs(&documents);
    let mut findings: Vec<Finding> =
        pairs.iter().flat_map(|pair| rules::check(pair, &mut court)).collect();
    let Court { backward, forward, .. } = court;
    let explained = findings.len();
    explain(&mut findings, explained, Kind::Backward, &backward, old, new);
    explain(&mut findings, explained, Kind::Forward, &forward, old, new);
    if !is_complete {
        findings.push(too_deep(old, new));
    }
    let mut report = Report { backward, forward, findings, required_bump: Bump::None };
    report.required_bump = bump(&report, old, new, mode);
    report
}

/// From how many bytes on both directions are told at once.
const LARGE: usize = 20_000;

/// What becomes of either direction.
fn both(old: &Node, new: &Node, mode: Mode) -> (Verdict, Verdict) {
    let size = |node: &Node| node.span.end.saturating_sub(node.span.start);
    if size(old) + size(new) < LARGE {
        return (direction(old, new, mode), direction(new, old, mode));
    }
    thread::scope(|scope| {
        let forward = thread::Builder::new().spawn_scoped(scope, || direction(new, old, mode));
        let backward = direction(old, new, mode);
        let forward = forward.ok().and_then(|forward| forward.join().ok());
        (backward, forward.unwrap_or_else(|| direction(new, old, mode)))
    })
}

/// The smallest bump that changes need.
fn bump(report: &Report, old: &Node, new: &Node, mode: Mode) -> Bump {
    let is_growth = |finding: &Finding| GROWTH.contains(&finding.rule);
    match report.overall() {
        Overall::Breaking | Overall::Unproven => Bump::Major,
        Overall::Compatible if report.findings.iter().any(is_growth) => Bump::Minor,
        Overall::Compatible if old.to_value() == new.to_value() => Bump::None,
        Overall::Compatible if is_same(old, new, mode) => Bump::None,
        Overall::Compatible => Bump::Minor,
    }
}

/// The rules whose changes older readers ignore, and which never leave a contract as it was.
pub(crate) const GROWTH: &[&str] =
    &["field_added_optional", "enum_value_added", "union_branch_added"];

/// Whether both versions have the same languages.
pub(crate) fn is_same(old: &Node, new: &Node, mode: Mode) -> bool {
    let sides: &[Side] = match mode {
        Mode::Languages => &[Side::Writer, Side::Reader],
        Mode::Raw => &[Side::Reader],
    };
    sides.iter().all(|side| {
        mode.of(old, *side) == mode.of(new, *side)
            || contains(old, new, mode, *side) && contains(new, old, mode, *side)
    })
}

/// A direction that no rule has explained; the first findings are by rules.
fn explain(
    findings: &mut Vec<Finding>,
    by_rules: usize,
    kind: Kind,
    verdict: &Verdict,
    old: &Node,
    new: &Node,
) {
    let is_explained = |finding: &Finding| match verdict {
        Verdict::Unproven(_) => finding.kind == Kind::Unproven,
        Verdict::Breaking(_) | Verdict::Compatible => finding.kind == kind,
    };
    if findings.iter().take(by_rules).any(is_explained) {
        return;
    }
    let (rule, who) = match kind {
        Kind::Forward => ("language_widened", "deployed readers refuse a message of new writers"),
        _ => ("language_narrowed", "new readers refuse a stored message"),
    };
    let (kind, message, help, evidence) = match verdict {
        Verdict::Compatible => return,
        Verdict::Breaking(witness) => (
            kind,
            who.to_owned(),
            "make the change a new major".to_owned(),
            Evidence::Witness(witness.clone()),
        ),
        Verdict::Unproven(reason) => (
            Kind::Unproven,
            format!("it could not be told whether {who}: {reason}"),
            "write the schema in simpler terms, or waive this with a reason".to_owned(),
            Evidence::Reason(reason.clone()),
        ),
    };
    let pointer = match &evidence {
        Evidence::Witness(witness) => {
            witness.violations.first().map(|violation| violation.pointer.clone())
        }
        _ => None,
    };
    findings.push(Finding {
        rule,
        kind,
        pointer: pointer.unwrap_or_default(),
        old: Some(head(old)),
        new: Some(head(new)),
        message,
        help,
        evidence,
    });
}

/// Schemas that nest too deep to be compared place by place.
fn too_deep(old: &Node, new: &Node) -> Finding {
    let reason = "it nests too deep to be compared place by place".to_owned();
    Finding {
        rule: "language_narrowed",
        kind: Kind::Unproven,
        pointer: String::new(),
        old: Some(head(old)),
        new: Some(head(new)),
        message: reason.clone(),
        help: "write the schema in simpler terms, or waive this with a reason".to_owned(),
        evidence: Evidence::Reason(reason),
    }
}

/// The first character of a schema.
fn head(node: &Node) -> Span {
    Span { end: (node.span.start + 1).min(node.span.end), ..node.span }
}
