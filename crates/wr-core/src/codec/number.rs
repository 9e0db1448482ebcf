//! Numbers: short ones here, all others by serde_json, on their own text.

use serde_json::Number;

use super::cursor::Cursor;

/// So many digits always fit an `i64`.
const SAFE_DIGITS: usize = 18;

/// So many digits and a point: they fit the 53 bits of an `f64`.
const SHORT_DECIMAL: usize = 16;

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
        let (value, rest) = with_digits(0, digits);
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
        if let Some((value, rest)) = short_decimal(self.rest) {
            self.rest = rest;
            return Number::from_f64(value);
        }
        let start = self.position();
        let first = self.next()?;
        self.rest = behind_number(first, self.rest)?;
        serde_json::from_str(self.since(start)?).ok()
    }
}

/// A number with a fraction and no exponent, and what follows it: of so few digits that they and
/// their power of ten are exact in `f64`, so that only the quotient is rounded, as it has to be.
fn short_decimal(text: &[u8]) -> Option<(f64, &[u8])> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let (value, point) = with_digits(0, digits);
    let fraction = point.strip_prefix(b".")?;
    let (value, rest) = with_digits(value, fraction);
    let places = fraction.len() - rest.len();
    let is_plain = matches!(digits, [b'1'..=b'9', ..] | [b'0', b'.', ..]) && places > 0;
    let is_short = digits.len() - rest.len() <= SHORT_DECIMAL;
    if !is_plain || !is_short || matches!(rest, [b'e' | b'E', ..]) {
        return None;
    }
    let value = value as f64 / 10_u64.pow(u32::try_from(places).ok()?) as f64;
    Some((if is_negative { -value } else { value }, rest))
}

/// A number with the digits that come next, and what follows them; it is of use where they are few.
#[inline]
fn with_digits(mut value: i64, mut rest: &[u8]) -> (i64, &[u8]) {
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
        rest = after;
    }
    (value, rest)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_decimal_is_what_serde_json_reads() {
        let digits = "90071992547409931";
        for point in 0..=digits.len() {
            for end in point..=digits.len() {
                let (whole, fraction) = (&digits[..point], &digits[point..end]);
                for text in [
                    format!("{whole}.{fraction}"),
                    format!("-{whole}.{fraction}"),
                    format!("0{whole}.{fraction}"),
                    format!("-0.{whole}{fraction}"),
                    format!("0.000{fraction}"),
                    format!("{whole}.{fraction}e1"),
                ] {
                    let Some((value, rest)) = short_decimal(text.as_bytes()) else { continue };
                    assert_eq!(rest, b"");
                    let read: f64 = serde_json::from_str(&text).unwrap();
                    assert_eq!(value.to_bits(), read.to_bits(), "{text}");
                }
            }
        }
        let taken = ["0.0", "-0.0", "12.5", "123456789012.345,"].map(str::as_bytes);
        assert!(taken.into_iter().all(|text| short_decimal(text).is_some()));
    }
}
