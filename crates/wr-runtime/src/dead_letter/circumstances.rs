//! The circumstances of a dead letter as headers: the same in every form.

use async_nats::HeaderMap;
use bytes::Bytes;
use wr_core::chrono::{DateTime, SecondsFormat, Utc};

use super::{DeadLetter, Reason, block};
use crate::error::{ErrorKind, Result, Violation};
use crate::trace::TraceContext;

/// What every header of ours begins with.
pub(super) const PREFIX: &str = "Wr-Dead-Letter-";
/// Before the name of an original's header that is called as one of ours, or as one of a trace.
const ORIGINAL: &str = "Wr-Dead-Letter-Original-";

/// `document`, `raw` or `part`.
pub(super) const FORM: &str = "Wr-Dead-Letter-Form";
/// Why, as [`Reason::as_str`] has it.
const REASON: &str = "Wr-Dead-Letter-Reason";
/// The error in one line, shortened.
const ERROR: &str = "Wr-Dead-Letter-Error";
/// The original's subject.
const SUBJECT: &str = "Wr-Dead-Letter-Subject";
/// When it was given up, as RFC 3339.
const TIMESTAMP: &str = "Wr-Dead-Letter-Timestamp";
/// The original's stream.
const STREAM: &str = "Wr-Dead-Letter-Stream";
/// The consumer that gave it up.
const CONSUMER: &str = "Wr-Dead-Letter-Consumer";
/// The original's sequence number.
const SEQUENCE: &str = "Wr-Dead-Letter-Sequence";
/// When the stream stored the original, as RFC 3339.
const STORED_AT: &str = "Wr-Dead-Letter-Stored-At";
/// How often the original was delivered.
const DELIVERIES: &str = "Wr-Dead-Letter-Deliveries";
/// A broken rule of the schema: keyword and pointer; as many as there is room for.
const VIOLATION: &str = "Wr-Dead-Letter-Violation";

/// The most bytes of an error; the document has all of it.
const ERROR_BYTES: usize = 512;
/// The most bytes of broken rules; the document has them all.
const VIOLATION_BYTES: usize = 768;

/// Writes the circumstances into headers.
pub(super) fn write(letter: &DeadLetter, headers: &mut HeaderMap) {
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            block::append(headers, name, &value);
        }
    };
    put(REASON, Some(escaped(letter.reason.as_str())));
    put(ERROR, (!letter.error.is_empty()).then(|| shortened(&letter.error)));
    put(SUBJECT, Some(escaped(&letter.original_subject)));
    put(TIMESTAMP, Some(time(&letter.timestamp)));
    put(STREAM, letter.stream.as_deref().map(escaped));
    put(CONSUMER, letter.consumer.as_deref().map(escaped));
    put(SEQUENCE, letter.stream_sequence.map(|number| number.to_string()));
    put(STORED_AT, letter.stored_at.as_ref().map(time));
    put(DELIVERIES, letter.deliveries.map(|count| count.to_string()));
    let mut room = VIOLATION_BYTES;
    for Violation { pointer, keyword } in &letter.schema_errors {
        let value = format!("{} {}", escaped(keyword), escaped(pointer));
        let size = VIOLATION.len() + value.len() + 4;
        if size > room {
            break;
        }
        room -= size;
        put(VIOLATION, Some(value));
    }
}

/// The circumstances in headers, as a dead letter without body and headers of the original.
pub(super) fn read(headers: &HeaderMap) -> Result<DeadLetter> {
    let lacks = |name: &str| ErrorKind::DeadLetter(format!("it lacks the header `{name}`"));
    let text = |name: &str| headers.get(name).map(|value| unescaped(value.as_str()));
    let moment = |name: &str| headers.get(name).and_then(|value| parse_time(value.as_str()));
    let violations = headers.get_all(VIOLATION).map(|value| {
        let (keyword, pointer) = value.as_str().split_once(' ').unwrap_or((value.as_str(), ""));
        Violation { pointer: unescaped(pointer), keyword: unescaped(keyword) }
    });
    Ok(DeadLetter {
        original_subject: text(SUBJECT).ok_or_else(|| lacks(SUBJECT))?,
        body: Bytes::new(),
        reason: Reason::parse(&text(REASON).ok_or_else(|| lacks(REASON))?),
        error: headers.get(ERROR).map(ToString::to_string).unwrap_or_default(),
        timestamp: moment(TIMESTAMP).ok_or_else(|| lacks(TIMESTAMP))?,
        stream: text(STREAM),
        consumer: text(CONSUMER),
        stream_sequence: number(headers, SEQUENCE),
        stored_at: moment(STORED_AT),
        deliveries: number(headers, DELIVERIES),
        original_headers: HeaderMap::new(),
        schema_errors: violations.collect(),
    })
}

/// Writes the headers of the original, so that [`originals`] finds them.
pub(super) fn write_originals(letter: &DeadLetter, headers: &mut HeaderMap) {
    for (name, values) in block::sorted(&letter.original_headers) {
        let name = match block::starts_with(name, PREFIX) || TraceContext::is_header(name) {
            true => format!("{ORIGINAL}{name}"),
            false => name.to_owned(),
        };
        for value in values {
            block::append(headers, &name, value.as_str());
        }
    }
}

/// The headers of the original among those of its dead letter.
pub(super) fn originals(headers: &HeaderMap) -> HeaderMap {
    let mut originals = HeaderMap::new();
    for (name, values) in block::without_control(Some(headers)).iter() {
        let name: &str = name.as_ref();
        let is_ours = name.starts_with(PREFIX) || TraceContext::is_header(name);
        let name = match (name.strip_prefix(ORIGINAL), is_ours) {
            (Some(original), _) => original,
            (None, true) => continue,
            (None, false) => name,
        };
        for value in values {
            block::append(&mut originals, name, value.as_str());
        }
    }
    originals
}

/// A header as a number.
pub(super) fn number<N: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<N> {
    headers.get(name).and_then(|value| value.as_str().parse().ok())
}

fn time(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// A name as printable ASCII without spaces: any other byte as `%XX`.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'%' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let (byte, after) = match (first, more) {
            (b'%', [high, low, after @ ..]) => match hexadecimal(*high, *low) {
                Some(byte) => (byte, after),
                None => (*first, more),
            },
            _ => (*first, more),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// An error as one printable line of a bounded length.
fn shortened(error: &str) -> String {
    let line = error.replace(|c: char| c.is_control() || c.is_whitespace(), " ");
    let line = line.trim();
    if line.len() <= ERROR_BYTES {
        return line.to_owned();
    }
    let end = "...";
    let cut = line.floor_char_boundary(ERROR_BYTES - end.len());
    let start = line.get(..cut).unwrap_or_default().trim_end();
    format!("{start}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printable_and_come_back() {
        for name in ["POSITION_EVENTS", "a b", "100%", "%41", "ü\u{a0}", "a\u{1}"] {
            let escaped = escaped(name);
            assert!(escaped.bytes().all(|byte| byte.is_ascii_graphic()), "{escaped}");
            assert_eq!(unescaped(&escaped), name);
        }
        assert_eq!(unescaped("%zz%4"), "%zz%4");
    }

    #[test]
    fn errors_are_one_short_line() {
        assert_eq!(shortened(" a\r\nb\tc\u{0} "), "a  b c");
        let long = shortened(&"ü".repeat(1_000));
        assert!(long.len() <= ERROR_BYTES && long.ends_with("..."), "{long}");
    }
}
