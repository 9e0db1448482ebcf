//! Reports a `$ref` that leads to nothing.
//!
//! A definition is named by `#/definitions/NAME`, in this file or after the path of a file of
//! `definitions/`; nothing else can be referenced.
//!
//! Correct the name, or add the definition.

use crate::draft::{Draft, Site};
use crate::json::Node;
use crate::keywords;
use crate::lint::{Check, Report};
use crate::resolve::{self, RefErrorKind};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(reference) = site.node.get("$ref").filter(|text| text.as_str().is_some()) else {
        return;
    };
    if let Err(error) = resolve::step(draft, site.file, reference)
        && error.kind == RefErrorKind::Unresolved
    {
        report.at(error.span, error.message, help(draft, site, reference));
    }
}

fn help(draft: &Draft<'_>, site: &Site<'_>, reference: &Node) -> String {
    let text = reference.as_str().unwrap_or_default();
    let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
    let file = match path.strip_prefix("../") {
        Some(path) => draft.at(path),
        None => Some(site.file),
    };
    let name = fragment.strip_prefix("/definitions/").unwrap_or(fragment);
    let definitions = file.and_then(|file| file.content.as_ref().ok()?.get("definitions"));
    let names = definitions.map(Node::members).unwrap_or_default();
    let names = names.iter().take(1000).map(|member| member.key.as_str());
    match keywords::nearest_of(name, names) {
        Some(nearest) => format!("write `{path}#/definitions/{nearest}`"),
        None => "correct the name, or add the definition".to_owned(),
    }
}
