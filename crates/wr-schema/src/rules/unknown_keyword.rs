//! Refuses a keyword that the dialect does not have, most often a misspelt one.
//!
//! A validator ignores what it does not know, so `requried` or `mexLength` would check nothing.
//!
//! Write the keyword that was meant; notes to other authors go into `$comment`.

use crate::draft::{Draft, Site};
use crate::keywords;
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    for member in site.node.members() {
        if keywords::is_unknown(&member.key) {
            let message = format!("`{}` is no keyword of the dialect", member.key);
            report.at(member.key_span, message, help(&member.key));
        }
    }
}

fn help(name: &str) -> String {
    match name {
        "$defs" => return "write `definitions`".to_owned(),
        "nullable" => return "write `\"type\": [..., \"null\"]`".to_owned(),
        "unevaluatedProperties" | "unevaluatedItems" => {
            return "remove it: writers are strict and readers lenient without it".to_owned();
        }
        _ => {}
    }
    match keywords::nearest(name) {
        Some(nearest) => format!("write `{nearest}`"),
        None => "remove it; a note goes into `$comment`".to_owned(),
    }
}
