//! A message as it is shown: decoded, judged, and masked.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};
use wr_core::chrono::{DateTime, SecondsFormat, Utc};
use wr_core::{Catalogue, Subject};
use wr_runtime::async_nats::{HeaderMap, HeaderValue};
use wr_runtime::{Error, ErrorKind, Registry, Side, Violation, original_subject};

use crate::personal::{MASK, mask, mask_all, mask_pointer};
use crate::screen::{Screen, Tone, printable, printable_json};

/// What a body says, judged by the reader language of its subject.
#[derive(Debug, Serialize)]
pub(crate) struct Decoded {
    /// Why a consumer would refuse it; none where it would not.
    pub(crate) refused: Option<String>,
    /// The message, masked; none where it is no JSON.
    pub(crate) message: Option<Value>,
    /// Bytes of the body.
    pub(crate) bytes: usize,
}

impl Decoded {
    /// Reads and judges a body that came on a subject; one that was redriven as its original.
    pub(crate) fn read(
        registry: &Registry,
        subject: &str,
        body: &[u8],
        shows_personal_data: bool,
    ) -> Decoded {
        let catalogue = registry.catalogue();
        let masking = Masking::new(catalogue, subject, shows_personal_data);
        let judged =
            registry.validate_message(Side::Consume, original_subject(catalogue, subject), body);
        let mut message: Option<Value> = serde_json::from_slice(body).ok();
        message.iter_mut().for_each(|message| masking.message(message));
        let refused = judged.err().map(|error| masking.refusal(&error));
        Decoded { refused, message, bytes: body.len() }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&str> {
        self.message.as_ref()?.get(name)?.as_str()
    }
}

/// What is masked in the messages of a subject: by the schema of its payload, and what the envelope
/// does not have.
pub(crate) struct Masking {
    /// Of a message; none where nothing is known of it.
    schema: Option<Value>,
    pub(crate) shows_personal_data: bool,
}

impl Masking {
    pub(crate) fn new(
        catalogue: &'static Catalogue,
        subject: &str,
        shows_personal_data: bool,
    ) -> Masking {
        let newest = catalogue.find(original_subject(catalogue, subject)).ok();
        let payload = newest.and_then(Subject::newest);
        let payload = payload.and_then(|it| serde_json::from_str::<Value>(it.schema).ok());
        let text = json!({ "type": "string" });
        let schema = payload.map(|payload| {
            json!({ "type": "object", "properties": {
                "id": text, "version": text, "type": text, "timestamp": text, "source": text,
                "trace_id": text, "span_id": text, "queue_id": text, "data": payload,
            } })
        });
        Masking { schema, shows_personal_data }
    }

    fn message(&self, message: &mut Value) {
        match &self.schema {
            _ if self.shows_personal_data => {}
            Some(schema) => mask(schema, message),
            None => mask_all(message),
        }
    }

    /// A place in a message.
    pub(crate) fn pointer(&self, pointer: &str) -> String {
        match self.shows_personal_data {
            true => pointer.to_owned(),
            false => mask_pointer(self.schema.as_ref().unwrap_or(&Value::Null), pointer),
        }
    }

    /// The error of a dead letter, which tells the first of these places.
    pub(crate) fn error(&self, text: &str, broken: &[Violation]) -> String {
        let first = broken.first().map_or("", |first| &first.pointer);
        text.replacen(first, &self.pointer(first), 1)
    }

    /// Why a message is refused.
    pub(crate) fn refusal(&self, error: &Error) -> String {
        let ErrorKind::Violations(broken) = error.kind() else { return error.to_string() };
        let masked =
            |it: &Violation| Violation { pointer: self.pointer(&it.pointer), ..it.clone() };
        Error::from(ErrorKind::Violations(broken.iter().map(masked).collect())).to_string()
    }
}

/// Whether a header is one that NATS or the runtime writes, and holds no text of anybody else.
fn is_known(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if let Some(rest) = name.strip_prefix("wr-dead-letter-") {
        return !matches!(rest, "error" | "violation") && !rest.starts_with("original-");
    }
    name.starts_with("nats-")
        || matches!(
            name.as_str(),
            "content-type"
                | "traceparent"
                | "tracestate"
                | "wr-redrive-count"
                | "wr-redrive-sequence"
                | "ce-specversion"
                | "ce-id"
                | "ce-type"
                | "ce-source"
                | "ce-time"
                | "ce-subject"
        )
}

/// Headers as JSON: a name has one value, or several. Those of unknown names are masked.
pub(crate) fn headers(headers: &HeaderMap, shows_personal_data: bool) -> Map<String, Value> {
    let mut all = Map::new();
    let mut sorted: Vec<_> = headers.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| AsRef::<str>::as_ref(*a).cmp(b.as_ref()));
    for (name, values) in sorted {
        let is_shown = shows_personal_data || is_known(name.as_ref());
        let shown = |text: &HeaderValue| if is_shown { text.as_str().into() } else { MASK.into() };
        let texts: Vec<Value> = values.iter().map(shown).collect();
        let value = match <[Value; 1]>::try_from(texts) {
            Ok([one]) => one,
            Err(several) => several.into(),
        };
        all.insert(name.to_string(), value);
    }
    all
}

