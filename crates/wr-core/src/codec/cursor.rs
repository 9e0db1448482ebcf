//! A place in a message, and the steps of JSON's grammar.

use std::borrow::Cow;

use super::scan::{behind_space, plain_length};

/// Values may nest as deep on the fast path; what nests deeper is left to the exact path, which
/// stops at 127.
const DEEPEST: u32 = 63;

/// A string with an escape is given room for so many bytes more than it surely needs.
const USUAL_STRING: usize = 16;

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

    /// Goes on by so many bytes.
    #[inline]
    pub(super) fn advance(&mut self, length: usize) -> Option<()> {
        self.rest = self.rest.get(length..)?;
        Some(())
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
        if matches!(self.rest, [0..=b' ', ..]) {
            self.rest = behind_space(self.rest);
        }
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

    /// The next key, whatever it is, or none at the end of the object.
    #[doc(hidden)]
    #[inline(never)]
    pub fn any_key(&mut self, before: &mut u8) -> Option<Option<Cow<'a, str>>> {
        if let [first, b'"', rest @ ..] = self.rest
            && first == before
        {
            let start = self.rest;
            self.rest = rest;
            let length = plain_length(rest);
            if let Some([b'"', b':', after @ ..]) = rest.get(length..) {
                let key = self.peek(length)?;
                self.rest = after;
                *before = b',';
                return Some(Some(Cow::Borrowed(key)));
            }
            self.rest = start;
        }
        self.spaced_key(before)
    }

    /// As [`Cursor::any_key`], with white space and escapes.
    #[inline(never)]
    fn spaced_key(&mut self, before: &mut u8) -> Option<Option<Cow<'a, str>>> {
        self.skip_space();
        let is_first = *before == b'{';
        let may_end = match self.next()? {
            byte if byte == *before => is_first,
            b'}' if !is_first => {
                self.leave();
                return Some(None);
            }
            _ => return None,
        };
        self.skip_space();
        if may_end && self.take(b'}') {
            self.leave();
            return Some(None);
        }
        *before = b',';
        let key = self.string()?;
        self.colon()?;
        Some(Some(key))
    }

    /// Takes a colon, and the space around it.
    #[inline]
    pub(crate) fn colon(&mut self) -> Option<()> {
        self.take_spaced(b':').then_some(())?;
        self.skip_space();
        Some(())
    }

    /// Takes the quote that begins a string.
    #[inline]
    pub(crate) fn quote(&mut self) -> Option<()> {
        self.take_spaced(b'"').then_some(())
    }

    /// The string whose quote was taken, and what follows it, where it has no escapes.
    #[inline]
    pub(crate) fn plain_string(&self) -> Option<(&'a [u8], &'a [u8])> {
        let (text, after) = self.rest.split_at_checked(plain_length(self.rest))?;
        match after {
            [b'"', after @ ..] => Some((text, after)),
            _ => None,
        }
    }

    /// A string.
    #[doc(hidden)]
    #[inline(never)]
    pub fn string(&mut self) -> Option<Cow<'a, str>> {
        self.quote()?;
        match self.plain_string() {
            Some((text, after)) => {
                let text = self.peek(text.len())?;
                self.rest = after;
                Some(Cow::Borrowed(text))
            }
            None => self.unescape().map(Cow::Owned),
        }
    }

    /// A string of its own.
    #[inline(never)]
    pub(crate) fn owned_string(&mut self) -> Option<String> {
        self.quote()?;
        match self.plain_string() {
            Some((text, after)) => {
                let text = self.peek(text.len())?.to_owned();
                self.rest = after;
                Some(text)
            }
            None => self.unescape(),
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

    /// The string with escapes whose quote was taken.
    #[inline(never)]
    pub(crate) fn unescape(&mut self) -> Option<String> {
        let length = plain_length(self.rest);
        let mut text = String::with_capacity(2 * length + USUAL_STRING);
        loop {
            let length = plain_length(self.rest);
            text.push_str(self.peek(length)?);
            self.advance(length)?;
            match self.next()? {
                b'"' => return Some(text),
                b'\\' => text.push(self.escape()?),
                _ => return None,
            }
        }
    }

    /// The character of an escape whose backslash was taken; half of a surrogate pair is none.
    pub(super) fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => match self.four_digits()? {
                high @ 0xd800..0xdc00 => {
                    self.literal("\\u").then_some(())?;
                    let low = self.four_digits()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)?
                }
                code => char::from_u32(code)?,
            },
            _ => return None,
        })
    }

    fn four_digits(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
    }
}
