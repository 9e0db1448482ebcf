//! The headers that we write and read.

use async_nats::{HeaderMap, HeaderName, header};
use uuid::Uuid;
use wr_core::{Event, Payload};

use crate::trace::TraceContext;

/// By which a stream knows a message again within its duplicate window.
pub(crate) const MESSAGE_ID: &str = "Nats-Msg-Id";
/// The media type of the body.
pub(crate) const CONTENT_TYPE: &str = "Content-Type";
/// The media type of every event and every dead letter in the form of a document.
pub(crate) const JSON: &str = "application/json";

/// [`CONTENT_TYPE`] as a name that takes no memory.
const CONTENT_TYPE_NAME: HeaderName = HeaderName::from_static(CONTENT_TYPE);

/// The headers of a message that is to be sent, perhaps more than once.
#[derive(Clone, Debug)]
pub(crate) enum Headers {
    /// As they are.
    Given(HeaderMap),
    /// Of an event, made for each attempt: nearly always there is one.
    Event(EventHeaders),
}

/// What the headers of an event are made of.
#[derive(Clone, Debug)]
pub(crate) struct EventHeaders {
    id: Uuid,
    trace: TraceContext,
    cloud_event: Option<Box<CloudEvent>>,
}

/// The headers of CloudEvents 1.0, beside the id.
#[derive(Clone, Debug)]
struct CloudEvent {
    event_type: &'static str,
    source: String,
    time: String,
    subject: Option<String>,
}

impl Headers {
    /// Of an event.
    pub(crate) fn of_event<T: Payload>(
        event: &Event<T>,
        trace: TraceContext,
        cloud_events: bool,
    ) -> Headers {
        let cloud_event = cloud_events.then(|| {
            Box::new(CloudEvent {
                event_type: T::EVENT_TYPE,
                source: percent_encoded(&event.source),
                time: event.timestamp.to_rfc3339(),
                subject: event.queue_id.as_deref().map(percent_encoded),
            })
        });
        Headers::Event(EventHeaders { id: event.id, trace, cloud_event })
    }

    /// Adds one.
    pub(crate) fn insert(&mut self, name: &str, value: String) {
        let mut headers = self.map();
        headers.insert(name, value);
        *self = Headers::Given(headers);
    }

    /// As they are sent.
    pub(crate) fn map(&self) -> HeaderMap {
        match self {
            Headers::Given(headers) => headers.clone(),
            Headers::Event(event) => event.map(),
        }
    }
}

impl From<HeaderMap> for Headers {
    fn from(headers: HeaderMap) -> Headers {
        Headers::Given(headers)
    }
}

impl EventHeaders {
    fn map(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut buffer = Uuid::encode_buffer();
        let id: &str = self.id.hyphenated().encode_lower(&mut buffer);
        headers.insert(header::NATS_MESSAGE_ID, id);
        headers.insert(CONTENT_TYPE_NAME, JSON);
        self.trace.write(&mut headers);
        if let Some(cloud_event) = &self.cloud_event {
            headers.insert("ce-specversion", "1.0");
            headers.insert("ce-id", id);
            headers.insert("ce-type", cloud_event.event_type);
            headers.insert("ce-source", cloud_event.source.as_str());
            headers.insert("ce-time", cloud_event.time.as_str());
            if let Some(subject) = &cloud_event.subject {
                headers.insert("ce-subject", subject.as_str());
            }
        }
        headers
    }
}

/// Bytes that headers take on the wire.
pub(crate) fn size(headers: &HeaderMap) -> usize {
    let lines = headers.iter().flat_map(|(name, values)| {
        let name = AsRef::<str>::as_ref(name).len();
        // A colon, a space, and the end of the line.
        values.iter().map(move |value| name + value.as_str().len() + 4)
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
        assert_eq!(size(&headers), "NATS/1.0\r\nA: 1\r\nA: 2\r\n\r\n".len());
    }
}
