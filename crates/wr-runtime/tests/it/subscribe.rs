//! Subscribing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1,
};
use wr_runtime::{
    Connection, Delivery, Handled, HandlerError, Handlers, Publisher, PublisherOptions,
    RetryPolicy, Subscriber, SubscriberOptions,
};

use crate::support::{LONG, ask, drain_all, enqueued, messages, server, until};

/// What a handler saw, by position.
type Log = Arc<Mutex<Vec<String>>>;

async fn ignore<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

/// The handlers of `analytics-processor`, with one for `position.enqueued`.
fn handlers<F>(
    handler: impl Fn(Event<PositionEnqueuedV1>, Delivery) -> F + Send + Sync + 'static,
) -> Handlers
where
    F: Future<Output = Handled> + Send + 'static,
{
    Handlers::new(&CATALOGUE)
        .on::<PositionEnqueuedV1>(handler)
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionCancelledV1>(ignore)
}

fn quick() -> SubscriberOptions {
    let pause = Duration::from_millis(20);
    SubscriberOptions::new().retry(RetryPolicy::new(pause, pause))
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_their_handlers_once() {
    let (_server, connection) = server().await;
    let log = Log::default();
    let seen = log.clone();
    let handlers = handlers(move |event, _| {
        seen.lock().unwrap().push(event.data.position_id);
        std::future::ready(Ok(()))
    });
    let subscriber =
        Subscriber::start(&connection, "analytics-processor", handlers, quick()).await.unwrap();
    let publisher =
        Publisher::new(&connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap();
    let events: Vec<_> = (0..500).map(|number| enqueued(&format!("p{number}"), 0)).collect();
    for receipt in publisher.publish_all(&events).await {
        receipt.unwrap();
    }
    until("all are handled", || async { log.lock().unwrap().len() >= 500 }).await;
    let drained = subscriber.drain(LONG).await.unwrap();
    assert!(drained.returned.is_empty());
    let mut seen = log.lock().unwrap().clone();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), log.lock().unwrap().len()), (500, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_tried_again_and_then_given_up() {
    let (_server, connection) = server().await;
    let attempts = Arc::new(Mutex::new(BTreeMap::<String, Vec<u32>>::new()));
    let seen = attempts.clone();
    let handlers = handlers(move |event, delivery| {
        let position = event.data.position_id;
        seen.lock().unwrap().entry(position.clone()).or_default().push(delivery.attempt);
        async move {
            match position.as_str() {
                "once" if delivery.attempt == 1 => Err(HandlerError::retryable("not yet")),
                "always" => Err(HandlerError::retryable("never")),
                "permanent" => Err(HandlerError::permanent("no use")),
                "panics" => panic!("on purpose"),
                _ => Ok(()),
            }
        }
    });
    let subscriber =
        Subscriber::start(&connection, "analytics-processor", handlers, quick()).await.unwrap();
    let publisher =
        Publisher::new(&connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap();
    for position in ["once", "always", "permanent", "panics", "fine"] {
        publisher.publish(&enqueued(position, 0)).await.unwrap();
    }
    until("three are given up", || async {
        messages(&connection, "DEAD_LETTER_QUEUE").await == 3
            && attempts.lock().unwrap().values().map(Vec::len).sum::<usize>() == 10
    })
    .await;
    drain_all(subscriber).await;
    let attempts = attempts.lock().unwrap().clone();
    let expected = [
        ("always", vec![1, 2, 3]),
        ("fine", vec![1]),
        ("once", vec![1, 2]),
        ("panics", vec![1, 2, 3]),
        ("permanent", vec![1]),
    ];
    let expected = expected.map(|(position, attempts)| (position.to_owned(), attempts));
    assert_eq!(attempts, BTreeMap::from(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_runs_until_it_is_told_to_stop() {
    let (_server, connection) = server().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stop = Arc::new(Mutex::new(Some(stop)));
    let handlers = handlers(move |_, _| {
        let stop = stop.clone();
        async move {
            drop(stop.lock().unwrap().take());
            // At work still when it is told.
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(())
        }
    });
    let subscriber = Subscriber::start(&connection, "analytics-processor", handlers, quick());
    let subscriber = subscriber.await.unwrap();
    let publisher =
        Publisher::new(&connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap();
    publisher.publish(&enqueued("p", 0)).await.unwrap();
    let pulse = subscriber.pulse();
    let drained = subscriber.run_until(stopped, LONG).await.unwrap();
    assert!(drained.returned.is_empty());
    assert!(!pulse.is_running());
    let info = ask(&connection, "CONSUMER.INFO.POSITION_EVENTS.analytics-processor", json!({}));
    assert_eq!(info.await["num_ack_pending"], 0);
}

/// One worker handles all, so that the first are told of before it waits for the last, or never.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_handled_is_acknowledged_before_a_handler_waits() {
    let (_server, connection) = server().await;
    let go_on = Arc::new(tokio::sync::Notify::new());
    let log = Log::default();
    let (waiting, seen) = (go_on.clone(), log.clone());
    let handlers = handlers(move |event, _| {
        let waiting = waiting.clone();
        seen.lock().unwrap().push(event.data.position_id.clone());
        async move {
            if event.data.position_id == "waits" {
                waiting.notified().await;
            }
            Ok(())
        }
    });
    let publisher =
        Publisher::new(&connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap();
    for position in ["first", "second", "waits"] {
        publisher.publish(&enqueued(position, 0)).await.unwrap();
    }
    let subscriber = Subscriber::start(&connection, "analytics-processor", handlers, quick());
    let subscriber = subscriber.await.unwrap();
    until("one waits", || async { unacknowledged(&connection).await == (Some(0), Some(1)) }).await;
    go_on.notify_one();
    until("all are told of", || async { unacknowledged(&connection).await.1 == Some(0) }).await;
    drain_all(subscriber).await;
    assert_eq!(*log.lock().unwrap(), ["first", "second", "waits"], "none came again");
}

/// A worker has handled the first when the second keeps its thread; whoever else might tell of the
/// first has perhaps no thread to run on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_handled_is_acknowledged_while_a_handler_blocks_its_thread() {
    let (_server, connection) = server().await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Mutex::new(released);
    let handlers = handlers(move |event, _| {
        if event.data.position_id == "blocks" {
            let _ = released.lock().unwrap().recv();
        }
        std::future::ready(Ok(()))
    });
    let publisher =
        Publisher::new(&connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap();
    for position in ["first", "blocks"] {
        publisher.publish(&enqueued(position, 0)).await.unwrap();
    }
    let subscriber = Subscriber::start(&connection, "analytics-processor", handlers, quick());
    let subscriber = subscriber.await.unwrap();
    until("one blocks", || async { unacknowledged(&connection).await == (Some(0), Some(1)) }).await;
    drop(release);
    until("all are told of", || async { unacknowledged(&connection).await.1 == Some(0) }).await;
    drain_all(subscriber).await;
}

/// How many messages the server has not delivered, and how many it holds for unsettled.
async fn unacknowledged(connection: &Connection) -> (Option<u64>, Option<u64>) {
    let info = ask(connection, "CONSUMER.INFO.POSITION_EVENTS.analytics-processor", json!({}));
    let info = info.await;
    (info["num_pending"].as_u64(), info["num_ack_pending"].as_u64())
}
