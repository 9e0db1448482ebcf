//! Reports a file or folder that cannot be read: permissions, or a symbolic link in a circle.
//!
//! Make it readable, or remove it; nothing is skipped in silence.

use crate::lint::Check;

pub(super) const CHECK: Check = Check::Reading;
