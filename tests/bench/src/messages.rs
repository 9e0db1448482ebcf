//! The three messages that are measured, of the shapes that codecs were compared on before:
//! `position.enqueued` of about 390 bytes, `position.heartbeat` of about 180, and `queue.updated`
//! of about 4.2 KB with 40 changes.
//!
//! This repository's schemas differ a little: a heartbeat has to say its `place`, which makes it
//! some bytes longer, and the masked address of `position.enqueued` has a pattern.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wr_events::definitions::{Change, ChangeRequired};
use wr_events::{
    Event, Payload, PositionEnqueuedV1, PositionEnqueuedV1Required, PositionHeartbeatV1,
    PositionHeartbeatV1Required, QueueUpdatedV1, QueueUpdatedV1Required,
};

use crate::plain::{self, Borrowed};
use crate::typify;

/// A message with the types that read it.
pub(crate) trait Message: 'static {
    /// The event's type.
    const NAME: &'static str;
    /// The generated payload.
    type Payload: Payload + Debug + PartialEq + 'static;
    /// The payload as a plain derive.
    type Plain: DeserializeOwned + Serialize;
    /// The whole message, borrowed.
    type Borrowed<'a>: Deserialize<'a> + Serialize;
    /// The whole message, borrowed, with free-form values left unread.
    type Lazy<'a>: Deserialize<'a> + Serialize;
    /// The whole message as typify has it.
    type Typify: DeserializeOwned + Serialize;

    /// The event.
    fn event() -> Event<Self::Payload>;
}

/// The bytes of the message, as a publisher sends them.
pub(crate) fn bytes<M: Message>() -> Vec<u8> {
    serde_json::to_vec(&M::event()).expect("an event is JSON")
}

/// `position.enqueued`, as part of a trace.
pub(crate) struct Enqueued;

impl Message for Enqueued {
    const NAME: &'static str = PositionEnqueuedV1::EVENT_TYPE;
    type Payload = PositionEnqueuedV1;
    type Plain = plain::Enqueued;
    type Borrowed<'a> = Borrowed<'a, plain::EnqueuedBorrowed<'a>>;
    type Lazy<'a> = Borrowed<'a, plain::EnqueuedBorrowed<'a>>;
    type Typify = typify::enqueued::Message;

    fn event() -> Event<PositionEnqueuedV1> {
        let payload = PositionEnqueuedV1::new(PositionEnqueuedV1Required {
            position_id: "pos-550e8400-e29b-41d4-a716".to_owned(),
            priority: 10,
            queue_length: 1_523,
        });
        let payload = payload.with_ip_address("192.168.1.***").with_estimated_wait_seconds(300);
        event("waitingroom-api", payload)
            .with_trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
            .with_queue_id("concert")
    }
}

/// `position.heartbeat`, as small as it can be.
pub(crate) struct Heartbeat;

impl Message for Heartbeat {
    const NAME: &'static str = PositionHeartbeatV1::EVENT_TYPE;
    type Payload = PositionHeartbeatV1;
    type Plain = plain::Heartbeat;
    type Borrowed<'a> = Borrowed<'a, plain::HeartbeatBorrowed<'a>>;
    type Lazy<'a> = Borrowed<'a, plain::HeartbeatBorrowed<'a>>;
    type Typify = typify::heartbeat::Message;

    fn event() -> Event<PositionHeartbeatV1> {
        let position_id = "pos-xyz789".to_owned();
        let required = PositionHeartbeatV1Required { position_id, place: 842 };
        event("api", PositionHeartbeatV1::new(required))
    }
}

/// `queue.updated`, with 40 changes.
pub(crate) struct Updated;

impl Message for Updated {
    const NAME: &'static str = QueueUpdatedV1::EVENT_TYPE;
    type Payload = QueueUpdatedV1;
    type Plain = plain::Updated;
    type Borrowed<'a> = Borrowed<'a, plain::UpdatedBorrowed<'a>>;
    type Lazy<'a> = Borrowed<'a, plain::UpdatedLazy<'a>>;
    type Typify = typify::updated::Message;

    fn event() -> Event<QueueUpdatedV1> {
        let changes: BTreeMap<String, Change> = (0..40).map(change).collect();
        let payload = QueueUpdatedV1::new(QueueUpdatedV1Required {
            queue_id: "concert-tickets".to_owned(),
            changes,
            updated_by: "admin@example.com".to_owned(),
        });
        event("waitingroom-admin", payload).with_queue_id("concert-tickets")
    }
}

/// A change of a setting: numbers, texts, switches and lists in turn.
fn change(number: i64) -> (String, Change) {
    let (old_value, new_value): (Value, Value) = match number % 5 {
        0 => (json!(10 * number), json!(20 * number + 5)),
        1 => (json!("2024-01-02T08:00:00+01:00"), json!("2024-01-02T09:30:00+01:00")),
        2 => (json!(true), json!(false)),
        3 => (
            json!("The doors open in a few minutes."),
            json!("Please wait until it is your turn, it will not take long."),
        ),
        _ => (json!([100, 200, null]), json!({ "burst": 50, "per_second": 12.5 })),
    };
    let name = format!("settings.admission.window_{number:02}");
    (name, Change::new(ChangeRequired { old_value, new_value }))
}

/// The event of a payload, the same each time.
pub(crate) fn event<T: Payload>(source: &str, payload: T) -> Event<T> {
    let id = "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a".parse().expect("it is a UUID");
    let timestamp = "2024-01-01T12:00:00.123Z".parse().expect("it is a time");
    Event::new(source, payload).with_id(id).with_timestamp(timestamp)
}
