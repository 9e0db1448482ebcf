//! The headers that we write and read.

use async_nats::HeaderMap;
use uuid::Uuid;
use wr_core::{Event, Payload};

use crate::trace::TraceContext;

/// By which a stream knows a message again within its duplicate window.
pub(crate) const MESSAGE_ID: &str = "Nats-Msg-Id";
/// The media type of the body.
pub(crate) const CONTENT_TYPE: &str = "Content-Type";
/// The media type of every event and every dead letter in the form of a document.
pub(crate) const JSON: &str = "application/json";

/// The headers of an event.
pub(crate) fn of_event<T: Payload>(
    event: &Event<T>,
    trace: &TraceContext,
    cloud_events: bool,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut buffer = Uuid::encode_buffer();
    let id: &str = event.id.hyphenated().encode_lower(&mut buffer);
    headers.insert(MESSAGE_ID, id);
    headers.insert(CONTENT_TYPE, JSON);
    trace.write(&mut headers);
    if cloud_events {
        headers.insert("ce-specversion", "1.0");
        headers.insert("ce-id", id);
        headers.insert("ce-type", T::EVENT_TYPE);
        headers.insert("ce-source", percent_encoded(&event.source));
        headers.insert("ce-time", event.timestamp.to_rfc3339());
        if let Some(queue_id) = &event.queue_id {
            headers.insert("ce-subject", percent_encoded(queue_id));
        }
    }
    headers
}

/// Bytes that headers take on the wire.
pub(crate) fn size(headers: &HeaderMap) -> usize {
    let lines = headers.iter().flat_map(|(name, values)| {
        let name = name.to_string().len();
        // A colon, and the end of the line.
        values.iter().map(move |value| name + value.as_str().len() + 3)
    });
    lines.sum::<usize>() + "NATS/1.0\r\n\r\n".len()
}

/// A value as CloudEvents spell it in a header: printable ASCII, all else as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'%' | 0..=0x20 | 0x7f.. => encoded.push_str(&format!("%{byte:02X}")),
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_events_are_printable() {
        assert_eq!(percent_encoded("queue 1%é\n"), "queue%201%25%C3%A9%0A");
    }

    #[test]
    fn the_size_is_that_of_the_wire() {
        let mut headers = HeaderMap::new();
        headers.insert("A", "1");
        headers.append("A", "2");
        assert_eq!(size(&headers), "NATS/1.0\r\nA:1\r\nA:2\r\n\r\n".len() + 2 - 2);
    }
}
