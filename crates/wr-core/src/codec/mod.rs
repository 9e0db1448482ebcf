//! Messages read in one pass: decoded, viewed or only judged, without a tree in between.
//!
//! This is the fast path, and it never decides what it is not sure of. Everything here answers with
//! an `Option`: `None` means "not sure", never "wrong", and then the exact path, a
//! [`serde_json::Value`] that [`Contract::read`](crate::Contract::read) reads, decides and explains.
//! So nothing here may take what that path refuses, nor make another value of it; whatever is rare
//! (a key given twice, a nesting of dozens, a number that may be beyond `f64`) is left to it.
//!
//! With some features of serde_json, which this workspace leaves off and has a test for, a key of
//! its own (`$serde_json::private::…`) makes another value of an object there; here it is a key.
//!
//! A type's parser is written once, for every [`Mode`]: one that builds, one that borrows, one that
//! only judges. [`record!`](crate::record) and its like write it, from one line a field.
//!
//! [`write`] is the other side, and is always sure: what is written was proved, or need not be.

mod cursor;
mod format;
mod macros;
mod mode;
mod number;
mod rules;
mod scan;
mod skip;
mod string;
mod tag;
mod value;
pub mod write;

pub use cursor::Cursor;
pub use mode::{Borrowed, Check, Mode, Owned};
pub use rules::{Parse, fill, finish, owned, viewed};

pub(crate) use format::{date_time, uuid};
pub(crate) use value::has_different_keys;

use serde_json::Value;

use crate::contract::Contract;
use crate::pointer::At;
use crate::view::Readable;

/// Reads a whole message.
pub(crate) fn message<'a, M: Mode, T: Readable>(bytes: &'a [u8]) -> Option<M::Of<'a, T>> {
    let mut cursor = Cursor::new(simdutf8::basic::from_utf8(bytes).ok()?);
    let value = M::record::<T>(&mut cursor)?;
    cursor.end()?;
    Some(value)
}

/// The value of a document that was judged, by the exact path.
pub fn of_value<T: Contract>(value: Value) -> Option<T> {
    T::read(value, &At::ROOT).ok()
}

/// Whether the one pass is sure of a message that the exact path takes: to build, to view, to judge.
pub fn is_sure<T: Readable>(bytes: &[u8]) -> [bool; 3] {
    [
        message::<Owned, T>(bytes).is_some(),
        message::<Borrowed, T>(bytes).is_some(),
        message::<Check, T>(bytes).is_some(),
    ]
}

#[cfg(test)]
mod tests;
