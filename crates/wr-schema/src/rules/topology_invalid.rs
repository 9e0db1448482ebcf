//! Reports a `topology.json` that is no topology.
//!
//! Its own schema, `generated/topology.schema.json`, says what may stand where. Names of streams,
//! consumers and deduplication buckets are there once, and subjects are subjects: tokens between
//! dots, where `*` is any token and a final `>` any rest.
//!
//! An editor that follows the file's `$schema` lists what may stand at the underlined place.

use std::collections::HashSet;

use crate::draft::{Draft, DraftFile, Place};
use crate::json::Node;
use crate::lint::{Check, Report};
use crate::topology::{MAX_WILDCARDS, Topology, has_wildcard, is_filter};
use crate::validator::{Compiled, Violation};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    let (Place::Topology, Ok(root)) = (&file.place, &file.content) else { return };
    let value = root.to_value();
    let Ok(compiled) = Compiled::new(&Topology::json_schema()) else { return };
    let violations = compiled.violations(&value);
    for violation in &violations {
        let help = "`generated/topology.schema.json` says what may stand here";
        report.at(violation.place(root), message(violation), help);
    }
    if violations.is_empty()
        && let Err(error) = serde_json::from_value::<Topology>(value)
    {
        report.at(root.head(), error.to_string(), "write whole numbers without fraction");
    }
    repeated(root, report);
    filters(root, report);
}

fn message(violation: &Violation) -> String {
    let Violation { pointer, keyword, properties } = violation;
    let at = if pointer.is_empty() { "the topology".to_owned() } else { format!("`{pointer}`") };
    match (keyword.as_str(), properties.as_slice()) {
        ("required", [name, ..]) => format!("{at} lacks `{name}`"),
        ("additionalProperties", [name, ..]) => format!("{at} has no setting `{name}`"),
        ("oneOf" | "enum" | "const", _) => format!("{at} is none of the words it may be"),
        _ => format!("{at} violates `{keyword}`"),
    }
}

fn items<'a>(root: &'a Node, list: &str) -> &'a [Node] {
    root.get(list).map(Node::items).unwrap_or_default()
}

fn repeated(root: &Node, report: &mut Report<'_>) {
    for (what, list, pointer) in [
        ("stream", "streams", "/name"),
        ("consumer", "consumers", "/name"),
        ("bucket", "consumers", "/deduplication/bucket"),
    ] {
        let mut seen = HashSet::new();
        for node in items(root, list).iter().filter_map(|item| item.pointer(pointer)) {
            if let Some(name) = node.as_str()
                && !seen.insert(name)
            {
                let message = format!("there is another {what} `{name}`");
                report.at(node.span, message, "rename one of the two");
            }
        }
    }
}

fn filters(root: &Node, report: &mut Report<'_>) {
    let streams = items(root, "streams").iter().filter_map(|stream| stream.get("subjects"));
    let consumers = items(root, "consumers").iter().filter_map(|node| node.get("filter_subjects"));
    let mut wild = 0;
    for node in streams.chain(consumers).flat_map(Node::items) {
        let Some(text) = node.as_str() else { continue };
        wild += usize::from(has_wildcard(text));
        if !is_filter(text) {
            let help = "write tokens between dots; `*` is any token, and a final `>` any rest";
            report.at(node.span, format!("`{text}` is no filter of subjects"), help);
        } else if wild == MAX_WILDCARDS + 1 {
            let message = format!("more than {MAX_WILDCARDS} filters have `*` or `>`");
            report.at(node.span, message, "list the subjects");
        }
    }
}
