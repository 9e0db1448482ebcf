//! Reports a folder that is no subject.
//!
//! The folder is the subject, to the letter: `{domain}.{entity}.{action}.v{major}`, tokens of
//! lower-case letters, digits, `_` and `-`. Besides, there are `envelope`, `definitions` and
//! `dead-letter`. `{domain}.dlq.>` and `{domain}.redrive.>` are for dead letters and no events.
//!
//! Rename it, for example to `waitingroom.position.enqueued.v1`.

use crate::draft::{Draft, DraftFile, Place};
use crate::lint::{Check, Report};

/// The second token of subjects that are no events.
const RESERVED_ENTITIES: [&str; 2] = ["dlq", "redrive"];

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    let folder = file.path.split('/').next().unwrap_or(file.path);
    match &file.place {
        Place::NoSubject(error) => report.path(
            folder,
            error.to_string(),
            "name the folder after its subject, such as `shop.order.placed.v1`",
        ),
        Place::Event(subject, _) if RESERVED_ENTITIES.contains(&subject.entity()) => report.path(
            folder,
            format!("`{}.{}.>` is for dead letters", subject.domain(), subject.entity()),
            "give the entity another name",
        ),
        Place::Event(..)
        | Place::Envelope(_)
        | Place::Definitions(_)
        | Place::DeadLetter(_)
        | Place::Topology
        | Place::Waivers
        | Place::NoVersion(_)
        | Place::Stray => {}
    }
}
