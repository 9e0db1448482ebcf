//! A place in a message, and the steps of JSON's grammar.

use std::borrow::Cow;

use super::scan::{behind_line, behind_space, split_plain};
use super::string::{behind_spelled, behind_string};

/// Values may nest as deep on the fast path; what nests deeper is left to the exact path, which
/// stops at 127.
const DEEPEST: u32 = 63;

/// A place in a message.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    /// What is still to be read: the end of `text`.
    pub(crate) rest: &'a [u8],
    text: &'a str,
    pub(super) depth: u32,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    pub(crate) fn new(text: &'a str) -> Cursor<'a> {
        Cursor { rest: text.as_bytes(), text, depth: 0 }
    }

    /// That nothing but white space is left.
    pub(super) fn end(mut self) -> Option<()> {
        self.skip_space();
        self.rest.is_empty().then_some(())
    }

    /// Where the cursor stands in the text.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// What was read since a position.
    #[inline]
    pub(crate) fn since(&self, position: usize) -> Option<&'a str> {
        self.text.get(position..self.position())
    }

    /// The next bytes as text.
    #[inline]
    pub(crate) fn peek(&self, length: usize) -> Option<&'a str> {
        let position = self.position();
        self.text.get(position..position + length)
    }

    /// Takes the next byte.
    #[inline]
    pub(super) fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// Takes a byte where it is the next one.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes a byte, behind white space where there is any.
    #[inline]
    pub(crate) fn take_spaced(&mut self, byte: u8) -> bool {
        self.take(byte) || {
            self.skip_space();
            self.take(byte)
        }
    }

    /// Skips white space, of which there is mostly none.
    #[inline]
    pub(crate) fn skip_space(&mut self) {
        self.rest = behind_space(self.rest);
    }

    /// One value deeper.
    #[inline]
    pub(crate) fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }

    /// Out of a value again.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Takes a literal.
    #[inline]
    pub(crate) fn literal(&mut self, literal: &str) -> bool {
        match self.rest.strip_prefix(literal.as_bytes()) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Whether null stands here, which is taken then.
    #[inline]
    pub(crate) fn null(&mut self) -> bool {
        if let [0..=b' ' | b'n', ..] = self.rest {
            self.skip_space();
            return self.literal("null");
        }
        false
    }

    /// An object begins here. Its brace is not taken: it is what stands before the first key, as a
    /// comma stands before the others.
    #[doc(hidden)]
    #[inline]
    pub fn open(&mut self) -> Option<u8> {
        self.skip_space();
        self.enter()?;
        matches!(self.rest, [b'{', ..]).then_some(b'{')
    }

    /// Takes a key that stands where it is expected, spelled as it is mostly spelled: `literal` is
    /// the key in quotes with its colon, `before` what stands before it.
    #[doc(hidden)]
    #[inline]
    pub fn key(&mut self, before: &mut u8, literal: &str) -> bool {
        if let [first, rest @ ..] = self.rest
            && first == before
            && let Some(rest) = rest.strip_prefix(literal.as_bytes())
        {
            self.rest = rest;
            *before = b',';
            return true;
        }
        false
    }

    /// Whether the object ends where it is expected to.
    #[doc(hidden)]
    #[inline]
    pub fn close(&mut self, before: u8) -> bool {
        let ends = before == b',' && self.take(b'}');
        if ends {
            self.leave();
        }
        ends
    }

    /// Takes what stands before a key, and its quote, or the end of the object: whether there is a
    /// key.
    #[doc(hidden)]
    #[inline(never)]
    pub fn more_keys(&mut self, before: &mut u8) -> Option<bool> {
        self.begin_key(before)
    }

    #[inline]
    fn begin_key(&mut self, before: &mut u8) -> Option<bool> {
        let (after, is_key) = match behind_line(self.rest) {
            [first, after @ ..] if first == before => match behind_line(after) {
                [b'"', after @ ..] => (after, true),
                [b'}', after @ ..] if *before == b'{' => (after, false),
                _ => return None,
            },
            [b'}', after @ ..] if *before == b',' => (after, false),
            _ => return None,
        };
        self.rest = after;
        *before = b',';
        if !is_key {
            self.leave();
        }
        Some(is_key)
    }

    /// Takes the key whose quote was taken, with its colon, where it is this one: `literal` is as
    /// in [`Cursor::key`]. A key that is spelled otherwise was taken, and `found` to have a name.
    #[doc(hidden)]
    #[inline]
    pub fn is_key(&mut self, found: Option<&str>, name: &str, literal: &str) -> bool {
        if let Some(found) = found {
            return found == name;
        }
        let [b'"', quoted @ .., b':'] = literal.as_bytes() else { return false };
        self.rest.strip_prefix(quoted).is_some_and(|rest| self.colon(rest).is_some())
    }

    /// Takes a colon and the white space around it.
    #[inline(never)]
    fn colon(&mut self, text: &'a [u8]) -> Option<()> {
        self.rest = behind_colon(text)?;
        Some(())
    }

    /// Takes the key whose quote was taken, which is spelled as none of these names mostly are:
    /// which one it is, if any. Nothing is built of its escapes.
    #[doc(hidden)]
    #[inline(never)]
    pub fn other_key<'n>(&mut self, names: &[&'n str]) -> Option<Option<&'n str>> {
        let (plain, rest) = split_plain(self.rest)?;
        // Without escapes it has one spelling, which was none of theirs.
        if let [b'"', after @ ..] = rest {
            self.colon(after)?;
            return Some(None);
        }
        let spelled = |name: &&'n str| {
            let expected = name.as_bytes().strip_prefix(plain)?;
            Some((*name, behind_spelled(rest, expected)?))
        };
        let (found, after) = match names.iter().find_map(spelled) {
            Some((name, after)) => (Some(name), after),
            None => (None, behind_string(rest)?),
        };
        self.colon(after)?;
        Some(found)
    }

    /// The next key, whatever it is, or none at the end of the object.
    #[inline(never)]
    pub(crate) fn any_key(&mut self, before: &mut u8) -> Option<Option<Cow<'a, str>>> {
        if !self.begin_key(before)? {
            return Some(None);
        }
        let (plain, after) = split_plain(self.rest)?;
        let (key, after) = match after {
            [b'"', after @ ..] => (Cow::Borrowed(self.peek(plain.len())?), after),
            _ => (Cow::Owned(self.unescape(plain.len())?), self.rest),
        };
        self.rest = behind_colon(after)?;
        Some(Some(key))
    }
}

/// What follows a colon and the white space around it.
#[inline]
fn behind_colon(text: &[u8]) -> Option<&[u8]> {
    let after = match text {
        // Those who space a colon mostly do it in one of these ways.
        [b':', b' ', after @ ..] | [b' ', b':', b' ', after @ ..] | [b':', after @ ..] => after,
        _ => behind_space(text).strip_prefix(b":")?,
    };
    Some(behind_space(after))
}
