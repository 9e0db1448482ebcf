//! Refuses a text that is not JSON, or nests deeper than 127.
//!
//! Comments and trailing commas are not JSON: write a comment as `$comment`.

use crate::draft::{Draft, DraftFile};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    if let Err(error) = &file.content {
        report.at(error.span, error.message.as_str(), "mend the JSON at this place");
    }
}
