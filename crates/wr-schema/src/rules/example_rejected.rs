//! Reports an example that its own schema rejects.
//!
//! Readers copy examples. Each is held to the writer language: an unknown property is refused, and
//! an optional property is left out rather than null. At the root of an event they are payloads.
//!
//! Correct the example, or the schema.

use crate::draft::{Draft, DraftFile, Role, Site};
use crate::json::Node;
use crate::judge::Judge;
use crate::lint::{Check, Report};
use crate::resolve;
use crate::validator::Violation;

pub(super) const CHECK: Check = Check::File(check);

fn check(draft: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    let sites = file.sites();
    let sites: Vec<&Site<'_>> =
        sites.iter().filter(|site| site.node.get("examples").is_some()).collect();
    if sites.is_empty() || resolve::too_large(draft, file).is_some() {
        return;
    }
    for site in sites {
        let examples = site.node.get("examples").map(Node::items).unwrap_or_default();
        let optional = matches!(site.role, Role::Property { required: false, .. });
        let Some(judge) = Judge::of(draft, site, optional) else { continue };
        for example in examples {
            if let Some(violation) = judge.violations(example).first() {
                let span = violation.place(example);
                report.at(span, message(violation), "correct the example, or the schema");
            }
        }
    }
}

fn message(violation: &Violation) -> String {
    let Violation { pointer, keyword, properties } = violation;
    let at = if pointer.is_empty() { "the example".to_owned() } else { format!("`{pointer}`") };
    match (keyword.as_str(), properties.as_slice()) {
        ("required", [name, ..]) => format!("{at} lacks `{name}`, which is required"),
        ("additionalProperties", [name, ..]) => format!("{at} has `{name}`, which is no property"),
        _ => format!("{at} violates `{keyword}`"),
    }
}
