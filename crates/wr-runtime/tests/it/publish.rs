//! Publishing.

use std::time::Duration;

use wr_events::CATALOGUE;
use wr_runtime::{ErrorKind, Publisher, PublisherOptions};

use crate::support::{LONG, enqueued, messages, server};

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

#[tokio::test]
async fn a_deadline_beyond_the_duplicate_window_is_refused() {
    let (_server, connection) = server().await;
    for seconds in [5, 60, 600] {
        let options = PublisherOptions::new().deadline(Duration::from_secs(seconds));
        let error = Publisher::new(&connection, &CATALOGUE, "test", options).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Option(_)), "{error}");
    }
}
