//! A consumer and a stream that are deleted underneath.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wr_events::wr_core::chrono::Utc;
use wr_events::{CATALOGUE, SessionStartedV1, SessionStartedV1Required};
use wr_runtime::{Connection, ErrorKind, Metrics, Publisher, PublisherOptions, Pulse};

use super::ledger::Ledger;
use super::{
    CONSUMER, STREAM, apply, consumer, metric, numbered, publish, quick, server, subscribe,
    until_settled, willing,
};
use crate::support::{LONG, ask, drain_all, enqueued, until};

async fn delete_consumer(connection: &Connection) {
    ask(connection, &format!("CONSUMER.DELETE.{STREAM}.{CONSUMER}"), json!({})).await;
}

async fn delete_stream(connection: &Connection) {
    ask(connection, &format!("STREAM.DELETE.{STREAM}"), json!({})).await;
}

/// Makes the stream and the consumer again, faster than a subscriber that may do so.
async fn create(connection: &Connection) {
    let topology = CATALOGUE.topology.unwrap();
    let stream = topology.streams.iter().find(|it| it.name == STREAM).unwrap();
    let consumer = topology.consumers.iter().find(|it| it.name == CONSUMER).unwrap();
    let config = json!({ "name": STREAM, "subjects": stream.subjects, "allow_direct": true });
    ask(connection, &format!("STREAM.CREATE.{STREAM}"), config).await;
    let config = json!({
        "durable_name": CONSUMER,
        "ack_policy": "explicit",
        "filter_subjects": consumer.filter_subjects,
        "ack_wait": consumer.ack_wait_seconds * 1_000_000_000,
        "max_deliver": consumer.max_deliver,
        "max_ack_pending": consumer.max_ack_pending,
    });
    let subject = format!("CONSUMER.DURABLE.CREATE.{STREAM}.{CONSUMER}");
    let request = json!({ "stream_name": STREAM, "config": config });
    // Where the subscriber was faster, this is refused.
    let _: Value = connection.jetstream().request(subject, &request).await.unwrap();
}

async fn until_lost(pulse: &Pulse, text: &str) {
    until(&format!("it is not ready: {text}"), || async {
        pulse.trouble().is_some_and(|trouble| trouble.contains(text))
    })
    .await;
}

async fn until_ready(pulse: &Pulse) {
    until("it is ready", || async { pulse.trouble().is_none() && pulse.last_beat().is_some() })
        .await;
}

