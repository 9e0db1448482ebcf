//! Refuses a key that stands twice in one object.
//!
//! JSON leaves open which one counts, so readers of the schema could disagree.
//!
//! Remove one of the two.

use std::collections::HashSet;

use crate::draft::{Draft, DraftFile};
use crate::json::Node;
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    if let Ok(root) = &file.content {
        walk(root, report);
    }
}

fn walk(node: &Node, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for member in node.members() {
        if !seen.insert(member.key.as_str()) {
            let message = format!("`{}` stands twice in this object", member.key);
            report.at(member.key_span, message, "remove one of the two");
        }
        walk(&member.value, report);
    }
    node.items().iter().for_each(|item| walk(item, report));
}
