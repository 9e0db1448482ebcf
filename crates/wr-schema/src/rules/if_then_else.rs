//! Refuses `if`, `then` and `else`.
//!
//! A condition over values has no Rust type, so the generated decoder could not honour it.
//!
//! Where the shape depends on one property, write a `oneOf` whose branches have that property as a
//! required `const`; elsewhere describe the condition in words.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    // `then` and `else` belong to the `if`; alone they mean nothing, and are reported themselves.
    let keywords: &[&str] =
        if site.node.get("if").is_some() { &["if"] } else { &["then", "else"] };
    for keyword in keywords {
    report.keyword(
        site.node,
        keyword,
        format!("`{keyword}` makes the shape depend on values, which no Rust type can follow"),
        "write a `oneOf` whose branches are told apart by a required `const` property",
    );
    }
}
