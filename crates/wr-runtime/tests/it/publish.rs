//! Publishing.

use std::time::Duration;

use wr_events::CATALOGUE;
use wr_runtime::async_nats::connection::State;
use wr_runtime::{ConnectOptions, ErrorKind, Publisher, PublisherOptions};
use wr_testkit::ServerOptions;

use crate::support::{LONG, enqueued, messages, server, until};

fn publisher(connection: &wr_runtime::Connection) -> Publisher {
    Publisher::new(connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap()
}

#[tokio::test]
async fn an_event_is_in_its_stream_under_its_id() {
    let (_server, connection) = server().await;
    let publisher = publisher(&connection);
    let event = enqueued("p1", 3);
    let receipt = publisher.publish(&event).await.unwrap();
    assert_eq!((receipt.id, receipt.stream.as_str()), (event.id, "POSITION_EVENTS"));
    assert_eq!((receipt.sequence, receipt.duplicate, receipt.attempts), (1, false, 1));

    let again = publisher.publish(&event).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(messages(&connection, "POSITION_EVENTS").await, 1);

    let stream = connection.jetstream().get_stream("POSITION_EVENTS").await.unwrap();
    let message = stream.get_raw_message(1).await.unwrap();
    let header = |name: &str| message.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("Nats-Msg-Id"), event.id.to_string());
    assert_eq!(header("Content-Type"), "application/json");
    let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
    let (trace_id, span_id) = (&body["trace_id"], &body["span_id"]);
    let (trace_id, span_id) = (trace_id.as_str().unwrap(), span_id.as_str().unwrap());
    assert_eq!(header("traceparent"), format!("00-{trace_id}-{span_id}-01"));
}

#[tokio::test]
async fn what_breaks_its_schema_is_not_sent() {
    let (_server, connection) = server().await;
    let publisher = publisher(&connection);
    let error = publisher.publish(&enqueued("", 3)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(_)), "{error}");
    let text = "publish on `waitingroom.position.enqueued.v1`: the event breaks its schema: \
                `/data/position_id`: `minLength` asks for at least 1 characters";
    assert!(error.to_string().starts_with(&text[..100]), "{error}");
    assert_eq!(messages(&connection, "POSITION_EVENTS").await, 0);
}

#[tokio::test]
async fn an_event_without_room_for_its_dead_letter_is_not_sent() {
    let (_server, connection) = server().await;
    let publisher = publisher(&connection);
    let mut event = enqueued("p", 3);
    let text = "x".repeat(connection.client().max_payload() - 4_000);
    event.data.metadata = Some([("text".to_owned(), text.into())].into());
    let error = publisher.publish(&event).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn thousands_are_in_flight_together_and_drained() {
    let (_server, connection) = server().await;
    let publisher = publisher(&connection);
    let mut pending = Vec::new();
    for number in 0..5_000 {
        pending.push(publisher.enqueue(&enqueued("p", number)).await.unwrap());
    }
    let drained = publisher.drain(LONG).await;
    assert!(drained.is_clean(), "{drained:?}");
    assert_eq!(messages(&connection, "POSITION_EVENTS").await, 5_000);
    for pending in pending {
        pending.await.unwrap();
    }
    let error = publisher.publish(&enqueued("p", 1)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Draining);
}

#[tokio::test]
async fn what_is_unanswered_at_the_end_is_reported() {
    let (mut server, connection) = server().await;
    let publisher = publisher(&connection);
    server.kill();
    let event = enqueued("p", 1);
    let pending = publisher.enqueue(&event).await.unwrap();
    drop(pending);
    let drained = publisher.drain(Duration::from_millis(100)).await;
    let ids: Vec<_> = drained.unacknowledged.iter().map(|left| left.id).collect();
    assert_eq!(ids, [event.id]);
}

/// A failure counts as heard when its `Pending` has handed it out, and not before.
#[tokio::test]
async fn a_failure_that_nobody_has_heard_of_is_reported() {
    let server = ServerOptions::new()
        .config(
            "authorization { users: [{ user: a, password: b, permissions: { publish: { deny: \
                 \"waitingroom.>\" } } }] }",
        )
        .start()
        .unwrap();
    let options = ConnectOptions::new("test").server(server.url()).user("a", "b");
    let connection = options.connect().await.unwrap();
    let publisher = publisher(&connection);
    let (held, dropped, heard) = (enqueued("p", 1), enqueued("p", 2), enqueued("p", 3));
    let pending = publisher.enqueue(&held).await.unwrap();
    drop(publisher.enqueue(&dropped).await.unwrap());
    let error = publisher.publish(&heard).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PermissionDenied { .. }), "{error}");

    let drained = publisher.drain(LONG).await;
    let mut reported: Vec<_> = drained.unheard.iter().map(|lost| lost.id).collect();
    reported.sort_unstable();
    assert_eq!((reported, drained.unheard_total), (vec![held.id, dropped.id], 2));
    assert!(!drained.is_clean());

    // It still can be heard of, and is not reported again.
    pending.await.unwrap_err();
    assert!(publisher.drain(LONG).await.is_clean());
}

