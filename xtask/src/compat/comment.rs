//! What a pull request does to the schemas, as a comment of it: in Markdown.

use std::collections::BTreeMap;
use std::io;

use wr_compat::Finding;
use wr_schema::Version;
use wr_schema::json::Node;

use super::histories::Major;
use super::item::{Item, Origin};
use crate::Error;
use crate::diff_versions::{changes, event_of, list};
use crate::render::count;

/// A version that was not published.
struct Added<'a> {
    event: String,
    version: Version,
    schema: &'a Node,
    /// The one before it, of this major or of an earlier one.
    before: Option<(Version, &'a Node)>,
}

/// GitHub takes 65,536 characters; so many are for changes, most of the others for findings.
const MOST: usize = 12_000;

/// Writes what is added and what is edited, each against what was there before, as far as a comment
/// has room for it.
pub(super) fn write(
    majors: &[Major],
    published: &BTreeMap<String, String>,
    items: &[Item],
    out: &mut dyn io::Write,
) -> Result<(), Error> {
    let mut text = Vec::new();
    all(majors, published, items, &mut text)?;
    Ok(cut(&String::from_utf8_lossy(&text), out)?)
}

/// As many lines as there is room for.
fn cut(text: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let mut lines = text.lines();
    let mut left = MOST;
    while let Some(line) = lines.next() {
        match left.checked_sub(line.chars().count() + 1) {
            Some(less) => left = less,
            None => {
                let more = count(lines.count() + 1, "line");
                return writeln!(
                    out,
                    "\nThere is no room here for {more} more: `cargo xtask diff`.\n"
                );
            }
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn all(
    majors: &[Major],
    published: &BTreeMap<String, String>,
    items: &[Item],
    out: &mut dyn io::Write,
) -> Result<(), Error> {
    let added = added(majors, published);
    let edited = edited(items);
    if added.is_empty() && edited.is_empty() {
        writeln!(out, "No version is added, and none is edited.\n")?;
    }
    for Added { event, version, schema, before } in &added {
        match before {
            Some((old, before)) => {
                writeln!(out, "### `{event}` {old} to {version}\n")?;
                list(&changes(before, schema)?, out)?;
            }
            None => writeln!(out, "### `{event}` {version}\n\nIt is new.")?,
        }
        writeln!(out)?;
    }
    for ((event, version), findings) in edited {
        writeln!(out, "### `{event}` {version}, edited in place\n")?;
        list(findings, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn added<'a>(majors: &'a [Major], published: &BTreeMap<String, String>) -> Vec<Added<'a>> {
    let all: Vec<(&str, String, Version, &Node)> = majors
        .iter()
        .flat_map(|major| major.minors.iter().map(move |minor| (major, minor)))
        .map(|(major, (version, schema))| {
            (major.subject.as_str(), event_of(&major.subject), *version, schema)
        })
        .collect();
    let is_new = |folder: &str, version: Version| {
        !published.contains_key(&format!("{folder}/{version}.json"))
    };
    let new = all.iter().filter(|(folder, _, version, _)| is_new(folder, *version));
    let added = new.map(|(_, event, version, schema)| Added {
        event: event.clone(),
        version: *version,
        schema,
        before: all
            .iter()
            .filter(|(_, other, before, _)| other == event && before < version)
            .max_by_key(|(_, _, before, _)| *before)
            .map(|(_, _, before, schema)| (*before, *schema)),
    });
    added.collect()
}

/// What changed in published files, by event and version.
fn edited(items: &[Item]) -> BTreeMap<(String, &str), Vec<&Finding>> {
    let mut edited: BTreeMap<(String, &str), Vec<&Finding>> = BTreeMap::new();
    for item in items.iter().filter(|item| item.origin == Origin::Frozen) {
        let key = (event_of(&item.subject), item.new.as_str());
        edited.entry(key).or_default().push(&item.finding);
    }
    edited
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_comment_holds_is_counted() {
        let shown = |lines: usize| {
            let mut out = Vec::new();
            cut(&format!("{}\n", "x".repeat(999)).repeat(lines), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(12).len(), MOST);
        let cut = shown(20);
        assert!(cut.ends_with("\nThere is no room here for 8 lines more: `cargo xtask diff`.\n\n"));
    }
}
