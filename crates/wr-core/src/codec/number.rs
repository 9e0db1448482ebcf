//! Numbers: short ones here, all others by serde_json, on their own text.

use serde_json::Number;

use super::cursor::Cursor;

/// So many digits always fit an `i64`.
const SAFE_DIGITS: usize = 18;

/// So many digits and an exponent of two more never go beyond `f64`.
const MOST_DIGITS: usize = 150;

impl<'a> Cursor<'a> {
    /// A whole number in its plain spelling: no more than 18 digits, and no `-0`, which is a float.
    #[inline]
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let (is_negative, digits) = match self.rest {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let mut value = 0_i64;
        let mut rest = digits;
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            rest = after;
        }
        let is_plain = match (digits.len() - rest.len(), digits) {
            (1, [b'0', ..]) => !is_negative,
            (1..=SAFE_DIGITS, [b'1'..=b'9', ..]) => true,
            _ => false,
        };
        if !is_plain || matches!(rest, [b'.' | b'e' | b'E', ..]) {
            return None;
        }
        self.rest = rest;
        Some(if is_negative { -value } else { value })
    }

    /// Any number, as serde_json has it.
    pub(crate) fn number(&mut self) -> Option<Number> {
        self.skip_space();
        if let Some(value) = self.integer() {
            return Some(value.into());
        }
        self.long_number()
    }

    /// A number in any other spelling.
    #[inline(never)]
    pub(super) fn long_number(&mut self) -> Option<Number> {
        let start = self.position();
        let first = self.next()?;
        self.skip_number(first)?;
        serde_json::from_str(self.since(start)?).ok()
    }

    /// Skips a number whose first byte was taken, where `f64` surely holds it.
    pub(super) fn skip_number(&mut self, first: u8) -> Option<()> {
        let first = if first == b'-' { self.next()? } else { first };
        let mut digits = match first {
            b'0' => 1,
            b'1'..=b'9' => 1 + self.skip_digits(),
            _ => return None,
        };
        if self.take(b'.') {
            let fraction = self.skip_digits();
            (fraction > 0).then_some(())?;
            digits += fraction;
        }
        if let [b'e' | b'E', rest @ ..] = self.rest {
            self.rest = match rest {
                [b'+' | b'-', rest @ ..] => rest,
                rest => rest,
            };
            (1..=2).contains(&self.skip_digits()).then_some(())?;
        }
        (digits <= MOST_DIGITS).then_some(())
    }

    #[inline]
    fn skip_digits(&mut self) -> usize {
        let before = self.rest.len();
        while let [b'0'..=b'9', rest @ ..] = self.rest {
            self.rest = rest;
        }
        before - self.rest.len()
    }
}
