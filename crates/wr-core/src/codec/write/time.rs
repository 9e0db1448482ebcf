//! Moments and days: RFC 3339 in UTC, with as many digits of a second as are needed in threes.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use super::Json;
use super::number::{three, two};

impl Json for DateTime<Utc> {
    fn write_json(&self, out: &mut Vec<u8>) {
        let moment = self.naive_utc();
        let Some([y1, y2, y3, y4, m1, m2, d1, d2]) = digits_of(moment.date()) else {
            // A year with a sign, which may not be sent.
            let _ = serde_json::to_writer(out, self);
            return;
        };
        let seconds = moment.num_seconds_from_midnight();
        let nanos = moment.nanosecond();
        // A leap second is the 59th with a billion nanoseconds more.
        let (leap, nanos) = if nanos < NANOS { (0, nanos) } else { (1, nanos - NANOS) };
        let minutes = seconds / 60;
        let ([h1, h2], [i1, i2]) = (two(minutes / 60), two(minutes % 60));
        let [s1, s2] = two(seconds - minutes * 60 + leap);
        out.extend_from_slice(&[
            b'"', y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1,
            s2,
        ]);
        if nanos != 0 {
            write_fraction(nanos, out);
        }
        out.extend_from_slice(b"Z\"");
    }
}

impl Json for NaiveDate {
    fn write_json(&self, out: &mut Vec<u8>) {
        match digits_of(*self) {
            Some([y1, y2, y3, y4, m1, m2, d1, d2]) => {
                out.extend_from_slice(&[b'"', y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'"'])
            }
            None => {
                let _ = serde_json::to_writer(out, self);
            }
        }
    }
}

const NANOS: u32 = 1_000_000_000;

/// As many digits as are needed, in threes.
fn write_fraction(nanos: u32, out: &mut Vec<u8>) {
    let (micros, below_micro) = (nanos / 1_000, nanos % 1_000);
    let (millis, below_milli) = (micros / 1_000, micros % 1_000);
    let [a, b, c] = three(millis);
    out.extend_from_slice(&[b'.', a, b, c]);
    if below_milli != 0 || below_micro != 0 {
        out.extend_from_slice(&three(below_milli));
    }
    if below_micro != 0 {
        out.extend_from_slice(&three(below_micro));
    }
}

/// The year in four digits, the month and the day in two; none where the year has no four.
fn digits_of(date: NaiveDate) -> Option<[u8; 8]> {
    let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9999)?;
    let ([y1, y2], [y3, y4]) = (two(year / 100), two(year % 100));
    let ([m1, m2], [d1, d2]) = (two(date.month()), two(date.day()));
    Some([y1, y2, y3, y4, m1, m2, d1, d2])
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::super::tests::same;
    use super::*;

    #[test]
    fn every_day_of_some_years_and_the_ends() {
        for year in [0, 1, 4, 100, 1582, 1900, 1970, 2000, 2023, 2024, 9999] {
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            for day in 0..366 {
                same(&(first + Days::new(day)));
            }
        }
        for year in [-262_143, -10_000, -1, 10_000, 262_142] {
            same(&NaiveDate::from_ymd_opt(year, 12, 31).unwrap());
        }
        same(&NaiveDate::MIN);
        same(&NaiveDate::MAX);
    }

    #[test]
    fn digits_of_a_second() {
        let second = DateTime::from_timestamp(1_704_110_400, 0).unwrap();
        let mut nanos = vec![0, 1, 10, 999, 1_000, 1_001, 999_999, 1_000_000, 1_000_001];
        nanos.extend([120_000_000, 123_000_000, 123_456_000, 123_456_789, 999_999_999]);
        for nanos in nanos {
            same(&second.with_nanosecond(nanos).unwrap());
        }
    }

    #[test]
    fn moments() {
        for seconds in (0..86_400).step_by(61).chain([59, 60, 3599, 3600, 86_399]) {
            same(&DateTime::from_timestamp(seconds, 0).unwrap());
        }
        for text in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"] {
            same(&text.parse::<DateTime<Utc>>().unwrap());
        }
        // The 60th second, where it may stand and where it may not.
        for text in ["2016-12-31T23:59:59Z", "2016-12-31T12:00:59Z", "2016-12-31T12:00:07Z"] {
            for nanos in [0, 1, 500_000_000, 999_999_999] {
                let moment = text.parse::<DateTime<Utc>>().unwrap();
                moment.with_nanosecond(NANOS + nanos).iter().for_each(same);
            }
        }
        for moment in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            same(&moment);
        }
    }
}
