//! Refuses an integer without a lower and an upper bound.
//!
//! JSON has no largest integer, and every language that reads the event has one: without bounds
//! the first large number breaks some reader.
//!
//! Add a `format` of `int32`, `int64`, `uint32` or `uint64`, which is its range, or write
//! `minimum` and `maximum`.

use crate::draft::{Draft, Site};
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let node = site.node;
    if keywords::kind(node) != Some(Kind::Integer) {
        return;
    }
    let says = |names: [&str; 3]| {
        let mut names = names.iter();
        names.any(|name| node.get(name).is_some() || keywords::misspells(node, name))
    };
    let missing = match (
        says(["format", "minimum", "exclusiveMinimum"]),
        says(["format", "maximum", "exclusiveMaximum"]),
    ) {
        (true, true) => return,
        (false, true) => "lower bound",
        (true, false) => "upper bound",
        (false, false) => "bounds",
    };
    report.keyword(
        node,
        "type",
        format!("this integer has no {missing}"),
        "add `\"format\": \"int64\"`, or write `minimum` and `maximum`",
    );
}
