//! The order of events with one key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use uuid::Uuid;
use wr_events::wr_core::Catalogue;
use wr_events::{Event, PositionEnqueuedV1};
use wr_runtime::{Connection, HandlerError, Handlers, Metrics, Reason, RetryPolicy};

use super::ledger::Ledger;
use super::{
    catalogue, connect, consumer, handlers, impatient, metric, numbered, publish, publisher, quick,
    random, server, subscribe, until_settled, willing,
};
use crate::support::{drain_all, enqueued, until};

/// The numbers of the events that were handled, by key.
type Log = Arc<Mutex<BTreeMap<String, Vec<i64>>>>;

fn key(event: &Event<PositionEnqueuedV1>) -> String {
    event.data.position_id.clone()
}

/// Ordered handlers, of which one event in so many fails for once or more.
fn ordered(catalogue: &'static Catalogue, ledger: &Ledger, log: &Log, failures: u32) -> Handlers {
    let log = log.clone();
    let is_failing = move |id: Uuid, attempt: u32| {
        let mut random = fastrand::Rng::with_seed(id.as_u128() as u64);
        random.u32(..100) < failures && attempt <= random.u32(1..4)
    };
    handlers(catalogue, ledger, move |event, delivery| {
        let log = log.clone();
        async move {
            let mut jitter = fastrand::Rng::new();
            tokio::time::sleep(Duration::from_micros(jitter.u64(..1_500))).await;
            if is_failing(event.id, delivery.attempt) {
                return Err(HandlerError::retryable("not yet"));
            }
            let mut log = log.lock().unwrap();
            log.entry(event.data.position_id).or_default().push(event.data.queue_length);
            Ok(())
        }
    })
    .ordered_by(key)
}

