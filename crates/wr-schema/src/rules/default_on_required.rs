//! Refuses a `default` on a required property.
//!
//! A default says what an absent property means, and a required one is never absent.
//!
//! Remove the `default`, or remove the property from `required`.

use crate::draft::{Draft, Role, Site};
use crate::lint::{Check, Report};
use crate::resolve;

pub(super) const CHECK: Check = Check::Schema(check);

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Role::Property { name, required: true } = site.role else { return };
    let message = format!("`{name}` is required, so its `default` is never used");
    let help = format!("remove the `default`, or `{name}` from `required`");
    if site.node.get("default").is_some() {
        report.keyword(site.node, "default", message, help);
    } else if let Some(reference) = site.node.get("$ref")
        && resolve::way(draft, site.file, site.node).iter().any(|at| at.get("default").is_some())
    {
        let help = "move the `default` from the definition to the optional properties";
        report.at(reference.span, message, help);
    }
}
