//! Reports an `$id` that disagrees with the path of its file, or with the other files.
//!
//! The `$id` is the address under which the schema is published: a base that all files share, then
//! the folder and the file.
//!
//! Write `"$id": "https://example.com/schemas/shop.order.placed.v1/1.0.json"`, or leave it out.

use std::collections::BTreeMap;

use crate::draft::{Draft, DraftFile};
use crate::json::Node;
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Catalog(check);

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut bases: BTreeMap<&str, Vec<(&DraftFile<'_>, &Node)>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (file, root) in draft.schemas() {
        let Some(id) = root.get("$id") else { continue };
        let Some(text) = id.as_str() else { continue };
        match text.strip_suffix(file.path).and_then(|base| base.strip_suffix('/')) {
            Some(base) => bases.entry(base).or_default().push((file, id)),
            None => wrong.push((file, id)),
        }
    }
    let most = bases.values().map(Vec::len).max().unwrap_or_default();
    let own = bases.iter().find(|(_, files)| files.len() == most).map(|(base, _)| *base);
    for (file, id) in wrong {
        let message = format!("`$id` does not end with `/{}`", file.path);
        report.at(id.span, message, help(own.unwrap_or("https://example.com/schemas"), file));
    }
    for (base, files) in &bases {
        for (file, id) in files {
            if let Some(own) = own.filter(|own| own != base) {
                let message = format!("the other files have the base `{own}`");
                report.at(id.span, message, help(own, file));
            }
        }
    }
}

fn help(base: &str, file: &DraftFile<'_>) -> String {
    format!("write `{base}/{}`, or leave `$id` out", file.path)
}
