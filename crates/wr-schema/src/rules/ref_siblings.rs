//! Refuses anything but annotations beside a `$ref`.
//!
//! In draft-07 a validator ignores what stands beside a `$ref`, so a bound there checks nothing.
//!
//! Beside a `$ref` may stand `title`, `description`, `examples`, `default`, `deprecated`,
//! `$comment`, `x-wr-unit` and `x-wr-pii`. Write a bound into the definition, or write the schema
//! out without the `$ref`.

use crate::draft::{Draft, Site};
use crate::keywords::{self, KEYWORDS, Kind, On};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    if keywords::kind(site.node) != Some(Kind::Reference) {
        return;
    }
    for member in site.node.members() {
        let keyword = keywords::keyword(&member.key);
        let is_ignored = keyword.is_some_and(|keyword| matches!(keyword.on, On::Kinds(_)));
        if is_ignored && member.key != "$ref" {
            report.at(
                member.key_span,
                format!("`{}` is ignored beside `$ref`; only `{}` count", member.key, allowed()),
                "move it into the definition, or write the schema out",
            );
        }
    }
}

fn allowed() -> String {
    let annotations = KEYWORDS.iter().filter(|keyword| keyword.is_annotation());
    annotations.map(|keyword| keyword.name).collect::<Vec<_>>().join("`, `")
}
