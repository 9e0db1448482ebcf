//! Refuses a keyword that holds something it may not.
//!
//! A validator would refuse the schema, ignore the keyword, or read another number than was meant:
//! counts are whole, bounds of an integer are written as whole numbers, and a bound of a number is
//! one that a 64-bit float holds exactly.
//!
//! Write what the keyword takes: `"maxLength": 64`, `"required": ["id"]`, `"type": "string"`.

use crate::draft::{Draft, Site};
use crate::json::Node;
use crate::keywords::{self, Holds, Kind, Keyword, On};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

/// The most significant digits that a 64-bit float keeps of every decimal number.
const MAX_DIGITS: usize = 17;

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let kind = keywords::kind(site.node);
    for member in site.node.members() {
        let Some(keyword) = keywords::keyword(&member.key) else { continue };
        if is_judged_elsewhere(keyword, kind, site) {
            continue;
        }
        if let Some(fault) = keywords::fault(keyword, kind, &member.value) {
            report.at(fault.span, fault.message, fault.help);
        } else if keyword.holds == Holds::Number
            && kind == Some(Kind::Number)
            && digits(draft.sources.text(member.value.span)) > MAX_DIGITS
        {
            report.at(
                member.value.span,
                format!("`{}` has more digits than a float keeps", keyword.name),
                "write at most 17 digits",
            );
        }
        if keyword.name == "propertyNames" {
            names(&member.value, report);
        }
    }
}

/// The bounds of the names of a map; what else stands there is for the rule `property_names`.
fn names(schema: &Node, report: &mut Report<'_>) {
    for member in schema.members() {
        let keyword = keywords::keyword(&member.key).filter(|keyword| {
            matches!(keyword.name, "pattern" | "minLength" | "maxLength" | "description")
        });
        let fault = keyword.and_then(|keyword| keywords::fault(keyword, None, &member.value));
        if let Some(fault) = fault {
            report.at(fault.span, fault.message, fault.help);
        }
    }
}

/// A keyword that should not be there at all is reported for that, not for its value.
fn is_judged_elsewhere(
    keyword: &Keyword,
    kind: Option<Kind>,
    site: &Site<'_>,
) -> bool {
    let is_dead = kind.is_some_and(|kind| {
        let is_sibling = kind == Kind::Reference && keyword.name != "$ref";
        keywords::dead(keyword, kind, site.role, site.node).is_some()
            || is_sibling && matches!(keyword.on, On::Kinds(_))
    });
    is_dead
        || match keyword.name {
            "const" => site.node.get("type").is_none(),
            // Schemas in their own right are reported there.
            _ => keyword.holds == Holds::Schema && keyword.name != "propertyNames",
        }
}

/// The significant digits of a number as it is written.
fn digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if mantissa.contains('.') { digits.trim_end_matches('0').len() } else { 0 }
}
