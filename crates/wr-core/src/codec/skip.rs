//! Values that nobody asks for: their grammar is judged, and nothing is built.

use super::cursor::Cursor;
use super::scan::plain_length;

impl Cursor<'_> {
    /// Skips a value. Does not recurse: one bit a level says what the level is.
    #[doc(hidden)]
    pub fn skip(&mut self) -> Option<()> {
        let (mut inside, around) = (Levels::default(), self.depth);
        loop {
            self.skip_space();
            let has_begun = match self.next()? {
                b'"' => self.skip_string().map(|()| false),
                b'{' => {
                    inside.push(true, around)?;
                    self.skip_space();
                    Some(!matches!(self.rest, [b'}', ..]))
                }
                b'[' => {
                    inside.push(false, around)?;
                    self.skip_space();
                    Some(!matches!(self.rest, [b']', ..]))
                }
                b't' => self.literal("rue").then_some(false),
                b'f' => self.literal("alse").then_some(false),
                b'n' => self.literal("ull").then_some(false),
                first @ (b'-' | b'0'..=b'9') => self.skip_number(first).map(|()| false),
                _ => None,
            }?;
            if has_begun {
                if inside.is_object() {
                    self.skip_key()?;
                }
                continue;
            }
            loop {
                if inside.is_none() {
                    return Some(());
                }
                self.skip_space();
                match (self.next()?, inside.is_object()) {
                    (b',', true) => {
                        self.skip_key()?;
                        break;
                    }
                    (b',', false) => break,
                    (b'}', true) | (b']', false) => inside.pop(),
                    _ => return None,
                }
            }
        }
    }

    fn skip_key(&mut self) -> Option<()> {
        self.quote()?;
        self.skip_string()?;
        self.take_spaced(b':').then_some(())
    }

    /// Skips the string whose quote was taken.
    #[inline]
    pub(crate) fn skip_string(&mut self) -> Option<()> {
        loop {
            let length = plain_length(self.rest);
            self.advance(length)?;
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => drop(self.escape()?),
                _ => return None,
            }
        }
    }

    /// Skips a string.
    #[doc(hidden)]
    #[inline]
    pub fn skip_text(&mut self) -> Option<()> {
        self.quote()?;
        self.skip_string()
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
