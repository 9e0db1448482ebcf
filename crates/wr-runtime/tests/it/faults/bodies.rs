//! Messages that are no events, or unusual ones.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use async_nats::HeaderMap;
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;
use wr_events::CATALOGUE;
use wr_events::wr_core::Contract;
use wr_runtime::{Connection, ErrorKind, Metrics, Reason};
use wr_testkit::{Server, ServerOptions};

use super::ledger::{Ledger, letters};
use super::{
    CONSUMER, QUEUE, SUBJECT, metric, publisher, quick, server, server_with, subscribe,
    until_settled, willing,
};
use crate::support::{drain_all, enqueued, messages, until};

/// An event as JSON, changed.
fn event(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut event = serde_json::to_value(enqueued("p", 1)).unwrap();
    change(&mut event);
    serde_json::to_vec(&event).unwrap()
}

async fn store(connection: &Connection, subject: &str, body: Vec<u8>) -> u64 {
    let ack = connection.jetstream().publish(subject.to_owned(), body.into()).await.unwrap();
    ack.await.unwrap().sequence
}

/// Stores a message whose first header line is that of a status, which no client library writes.
fn store_with_status(server: &Server, body: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let headers = "NATS/1.0 404 No Messages\r\nNats-Pending-Messages: 7\r\n\r\n";
    let hello = "CONNECT {\"verbose\":false,\"headers\":true}\r\n";
    let (header_bytes, bytes) = (headers.len(), headers.len() + body.len());
    write!(stream, "{hello}HPUB {SUBJECT} {header_bytes} {bytes}\r\n{headers}").unwrap();
    stream.write_all(body).unwrap();
    stream.write_all(b"\r\nPING\r\n").unwrap();
    while lines.next().unwrap().unwrap() != "PONG" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_given_up_at_once_and_the_unusual_is_handled() {
    let options = ServerOptions::new().config("max_payload: 16MB");
    let (server, connection) = server_with(options, &CATALOGUE).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let redriven = |subject: &str| format!("waitingroom.redrive.{CONSUMER}.{subject}");
    let mut latin1 = event(|_| {});
    let place = latin1.windows(4).position(|bytes| bytes == b"conc").unwrap();
    latin1[place] = 0xE9;
    let odd: Vec<(&str, String, Vec<u8>, Reason)> = vec![
        ("empty", SUBJECT.into(), Vec::new(), Reason::UnmarshalError),
        ("cut off", SUBJECT.into(), b"{\"id\":".to_vec(), Reason::UnmarshalError),
        ("no JSON", SUBJECT.into(), b"hello".to_vec(), Reason::UnmarshalError),
        ("invalid UTF-8", SUBJECT.into(), latin1, Reason::UnmarshalError),
        ("10 MB of nesting", SUBJECT.into(), vec![b'['; 10 << 20], Reason::UnmarshalError),
        ("no object", SUBJECT.into(), b"[]".to_vec(), Reason::SchemaViolation),
        (
            "a broken rule",
            SUBJECT.into(),
            event(|event| event["data"]["queue_length"] = json!(-1)),
            Reason::SchemaViolation,
        ),
        (
            "a field is missing",
            SUBJECT.into(),
            event(|event| drop(event["data"].as_object_mut().unwrap().remove("priority"))),
            Reason::SchemaViolation,
        ),
        (
            "no version",
            SUBJECT.into(),
            event(|event| event["version"] = json!("one")),
            Reason::SchemaViolation,
        ),
        (
            "another type",
            SUBJECT.into(),
            event(|event| event["type"] = json!("position.admitted")),
            Reason::EnvelopeMismatch,
        ),
        (
            "another major",
            SUBJECT.into(),
            event(|event| event["version"] = json!("2.0")),
            Reason::EnvelopeMismatch,
        ),
        (
            "an unknown major",
            redriven("waitingroom.position.enqueued.v2"),
            event(|_| {}),
            Reason::UnknownMajor,
        ),
        (
            "an unknown type",
            redriven("waitingroom.position.unheard.v1"),
            event(|_| {}),
            Reason::UnknownType,
        ),
        (
            "known, and another consumer's",
            redriven("waitingroom.queue.paused.v1"),
            event(|_| {}),
            Reason::UnknownType,
        ),
    ];
    let mut expected = BTreeMap::new();
    for (name, subject, body, reason) in &odd {
        let sequence = store(&connection, subject, body.clone()).await;
        expected.insert(sequence, (*name, body.clone(), reason.clone()));
    }
    let fine = [
        event(|event| {
            event["version"] = json!("1.99");
            event["data"]["unheard_of"] = json!({ "a": [1] });
            event["more"] = json!(null);
        }),
        event(|event| event["version"] = json!("1.99999999999999999999")),
        event(|event| event["data"]["estimated_wait_seconds"] = json!(null)),
    ];
    let id = |body: &[u8]| -> Uuid {
        let event: serde_json::Value = serde_json::from_slice(body).unwrap();
        event["id"].as_str().unwrap().parse().unwrap()
    };
    for body in fine {
        ledger.acked(id(&body));
        store(&connection, SUBJECT, body).await;
    }
    let body = event(|_| {});
    ledger.acked(id(&body));
    store_with_status(&server, &body);

    let options = quick().metrics(metrics.clone());
    let subscriber = subscribe(&connection, willing(&CATALOGUE, &ledger), options).await;
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.acked, balance.handled.len(), balance.again()), (4, 4, 0));
    assert_eq!(metric(&metrics, "newer_minors_total"), 2.0);
    assert_eq!(metric(&metrics, "redeliveries_total"), 0.0);
    assert_eq!(metric(&metrics, "decode_failures_total"), odd.len() as f64);
    for letter in letters(&connection).await {
        let (name, body, reason) = expected.remove(&letter.stream_sequence.unwrap()).unwrap();
        assert_eq!(letter.reason, reason, "{name}: {}", letter.error);
        assert_eq!(letter.body, body, "{name}");
        assert!(!letter.error.is_empty(), "{name}");
    }
    assert!(expected.is_empty(), "no dead letters of {:?}", expected.values().map(|it| it.0));
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_leaves_no_room_is_kept_whole() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let max_payload = connection.client().max_payload();
    // A document would be a third larger; the last leaves no room for the circumstances.
    let bodies: Vec<Vec<u8>> = [800 << 10, max_payload - 64, max_payload]
        .map(|size| {
            let mut body = event(|event| event["data"]["queue_length"] = json!(-1));
            body.resize(size, b' ');
            body
        })
        .into();
    for body in &bodies {
        store(&connection, SUBJECT, body.clone()).await;
    }
    let mut event = enqueued("p", 1);
    event.data.metadata = Some([("text".to_owned(), "x".repeat(max_payload).into())].into());
    let refused = publisher(&connection, &CATALOGUE).publish(&event).await.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::TooLarge { .. }), "{refused}");
    assert!(event.encode().unwrap().len() > max_payload);

    let subscriber = subscribe(&connection, willing(&CATALOGUE, &ledger), quick()).await;
    until("they are settled", || async {
        messages(&connection, QUEUE).await >= 3
            && super::consumer(&connection).await["num_ack_pending"] == 0
    })
    .await;
    let whole = letters(&connection).await;
    assert_eq!(whole.first().unwrap().body, bodies[0]);
    let found = parts(&connection).await;
    let largest: Vec<usize> = found.iter().map(|(_, body)| body.len()).collect();
    println!("{} in one piece, others of {largest:?}", whole.len());
    assert!(largest.iter().sum::<usize>() >= max_payload);
    until_settled(&connection).await;
    drain_all(subscriber).await;
}

/// The messages of the queue that are parts of a dead letter.
async fn parts(connection: &Connection) -> Vec<(HeaderMap, Bytes)> {
    let stream = connection.jetstream().get_stream(QUEUE).await.unwrap();
    let mut parts = Vec::new();
    for sequence in 1..=messages(connection, QUEUE).await {
        let message = stream.get_raw_message(sequence).await.unwrap();
        if message.headers.get("Wr-Dead-Letter-Part").is_some() {
            parts.push((message.headers, message.payload));
        }
    }
    parts
}
