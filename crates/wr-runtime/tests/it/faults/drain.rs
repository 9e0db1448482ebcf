//! Draining under load.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use wr_events::CATALOGUE;
use wr_runtime::Metrics;
use wr_testkit::{Direction, Proxy};

use super::ledger::Ledger;
use super::{
    catalogue, connect, consumer, handlers, impatient, metric, numbered, publish, publisher, quick,
    random, server, subscribe, until_settled, values, willing,
};
use crate::support::{LONG, drain_all, enqueued, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscriber_gives_back_is_another_ones_at_once() {
    let (server, connection) = server(&CATALOGUE).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let begun = Arc::new(Mutex::new(BTreeSet::new()));
    let hanging = begun.clone();
    let handlers = handlers(&CATALOGUE, &ledger, move |event, delivery| {
        let hanging = hanging.clone();
        async move {
            if event.data.position_id.starts_with("hangs") {
                hanging.lock().unwrap().insert(delivery.position.unwrap().1);
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok(())
        }
    });
    let options = quick().concurrency(8).metrics(metrics.clone());
    let first = subscribe(&connection, handlers, options).await;
    let mut positions = numbered("fine", 1_000);
    positions.extend(numbered("hangs", 5));
    random().shuffle(&mut positions[200..]);
    publish(&connection, &ledger, positions).await;
    until("some hang", || async { begun.lock().unwrap().len() >= 2 }).await;

    let started = Instant::now();
    let drained = first.drain(Duration::from_millis(500)).await.unwrap();
    let took = started.elapsed();
    println!("drained in {took:?}, gave back {:?}", drained.returned);
    assert!(took < Duration::from_secs(5), "{took:?}");
    let begun = begun.lock().unwrap().clone();
    assert!(begun.iter().all(|sequence| drained.returned.contains(sequence)), "{begun:?}");
    assert!(drained.returned.len() <= 8);
    assert_eq!(metric(&metrics, "consumer_in_flight"), 0.0);
    let pending = consumer(&connection).await["num_ack_pending"].as_u64().unwrap();
    assert_eq!(pending, drained.returned.len() as u64, "each that is unsettled is reported");

    let other = connect(&server.url()).await;
    let started = Instant::now();
    let second = subscribe(&other, willing(&CATALOGUE, &ledger), quick()).await;
    until_settled(&connection).await;
    // The ack wait is 30 s.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.again(), balance.dead.len()), (1_005, 0, 0));
    drain_all(second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_back_is_not_confirmed_one_by_one() {
    let catalogue = catalogue(|consumer| consumer.ack_wait_seconds = 20);
    let (server, connection) = server(catalogue).await;
    let proxy = Proxy::start(server.port()).unwrap();
    let detour = connect(&proxy.url()).await;
    let ledger = Ledger::default();
    proxy.drop_frames(Direction::ToServer, |frame| {
        frame.is_delivery_ack() && frame.payload.starts_with(b"-NAK")
    });
    let mut returned = 0;
    // What comes while it drains is given back, unless it came a moment earlier.
    while returned == 0 {
        let handlers = willing(catalogue, &ledger);
        let subscriber = subscribe(&detour, handlers, quick().double_ack()).await;
        let pulse = subscriber.pulse();
        until("it is ready", || async { pulse.last_beat().is_some() }).await;
        let started = Instant::now();
        let publishing = publish(&connection, &ledger, numbered("p", 10));
        let (drained, ()) = tokio::join!(subscriber.drain(Duration::from_secs(1)), publishing);
        returned = drained.unwrap().returned.len();
        println!("{returned} given back in {:?}", started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_without_a_server_ends_in_time() {
    let (mut server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let begun = Arc::new(Notify::new());
    let told = begun.clone();
    let handlers = handlers(&CATALOGUE, &ledger, move |_, _| {
        told.notify_one();
        std::future::pending()
    });
    let subscriber = subscribe(&connection, handlers, quick()).await;
    publish(&connection, &ledger, ["p"]).await;
    begun.notified().await;
    server.kill();
    let started = Instant::now();
    let drained = subscriber.drain(Duration::from_millis(200)).await;
    println!("{:?}: {drained:?}", started.elapsed());
    assert!(drained.is_err(), "the server was not told");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_that_nobody_waits_for_leaves_nothing_behind() {
    let catalogue = impatient();
    let (_server, connection) = server(catalogue).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let alive = Arc::new(());
    let token = alive.clone();
    let handlers = handlers(catalogue, &ledger, move |_, _| {
        let _token = token.clone();
        std::future::pending()
    });
    let options = quick().metrics(metrics.clone());
    let subscriber = subscribe(&connection, handlers, options).await;
    let pulse = subscriber.pulse();
    publish(&connection, &ledger, numbered("p", 5)).await;
    until("all are held", || async { metric(&metrics, "consumer_in_flight") == 5.0 }).await;
    let drain = subscriber.drain(LONG);
    assert!(tokio::time::timeout(Duration::from_millis(300), drain).await.is_err());
    until("nothing is left of it", || async { Arc::strong_count(&alive) == 1 }).await;
    until("it holds nothing", || async { metric(&metrics, "consumer_in_flight") == 0.0 }).await;
    assert!(!pulse.is_running());
    let subscriber = subscribe(&connection, willing(catalogue, &ledger), quick()).await;
    assert_eq!(ledger.balance(&connection).await.handled.len(), 5);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_leaves_nothing_unreported() {
    let (mut server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let publisher = publisher(&connection, &CATALOGUE);
    let sending = {
        let publisher = publisher.clone();
        tokio::spawn(async move {
            let mut sent = Vec::new();
            // Until it drains.
            loop {
                let event = enqueued("p", 0);
                match publisher.enqueue(&event).await {
                    Ok(pending) => sent.push((event.id, pending)),
                    Err(error) => return (sent, error),
                }
            }
        })
    };
    until("some are stored", || async {
        crate::support::messages(&connection, super::STREAM).await > 500
    })
    .await;
    server.kill();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    let drained = publisher.drain(Duration::from_millis(300)).await;
    let took = started.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    let (sent, error) = sending.await.unwrap();
    assert_eq!(error.kind(), &wr_runtime::ErrorKind::Draining);
    let reported: BTreeSet<_> = drained.unacknowledged.iter().map(|left| left.id).collect();
    assert!(drained.unheard.is_empty());
    let all = sent.len();
    println!("{all} sent, {} unanswered after {took:?}", reported.len());
    assert!(!reported.is_empty());
    for (id, pending) in sent.into_iter().filter(|(id, _)| !reported.contains(id)) {
        let receipt = tokio::time::timeout(Duration::from_millis(100), pending).await;
        assert!(receipt.is_ok(), "{id} is unanswered, and was not reported");
        ledger.acked(receipt.unwrap().unwrap().id);
    }

    // Those that were answered are there, whatever became of the others.
    tokio::task::block_in_place(|| server.restart()).unwrap();
    let subscriber = subscribe(&connection, willing(&CATALOGUE, &ledger), quick()).await;
    let balance = ledger.balance(&connection).await;
    assert!(balance.handled.len() >= balance.acked);
    assert_eq!(balance.acked + reported.len(), all);
    drop(subscriber);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_ended_tells_nothing_of_the_consumer() {
    let (_server, connection) = server(&CATALOGUE).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    publish(&connection, &ledger, numbered("p", 20)).await;
    let handlers = handlers(&CATALOGUE, &ledger, |_, _| std::future::pending());
    let options = quick().concurrency(1).metrics(metrics.clone());
    let subscriber = subscribe(&connection, handlers, options).await;
    until("it is behind", || async { metric(&metrics, "consumer_lag") > 0.0 }).await;
    let drained = subscriber.drain(Duration::ZERO).await.unwrap();
    assert_eq!(drained.returned, [1]);
    // 0 would say that it is read, and that nothing waits.
    for name in ["consumer_lag", "consumer_looked_timestamp_seconds"] {
        assert!(values(&metrics, name).is_empty(), "{name}");
    }
}
