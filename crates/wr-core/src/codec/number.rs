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
        self.rest = behind_number(first, self.rest)?;
        serde_json::from_str(self.since(start)?).ok()
    }
}

/// What follows a number whose first byte was taken, where `f64` surely holds it.
#[inline(never)]
pub(super) fn behind_number(first: u8, rest: &[u8]) -> Option<&[u8]> {
    let (first, rest) = if first == b'-' { rest.split_first()? } else { (&first, rest) };
    let (mut digits, mut rest) = match first {
        b'0' => (1, rest),
        b'1'..=b'9' => {
            let after = behind_digits(rest);
            (1 + rest.len() - after.len(), after)
        }
        _ => return None,
    };
    if let [b'.', fraction @ ..] = rest {
        rest = behind_digits(fraction);
        (rest.len() < fraction.len()).then_some(())?;
        digits += fraction.len() - rest.len();
    }
    if let [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] = rest {
        rest = behind_digits(exponent);
        (1..=2).contains(&(exponent.len() - rest.len())).then_some(())?;
    }
    (digits <= MOST_DIGITS).then_some(rest)
}

#[inline]
fn behind_digits(mut rest: &[u8]) -> &[u8] {
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    rest
}
