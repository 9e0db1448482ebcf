//! Reports a file above 1 MiB.
//!
//! A schema describes one event; a file that large is something else, or was written by a program.
//!
//! Split it, or move it out of the schemas.

use crate::lint::Check;

pub(super) const CHECK: Check = Check::Reading;
