//! Reports a file name that is no version.
//!
//! The file is the version: `{major}.{minor}.json`, decimal digits without leading zeros.
//!
//! Rename it, for example to `1.0.json`.

use crate::draft::{Draft, DraftFile, Place};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    if let Place::NoVersion(error) = &file.place {
        let help = "name the file after its version, such as `1.0.json`";
        report.path(file.path, error.to_string(), help);
    }
}
