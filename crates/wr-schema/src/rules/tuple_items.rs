//! Refuses a tuple: `items` that is an array, or `prefixItems`.
//!
//! Items that are told apart by their position cannot grow in a minor, and say nothing of what
//! they are.
//!
//! Instead of `{"items": [{"type": "number"}, {"type": "number"}]}` write an object:
//! `{"properties": {"latitude": {"type": "number"}, "longitude": {"type": "number"}}}`.

use crate::draft::{Draft, Site};
use crate::json::Data;
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

const MESSAGE: &str = "a tuple tells its items apart by position alone";
const HELP: &str = "write an object with a property for each item, or one schema for all items";

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    if matches!(site.node.get("items"), Some(items) if matches!(items.data, Data::Array(_))) {
        report.keyword(site.node, "items", MESSAGE, HELP);
    } else {
        report.keyword(site.node, "prefixItems", MESSAGE, HELP);
    }
}
