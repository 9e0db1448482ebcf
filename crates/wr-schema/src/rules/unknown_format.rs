//! Refuses a `format` that the dialect does not have, or that belongs to another type.
//!
//! A validator takes a format it does not know for an annotation, and checks nothing.
//!
//! Strings have `uuid`, `date-time`, `date`, `ipv4` and `ipv6`; integers have `int32`, `int64`,
//! `uint32` and `uint64`. For anything else write a `pattern`.

use crate::draft::{Draft, Site};
use crate::keywords::{self, INTEGER_FORMATS, Kind, TEXT_FORMATS};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(format) = site.node.get("format") else { return };
    let (Some(name), Some(kind)) = (format.as_str(), keywords::kind(site.node)) else { return };
    let (names, what): (Vec<&str>, _) = match kind {
        Kind::Text => (TEXT_FORMATS.to_vec(), "a string"),
        Kind::Integer => (INTEGER_FORMATS.iter().map(|(name, _, _)| *name).collect(), "an integer"),
        // `dead_keyword` and `ref_siblings` say that no format belongs there.
        Kind::Reference
        | Kind::Any
        | Kind::Number
        | Kind::Boolean
        | Kind::Struct
        | Kind::Map
        | Kind::Array
        | Kind::Union => return,
    };
    if !names.contains(&name) {
        let help = match keywords::nearest_of(name, names.iter().copied()) {
            Some(nearest) => format!("write `{nearest}`"),
            None => format!("write one of `{}`", names.join("`, `")),
        };
        report.at(format.span, format!("`{name}` is no format of {what}"), help);
    }
}
