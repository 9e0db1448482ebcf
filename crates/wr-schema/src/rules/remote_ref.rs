//! Refuses a `$ref` to anything but this file or a file of `definitions/`.
//!
//! A catalogue stands on its own: nothing is fetched, and an event does not change because another
//! one does.
//!
//! Put what is shared into `definitions/`, and write
//! `{"$ref": "../definitions/1.0.json#/definitions/NAME"}`.

use crate::draft::{Draft, Site};
use crate::lint::{Check, Report};
use crate::resolve::{self, RefErrorKind};

pub(super) const CHECK: Check = Check::Schema(check);

fn check(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Some(reference) = site.node.get("$ref").filter(|text| text.as_str().is_some()) else {
        return;
    };
    if let Err(error) = resolve::step(draft, site.file, reference)
        && error.kind == RefErrorKind::Remote
    {
        report.at(error.span, error.message, "write `#/definitions/NAME`, or `../definitions/1.0.json#/definitions/NAME`");
    }
}
