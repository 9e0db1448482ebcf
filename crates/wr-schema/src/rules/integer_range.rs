//! Refuses an integer whose range fits neither into 64 bits with a sign nor into 64 without.
//!
//! No Rust integer of the generated types holds both -1 and 2^64 - 1.
//!
//! Narrow the bounds, or write `"format": "int64"` or `"format": "uint64"`; a number that only
//! identifies something is a string.

use crate::contract::integer_range;
use crate::draft::{Draft, Site};
use crate::json::Node;
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

const HELP: &str = "narrow it to -2^63 to 2^63 - 1 (`int64`), or to 0 to 2^64 - 1 (`uint64`)";

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let node = site.node;
    if keywords::kind(node) != Some(Kind::Integer) {
        return;
    }
    let mut is_beyond = false;
    for name in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
        if let Some(value) = node.get(name).filter(|value| is_beyond_64_bits(value)) {
            is_beyond = true;
            report.at(value.span, format!("`{name}` is beyond 64 bits"), HELP);
        }
    }
    let Some((low, high)) = integer_range(node).filter(|(low, high)| low <= high) else { return };
    let fits = low >= i128::from(i64::MIN) && high <= i128::from(i64::MAX)
        || low >= 0 && high <= i128::from(u64::MAX);
    if !fits && !is_beyond {
        let message = format!("no 64-bit integer holds everything from {low} to {high}");
        let span = ["maximum", "exclusiveMaximum", "format"].iter().find_map(|name| node.get(name));
        report.at(span.map_or(site.at, |value| value.span), message, HELP);
    }
}

fn is_beyond_64_bits(value: &Node) -> bool {
    let is_large = |float: f64| float.fract() == 0.0 && float.abs() >= 9.0e18;
    let float = value.as_number().and_then(serde_json::Number::as_f64);
    value.as_integer().is_none() && float.is_some_and(is_large)
}
