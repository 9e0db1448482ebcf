//! Reports a folder that is no subject.
//!
//! The folder is the subject, to the letter: `{domain}.{entity}.{action}.v{major}`, tokens of
//! lower-case letters, digits, `_` and `-`. Besides, there are `envelope`, `definitions` and
//! `dead-letter`.
//!
//! Rename it, for example to `waitingroom.position.enqueued.v1`.

use crate::draft::{Draft, DraftFile, Place};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    if let Place::NoSubject(error) = &file.place {
        let folder = file.path.split('/').next().unwrap_or(file.path);
        report.path(
            folder,
            error.to_string(),
            "name the folder after its subject, such as `shop.order.placed.v1`",
        );
    }
}
