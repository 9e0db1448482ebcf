//! Reports a `title` at the root that disagrees with the path of its file.
//!
//! The title of a schema is the name of its Rust type, which follows from the path; two names for
//! one thing confuse whoever reads them.
//!
//! Write the name of the type, such as `"title": "OrderPlacedV1"`, or leave it out.

use crate::draft::{Draft, Role, Site};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(title) = site.node.get("title").filter(|_| site.role == Role::Root) else { return };
    let (Some(text), Some(name)) = (title.as_str(), site.file.place.type_name()) else { return };
    if text != name {
        let help = format!("write `{name}`, or leave `title` out");
        report.at(title.span, format!("`{text}` is not the type of this file"), help);
    }
}
