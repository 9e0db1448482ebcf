//! Refuses bounds that no value obeys.
//!
//! A property that can never be there hides the mistake until somebody sends it.
//!
//! Correct one of the two: `"minLength": 1, "maxLength": 64`. A `format` of integers is a range
//! too, and a `multipleOf` needs a multiple inside the range.

use crate::contract::{integer_range, number_bound};
use crate::draft::{Draft, Site};
use crate::json::Node;
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

const HELP: &str = "raise the upper bound or lower the lower one";

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let node = site.node;
    match keywords::kind(node) {
        Some(Kind::Text) => counts(node, "minLength", "maxLength", report),
        Some(Kind::Array) => counts(node, "minItems", "maxItems", report),
        Some(Kind::Map) => {
            counts(node, "minProperties", "maxProperties", report);
            if let Some(names) = node.get("propertyNames") {
                counts(names, "minLength", "maxLength", report);
            }
        }
        Some(Kind::Integer) => integer(site, report),
        Some(Kind::Number) => number(site, report),
        Some(Kind::Reference | Kind::Any | Kind::Boolean | Kind::Struct | Kind::Union) | None => {}
    }
}

fn counts(node: &Node, low: &str, high: &str, report: &mut Report<'_>) {
    let (Some(min), Some(max)) = (node.get(low), node.get(high)) else { return };
    let (Some(least), Some(most)) = (min.as_integer(), max.as_integer()) else { return };
    if least > most {
        let message = format!("`{high}` is below `{low}`, which is {least}");
        report.at(max.span, message, HELP);
    }
}

fn integer(site: &Site<'_>, report: &mut Report<'_>) {
    let Some((low, high)) = integer_range(site.node) else { return };
    let divisor = site.node.get("multipleOf");
    let multiple = divisor.and_then(Node::as_integer).filter(|divisor| *divisor > 0);
    if low > high {
        let message = format!("no integer is at least {low} and at most {high}");
        report.at(upper(site), message, HELP);
    } else if let (Some(divisor), Some(multiple)) = (divisor, multiple)
        && high.div_euclid(multiple) * multiple < low
    {
        let message = format!("no multiple of {multiple} lies from {low} to {high}");
        report.at(divisor.span, message, "widen the range, or remove `multipleOf`");
    }
}

fn number(site: &Site<'_>, report: &mut Report<'_>) {
    let bounds = (number_bound(site.node, true), number_bound(site.node, false));
    let (Some(low), Some(high)) = bounds else { return };
    let touch = low.value == high.value && (low.exclusive || high.exclusive);
    if low.value > high.value || touch {
        report.at(upper(site), "no number is within these bounds", HELP);
    }
}

/// The value of the upper bound.
fn upper(site: &Site<'_>) -> crate::json::Span {
    let names = ["maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "format"];
    names.iter().find_map(|name| site.node.get(name)).map_or(site.at, |value| value.span)
}
