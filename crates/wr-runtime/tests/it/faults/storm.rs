//! A subscriber that is started and ended again and again under load.

use std::sync::Arc;
use std::time::Duration;

use wr_runtime::{HandlerError, Metrics, Reason, Reconciler};
use wr_testkit::{Direction, Proxy};

use super::ledger::Ledger;
use super::{
    Crowd, STREAM, catalogue, connect, consumer, handlers, impatient, metric, numbered, publish,
    publisher, quick, random, server, subscribe, until_settled,
};
use crate::support::{LONG, drain_all, enqueued, messages, until};

const CONCURRENCY: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_storm_leaves_nothing_behind() {
    let catalogue = impatient();
    let (_server, connection) = server(catalogue).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let mut random = random();
    publish(&connection, &ledger, numbered("p", 1_500)).await;
    let alive = Arc::new(());
    let start = || {
        let (crowd, token) = (Arc::new(Crowd::default()), alive.clone());
        let counted = crowd.clone();
        let handlers = handlers(catalogue, &ledger, move |_, _| {
            let (crowd, _token) = (counted.clone(), token.clone());
            async move {
                let _in = crowd.enter();
                tokio::time::sleep(Duration::from_millis(fastrand::u64(..8))).await;
                Ok(())
            }
        });
        let options = quick().concurrency(CONCURRENCY).metrics(metrics.clone());
        let started = subscribe(&connection, handlers, options);
        async { (started.await, crowd) }
    };
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut dropped = 0;
    for round in 0..15 {
        let (subscriber, crowd) = start().await;
        ledger.until(ledger.count() + 20 + random.usize(..40)).await;
        let held = metric(&metrics, "consumer_in_flight");
        assert!(held <= CONCURRENCY as f64, "round {round}: {held} are held");
        match random.bool() {
            true => {
                drop(subscriber);
                dropped += 1;
            }
            false => {
                let drained = subscriber.drain(Duration::from_millis(random.u64(..20))).await;
                assert!(drained.unwrap().returned.len() <= CONCURRENCY);
            }
        }
        assert!(crowd.most() <= CONCURRENCY, "round {round}: {} at a time", crowd.most());
        until("it holds nothing", || async { metric(&metrics, "consumer_in_flight") == 0.0 }).await;
    }
    until("nothing is left of them", || async { Arc::strong_count(&alive) == 1 }).await;
    let metrics_of_runtime = tokio::runtime::Handle::current().metrics();
    until("no task is left", || async { metrics_of_runtime.num_alive_tasks() <= tasks }).await;
    println!("{dropped} dropped and {} drained, {} handled", 15 - dropped, ledger.count());
    let (subscriber, crowd) = start().await;
    until_settled(&connection).await;
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (1_500, 0));
    assert!(balance.again() <= dropped * CONCURRENCY, "{balance}");
    assert_eq!(messages(&connection, "CONSUMER_ADVISORIES").await, 0);
    assert!(crowd.most() <= CONCURRENCY);
    assert_eq!(consumer(&connection).await["num_ack_pending"], 0);
    drain_all(subscriber).await;
}

/// Handlers that fail, subscribers that come and go, a connection that is cut, acks that are lost
/// and a server that is killed, together.
#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once_adds_up() {
    let catalogue = catalogue(|consumer| {
        consumer.ack_wait_seconds = 1;
        consumer.attempts = 3;
        consumer.max_deliver = 6;
    });
    let (mut server, connection) = server(catalogue).await;
    let proxy = Proxy::start(server.port()).unwrap();
    let detour = connect(&proxy.url()).await;
    let mut random = random();
    let seed = random.u64(..);
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let reconciler = Reconciler::start(&connection, catalogue, Metrics::new()).await.unwrap();
    let mut losing = random.fork();
    proxy.drop_frames(Direction::ToServer, move |frame| {
        frame.is_delivery_ack() && losing.u8(..20) == 0
    });
    let start = || {
        let handlers = handlers(catalogue, &ledger, move |event, delivery| async move {
            let mut fate = fastrand::Rng::with_seed(seed ^ event.id.as_u128() as u64);
            tokio::time::sleep(Duration::from_millis(fate.u64(..5))).await;
            match fate.u8(..100) {
                0..2 => Err(HandlerError::permanent("no use")),
                2..4 => Err(HandlerError::retryable("never")),
                4..10 if delivery.attempt == 1 => Err(HandlerError::retryable("not yet")),
                10..12 if delivery.attempt == 1 => panic!("on purpose"),
                _ => Ok(()),
            }
        });
        subscribe(&detour, handlers, quick().concurrency(8).metrics(metrics.clone()))
    };
    let publishing = {
        let (publisher, ledger) = (publisher(&detour, catalogue), ledger.clone());
        tokio::spawn(async move {
            for number in 0..2_000 {
                let pending = publisher.enqueue(&enqueued("p", number)).await.unwrap();
                let ledger = ledger.clone();
                tokio::spawn(async move { ledger.acked(pending.await.unwrap().id) });
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            publisher.drain(LONG).await
        })
    };
    let mut subscriber = Some(start().await);
    for _ in 0..10 {
        ledger.until(ledger.count() + 30 + random.usize(..60)).await;
        match random.u8(..4) {
            0 => proxy.cut(),
            1 => {
                server.kill();
                tokio::task::block_in_place(|| server.restart()).unwrap();
            }
            2 => drop(subscriber.take()),
            _ => drop(subscriber.take().unwrap().drain(Duration::from_millis(20)).await),
        }
        if subscriber.is_none() {
            until("the server is there", || async {
                connection.jetstream().query_account().await.is_ok()
            })
            .await;
            subscriber = Some(start().await);
        }
    }
    assert!(publishing.await.unwrap().is_clean());
    proxy.pass_all();
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    println!("{} acks lost", proxy.dropped(Direction::ToServer));
    assert_eq!((balance.acked as u64, balance.acked), (messages(&connection, STREAM).await, 2_000));
    let in_both = balance.both();
    assert_eq!(balance.handled.len() + balance.dead.len(), 2_000 + in_both.len());
    // What has succeeded can only be given up by the server, which did not hear of it.
    let by_server = |reason: &Reason| *reason == Reason::MaxDeliveriesExceeded;
    assert!(in_both.values().all(by_server), "{in_both:?}");
    drain_all(subscriber.unwrap()).await;
    until("nothing is in flight", || async { metric(&metrics, "consumer_in_flight") == 0.0 }).await;
    reconciler.drain(LONG).await.unwrap();
}
