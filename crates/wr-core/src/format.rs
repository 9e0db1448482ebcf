//! The formats of strings, exactly as RFC 4122, RFC 3339 and RFC 4291 write them.

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, SecondsFormat, Timelike, Utc};
use uuid::Uuid;

use crate::codec::{self, Cursor, Mode};
use crate::rules::Text;
use crate::view::Readable;

/// A Rust type that is a string in JSON.
pub trait Format: Readable {
    /// The `format` of the string, for an error.
    const NAME: &'static str;

    /// The value of a text, where the text obeys the format to the letter.
    fn parse(text: String) -> Option<Self>;

    /// The value that begins at the cursor.
    #[doc(hidden)]
    fn parse_text<'a, M: Mode>(rule: &Text, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, Self>>;

    /// Whether the text of the value obeys the format.
    fn is_writable(&self) -> bool;

    /// Calls `look` with the text of the value.
    fn with_text<R>(&self, look: impl FnOnce(&str) -> R) -> R;
}

impl Format for String {
    const NAME: &'static str = "";

    fn parse(text: String) -> Option<String> {
        Some(text)
    }

    fn parse_text<'a, M: Mode>(rule: &Text, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, String>> {
        rule.string::<M>(cursor)
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn with_text<R>(&self, look: impl FnOnce(&str) -> R) -> R {
        look(self)
    }
}

impl Format for Uuid {
    const NAME: &'static str = "uuid";

    /// 8-4-4-4-12 hex digits; not the braced, `urn:` and plain forms that the uuid crate takes too.
    fn parse(text: String) -> Option<Uuid> {
        (text.len() == 36).then(|| Uuid::try_parse(&text).ok())?
    }

    fn parse_text<'a, M: Mode>(rule: &Text, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, Uuid>> {
        if rule.is_free()
            && let Some(value) = codec::uuid::<M>(cursor)
        {
            return Some(value);
        }
        let value = rule.formatted(cursor)?;
        Some(M::make(|| value, || value))
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn with_text<R>(&self, look: impl FnOnce(&str) -> R) -> R {
        look(self.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl Format for DateTime<Utc> {
    const NAME: &'static str = "date-time";

    fn parse(text: String) -> Option<DateTime<Utc>> {
        date_time(&text)
    }

    fn parse_text<'a, M: Mode>(
        rule: &Text,
        cursor: &mut Cursor<'a>,
    ) -> Option<M::Of<'a, DateTime<Utc>>> {
        if rule.is_free()
            && let Some(value) = codec::date_time::<M>(cursor)
        {
            return Some(value);
        }
        let value = rule.formatted(cursor)?;
        Some(M::make(|| value, || value))
    }

    /// An offset can carry a moment out of the four-digit years, and a leap second stands at the
    /// end of a UTC day only.
    fn is_writable(&self) -> bool {
        let shows_second_60 = self.nanosecond() >= NANOS && self.second() == 59;
        (0..=9999).contains(&self.year())
            && (!shows_second_60 || (self.hour() == 23 && self.minute() == 59))
    }

    fn with_text<R>(&self, look: impl FnOnce(&str) -> R) -> R {
        look(&self.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Format for NaiveDate {
    const NAME: &'static str = "date";

    fn parse(text: String) -> Option<NaiveDate> {
        date(text.as_bytes())
    }

    fn parse_text<'a, M: Mode>(
        rule: &Text,
        cursor: &mut Cursor<'a>,
    ) -> Option<M::Of<'a, NaiveDate>> {
        let value = rule.formatted(cursor)?;
        Some(M::make(|| value, || value))
    }

    fn is_writable(&self) -> bool {
        (0..=9999).contains(&self.year())
    }

    fn with_text<R>(&self, look: impl FnOnce(&str) -> R) -> R {
        look(&self.to_string())
    }
}

impl Format for Ipv4Addr {
    const NAME: &'static str = "ipv4";

    fn parse(text: String) -> Option<Ipv4Addr> {
        text.parse().ok()
    }

    fn parse_text<'a, M: Mode>(
        rule: &Text,
        cursor: &mut Cursor<'a>,
    ) -> Option<M::Of<'a, Ipv4Addr>> {
        let value = rule.formatted(cursor)?;
        Some(M::make(|| value, || value))
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn with_text<R>(&self, look: impl FnOnce(&str) -> R) -> R {
        look(&self.to_string())
    }
}

impl Format for Ipv6Addr {
    const NAME: &'static str = "ipv6";

    fn parse(text: String) -> Option<Ipv6Addr> {
        text.parse().ok()
    }

    fn parse_text<'a, M: Mode>(
        rule: &Text,
        cursor: &mut Cursor<'a>,
    ) -> Option<M::Of<'a, Ipv6Addr>> {
        let value = rule.formatted(cursor)?;
        Some(M::make(|| value, || value))
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn with_text<R>(&self, look: impl FnOnce(&str) -> R) -> R {
        look(&self.to_string())
    }
}

const NANOS: u32 = 1_000_000_000;

