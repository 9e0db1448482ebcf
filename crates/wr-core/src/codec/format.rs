//! UUIDs and moments in the spelling that everyone writes; whatever is spelled otherwise is left to
//! [`Format::parse`](crate::Format::parse).

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::cursor::Cursor;
use super::mode::Mode;

/// A UUID.
pub(crate) fn uuid<'a, M: Mode>(cursor: &mut Cursor<'a>) -> Option<M::Of<'a, Uuid>> {
    let [b'"', text @ ..] = cursor.rest else { return None };
    let (text, rest) = text.split_first_chunk::<36>()?;
    let [b'"', rest @ ..] = rest else { return None };
    let uuid = if M::JUDGES_ONLY {
        is_uuid(text).then(Uuid::nil)?
    } else {
        // It takes other forms too, but none of 36 bytes.
        Uuid::try_parse_ascii(text).ok()?
    };
    cursor.rest = rest;
    Some(M::make(|| uuid, || uuid))
}

/// Whether the bytes are 8-4-4-4-12 hex digits.
fn is_uuid(text: &[u8; 36]) -> bool {
    use wide::u8x16;
    // The third part begins before the second ends, so that it is sixteen bytes as well.
    let parts: [(&[u8], u32); 3] = [
        (text.get(..16).unwrap_or_default(), 1 << 8 | 1 << 13),
        (text.get(16..32).unwrap_or_default(), 1 << 2 | 1 << 7),
        (text.get(20..).unwrap_or_default(), 1 << 3),
    ];
    parts.iter().all(|(part, hyphens)| {
        let Some(part) = part.first_chunk::<16>() else { return false };
        let part = u8x16::new(*part);
        let is_hyphen = part.simd_eq(u8x16::splat(b'-')).to_bitmask();
        let digit = part - u8x16::splat(b'0');
        let is_digit = digit.min(u8x16::splat(9)).simd_eq(digit);
        let letter = (part | u8x16::splat(0x20)) - u8x16::splat(b'a');
        let is_letter = letter.min(u8x16::splat(5)).simd_eq(letter);
        is_hyphen == *hyphens && (is_digit | is_letter).to_bitmask() == 0xffff ^ hyphens
    })
}

/// `0` where a digit is expected, else what is expected.
const DAY: u64 = u64::from_le_bytes(*b"0000-00-");
const TIME: u64 = u64::from_le_bytes(*b"00T00:00");

/// What is added to a byte's difference from the expected: its highest bit is then set where a
/// digit is beyond 9, and where anything else is not as expected.
const DAY_ROOM: u64 = u64::from_le_bytes([0x76, 0x76, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f]);
const TIME_ROOM: u64 = u64::from_le_bytes([0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76]);

/// The digits among eight bytes that are laid out as `expected`.
#[inline]
fn digits(bytes: [u8; 8], expected: u64, room: u64) -> Option<[u8; 8]> {
    let differences = u64::from_le_bytes(bytes) ^ expected;
    let is_off = (differences.wrapping_add(room) | differences) & 0x8080_8080_8080_8080;
    (is_off == 0).then_some(differences.to_le_bytes())
}

#[inline]
fn two(tens: u8, ones: u8) -> u32 {
    u32::from(tens) * 10 + u32::from(ones)
}

/// A moment in UTC, with up to nine digits of a second.
pub(crate) fn date_time<'a, M: Mode>(cursor: &mut Cursor<'a>) -> Option<M::Of<'a, DateTime<Utc>>> {
    let [b'"', text @ ..] = cursor.rest else { return None };
    let (day, rest) = text.split_first_chunk::<8>()?;
    let [y1, y2, y3, y4, _, m1, m2, _] = digits(*day, DAY, DAY_ROOM)?;
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let [d1, d2, _, h1, h2, _, min1, min2] = digits(*time, TIME, TIME_ROOM)?;
    let [b':', s1 @ b'0'..=b'5', s2 @ b'0'..=b'9', rest @ ..] = rest else { return None };
    let (nanos, rest) = match rest {
        [b'.', fraction @ ..] => nanoseconds(fraction)?,
        rest => (0, rest),
    };
    let [b'Z', b'"', after @ ..] = rest else { return None };
    let year = two(y1, y2) * 100 + two(y3, y4);
    let (month, day) = (two(m1, m2), two(d1, d2));
    let (hour, minute, second) = (two(h1, h2), two(min1, min2), two(s1 - b'0', s2 - b'0'));
    let is_time = hour <= 23 && minute <= 59;
    (is_time && is_day(year, month, day)).then_some(())?;
    cursor.rest = after;
    if M::JUDGES_ONLY {
        return Some(M::make(DateTime::default, DateTime::default));
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let moment = date.and_hms_nano_opt(hour, minute, second, nanos)?.and_utc();
    Some(M::make(|| moment, || moment))
}

#[inline]
fn is_day(year: u32, month: u32, day: u32) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Up to nine digits in nanoseconds, and what follows them.
#[inline]
fn nanoseconds(text: &[u8]) -> Option<(u32, &[u8])> {
    let (mut nanos, mut unit, mut rest) = (0, 100_000_000, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        nanos += u32::from(digit - b'0') * unit;
        unit /= 10;
        rest = after;
    }
    (1..=9).contains(&(text.len() - rest.len())).then_some((nanos, rest))
}
