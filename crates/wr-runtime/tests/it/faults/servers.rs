//! Servers that are killed under load.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;
use wr_events::CATALOGUE;
use wr_runtime::{ConnectOptions, Connection, Publisher};
use wr_testkit::Cluster;

use super::ledger::Ledger;
use super::{
    CONSUMER, QUEUE, STREAM, handlers, impatient, numbered, publish, publisher, quick, random,
    server, subscribe, until_settled, willing,
};
use crate::support::{ask, drain_all, enqueued, messages, until};

/// A load that goes on until it is told to stop, and books what was acknowledged; also gives the
/// longest time that no event was.
fn load(
    publisher: Publisher,
    ledger: &Ledger,
    stop: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Duration> {
    let (ledger, stop) = (ledger.clone(), stop.clone());
    tokio::spawn(async move {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let sending = async {
            let mut number = 0;
            while !stop.load(Ordering::SeqCst) {
                let event = enqueued(&format!("p{number}"), number);
                sender.send(publisher.enqueue(&event).await.unwrap()).unwrap();
                number += 1;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(sender);
        };
        let booking = async {
            let mut gap = Duration::ZERO;
            let mut last = Instant::now();
            while let Some(pending) = receiver.recv().await {
                ledger.acked(pending.await.unwrap().id);
                gap = gap.max(last.elapsed());
                last = Instant::now();
            }
            gap
        };
        tokio::join!(sending, booking).1
    })
}

/// How many messages of the stream have an id that another one has, too.
async fn twice(connection: &Connection) -> usize {
    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    let mut ids = BTreeSet::new();
    let mut twice = 0;
    for sequence in 1..=messages(connection, STREAM).await {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let id: Uuid = message.headers.get("Nats-Msg-Id").unwrap().as_str().parse().unwrap();
        twice += usize::from(!ids.insert(id));
    }
    twice
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_under_load_loses_nothing() {
    let catalogue = impatient();
    let (mut server, connection) = server(catalogue).await;
    let ledger = Ledger::default();
    let subscriber = subscribe(&connection, willing(catalogue, &ledger), quick()).await;
    let pulse = subscriber.pulse();
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(publisher(&connection, catalogue), &ledger, &stop);
    let mut random = random();
    for round in 1..=3 {
        ledger.until(ledger.count() + 50 + random.usize(..100)).await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(random.u64(..300))).await;
        tokio::task::block_in_place(|| server.restart()).unwrap();
        let handled = ledger.count();
        println!("killed {round} times, {handled} handled");
    }
    ledger.until(ledger.count() + 50).await;
    stop.store(true, Ordering::SeqCst);
    let gap = load.await.unwrap();
    let balance = ledger.balance(&connection).await;
    println!("no ack for up to {gap:?}");
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (balance.acked, 0));
    assert_eq!(messages(&connection, STREAM).await, balance.acked as u64);
    assert_eq!(twice(&connection).await, 0);
    until("it is ready again", || async { pulse.trouble().is_none() }).await;
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_handlers_run_does_not_run_them_twice() {
    let catalogue = impatient();
    let (mut server, connection) = server(catalogue).await;
    let ledger = Ledger::default();
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = begun.clone();
    let handlers = handlers(catalogue, &ledger, move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(())
        }
    });
    let subscriber = subscribe(&connection, handlers, quick()).await;
    publish(&connection, &ledger, numbered("slow", 5)).await;
    until("all have begun", || async { begun.load(Ordering::SeqCst) == 5 }).await;
    server.kill();
    tokio::task::block_in_place(|| server.restart()).unwrap();
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (5, 0));
    assert_eq!(begun.load(Ordering::SeqCst), 5);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_noticed() {
    let catalogue = impatient();
    let (mut server, connection) = server(catalogue).await;
    let ledger = Ledger::default();
    let subscriber = subscribe(&connection, willing(catalogue, &ledger), quick()).await;
    let pulse = subscriber.pulse();
    publish(&connection, &ledger, numbered("before", 20)).await;
    until("it is ready", || async { pulse.last_beat().is_some() }).await;
    server.pause().unwrap();
    until("it is not ready", || async { pulse.trouble().is_some() }).await;
    server.resume().unwrap();
    publish(&connection, &ledger, numbered("after", 20)).await;
    let balance = ledger.balance(&connection).await;
    until("it is ready again", || async { pulse.trouble().is_none() }).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (40, 0));
    drain_all(subscriber).await;
}

/// The stream, its consumer and the dead-letter queue, on three nodes.
async fn apply_replicated(connection: &Connection) {
    let topology = impatient().topology.unwrap();
    for stream in topology.streams.iter().filter(|it| [STREAM, QUEUE].contains(&it.name)) {
        let config = json!({
            "name": stream.name,
            "subjects": stream.subjects,
            "duplicate_window": stream.duplicate_window_seconds * 1_000_000_000,
            "num_replicas": 3,
            "allow_direct": true,
        });
        ask(connection, &format!("STREAM.CREATE.{}", stream.name), config).await;
    }
    let consumer = topology.consumers.iter().find(|it| it.name == CONSUMER).unwrap();
    let config = json!({
        "durable_name": consumer.name,
        "ack_policy": "explicit",
        "filter_subjects": consumer.filter_subjects,
        "ack_wait": consumer.ack_wait_seconds * 1_000_000_000,
        "max_deliver": consumer.max_deliver,
        "max_ack_pending": consumer.max_ack_pending,
    });
    let subject = format!("CONSUMER.DURABLE.CREATE.{STREAM}.{CONSUMER}");
    ask(connection, &subject, json!({ "stream_name": STREAM, "config": config })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_killed_under_load_loses_nothing_and_stores_nothing_twice() {
    let mut cluster = Cluster::start(3).unwrap();
    let options = ConnectOptions::new("faults");
    let options = cluster.urls().into_iter().fold(options, ConnectOptions::server);
    let connection = options.clone().request_timeout(Duration::from_secs(2)).connect();
    let connection = connection.await.unwrap();
    // For questions to a cluster that is busy with itself.
    let admin = options.request_timeout(Duration::from_secs(20)).connect().await.unwrap();
    apply_replicated(&admin).await;
    let ledger = Ledger::default();
    let catalogue = impatient();
    let subscriber = subscribe(&connection, willing(catalogue, &ledger), quick()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(publisher(&connection, &CATALOGUE), &ledger, &stop);
    ledger.until(200).await;
    let leader = cluster.stream_leader(STREAM).unwrap();
    let killed = Instant::now();
    cluster.kill(leader).unwrap();
    ledger.until(ledger.count() + 500).await;
    println!("500 more were handled {:?} after n{leader} was killed", killed.elapsed());
    stop.store(true, Ordering::SeqCst);
    let gap = load.await.unwrap();
    println!("no ack for up to {gap:?}");
    for info in [
        format!("STREAM.INFO.{STREAM}"),
        format!("STREAM.INFO.{QUEUE}"),
        format!("CONSUMER.INFO.{STREAM}.{CONSUMER}"),
    ] {
        until(&format!("`{info}` is answered"), || leads(&connection, &info)).await;
    }
    let balance = ledger.balance(&admin).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (balance.acked, 0));
    assert_eq!(messages(&admin, STREAM).await, balance.acked as u64);
    assert_eq!(twice(&admin).await, 0);
    until_settled(&admin).await;
    drain_all(subscriber).await;
}

/// Whether there is a leader to answer.
async fn leads(connection: &Connection, info: &str) -> bool {
    let answer = connection.jetstream().request(info.to_owned(), &json!({})).await;
    answer.is_ok_and(|answer: serde_json::Value| answer.get("error").is_none())
}
