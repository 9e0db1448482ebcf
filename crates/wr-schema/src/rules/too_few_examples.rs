//! Reports an event with fewer than two examples.
//!
//! Examples are what most readers of a schema look at first, and every one is checked against it.
//!
//! Write two at the root: one with the required properties alone, one with every property.

use crate::draft::{Draft, Place, Role, Site};
use crate::json::Data;
use crate::keywords;
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    if !matches!((&site.file.place, site.role), (Place::Event(..), Role::Root))
        || !site.node.is_object()
        || keywords::misspells(site.node, "examples")
    {
        return;
    }
    let (span, count) = match site.node.member("examples") {
        Some(member) => match &member.value.data {
            Data::Array(examples) => (member.key_span, examples.len()),
            // Said by `keyword_value`.
            Data::Null
            | Data::Bool(_)
            | Data::Number(_)
            | Data::String(_)
            | Data::Object(_) => return,
        },
        None => (site.at, 0),
    };
    if count < 2 {
        report.at(
            span,
            format!("an event has at least two examples, and this one has {count}"),
            "write one with the required properties alone, and one with every property",
        );
    }
}