/// RFC 3339 `date-time`; digits beyond nanoseconds are cut.
fn date_time(text: &str) -> Option<DateTime<Utc>> {
    let (day, rest) = text.as_bytes().split_at_checked(10)?;
    let day = date(day)?;
    let (time, rest) = rest.split_at_checked(9)?;
    let &[b'T' | b't', h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let (hour, minute, second) = (digits(&[h1, h2])?, digits(&[m1, m2])?, digits(&[s1, s2])?);
    let (nanos, offset) = fraction(rest)?;
    let offset = offset_seconds(offset)?;
    let leap = second == 60;
    let time = NaiveTime::from_hms_nano_opt(
        hour,
        minute,
        if leap { 59 } else { second },
        if leap { nanos + NANOS } else { nanos },
    )?;
    let moment = day.and_time(time).checked_sub_offset(FixedOffset::east_opt(offset)?)?.and_utc();
    let at_end_of_day = moment.hour() == 23 && moment.minute() == 59;
    (!leap || at_end_of_day).then_some(moment)
}

fn date(text: &[u8]) -> Option<NaiveDate> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let year = i32::try_from(digits(&[y1, y2, y3, y4])?).ok()?;
    NaiveDate::from_ymd_opt(year, digits(&[m1, m2])?, digits(&[d1, d2])?)
}

/// The nanoseconds of a fraction, where there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = text.split_at_checked(length)?;
    let mut nanos = 0;
    for index in 0..9 {
        let digit = fraction.get(index).map_or(0, |byte| u32::from(byte - b'0'));
        nanos = nanos * 10 + digit;
    }
    (length > 0).then_some((nanos, rest))
}

/// `Z`, or `+hh:mm` or `-hh:mm`, in seconds east of UTC.
fn offset_seconds(text: &[u8]) -> Option<i32> {
    let (sign, hours, minutes) = match *text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, digits(&[h1, h2])?, digits(&[m1, m2])?),
        [b'-', h1, h2, b':', m1, m2] => (-1, digits(&[h1, h2])?, digits(&[m1, m2])?),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    (hours <= 23 && minutes <= 59).then_some(sign * seconds)
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts are those on which parsers in the field disagree.
    #[test]
    fn date_times() {
        for (text, expected) in [
            ("2024-01-01T12:00:00Z", Some("2024-01-01T12:00:00Z")),
            ("2024-01-01t12:00:00z", Some("2024-01-01T12:00:00Z")),
            ("2024-01-01T12:00:00+02:00", Some("2024-01-01T10:00:00Z")),
            ("2024-01-01T12:00:00-00:00", Some("2024-01-01T12:00:00Z")),
            ("2024-01-01T12:00:00.123456789Z", Some("2024-01-01T12:00:00.123456789Z")),
            ("2024-01-01T12:00:00.1234567891Z", Some("2024-01-01T12:00:00.123456789Z")),
            ("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:60Z")),
            ("2016-12-31T15:59:60.5-08:00", Some("2016-12-31T23:59:60.500Z")),
            ("2024-01-01T23:59:60Z", Some("2024-01-01T23:59:60Z")),
            ("0000-01-01T00:00:00Z", Some("0000-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59Z")),
            ("2024-01-01T12:00:60Z", None),
            ("2024-01-01T24:00:00Z", None),
            ("2024-02-30T00:00:00Z", None),
            ("2024-01-01 12:00:00Z", None),
            ("2024-01-01T12:00Z", None),
            ("2024-01-01T12:00:00+0200", None),
            ("2024-01-01T12:00:00", None),
            ("20240101T120000Z", None),
            ("2024-01-01T12:00:00+24:00", None),
            ("2024-01-01T12:00:00.Z", None),
            ("2024-01-01T12:00:00[UTC]", None),
            ("2024-01-01T12:00:00Z[Europe/Paris]", None),
            ("+002024-01-01T12:00:00Z", None),
            ("202e-01-01T12:00:00Z", None),
            ("2024-01-01T12:00:00Zé", None),
        ] {
            let moment = DateTime::<Utc>::parse(text.to_owned());
            let printed = moment.map(|moment| moment.with_text(str::to_owned));
            assert_eq!(printed.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_moment_out_of_the_four_digit_years_is_read_and_not_written() {
        for text in ["9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59"] {
            let moment = DateTime::<Utc>::parse(text.to_owned()).unwrap();
            assert!(!moment.is_writable(), "{text}");
        }
        let moment = DateTime::<Utc>::parse("2024-01-01T12:00:59Z".to_owned()).unwrap();
        assert!(moment.is_writable());
        assert!(!moment.with_nanosecond(NANOS).unwrap().is_writable());
    }

    #[test]
    fn uuids() {
        for (text, expected) in [
            ("550e8400-e29b-41d4-a716-446655440000", true),
            ("550E8400-E29B-41D4-A716-446655440000", true),
            ("550e8400e29b41d4a716446655440000", false),
            ("urn:uuid:550e8400-e29b-41d4-a716-446655440000", false),
            ("{550e8400-e29b-41d4-a716-446655440000}", false),
            ("evt-550e8400-e29b-41d4-a716", false),
            ("550e8400-e29b-41d4-a716-44665544000g", false),
            ("550e8400e-29b-41d4-a716-446655440000", false),
        ] {
            assert_eq!(Uuid::parse(text.to_owned()).is_some(), expected, "{text}");
        }
    }
}
