//! Refuses `anyOf`, and a `oneOf` whose branches are not objects told apart by one property.
//!
//! A decoder that tries branch after branch takes the wrong one when two match, and its errors
//! name none.
//!
//! Give each branch a required property with a `const` of its own, the same property in all:
//! `{"oneOf": [{"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string",
//! "const": "card"}}}, ...]}`. Beside a `oneOf` no `type` is needed; it could only be `object`.

use crate::draft::{Draft, DraftFile, Site};
use crate::json::Node;
use crate::keywords::{self, Kind};
use crate::language;
use crate::lint::{Check, Report};
use crate::resolve;

pub(super) const CHECK: Check = Check::File(check);

const HELP: &str = "give every branch the same required property, each with its own `const`";

fn check(draft: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    let is_readable = resolve::too_large(draft, file).is_none();
    for site in file.sites() {
        let message = "`anyOf` takes values that more than one branch describes";
        report.keyword(site.node, "anyOf", message, format!("write `oneOf`, and {HELP}"));
        if is_readable && site.node.get("oneOf").is_some() {
            one_of(draft, &site, report);
        }
    }
}

fn one_of(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    if let Some(name) = site.node.get("type").filter(|name| name.as_str() != Some("object")) {
        let message = "a union of objects is of no other type than `object`";
        report.at(name.span, message, "remove `type`: the branches say what they are");
    }
    let Ok(resolved) = resolve::resolve(draft, site.file, site.node) else { return };
    let Some(branches) = resolved.get("oneOf").filter(|branches| !branches.items().is_empty())
    else {
        return;
    };
    // A branch that is no schema of the dialect is reported for itself.
    let kinds: Option<Vec<Kind>> = branches.items().iter().map(keywords::kind).collect();
    let Some(kinds) = kinds else { return };
    let is_object =
        |(branch, kind): (&Node, &Kind)| *kind == Kind::Struct && !keywords::is_nullable(branch);
    let message = if !branches.items().iter().zip(&kinds).all(is_object) {
        "the branches of `oneOf` are not all objects with `properties`"
    } else if language::tag(branches).is_none() {
        "no property tells the branches of `oneOf` apart"
    } else {
        return;
    };
    report.keyword(site.node, "oneOf", message, HELP);
}
