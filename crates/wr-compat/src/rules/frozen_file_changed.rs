//! A published file changed in more than its annotations.
//!
//! Messages of that version are stored, and services that were built from it are running; neither
//! changes with the file.
//! Annotations may change: descriptions, examples, the title, `deprecated`, and `x-wr-unit` or
//! `x-wr-pii` where there was none.
//!
//! Example: `1.0.json` is on `main`, and a branch raises a `maxLength` in it.
//!
//! Undo the edit, and write it in a new minor: `cargo xtask new minor SUBJECT`.
//! Where it breaks that too, write a new major: `cargo xtask new major SUBJECT`.

use super::Check;

pub(super) const CHECK: Check = Check::Elsewhere;
