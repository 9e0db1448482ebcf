//! Reports a file or folder that is no part of a catalogue.
//!
//! Nothing is skipped in silence: a schema in the wrong place would be published by nobody.
//!
//! Versions lie in the folder of their subject, as `{subject}/{major}.{minor}.json`; beside the
//! folders lie `topology.json`, `waivers.json` and `.md` notes.

use crate::draft::{Draft, DraftFile, Place};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    if file.place == Place::Stray {
        report.path(
            file.path,
            "a file that is no schema of a subject",
            "move it to `{domain}.{entity}.{action}.v{major}/{major}.{minor}.json`, or out of the \
             folder of schemas",
        );
    }
}
