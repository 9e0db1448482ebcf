//! Every pair of a major's minors: neighbours are not enough, since a message of 1.0 is read by
//! 1.2.

use wr_schema::json::Node;
use wr_schema::names::Version;

use crate::compare::compare;
use crate::direction::{Mode, Verdict};
use crate::report::{Bump, Evidence, Finding, Kind, Overall, Report};

/// Two minors of a major, and what the checker says of them.
#[derive(Clone, Debug, PartialEq)]
pub struct PairReport {
    /// The older.
    pub old: Version,
    /// The newer.
    pub new: Version,
    /// What the checker says.
    pub report: Report,
}

/// What the checker says of every two of a major's minors, which stand oldest first; each with all
/// older ones, the oldest first.
///
/// A minor that has the contract of the one before it is told so, which is no failure.
pub fn history(versions: &[(Version, &Node)]) -> Vec<PairReport> {
    let mut reports = Vec::new();
    for (at, (new_version, new)) in versions.iter().enumerate() {
        for (before, (old_version, old)) in versions.iter().take(at).enumerate() {
            let mut report = of_two(old, new);
            if before + 1 == at && is_needless(&report) {
                report.findings.push(needless(*old_version, old, new));
            }
            reports.push(PairReport { old: *old_version, new: *new_version, report });
        }
    }
    reports
}

fn of_two(old: &Node, new: &Node) -> Report {
    if old.to_value() == new.to_value() {
        return Report {
            backward: Verdict::Compatible,
            forward: Verdict::Compatible,
            findings: Vec::new(),
            required_bump: Bump::None,
        };
    }
    compare(old, new, Mode::Languages)
}

fn is_needless(report: &Report) -> bool {
    report.required_bump == Bump::None && report.overall() == Overall::Compatible
}

fn needless(before: Version, old: &Node, new: &Node) -> Finding {
    Finding {
        rule: "needless_minor",
        kind: Kind::Allowed,
        pointer: String::new(),
        old: Some(old.head()),
        new: Some(new.head()),
        message: format!("this minor has the contract of {before}"),
        help: format!("edit the annotations of {before}, which are not frozen"),
        evidence: Evidence::None,
    }
}
