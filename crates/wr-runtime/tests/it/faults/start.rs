//! What is refused before anything is handled, and the oldest server that works.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::json;
use wr_events::{
    CATALOGUE, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1, PositionExpiredV1,
    PositionHeartbeatV1,
};
use wr_runtime::{ConnectOptions, Error, ErrorKind, Handlers, Subscriber};
use wr_testkit::{Binary, FLOOR_VERSION, ServerOptions};

use super::ledger::Ledger;
use super::{
    CONSUMER, STREAM, catalogue, ignore, numbered, publish, quick, server, server_with, subscribe,
    until_settled, willing,
};
use crate::support::{LONG, ask};

async fn refusal(connection: &wr_runtime::Connection, handlers: Handlers) -> Error {
    Subscriber::start(connection, CONSUMER, handlers, quick()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_handlers_and_a_drifted_consumer_are_refused() {
    let (_server, connection) = server(&CATALOGUE).await;
    let wrong = Handlers::new(&CATALOGUE)
        .on::<PositionEnqueuedV1>(ignore)
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionHeartbeatV1>(ignore);
    let error = refusal(&connection, wrong).await;
    let expected = ErrorKind::Handlers {
        missing: vec!["waitingroom.position.cancelled.v1".to_owned()],
        unasked: vec!["waitingroom.position.heartbeat.v1".to_owned()],
    };
    assert_eq!(error.kind(), &expected);
    for part in [CONSUMER, "cancelled.v1", "heartbeat.v1", "topology.json"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let twice = Handlers::new(&CATALOGUE)
        .on::<PositionEnqueuedV1>(ignore)
        .on::<PositionEnqueuedV1>(ignore)
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionCancelledV1>(ignore);
    assert!(refusal(&connection, twice).await.to_string().contains("handled twice"));

    let ledger = Ledger::default();
    let other = catalogue(|consumer| {
        consumer.ack_wait_seconds = 7;
        consumer.max_deliver = 77;
    });
    let error = refusal(&connection, willing(other, &ledger)).await;
    assert!(matches!(error.kind(), ErrorKind::Drift(_)), "{error}");
    for part in ["`ack_wait` is 30s, not 7s", "`max_deliver` is 10, not 77"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    ask(&connection, &format!("CONSUMER.DELETE.{STREAM}.{CONSUMER}"), json!({})).await;
    let error = refusal(&connection, willing(&CATALOGUE, &ledger)).await;
    assert!(matches!(error.kind(), ErrorKind::ConsumerMissing { .. }), "{error}");
    ask(&connection, &format!("STREAM.DELETE.{STREAM}"), json!({})).await;
    let error = refusal(&connection, willing(&CATALOGUE, &ledger)).await;
    assert_eq!(error.kind(), &ErrorKind::StreamMissing(STREAM.to_owned()));
    assert!(error.to_string().contains("apply the topology"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_server_that_works_does() {
    let binary = Binary::version(FLOOR_VERSION).unwrap();
    let options = ServerOptions::new().binary(binary);
    let (_server, connection) = server_with(options, &CATALOGUE).await;
    assert!(connection.server_version().starts_with("2.10."));
    let ledger = Ledger::default();
    let subscriber = subscribe(&connection, willing(&CATALOGUE, &ledger), quick()).await;
    publish(&connection, &ledger, numbered("p", 200)).await;
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (200, 0));
    assert!(subscriber.drain(LONG).await.unwrap().returned.is_empty());
}

async fn connection_error(url: String) -> Error {
    ConnectOptions::new("faults").server(url).connect().await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_jetstream_or_too_old_is_named() {
    let off = ServerOptions::new().without_jetstream().start().unwrap();
    let error = connection_error(off.url()).await;
    assert_eq!(error.kind(), &ErrorKind::JetStreamOff("on the server"));

    let accounts = "accounts { OTHER { jetstream: enabled, users: [{ user: a, password: b }] }, \
                    SERVICES { users: [{ user: service, password: secret }] } }";
    let server = ServerOptions::new().config(accounts).start().unwrap();
    let options = ConnectOptions::new("faults").server(server.url()).user("service", "secret");
    let error = options.connect().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::JetStreamOff("for the account"));

    let error = connection_error(old_server()).await;
    assert_eq!(error.kind(), &ErrorKind::ServerTooOld("2.9.10".to_owned()));
    for part in ["2.9.10", "2.10", "2.12", "connect to nats://127.0.0.1:"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    drop(off);
}

/// The greeting of a release that nobody can install here: all that a client hears before it
/// turns away.
fn old_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let info = r#"{"server_id":"OLD","server_name":"old","version":"2.9.10","go":"go1.19","host":"127.0.0.1","port":4222,"headers":true,"jetstream":true,"max_payload":1048576,"proto":1}"#;
        write!(stream, "INFO {info}\r\n").unwrap();
        for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
            if line.starts_with("PING") {
                stream.write_all(b"PONG\r\n").unwrap();
            }
        }
    });
    url
}
