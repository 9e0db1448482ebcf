//! Our dead letters, read by nats-py in every form, and those of others, read by us.

use std::sync::{Arc, Mutex};

use async_nats::jetstream::consumer::PullConsumer;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use wr_events::CATALOGUE;
use wr_runtime::{
    Connection, DeadLetter, DeadLetterQueue, Keeper, Kept, ListOrder, Reason, RedriveOptions,
    Selection, Subscriber, SubscriberOptions,
};

use crate::consume::handlers;
use crate::python::Python;
use crate::support::{drain_all, enqueued, messages, server, until};
use crate::{CONSUMER, QUEUE, STREAM, SUBJECT, base64, bytes};

/// Messages that nats-py publishes and our consumer gives up.
async fn letters(
    python: &mut Python,
    connection: &Connection,
    bodies: &[Vec<u8>],
) -> Vec<DeadLetter> {
    for body in bodies {
        let headers = json!([["Content-Type", "application/json"], ["X-Tag", "1"], ["X-Tag", "2"]]);
        let request = json!({ "subject": SUBJECT, "body": base64(body), "headers": headers });
        python.ask("publish", request);
    }
    let consumer = connection.jetstream().get_consumer_from_stream(CONSUMER, STREAM).await;
    let consumer: PullConsumer = consumer.unwrap();
    let batch = consumer.fetch().max_messages(bodies.len()).messages().await.unwrap();
    let given_up = batch
        .map(|message| DeadLetter::of(&message.unwrap(), Reason::PermanentError, "no").unwrap());
    given_up.collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_is_read_by_nats_py() {
    let (server, connection) = server().await;
    let mut python = Python::connect(&server.url());
    let largest = connection.client().max_payload() - 400;
    let random = |size: usize| (0..size).map(|_| fastrand::u8(..)).collect::<Vec<u8>>();
    let bodies = [Vec::new(), random(1_000), random(800_000), random(largest)];
    let letters = letters(&mut python, &connection, &bodies).await;
    assert_eq!(letters.len(), 4);
    let keeper = Keeper::new(&connection, &CATALOGUE).unwrap();
    for letter in &letters {
        assert_eq!(keeper.keep(letter, None).await.unwrap(), Kept::New);
    }
    assert_eq!(messages(&connection, QUEUE).await, 5);

    let filter = format!("waitingroom.dlq.{STREAM}.{CONSUMER}");
    let request = json!({ "stream": QUEUE, "durable": "elsewhere", "filter": filter, "count": 5 });
    let read = python.ask("dead_letters", request);
    let read = read.as_array().unwrap();
    let forms: Vec<_> = read.iter().map(|letter| letter["form"].as_str().unwrap()).collect();
    assert_eq!(forms, ["document", "document", "raw", "part"]);
    for ((read, letter), body) in read.iter().zip(&letters).zip(&bodies) {
        assert!(bytes(&read["original"]) == *body, "{} bytes are others", body.len());
        let headers = &read["headers"];
        assert_eq!(headers["Wr-Dead-Letter-Reason"], "permanent_error");
        assert_eq!(headers["Wr-Dead-Letter-Subject"], SUBJECT);
        assert_eq!(headers["Wr-Dead-Letter-Consumer"], CONSUMER);
        let sequence = letter.stream_sequence.unwrap();
        assert_eq!(headers["Wr-Dead-Letter-Sequence"], sequence.to_string());
        let document = &read["document"];
        if !document.is_null() {
            assert_eq!(document["original_subject"], SUBJECT);
            assert_eq!(
                (&document["reason"], &document["error"]),
                (&json!("permanent_error"), &json!("no"))
            );
            assert_eq!(document["stream_sequence"], sequence);
            assert_eq!(document["original_headers"]["X-Tag"], json!(["1", "2"]));
        }
    }
}

/// The specification's own five fields, on its own subject.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_kept_is_read_and_redriven() {
    let (server, connection) = server().await;
    let mut python = Python::connect(&server.url());
    let event = enqueued("position", 3);
    let original = event.encode_traced("", "").unwrap();
    let document = json!({
        "original_subject": SUBJECT,
        "original_data": base64(&original),
        "reason": "max_retries_exceeded",
        "error": "the database was away",
        "timestamp": "2024-01-01T12:00:02.310+01:00",
    });
    let body = base64(document.to_string());
    python.ask("publish", json!({ "subject": "waitingroom.dlq.event", "body": body }));
    let body = base64("no dead letter");
    python.ask("publish", json!({ "subject": "waitingroom.dlq.event", "body": body }));

    let queue = DeadLetterQueue::new(&connection, &CATALOGUE).unwrap();
    let all = || queue.list(&Selection::all(), ListOrder::OldestFirst).try_collect::<Vec<_>>();
    let entries = all().await.unwrap();
    assert_eq!(entries.len(), 2);
    let listed = entries[0].letter.as_ref().unwrap();
    assert_eq!(listed.reason, Reason::MaxRetriesExceeded);
    assert!(entries[1].letter.is_err());
    let letter = queue.get(1).await.unwrap().unwrap();
    assert_eq!(letter.body, original);
    assert_eq!((letter.error.as_str(), letter.consumer), ("the database was away", None));
    assert_eq!(letter.timestamp.to_rfc3339(), "2024-01-01T11:00:02.310+00:00");

    let log = Arc::new(Mutex::new(Vec::new()));
    let options = SubscriberOptions::new();
    let subscriber = Subscriber::start(&connection, CONSUMER, handlers(&log), options);
    let subscriber = subscriber.await.unwrap();
    let options = RedriveOptions::new().consumer(CONSUMER);
    let report = queue.redrive(&Selection::all(), &options, |_, _| ()).await.unwrap();
    assert_eq!((report.redriven, report.skipped.len()), (1, 1));
    until("it is handled", async || log.lock().unwrap().len() == 1).await;
    drain_all(subscriber).await;
    let (handled, delivery) = log.lock().unwrap().remove(0);
    assert_eq!((handled.id, delivery.redriven), (event.id, true));
    assert_eq!(all().await.unwrap().len(), 1);
}
