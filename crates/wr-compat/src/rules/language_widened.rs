//! Deployed readers refuse a message that new writers send.
//!
//! This is said where no other rule has an explanation: the keywords that changed work together,
//! or are none of the dialect's.
//! The message is shown, as is what refuses it.
//!
//! Example: an `if`/`then` is removed that asked for a property.
//!
//! Undo the change, or make it in a new major: `cargo xtask new major SUBJECT`.

use super::Check;

pub(super) const CHECK: Check = Check::Elsewhere;