/// Publishes events of 50 keys, each numbered from 0, in a random order of the keys.
async fn publish_keys(connection: &Connection, ledger: &Ledger, count: usize) {
    let mut random = random();
    let mut next = BTreeMap::<String, i64>::new();
    let mut events = Vec::new();
    for _ in 0..count {
        let key = format!("key {}", random.u8(..50));
        let number = next.entry(key.clone()).or_default();
        events.push(enqueued(&key, *number));
        *number += 1;
    }
    let publisher = publisher(connection, &wr_events::CATALOGUE);
    for receipt in publisher.publish_all(&events).await {
        let receipt = receipt.unwrap();
        assert_eq!(receipt.attempts, 1, "one that was sent again is not in its place");
        ledger.acked(receipt.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_keeps_its_order_over_failures_and_drains() {
    let catalogue = catalogue(|consumer| {
        consumer.attempts = 9;
        consumer.max_deliver = 20;
    });
    let (_server, connection) = server(catalogue).await;
    let (ledger, log) = (Ledger::default(), Log::default());
    publish_keys(&connection, &ledger, 4_000).await;
    let pause = Duration::from_millis(5);
    let options = quick().retry(RetryPolicy::new(pause, 2 * pause));
    let mut random = random();
    let mut returned = 0;
    for _ in 0..4 {
        let handlers = ordered(catalogue, &ledger, &log, 10);
        let subscriber = subscribe(&connection, handlers, options.clone()).await;
        ledger.until(ledger.count() + 300 + random.usize(..300)).await;
        let deadline = Duration::from_millis(random.u64(..4));
        returned += subscriber.drain(deadline).await.unwrap().returned.len();
    }
    let handlers = ordered(catalogue, &ledger, &log, 10);
    let subscriber = subscribe(&connection, handlers, options).await;
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    drain_all(subscriber).await;
    println!("{returned} were given back by 4 drains");
    assert_eq!((balance.handled.len(), balance.dead.len()), (4_000, 0));
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 50);
    for (key, numbers) in &*log {
        // Aborted between its success and its ack, one is handled again, in its place.
        let mut once = numbers.clone();
        once.dedup();
        assert_eq!(once, (0..once.len() as i64).collect::<Vec<i64>>(), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_waits_does_not_stop_the_others() {
    let catalogue = catalogue(|consumer| {
        consumer.ack_wait_seconds = 1;
        consumer.attempts = 5;
        consumer.max_deliver = 10;
    });
    let (_server, connection) = server(catalogue).await;
    let (ledger, log) = (Ledger::default(), Log::default());
    let handled = log.clone();
    let alive = Arc::new(());
    let token = alive.clone();
    let handlers = handlers(catalogue, &ledger, move |event, delivery| {
        let (log, _token) = (handled.clone(), token.clone());
        async move {
            let first = event.data.position_id == "stuck" && event.data.queue_length == 0;
            if first && delivery.attempt < 5 {
                return Err(HandlerError::retry_after(Duration::from_secs(1), "not yet"));
            }
            let mut log = log.lock().unwrap();
            log.entry(event.data.position_id).or_default().push(event.data.queue_length);
            Ok(())
        }
    })
    .ordered_by(key);
    let metrics = Metrics::new();
    let options = quick().concurrency(8).metrics(metrics.clone());
    let subscriber = subscribe(&connection, handlers, options).await;
    let publisher = publisher(&connection, catalogue);
    for number in 0..5 {
        ledger.acked(publisher.publish(&enqueued("stuck", number)).await.unwrap().id);
    }
    for number in 0..500 {
        let key = format!("other {}", number % 10);
        ledger.acked(publisher.publish(&enqueued(&key, number / 10)).await.unwrap().id);
    }
    ledger.until(500).await;
    assert_eq!(log.lock().unwrap().get("stuck"), None, "it waits still");
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (505, 0));
    assert!(log.lock().unwrap().values().all(|numbers| numbers.is_sorted()));
    assert_eq!(consumer(&connection).await["num_redelivered"], 0, "tried again in place");
    until("all are counted", || async { metric(&metrics, "events_processed_total") == 509.0 })
        .await;

    // Dropped with some in the order, it frees what it held.
    ledger.acked(publisher.publish(&enqueued("stuck", 0)).await.unwrap().id);
    for number in 1..5 {
        ledger.acked(publisher.publish(&enqueued("stuck", number)).await.unwrap().id);
    }
    until("all are held", || async { consumer(&connection).await["num_ack_pending"] == 5 }).await;
    drop(subscriber);
    until("nothing is left of it", || async { Arc::strong_count(&alive) == 1 }).await;
}

/// With one thread for everything, what the server says waits behind a handler that blocks.
#[tokio::test]
async fn a_process_that_was_held_up_keeps_the_order() {
    let (server, connection) = server(&wr_events::CATALOGUE).await;
    let (ledger, log, metrics) = (Ledger::default(), Log::default(), Metrics::new());
    let handled = log.clone();
    let handlers = handlers(&wr_events::CATALOGUE, &ledger, move |event, _| {
        let log = handled.clone();
        async move {
            let number = event.data.queue_length;
            if number == 0 {
                std::thread::sleep(Duration::from_millis(6_500));
            }
            log.lock().unwrap().entry(event.data.position_id).or_default().push(number);
            Ok(())
        }
    })
    .ordered_by(key);
    let subscriber = subscribe(&connection, handlers, quick().metrics(metrics.clone())).await;
    until("it is ready", || async { subscriber.pulse().last_beat().is_some() }).await;
    let (url, booked) = (server.url(), ledger.clone());
    let others = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let connection = connect(&url).await;
            let publisher = publisher(&connection, &wr_events::CATALOGUE);
            for number in 1..=10 {
                booked.acked(publisher.publish(&enqueued("key", number)).await.unwrap().id);
            }
        });
    });
    let first = publisher(&connection, &wr_events::CATALOGUE);
    ledger.acked(first.publish(&enqueued("key", 0)).await.unwrap().id);
    ledger.until(11).await;
    others.join().unwrap();
    assert_eq!(log.lock().unwrap()["key"], (0..=10).collect::<Vec<i64>>());
    assert_eq!(metric(&metrics, "redeliveries_total"), 0.0);
    assert_eq!(metric(&metrics, "pull_failures_total"), 0.0);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_panics_stops_nobody() {
    let catalogue = impatient();
    let (_server, connection) = server(catalogue).await;
    let ledger = Ledger::default();
    let handlers = willing(catalogue, &ledger).ordered_by(|event: &Event<PositionEnqueuedV1>| {
        assert_ne!(event.data.position_id, "without a key", "on purpose");
        event.data.position_id.clone()
    });
    let subscriber = subscribe(&connection, handlers, quick()).await;
    publish(&connection, &ledger, ["without a key"]).await;
    publish(&connection, &ledger, numbered("fine", 50)).await;
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (50, 1));
    assert!(balance.dead.values().all(|reason| *reason == Reason::PermanentError));
    assert!(subscriber.pulse().is_running());
    drain_all(subscriber).await;
}