/// Whether the server has the consumer.
async fn exists(connection: &Connection) -> bool {
    let subject = format!("CONSUMER.INFO.{STREAM}.{CONSUMER}");
    let answer: Value = connection.jetstream().request(subject, &json!({})).await.unwrap();
    answer.get("error").is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_waited_for() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let subscriber = subscribe(&connection, willing(&CATALOGUE, &ledger), quick()).await;
    let pulse = subscriber.pulse();
    until_ready(&pulse).await;
    publish(&connection, &ledger, numbered("before", 20)).await;
    until_settled(&connection).await;

    delete_consumer(&connection).await;
    until_lost(&pulse, "does not exist").await;
    publish(&connection, &ledger, numbered("meanwhile", 20)).await;
    assert!(!exists(&connection).await, "nobody permitted to make it anew");
    // Whoever makes it anew is told where it stood.
    until_lost(&pulse, "settled up to message ").await;
    assert!(pulse.is_running());
    apply(&connection, &CATALOGUE).await;
    ledger.until(40).await;
    until_ready(&pulse).await;
    until_settled(&connection).await;

    delete_stream(&connection).await;
    until_lost(&pulse, "stream `POSITION_EVENTS` does not exist").await;
    apply(&connection, &CATALOGUE).await;
    publish(&connection, &ledger, numbered("after", 20)).await;
    let balance = ledger.balance(&connection).await;
    until_ready(&pulse).await;
    // The operator's consumer began at the start of the stream, where the first 20 were.
    assert_eq!((balance.handled.len(), balance.again()), (60, 20));
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_waits_for_a_stream_until_its_deadline() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let metrics = Metrics::new();
    let options = PublisherOptions::new().deadline(Duration::from_secs(15));
    let options = options.metrics(metrics.clone());
    let publisher = Publisher::new(&connection, &CATALOGUE, "faults", options).unwrap();
    ask(&connection, "STREAM.DELETE.SESSION_EVENTS", json!({})).await;
    delete_stream(&connection).await;
    let started = Instant::now();
    let session = SessionStartedV1::new(SessionStartedV1Required {
        session_id: "s".to_owned(),
        position_id: "p".to_owned(),
        expires_at: Utc::now(),
    });
    let lost = publisher.enqueue(&publisher.event(session)).await.unwrap();
    let late = publisher.enqueue(&enqueued("late", 1)).await.unwrap();
    until("both were sent again", || async { metric(&metrics, "publish_retries_total") >= 4.0 })
        .await;
    create(&connection).await;
    let late = late.await.unwrap();
    assert!(late.attempts > 1 && !late.duplicate, "{late:?}");
    ledger.acked(late.id);
    let error = lost.await.unwrap_err();
    let took = started.elapsed();
    println!("given up after {took:?}: {error}");
    assert_eq!(error.kind(), &ErrorKind::NoStream);
    assert!(took > Duration::from_secs(12) && took < Duration::from_secs(25), "{took:?}");
    assert_eq!(metric(&metrics, "publish_failures_total"), 1.0);
    assert!(publisher.drain(LONG).await.is_clean());
    let subscriber = subscribe(&connection, willing(&CATALOGUE, &ledger), quick()).await;
    assert_eq!(ledger.balance(&connection).await.handled.len(), 1);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_is_made_anew_where_it_stood() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let start =
        || subscribe(&connection, willing(&CATALOGUE, &ledger), quick().recreate_consumer());
    let subscriber = start().await;
    publish(&connection, &ledger, numbered("before", 50)).await;
    until_settled(&connection).await;
    drain_all(subscriber).await;

    let subscriber = start().await;
    let pulse = subscriber.pulse();
    publish(&connection, &ledger, numbered("lately", 10)).await;
    until_settled(&connection).await;
    until_ready(&pulse).await;
    delete_consumer(&connection).await;
    publish(&connection, &ledger, numbered("meanwhile", 10)).await;
    ledger.until(70).await;
    until_settled(&connection).await;
    until_ready(&pulse).await;
    let info = consumer(&connection).await;
    assert_eq!(info["config"]["deliver_policy"], "by_start_sequence");
    let from = info["config"]["opt_start_seq"].as_u64().unwrap();
    assert!((51..=61).contains(&from), "from {from}");
    // What the server was last asked about may be some seconds old.
    let balance = ledger.balance(&connection).await;
    assert_eq!(balance.again() as u64, 61 - from);

    // Another stream counts from 1 again.
    delete_stream(&connection).await;
    create(&connection).await;
    publish(&connection, &ledger, numbered("another stream", 30)).await;
    ledger.until(100).await;
    until_ready(&pulse).await;
    until_settled(&connection).await;
    delete_consumer(&connection).await;
    publish(&connection, &ledger, numbered("in the end", 10)).await;
    let after = ledger.balance(&connection).await;
    until_settled(&connection).await;
    let info = consumer(&connection).await;
    assert_eq!(info["config"]["deliver_policy"], "by_start_sequence", "its position is known");
    assert_eq!((after.acked, after.handled.len()), (110, 110));
    drain_all(subscriber).await;
}

/// An operator may permit less than a subscriber would ask for.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_with_limits_is_asked_within_them() {
    let (_server, connection) = server(&CATALOGUE).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let limit = async |batch: u64, seconds: u64| {
        let mut config = consumer(&connection).await["config"].clone();
        config["max_batch"] = json!(batch);
        config["max_expires"] = json!(seconds * 1_000_000_000);
        let subject = format!("CONSUMER.CREATE.{STREAM}.{CONSUMER}");
        let request = json!({ "stream_name": STREAM, "config": config, "action": "update" });
        ask(&connection, &subject, request).await;
    };
    limit(3, 1).await;
    let options = quick().metrics(metrics.clone());
    let subscriber = subscribe(&connection, willing(&CATALOGUE, &ledger), options).await;
    publish(&connection, &ledger, numbered("p", 100)).await;
    until_settled(&connection).await;
    // Longer than a request lasts.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(metric(&metrics, "pull_failures_total"), 0.0);

    // It learns of a limit that comes later.
    limit(2, 1).await;
    publish(&connection, &ledger, numbered("q", 100)).await;
    let started = Instant::now();
    assert_eq!(ledger.balance(&connection).await.handled.len(), 200);
    // The ack wait is 30 s: nothing is lost between two sessions.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    until_ready(&subscriber.pulse()).await;
    drain_all(subscriber).await;
}
