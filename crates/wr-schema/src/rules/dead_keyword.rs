//! Refuses a keyword that says nothing where it stands, such as `minimum` on a string.
//!
//! A validator ignores it, so whoever wrote it believes in a check that is not there.
//!
//! Remove it, or give the schema the type that the keyword belongs to.

use crate::draft::{Draft, Role, Site};
use crate::keywords::{self, Kind, On};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(kind) = keywords::kind(site.node) else { return };
    for member in site.node.members() {
        let Some(keyword) = keywords::keyword(&member.key) else { continue };
        let alive = match keyword.on {
            On::Anywhere => true,
            On::Root => site.role == Role::Root || keyword.name == "$id",
            // What stands beside a `$ref` is for the rule `ref_siblings`.
            On::Kinds(kinds) => kind == Kind::Reference || kinds.contains(&kind),
        };
        if !alive {
            let message = format!("`{}` says nothing about {}", keyword.name, describe(kind));
            report.at(member.key_span, message, home(keyword.on));
        }
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

fn home(on: On) -> String {
    match on {
        On::Kinds(kinds) => {
            let kinds: Vec<&str> = kinds.iter().map(|kind| describe(*kind)).collect();
            format!("remove it; it belongs to {}", kinds.join(" or "))
        }
        On::Root => "move it to the root of the file".to_owned(),
        On::Anywhere => "remove it".to_owned(),
    }
}
