//! A subscriber that is started and ended again and again under load.

use std::sync::Arc;
use std::time::Duration;

use wr_runtime::Metrics;

use super::ledger::Ledger;
use super::{
    Crowd, consumer, handlers, impatient, metric, numbered, publish, quick, random, server,
    subscribe, until_settled,
};
use crate::support::{LONG, messages, until};

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
                subscriber.drain(Duration::from_millis(random.u64(..20))).await.unwrap();
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
    subscriber.drain(LONG).await.unwrap();
}
