//! A message as it is shown: decoded, judged, and masked.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};
use wr_core::Subject;
use wr_core::chrono::{DateTime, SecondsFormat, Utc};
use wr_runtime::async_nats::{HeaderMap, HeaderValue};
use wr_runtime::{Registry, Side, original_subject};

use crate::personal::{MASK, mask, mask_all};
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
        let subject = original_subject(catalogue, subject);
        let judged = registry.validate_message(Side::Consume, subject, body);
        let mut message: Option<Value> = serde_json::from_slice(body).ok();
        if let (Some(message), false) = (&mut message, shows_personal_data) {
            mask_message(catalogue.find(subject).ok(), message);
        }
        Decoded { refused: judged.err().map(|error| error.to_string()), message, bytes: body.len() }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&str> {
        self.message.as_ref()?.get(name)?.as_str()
    }
}

/// Masks the payload by its schema, and what the envelope does not have.
fn mask_message(subject: Option<&'static Subject>, message: &mut Value) {
    let schema = subject.and_then(Subject::newest);
    let schema = schema.and_then(|minor| serde_json::from_str::<Value>(minor.schema).ok());
    let (Value::Object(members), Some(schema)) = (&mut *message, schema) else {
        return mask_all(message);
    };
    for (name, value) in members {
        match name.as_str() {
            "data" => mask(&schema, value),
            "id" | "version" | "type" | "timestamp" | "source" | "trace_id" | "span_id"
            | "queue_id"
                if value.is_string() => {}
            _ => mask_all(value),
        }
    }
}

/// Whether a header is one that NATS or the runtime writes, and holds no text of anybody else.
fn is_known(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if let Some(rest) = name.strip_prefix("wr-dead-letter-") {
        return rest != "error" && !rest.starts_with("original-");
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
