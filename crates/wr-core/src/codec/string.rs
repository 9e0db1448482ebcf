//! Strings: mostly plain, and slices of the message then; those with escapes are built.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::scan::{plain_length, split_plain};

/// A string with an escape is given room for so many bytes more than it surely needs.
const USUAL_STRING: usize = 16;

impl<'a> Cursor<'a> {
    /// Takes the quote that begins a string.
    #[inline]
    pub(crate) fn quote(&mut self) -> Option<()> {
        self.take_spaced(b'"').then_some(())
    }

    /// A string.
    #[doc(hidden)]
    #[inline(never)]
    pub fn string(&mut self) -> Option<Cow<'a, str>> {
        self.quote()?;
        let (plain, after) = split_plain(self.rest)?;
        match after {
            [b'"', after @ ..] => {
                let text = self.peek(plain.len())?;
                self.rest = after;
                Some(Cow::Borrowed(text))
            }
            _ => self.unescape(plain.len()).map(Cow::Owned),
        }
    }

    /// A string of its own.
    #[inline(never)]
    pub(crate) fn owned_string(&mut self) -> Option<String> {
        self.quote()?;
        let (plain, after) = split_plain(self.rest)?;
        match after {
            [b'"', after @ ..] => {
                let text = self.peek(plain.len())?.to_owned();
                self.rest = after;
                Some(text)
            }
            _ => self.unescape(plain.len()),
        }
    }

    /// Takes a string that is spelled as mostly, where it is this one, which holds nothing that
    /// would have to be escaped.
    #[inline]
    pub(crate) fn this_string(&mut self, text: &str) -> bool {
        if let [b'"', rest @ ..] = self.rest
            && let Some([b'"', rest @ ..]) = rest.strip_prefix(text.as_bytes())
        {
            self.rest = rest;
            return true;
        }
        false
    }

    /// The string with escapes whose quote was taken, and of which so many bytes are plain.
    #[inline(never)]
    pub(super) fn unescape(&mut self, mut plain: usize) -> Option<String> {
        let mut text = String::with_capacity(2 * plain + USUAL_STRING);
        loop {
            text.push_str(self.peek(plain)?);
            match self.rest.get(plain..)? {
                [b'"', after @ ..] => {
                    self.rest = after;
                    return Some(text);
                }
                [b'\\', after @ ..] => {
                    let (c, after) = escape(after)?;
                    text.push(c);
                    self.rest = after;
                }
                _ => return None,
            }
            plain = plain_length(self.rest);
        }
    }

    /// Skips a string.
    #[doc(hidden)]
    #[inline]
    pub fn skip_text(&mut self) -> Option<()> {
        self.quote()?;
        self.rest = behind_string(self.rest)?;
        Some(())
    }
}

/// What follows the string whose quote was taken.
#[inline]
pub(super) fn behind_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        match rest.get(plain_length(rest)..)? {
            [b'"', after @ ..] => return Some(after),
            [b'\\', after @ ..] => (_, rest) = escape(after)?,
            _ => return None,
        }
    }
}

/// What follows a string from an escape or its end on, where it is spelled so or otherwise.
pub(super) fn behind_spelled<'a>(mut rest: &'a [u8], mut expected: &[u8]) -> Option<&'a [u8]> {
    loop {
        match rest {
            [b'"', after @ ..] => return expected.is_empty().then_some(after),
            [b'\\', after @ ..] => {
                let (c, after) = escape(after)?;
                expected = expected.strip_prefix(c.encode_utf8(&mut [0; 4]).as_bytes())?;
                let (plain, after) = split_plain(after)?;
                expected = expected.strip_prefix(plain)?;
                rest = after;
            }
            _ => return None,
        }
    }
}

/// The character of an escape whose backslash was taken, and what follows it; half of a surrogate
/// pair is none.
#[inline(never)]
fn escape(text: &[u8]) -> Option<(char, &[u8])> {
    let (kind, rest) = text.split_first()?;
    let c = match kind {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return code(rest),
        _ => return None,
    };
    Some((c, rest))
}

/// The character of an escape by its code, in one unit of UTF-16 or two.
fn code(text: &[u8]) -> Option<(char, &[u8])> {
    let (unit, rest) = four_digits(text)?;
    if !(0xd800..0xdc00).contains(&unit) {
        return Some((char::from_u32(unit)?, rest));
    }
    let (low, rest) = four_digits(rest.strip_prefix(b"\\u")?)?;
    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + low)?, rest))
}

#[inline]
fn four_digits(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<4>()?;
    let add = |code, digit: &u8| Some(code * 16 + char::from(*digit).to_digit(16)?);
    Some((digits.iter().try_fold(0, add)?, rest))
}