#[tokio::test]
async fn what_comes_during_a_drain_is_not_reported() {
    let (mut server, connection) = server().await;
    let options = PublisherOptions::new().window(1);
    let publisher = Publisher::new(&connection, &CATALOGUE, "test", options).unwrap();
    server.pause().unwrap();
    let event = enqueued("p", 1);
    let pending = publisher.enqueue(&event).await.unwrap();
    let (waits, late) = (enqueued("p", 2), enqueued("p", 3));
    let (waited, drained, refused) = tokio::join!(
        publisher.enqueue(&waits),
        publisher.drain(Duration::ZERO),
        publisher.enqueue(&late),
    );
    for result in [waited, refused] {
        assert_eq!(result.unwrap_err().kind(), &ErrorKind::Draining);
    }
    let ids: Vec<_> = drained.unacknowledged.iter().map(|left| left.id).collect();
    assert_eq!((ids, drained.unheard_total), (vec![event.id], 0));
    drop(pending);
}

/// What was given up must not arrive later, when its id may be forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_a_connection() {
    let (mut server, connection) = server().await;
    let publisher = publisher(&connection);
    server.kill();
    let client = connection.client();
    until("it is disconnected", || async { client.connection_state() != State::Connected }).await;
    let given_up = {
        let publisher = publisher.clone();
        // With its runtime end the tries.
        move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            drop(runtime.block_on(publisher.enqueue(&enqueued("p", 1))).unwrap());
            runtime.shutdown_background();
        }
    };
    tokio::task::spawn_blocking(given_up).await.unwrap();
    tokio::task::block_in_place(|| server.restart()).unwrap();
    let receipt = publisher.publish(&enqueued("p", 2)).await.unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (1, false));
    assert_eq!(messages(&connection, "POSITION_EVENTS").await, 1);
}

#[tokio::test]
async fn a_deadline_beyond_the_duplicate_window_is_refused() {
    let (_server, connection) = server().await;
    // The shortest window is 60 s, and an answer may take 2 s.
    let allowed = PublisherOptions::new().deadline(Duration::from_secs(57));
    Publisher::new(&connection, &CATALOGUE, "test", allowed).unwrap();
    for seconds in [5, 58, 60, 600] {
        let options = PublisherOptions::new().deadline(Duration::from_secs(seconds));
        let error = Publisher::new(&connection, &CATALOGUE, "test", options).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Option(_)), "{error}");
    }
}

/// Headers may be longer than what they say: CloudEvents spell some letters with six.
#[tokio::test]
async fn a_message_whose_headers_are_too_large_is_told_with_its_size() {
    let (_server, connection) = server().await;
    let options = PublisherOptions::new().cloud_events();
    let publisher = Publisher::new(&connection, &CATALOGUE, "test", options).unwrap();
    let mut event = enqueued("p", 1);
    event.source = "é".repeat(200_000);
    let error = publisher.publish(&event).await.unwrap_err();
    let &ErrorKind::TooLarge { size, limit } = error.kind() else { panic!("{error}") };
    assert!(size > limit, "{size} of {limit}");
    assert_eq!(limit, connection.client().max_payload());
}
