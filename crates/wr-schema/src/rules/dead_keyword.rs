//! Refuses a keyword that says nothing where it stands, such as `minimum` on a string.
//!
//! A validator ignores it, so whoever wrote it believes in a check that is not there. The same is
//! true of a bound beside an `enum` or a `const`, which already say every value, and of a `default`
//! on anything but a property.
//!
//! Remove it, or give the schema the type that the keyword belongs to.

use crate::draft::{Draft, Site};
use crate::keywords::{self, Dead, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(kind) = keywords::kind(site.node) else { return };
    for member in site.node.members() {
        let Some(keyword) = keywords::keyword(&member.key) else { continue };
        if has_its_own_rule(keyword.name, kind) {
            continue;
        }
        let name = keyword.name;
        let (message, help) = match keywords::dead(keyword, kind, site.role, site.node) {
            None => continue,
            Some(Dead::Beside(other)) => (
                format!("`{name}` says nothing beside `{other}`, which says every value"),
                format!("remove it, or remove `{other}`"),
            ),
            Some(Dead::NothingToClose) => (
                format!("`{name}` says nothing about a string without `enum`"),
                "remove it; it belongs to an `enum` or a `oneOf`".to_owned(),
            ),
            Some(Dead::Property) => (
                format!("`{name}` says nothing here: only a property can be absent"),
                "remove it, or move it to an optional property".to_owned(),
            ),
            Some(Dead::Root) => (
                format!("`{name}` says nothing below the root"),
                "move it to the root of the file".to_owned(),
            ),
            Some(Dead::Kinds(kinds)) => (
                format!("`{name}` {} {}", verb(name), describe(kind)),
                format!("remove it; it belongs to {}", home(kinds)),
            ),
        };
        report.at(member.key_span, message, help);
    }
}

fn has_its_own_rule(keyword: &str, kind: Kind) -> bool {
    match keyword {
        "$id" => true,
        "additionalProperties" => kind == Kind::Struct,
        "required" => kind == Kind::Map,
        "enum" => matches!(kind, Kind::Integer | Kind::Number | Kind::Boolean),
        _ => false,
    }
}

/// Some keywords do say something to a validator, but the dialect does not follow them there.
fn verb(keyword: &str) -> &'static str {
    match keyword {
        "const" | "enum" | "minProperties" | "maxProperties" | "propertyNames" | "multipleOf" => {
            "has no place on"
        }
        _ => "says nothing about",
    }
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Reference => "a reference",
        Kind::Any => "a value without a type",
        Kind::Text => "a string",
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::Boolean => "a boolean",
        Kind::Struct => "an object with `properties`",
        Kind::Map => "an object without `properties`",
        Kind::Array => "an array",
        Kind::Union => "a `oneOf`",
    }
}

fn home(kinds: &[Kind]) -> String {
    let kinds: Vec<&str> = kinds.iter().map(|kind| describe(*kind)).collect();
    kinds.join(" or ")
}
