//! What a service does with events: build, encode, decode, match, and meet what it does not know.
//!
//! `cargo run -p wr-events --example service`

use wr_events::wr_core::serde_json::{self, Value, json};
use wr_events::{
    AnyEvent, Contract, Error, ErrorKind, Event, EventSet, Payload, PositionEnqueuedV1,
    PositionEnqueuedV1Required, PositionExpiredV1, PositionExpiredV1Reason,
};

fn main() -> Result<(), Error> {
    let (subject, bytes) = publish()?;
    consume(subject, &bytes)?;
    meet_the_unknown()?;
    refuse();
    Ok(())
}

/// Required fields stand in a struct of their own, so that forgetting one does not compile.
fn publish() -> Result<(&'static str, Vec<u8>), Error> {
    let payload = PositionEnqueuedV1::new(PositionEnqueuedV1Required {
        position_id: "pos-7f3a".to_owned(),
        priority: 0,
        queue_length: 1523,
    })
    .with_ip_address("192.0.2.***")
    .with_estimated_wait_seconds(300);
    let event = Event::new("waitingroom-api", payload).with_queue_id("concert-tickets");

    // `encode` proves the event: what breaks its schema is not sent.
    let bytes = event.encode()?;
    println!("publish {} on {}: {} bytes", event.id, event.subject(), bytes.len());
    Ok((event.subject(), bytes))
}

/// A consumer of several subjects matches on the event; one of a single subject decodes
/// `Event<PositionEnqueuedV1>` itself.
fn consume(subject: &str, bytes: &[u8]) -> Result<(), Error> {
    match AnyEvent::decode(subject, bytes)? {
        AnyEvent::PositionEnqueuedV1(event) => {
            // Ids may be logged; payloads hold addresses and user agents, and may not.
            println!("{} joined: {} in the queue", event.data.position_id, event.data.queue_length);
            println!("fields of {}: {}", PositionEnqueuedV1::VERSION, fields().join(", "));
        }
        AnyEvent::PositionExpiredV1(event) => println!("{} expired", event.data.position_id),
        other => println!("an event on {} that is not for us", other.subject()),
    }
    Ok(())
}

/// The fields that this build knows, from the schema that it carries.
fn fields() -> Vec<String> {
    let schema: Option<Value> = serde_json::from_str(PositionEnqueuedV1::SCHEMA).ok();
    let properties = schema.as_ref().and_then(|schema| schema["properties"].as_object());
    properties.map(|names| names.keys().cloned().collect()).unwrap_or_default()
}

/// A newer minor may bring fields and enum values: the fields are ignored, the values are kept.
fn meet_the_unknown() -> Result<(), Error> {
    let message = json!({
        "id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a",
        "version": "1.7",
        "type": PositionExpiredV1::EVENT_TYPE,
        "timestamp": "2026-01-01T12:10:00Z",
        "source": "waitingroom-cleanup",
        "data": {
            "position_id": "pos-7f3a",
            "reason": "queue_closed",
            "wait_time_seconds": 180,
            "queue_length_after": 1522,
            "closed_by": "admin@example.com",
        },
    });
    let event = Event::<PositionExpiredV1>::decode(message.to_string().as_bytes())?;
    match &event.data.reason {
        PositionExpiredV1Reason::HeartbeatTimeout => println!("the user is gone"),
        PositionExpiredV1Reason::Cancelled => println!("the user gave up"),
        PositionExpiredV1Reason::Unknown(reason) => {
            println!("minor {} knows the reason `{reason}`, this build does not", event.version);
        }
        other => println!("expired: {}", other.as_str()),
    }
    // What is not known can be read and not be written.
    if let Err(error) = event.encode() {
        println!("not sent on: {error}");
    }
    Ok(())
}

/// An error says where and which rule, and never what stood there.
fn refuse() {
    let broken = br#"{"id": "evt-1", "version": "1.0", "type": "position.enqueued"}"#;
    match Event::<PositionEnqueuedV1>::decode(broken) {
        Ok(event) => println!("{} was taken", event.id),
        Err(error) => match error.kind() {
            ErrorKind::Violation { keyword, .. } => {
                println!("refused at `{}` by `{keyword}`: {error}", error.pointer());
            }
            _ => println!("refused: {error}"),
        },
    }
    // Another event on this subject is an error of its own kind, before any field is looked at.
    let stray = br#"{"type": "position.expired"}"#;
    if let Err(error) = AnyEvent::decode(PositionEnqueuedV1::SUBJECT, stray) {
        println!("refused: {error}");
    }
}
