//! Reports a file that is not UTF-8.
//!
//! JSON is UTF-8, and nothing guesses at another encoding.
//!
//! Save the file as UTF-8, without a byte order mark.

use crate::lint::Check;

pub(super) const CHECK: Check = Check::Reading;
