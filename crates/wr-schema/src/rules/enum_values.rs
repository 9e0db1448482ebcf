//! Refuses an `enum` that is empty, repeats a value, or lists something other than strings.
//!
//! An enum becomes a Rust enum, and its values are sent as texts. `null` is listed exactly when
//! `type` has `"null"`: a validator wants both.
//!
//! Write `{"type": "string", "enum": ["pass", "fail"]}`; a list of numbers is an integer with
//! bounds.

use std::collections::HashSet;

use crate::draft::{Draft, Site};
use crate::json::{Data, Node};
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(member) = site.node.member("enum") else { return };
    match keywords::kind(site.node) {
        Some(Kind::Text) if site.node.get("const").is_none() => {
            values(&member.value, keywords::is_nullable(site.node), report);
        }
        Some(Kind::Integer | Kind::Number | Kind::Boolean) => report.at(
            member.key_span,
            "an `enum` lists strings only",
            "say what the value is by bounds, or make it a string",
        ),
        // Said by `dead_keyword`, `ref_siblings` and `missing_type`.
        Some(
            Kind::Reference
            | Kind::Any
            | Kind::Text
            | Kind::Struct
            | Kind::Map
            | Kind::Array
            | Kind::Union,
        )
        | None => {}
    }
}

fn values(values: &Node, nullable: bool, report: &mut Report<'_>) {
    let Data::Array(items) = &values.data else { return };
    let mut seen = HashSet::new();
    let mut has_null = false;
    for item in items {
        match &item.data {
            Data::String(text) if !seen.insert(text) => {
                report.at(item.span, format!("`{text}` is listed twice"), "remove one of the two");
            }
            Data::String(_) => {}
            Data::Null if has_null => {
                report.at(item.span, "`null` is listed twice", "remove one of the two");
            }
            Data::Null => {
                has_null = true;
                if !nullable {
                    let help = "remove it, or write `\"type\": [\"string\", \"null\"]`";
                    report.at(item.span, "`null` is listed, but `type` refuses it", help);
                }
            }
            Data::Bool(_) | Data::Number(_) | Data::Array(_) | Data::Object(_) => {
                report.at(item.span, "an `enum` lists strings only", "write a string");
            }
        }
    }
    if seen.is_empty() && items.iter().all(|item| matches!(item.data, Data::Null)) {
        report.at(values.span, "this `enum` lists no string", "list its values");
    } else if nullable && !has_null {
        let message = "`type` takes null, but the `enum` does not list it";
        report.at(values.span, message, "add `null`, or remove it from `type`");
    }
}
