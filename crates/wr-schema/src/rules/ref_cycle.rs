//! Refuses references that lead in a circle.
//!
//! A schema that holds itself has no bound: no type of a fixed size, and no message that is long
//! enough.
//!
//! Write the levels out that a message really has, or send a flat list whose entries name their
//! parent.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::draft::{Draft, DraftFile, Role};
use crate::json::{FileId, Span};
use crate::lint::{Check, Report};
use crate::resolve;

pub(super) const CHECK: Check = Check::Catalog(check);

/// A definition, or the root of a file, which has no name.
type Key<'a> = (FileId, &'a str);

/// The references of each definition.
type Edges<'a> = HashMap<Key<'a>, Vec<(Span, Key<'a>)>>;

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut edges = Edges::new();
    let mut starts = Vec::new();
    for file in &draft.files {
        collect(draft, file, &mut edges, &mut starts);
    }
    let mut seen: HashMap<Key<'_>, bool> = HashMap::new();
    for start in starts {
        visit(start, &edges, &mut seen, report);
    }
}

fn collect<'a>(
    draft: &'a Draft<'a>,
    file: &'a DraftFile<'a>,
    edges: &mut Edges<'a>,
    starts: &mut Vec<Key<'a>>,
) {
    let root = (file.id, "");
    let (mut key, mut end) = (root, 0);
    for site in file.sites() {
        if let Role::Definition { name } = site.role {
            (key, end) = ((file.id, name), site.node.span.end);
            starts.push(key);
        } else if site.node.span.start >= end {
            // What stands behind the definitions belongs to the root again.
            key = root;
        }
        let step = site.node.get("$ref").map(|reference| {
            (reference.span, resolve::step(draft, file, reference))
        });
        if let Some((span, Ok(target))) = step {
            edges.entry(key).or_default().push((span, (target.file.id, target.name)));
        }
    }
}

/// Depth first, without recursion: `true` in `seen` marks what is still open, and a reference to
/// that closes a circle.
fn visit<'a>(
    start: Key<'a>,
    edges: &Edges<'a>,
    seen: &mut HashMap<Key<'a>, bool>,
    report: &mut Report<'_>,
) {
    let of = |key: Key<'a>| edges.get(&key).map(Vec::as_slice).unwrap_or_default();
    let mut stack = Vec::new();
    if let Entry::Vacant(entry) = seen.entry(start) {
        entry.insert(true);
        stack.push((start, of(start).iter()));
    }
    while let Some((key, next)) = stack.last_mut() {
        let Some((span, target)) = next.next() else {
            seen.insert(*key, false);
            stack.pop();
            continue;
        };
        match seen.get(target) {
            Some(true) => {
                let message = format!("this reference leads back to `{}`, which holds it", target.1);
                report.at(*span, message, "write the levels out, or send a flat list");
            }
            Some(false) => {}
            None => {
                seen.insert(*target, true);
                stack.push((*target, of(*target).iter()));
            }
        }
    }
}
