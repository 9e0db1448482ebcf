//! Every pair of minors of every major of a folder.

use std::collections::BTreeMap;

use wr_compat::{Evidence, Finding, Kind, Overall, PairReport, history};
use wr_schema::Version;
use wr_schema::draft::{Draft, Place};
use wr_schema::json::Node;
use wr_schema::resolve::resolve;

use super::fingerprint::fingerprint;
use super::guarded;
use super::item::{Item, Origin};
use super::pair::failed;
use crate::Error;

/// The minors of one major: oldest first, with every reference replaced.
#[derive(Debug)]
pub(crate) struct Major {
    /// The folder.
    pub(crate) subject: String,
    /// The versions.
    pub(crate) minors: Vec<(Version, Node)>,
}

/// Every major of what has one: events, the envelope, the dead letter. Shared definitions have
/// none: the lint holds them to never change.
pub(crate) fn majors(draft: &Draft<'_>) -> Vec<Major> {
    let mut majors: BTreeMap<(String, u32), Vec<(Version, Node)>> = BTreeMap::new();
    for (file, root) in draft.schemas() {
        let version = match &file.place {
            Place::Event(_, version) | Place::Envelope(version) | Place::DeadLetter(version) => {
                *version
            }
            _ => continue,
        };
        let folder = file.path.split('/').next().unwrap_or_default().to_owned();
        if let Ok(node) = resolve(draft, file, root) {
            majors.entry((folder, version.major)).or_default().push((version, node));
        }
    }
    let sorted = |((subject, _), mut minors): ((String, u32), Vec<(Version, Node)>)| {
        minors.sort_by_key(|(version, _)| *version);
        Major { subject, minors }
    };
    majors.into_iter().map(sorted).collect()
}

/// What the checker says of all of them, and how many pairs that were.
pub(super) fn check(majors: &[Major]) -> Result<(Vec<Item>, usize), Error> {
    let reports: Vec<Vec<PairReport>> = guarded(|| {
        let history = |major: &Major| {
            let minors: Vec<(Version, &Node)> =
                major.minors.iter().map(|(version, node)| (*version, node)).collect();
            history(&minors)
        };
        majors.iter().map(history).collect()
    })
    .map_err(failed)?;
    let pairs = reports.iter().map(Vec::len).sum();
    let items = majors
        .iter()
        .zip(reports)
        .flat_map(|(major, reports)| reports.into_iter().flat_map(|report| items(major, report)));
    Ok((items.collect(), pairs))
}

fn items(major: &Major, pair: PairReport) -> Vec<Item> {
    let overall = pair.report.overall();
    let (old, new) = (pair.old.to_string(), pair.new.to_string());
    let node = |version: Version| {
        major.minors.iter().find(|(other, _)| *other == version).map(|(_, node)| node)
    };
    let schemas = (node(pair.old), node(pair.new));
    let item = |finding: Finding| Item {
        fingerprint: fingerprint(&finding, &major.subject, (&old, &new), schemas),
        finding,
        origin: Origin::History,
        subject: major.subject.clone(),
        old: old.clone(),
        new: new.clone(),
        waived: None,
    };
    let mut items: Vec<Item> = pair.report.findings.into_iter().map(item).collect();
    let told = items.iter().map(Item::overall).max().unwrap_or(Overall::Compatible);
    if told < overall {
        // A verdict that no finding explains is none that passes.
        items.push(item(unexplained(overall, schemas.0, schemas.1)));
    }
    items
}

fn unexplained(overall: Overall, old: Option<&Node>, new: Option<&Node>) -> Finding {
    Finding {
        rule: "language_narrowed",
        kind: if overall == Overall::Unproven { Kind::Unproven } else { Kind::Backward },
        pointer: String::new(),
        old: old.map(Node::head),
        new: new.map(Node::head),
        message: "the versions do not read each other's messages".to_owned(),
        help: "make the change a new major".to_owned(),
        evidence: Evidence::None,
    }
}
