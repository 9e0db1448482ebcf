//! What nats-py publishes, our subscriber handles, or gives up.

use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1,
};
use wr_runtime::{
    DeadLetterQueue, Delivery, Handled, Handlers, ListOrder, Metrics, Reason, Selection,
    Subscriber, SubscriberOptions,
};

use crate::python::Python;
use crate::support::{drain_all, messages, server, until};
use crate::{CONSUMER, QUEUE, STREAM, SUBJECT, base64};

/// What the handler was given.
type Log = Arc<Mutex<Vec<(Event<PositionEnqueuedV1>, Delivery)>>>;

async fn ignore<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

pub(crate) fn handlers(log: &Log) -> Handlers {
    let log = log.clone();
    Handlers::new(&CATALOGUE)
        .on(move |event: Event<PositionEnqueuedV1>, delivery: Delivery| {
            log.lock().unwrap().push((event, delivery));
            std::future::ready(Ok(()))
        })
        .on(ignore::<PositionAdmittedV1>)
        .on(ignore::<PositionExpiredV1>)
        .on(ignore::<PositionCancelledV1>)
}

/// An event as far as the service in Python is told what to write.
fn event(version: &str, position: &str) -> Value {
    json!({
        "version": version,
        "type": "position.enqueued",
        "data": { "position_id": position, "priority": 7, "queue_length": 3 },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nats_py_publishes_is_handled() {
    let (server, connection) = server().await;
    let mut python = Python::connect(&server.url());
    let log = Log::default();
    let metrics = Metrics::new();
    let options = SubscriberOptions::new().metrics(metrics.clone());
    let subscriber = Subscriber::start(&connection, CONSUMER, handlers(&log), options);
    let subscriber = subscriber.await.unwrap();

    // Without any header, in words beyond ASCII, which Python writes as `\u....`.
    let mut plain = event("1.0", "plain");
    plain["queue_id"] = json!("Köln \u{1f3ab}");
    let mut traced = event("1.0", "traced");
    traced["trace_id"] = json!("not of W3C");
    // What a newer minor brought, and what nobody knows; null for what is absent.
    let mut newer = event("1.7", "newer");
    newer["added_by_1_7"] = json!({ "deep": [1, 2, 3] });
    newer["trace_id"] = Value::Null;
    newer["data"]["added_by_1_7"] = json!(1.5);
    newer["data"]["estimated_wait_seconds"] = Value::Null;
    let headers = json!([
        ["content-type", "application/json"],
        ["TraceParent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
        ["TRACESTATE", "vendor=1"],
        ["X-Tag", "one"],
        ["X-Tag", "two"],
        ["x-tag", "three"],
    ]);
    let mut sent = Vec::new();
    for (event, headers) in [(plain, json!([])), (traced, headers), (newer, json!([]))] {
        let request = json!({ "subject": SUBJECT, "event": event, "headers": headers });
        let published = python.ask("publish", request);
        assert_eq!(
            (&published["stream"], &published["duplicate"]),
            (&json!(STREAM), &json!(false))
        );
        sent.push(published["event"].clone());
    }
    until("all are handled", async || log.lock().unwrap().len() == 3).await;
    drain_all(subscriber).await;

    let mut log = log.lock().unwrap().clone();
    log.sort_by_key(|(_, delivery)| delivery.position);
    for ((event, delivery), sent) in log.iter().zip(&sent) {
        assert_eq!(json!(event.id), sent["id"]);
        assert_eq!(
            (json!(event.version), json!(event.source)),
            (sent["version"].clone(), sent["source"].clone())
        );
        assert_eq!(json!(event.queue_id), sent["queue_id"]);
        assert_eq!(json!(event.data.position_id), sent["data"]["position_id"]);
        assert_eq!((event.data.priority, event.data.estimated_wait_seconds), (7, None));
        assert_eq!((delivery.attempt, delivery.redriven), (1, false));
    }
    let (_, delivery) = &log[1];
    assert_eq!(delivery.trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    let tags = |name: &str| {
        let values = delivery.headers.get_all(name);
        values.map(|value| value.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (tags("X-Tag"), tags("x-tag")),
        (vec!["one".into(), "two".into()], vec!["three".into()])
    );
    assert_eq!(messages(&connection, QUEUE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_becomes_a_dead_letter() {
    let (server, connection) = server().await;
    let mut python = Python::connect(&server.url());
    let log = Log::default();
    let options = SubscriberOptions::new();
    let subscriber = Subscriber::start(&connection, CONSUMER, handlers(&log), options);
    let subscriber = subscriber.await.unwrap();

    let broken = br#"{"id": "4f0f6a38-9d8e-4bfb-8a1c"#;
    let headers = json!([["X-Tag", "one"], ["X-Tag", "two"], ["Nats-Msg-Id", "broken"]]);
    let request = json!({ "subject": SUBJECT, "body": base64(broken), "headers": headers });
    python.ask("publish", request);
    let mut refused = event("1.0", "refused");
    refused["data"]["priority"] = json!(101);
    let mut other = event("2.0", "other");
    other["data"]["priority"] = json!(1);
    for event in [refused, other] {
        python.ask("publish", json!({ "subject": SUBJECT, "event": event }));
    }
    until("all are dead", async || messages(&connection, QUEUE).await == 3).await;
    drain_all(subscriber).await;
    assert!(log.lock().unwrap().is_empty());

    let queue = DeadLetterQueue::new(&connection, &CATALOGUE).unwrap();
    let entries = queue.list(&Selection::all(), ListOrder::OldestFirst);
    let entries: Vec<_> = entries.try_collect().await.unwrap();
    let mut letters = Vec::new();
    for entry in entries {
        letters.push(queue.get(entry.sequence).await.unwrap().unwrap());
    }
    letters.sort_by_key(|letter| letter.stream_sequence);
    let reasons = letters.iter().map(|letter| letter.reason.clone());
    let expected = [Reason::UnmarshalError, Reason::SchemaViolation, Reason::EnvelopeMismatch];
    assert!(reasons.eq(expected), "{letters:?}");
    assert_eq!(letters[0].body, &broken[..]);
    assert_eq!(letters[0].original_headers.get_all("X-Tag").count(), 2);
    assert_eq!(letters[1].schema_errors[0].pointer, "/data/priority");
}