/// Headers, one a line.
pub(crate) fn write_headers(
    screen: &mut Screen<'_>,
    headers: &Map<String, Value>,
) -> io::Result<()> {
    for (name, value) in headers {
        let texts: Vec<String> = match value {
            Value::Array(several) => several.iter().map(plain).collect(),
            one => vec![plain(one)],
        };
        let name = screen.paint(Tone::Quiet, format!("{}:", printable(name)));
        for text in texts {
            writeln!(screen.out, "  {name} {}", printable(&text))?;
        }
    }
    Ok(())
}

/// A body over several lines, with what a consumer would say of it.
pub(crate) fn write_decoded(screen: &mut Screen<'_>, decoded: &Decoded) -> io::Result<()> {
    match &decoded.refused {
        None => writeln!(screen.out, "{}", screen.paint(Tone::Good, "a consumer reads it"))?,
        Some(why) => {
            let text = format!("a consumer refuses it: {}", printable(why));
            writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
        }
    }
    match &decoded.message {
        Some(message) => {
            let text = serde_json::to_string_pretty(message).map_err(io::Error::other)?;
            writeln!(screen.out, "{}", printable_json(&text))
        }
        None => writeln!(screen.out, "no JSON: {} bytes, not shown", decoded.bytes),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A moment to the millisecond, in UTC.
pub(crate) fn time(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// How long ago a moment was, roughly.
pub(crate) fn ago(moment: DateTime<Utc>) -> String {
    let seconds = (Utc::now() - moment).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s ago"),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..172_800 => format!("{}h ago", seconds / 3_600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use wr_core::Minor;

    use super::*;

    /// Of another domain: its guests are known by their addresses.
    fn inn() -> &'static Catalogue {
        let rooms = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
        let mut payload = json!({ "type": "object", "properties": { "rooms": rooms } });
        payload["properties"]["guests"] = rooms.clone();
        payload["properties"]["guests"]["x-wr-pii"] = "by address".into();
        let reader = json!({ "type": "object", "properties": { "data": payload } });
        let text = |schema: Value| -> &'static str { schema.to_string().leak() };
        let (schema, reader) = (text(payload), text(reader));
        let minors = Box::leak(Box::new([Minor { minor: 0, schema, writer: reader, reader }]));
        let subject = "inn.stay.booked.v1";
        let subject = Subject { subject, event_type: "stay.booked", major: 1, minors };
        Box::leak(Box::new(Catalogue {
            domain: "inn",
            fingerprint: "",
            subjects: Box::leak(Box::new([subject])),
            dead_letters: &[],
            topology: None,
        }))
    }

    #[test]
    fn places_show_no_keys_that_are_personal() {
        let registry = Registry::new(inn()).unwrap();
        let message = json!({
            "type": "stay.booked", "version": "1.0",
            "data": { "rooms": { "12": "two" }, "guests": { "ann@example.com": "two" } },
        });
        let refused = |shows| {
            let body = message.to_string();
            Decoded::read(&registry, "inn.stay.booked.v1", body.as_bytes(), shows).refused.unwrap()
        };
        let (masked, whole) = (refused(false), refused(true));
        assert!(masked.contains("`/data/rooms/12`: `type`"), "{masked}");
        assert!(masked.contains("`/data/guests/•••`: `type`"), "{masked}");
        assert!(whole.contains("`/data/guests/ann@example.com`: `type`"), "{whole}");

        let broken = |pointer: &str| {
            vec![Violation { pointer: pointer.to_owned(), keyword: "type".to_owned() }]
        };
        let error = |subject: &str, pointer: &str| {
            let text = format!("`{pointer}`: `type` asks for an integer");
            Masking::new(inn(), subject, false).error(&text, &broken(pointer))
        };
        for (subject, pointer, shown) in [
            ("inn.stay.booked.v1", "/data/guests/ann@example.com", "/data/guests/•••"),
            ("inn.stay.booked.v1", "/version", "/version"),
            ("inn.stay.booked.v1", "", ""),
            ("inn.stay.moved.v1", "/data/rooms/12", "/•••/•••/•••"),
        ] {
            assert_eq!(error(subject, pointer), format!("`{shown}`: `type` asks for an integer"));
        }
        let masking = Masking::new(inn(), "inn.stay.booked.v1", true);
        assert_eq!(masking.error("`/a`: no", &broken("/a")), "`/a`: no");
    }
}
