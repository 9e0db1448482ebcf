//! Reports a version that does not belong into its folder.
//!
//! A major is a subject of its own, so `....v1` holds versions `1.0`, `1.1` and so on. Shared
//! definitions never change, so they have no second major.
//!
//! Move `2.0.json` into the folder of `v2`.

use crate::draft::{Draft, DraftFile, Place};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    if let Place::Definitions(version) = &file.place
        && version.major != 1
    {
        report.path(
            file.path,
            "shared definitions have one major",
            "add the definition, under a name of its own, to the next `1.N.json`",
        );
    }
    if let Place::Event(subject, version) = &file.place
        && subject.major() != version.major
    {
        let help = format!(
            "move it to `{}.{}.v{}/{version}.json`, or name it `{}.{}.json`",
            subject.domain(),
            subject.event_type(),
            version.major,
            subject.major(),
            version.minor
        );
        report.path(
            file.path,
            format!("major {} stands in the folder of v{}", version.major, subject.major()),
            help,
        );
    }
}
