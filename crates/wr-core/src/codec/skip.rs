//! Values that nobody asks for: their grammar is judged, and nothing is built.

use super::cursor::Cursor;
use super::number::behind_number;
use super::scan::{behind_blank, behind_space};
use super::string::behind_string;

impl Cursor<'_> {
    /// Skips a value.
    #[doc(hidden)]
    #[inline]
    pub fn skip(&mut self) -> Option<()> {
        self.rest = behind_value(self.rest, self.depth)?;
        Some(())
    }
}

/// What follows a value that has so many levels around it. Does not recurse: one bit a level says
/// what the level is.
#[inline(never)]
fn behind_value(text: &[u8], around: u32) -> Option<&[u8]> {
    let (mut inside, mut rest) = (Levels::default(), text);
    loop {
        let [first, after @ ..] = behind_blank(rest) else { return None };
        let has_begun = match first {
            b'{' => {
                inside.push(true, around)?;
                rest = behind_space(after);
                !matches!(rest, [b'}', ..])
            }
            b'[' => {
                inside.push(false, around)?;
                rest = behind_space(after);
                !matches!(rest, [b']', ..])
            }
            _ => {
                rest = behind_scalar(*first, after)?;
                false
            }
        };
        if has_begun {
            if inside.is_object() {
                rest = behind_key(rest)?;
            }
            continue;
        }
        loop {
            if inside.is_none() {
                return Some(rest);
            }
            let [next, after @ ..] = behind_space(rest) else { return None };
            rest = after;
            match (next, inside.is_object()) {
                (b',', true) => {
                    rest = behind_key(behind_space(rest))?;
                    break;
                }
                (b',', false) => break,
                (b'}', true) | (b']', false) => inside.pop(),
                _ => return None,
            }
        }
    }
}

/// What follows a value that holds no others and whose first byte was taken.
#[inline]
fn behind_scalar(first: u8, rest: &[u8]) -> Option<&[u8]> {
    match first {
        b'"' => behind_string(rest),
        b't' => rest.strip_prefix(b"rue"),
        b'f' => rest.strip_prefix(b"alse"),
        b'n' => rest.strip_prefix(b"ull"),
        b'-' | b'0'..=b'9' => behind_number(first, rest),
        _ => None,
    }
}

/// What follows a key and its colon.
#[inline]
fn behind_key(text: &[u8]) -> Option<&[u8]> {
    match behind_string(text.strip_prefix(b"\"")?)? {
        [b':', after @ ..] => Some(after),
        [b' ', b':', after @ ..] => Some(after),
        after => behind_space(after).strip_prefix(b":"),
    }
}

/// The objects and arrays around a place: a bit each, 1 for an object, the innermost lowest, under
/// a 1 that ends them.
struct Levels(u64);

impl Default for Levels {
    fn default() -> Levels {
        Levels(1)
    }
}

impl Levels {
    /// Goes into a level, where there are so many around the value.
    #[inline]
    fn push(&mut self, is_object: bool, around: u32) -> Option<()> {
        let is_full = self.0.leading_zeros() <= around;
        self.0 = self.0 << 1 | u64::from(is_object);
        (!is_full).then_some(())
    }

    #[inline]
    fn pop(&mut self) {
        self.0 >>= 1;
    }

    #[inline]
    fn is_none(&self) -> bool {
        self.0 == 1
    }

    #[inline]
    fn is_object(&self) -> bool {
        self.0 & 1 == 1
    }
}
