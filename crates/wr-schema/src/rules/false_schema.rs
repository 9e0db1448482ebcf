//! Refuses `false` where a schema stands, and anything that is no schema at all.
//!
//! Nothing obeys `false`, so no value could ever stand there.
//!
//! Remove what can never be there; write `true` or `{}` for what may be anything.

use crate::draft::{Draft, Site};
use crate::json::Data;
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(_: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    match &site.node.data {
        Data::Bool(true) | Data::Object(_) => {}
        Data::Bool(false) => report.at(
            site.node.span,
            "nothing obeys `false`",
            "remove it, or say what may stand here",
        ),
        Data::Null | Data::Number(_) | Data::String(_) | Data::Array(_) => {
            report.at(site.node.head(), "this is no schema", "write `{...}`");
        }
    }
}
