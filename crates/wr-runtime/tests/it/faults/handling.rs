//! Handlers that fail, panic, hang, block or are slow.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use wr_events::CATALOGUE;
use wr_events::wr_core::Catalogue;
use wr_runtime::{ConnectOptions, HandlerError, Handlers, Metrics, Reason};
use wr_testkit::{Direction, Proxy};

use super::ledger::{Ledger, letters};
use super::{
    CONSUMER, STREAM, SUBJECT, apply, catalogue, consumer, handlers, impatient, metric, numbered,
    publish, quick, server, subscribe, until_settled, willing,
};
use crate::support::{LONG, drain_all, enqueued, until};

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "on purpose, in a drop");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_every_kind_add_up() {
    let (_server, connection) = server(&CATALOGUE).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let attempts = Arc::new(Mutex::new(BTreeMap::<String, Vec<u32>>::new()));
    let seen = attempts.clone();
    let handlers = handlers(&CATALOGUE, &ledger, move |event, delivery| {
        let position = event.data.position_id;
        seen.lock().unwrap().entry(position.clone()).or_default().push(delivery.attempt);
        assert_ne!(position, "panics before it is a future");
        async move {
            let first = delivery.attempt == 1;
            match position.as_str() {
                "fails once" if first => Err(HandlerError::retryable("not yet")),
                "fails always" => Err(HandlerError::retryable("never")),
                "fails for good" => Err(HandlerError::permanent("no use")),
                "panics once" if first => panic!("on purpose"),
                "panics always" => panic!("on purpose"),
                "hangs once" if first => std::future::pending().await,
                "hangs always" => std::future::pending().await,
                "hangs and panics" => {
                    let _bomb = Bomb;
                    std::future::pending().await
                }
                _ => Ok(()),
            }
        }
    });
    let options = quick().handler_deadline(Duration::from_millis(300)).metrics(metrics.clone());
    let subscriber = subscribe(&connection, handlers, options).await;
    let odd = [
        ("fails once", 2, None),
        ("fails always", 3, Some(Reason::MaxRetriesExceeded)),
        ("fails for good", 1, Some(Reason::PermanentError)),
        ("panics once", 2, None),
        ("panics always", 3, Some(Reason::MaxRetriesExceeded)),
        ("panics before it is a future", 3, Some(Reason::MaxRetriesExceeded)),
        ("hangs once", 2, None),
        ("hangs always", 3, Some(Reason::MaxRetriesExceeded)),
        ("hangs and panics", 3, Some(Reason::MaxRetriesExceeded)),
    ];
    publish(&connection, &ledger, odd.iter().map(|(position, ..)| *position)).await;
    publish(&connection, &ledger, numbered("fine", 200)).await;
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.acked, balance.handled.len(), balance.dead.len()), (209, 203, 6));
    assert_eq!((balance.again(), balance.both().len()), (0, 0));

    let attempts = attempts.lock().unwrap().clone();
    let mut reasons: BTreeMap<String, Reason> = BTreeMap::new();
    for letter in letters(&connection).await {
        let body: serde_json::Value = serde_json::from_slice(&letter.body).unwrap();
        reasons.insert(body["data"]["position_id"].as_str().unwrap().to_owned(), letter.reason);
    }
    for (position, times, reason) in odd {
        assert_eq!(attempts[position], (1..=times).collect::<Vec<u32>>(), "{position}");
        assert_eq!(reasons.get(position), reason.as_ref(), "{position}");
    }
    until("nothing is in flight", || async { metric(&metrics, "consumer_in_flight") == 0.0 }).await;
    assert_eq!(metric(&metrics, "dead_letters_total"), 6.0);
    assert!(subscriber.drain(LONG).await.unwrap().returned.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn a_handler_that_blocks_its_thread_stops_neither_the_others_nor_a_drain() {
    let catalogue = impatient();
    let (server, connection) = server(catalogue).await;
    // On a busy machine an answer may be long in coming.
    let options = ConnectOptions::new("faults").server(server.url());
    let patient = options.request_timeout(LONG).connect().await.unwrap();
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    // A thread that is blocked may be the one that drives tokio's timers and connections, and while
    // all others sleep, none takes its place. A service is not that idle.
    let _busy = JoinSet::from_iter([async {
        loop {
            tokio::task::yield_now().await;
        }
    }]);
    let handlers = handlers(catalogue, &ledger, move |event, _| {
        let released = released.clone();
        async move {
            match event.data.position_id.as_str() {
                "blocks" => std::thread::sleep(Duration::from_millis(2_500)),
                "blocks until told" => drop(released.lock().unwrap().recv()),
                _ => {}
            }
            Ok(())
        }
    });
    let options = quick().handler_deadline(Duration::from_millis(300)).metrics(metrics.clone());
    let subscriber = subscribe(&patient, handlers, options.concurrency(4)).await;
    publish(&connection, &ledger, ["blocks"]).await;
    publish(&connection, &ledger, numbered("fine", 100)).await;
    ledger.until(100).await;
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (101, 0));
    // It was delivered again while it blocked, and may be at it still.
    until("nothing is in flight", || async { metric(&metrics, "consumer_in_flight") == 0.0 }).await;

    publish(&connection, &ledger, ["blocks until told"]).await;
    until("it is being handled", || async { metric(&metrics, "consumer_in_flight") == 1.0 }).await;
    let drain = subscriber.drain(Duration::from_millis(200));
    let drained = tokio::time::timeout(LONG, drain).await.unwrap().unwrap();
    assert_eq!(drained.returned, [102]);
    assert_eq!(metric(&metrics, "consumer_in_flight"), 0.0);
    let another = subscribe(&connection, willing(catalogue, &ledger), quick()).await;
    assert_eq!(ledger.balance(&connection).await.handled.len(), 102);
    drain_all(another).await;
    drop(release);
}

/// Handlers that block as tokio permits it until the sender is gone, all but those of `fine`; the
/// thread of each gets a substitute, and each that begins is counted.
fn blocking(
    catalogue: &'static Catalogue,
    ledger: &Ledger,
) -> (Handlers, Arc<AtomicUsize>, Sender<()>) {
    let (release, released) = channel();
    let (begun, released) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(released)));
    let count = begun.clone();
    let handlers = handlers(catalogue, ledger, move |event, _| {
        let (count, released) = (count.clone(), released.clone());
        async move {
            if event.data.position_id.starts_with("blocks") {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = tokio::task::block_in_place(|| released.lock().unwrap().recv());
            }
            Ok(())
        }
    });
    (handlers, begun, release)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_every_worker_blocks_another_is_started() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let (handlers, begun, release) = blocking(&CATALOGUE, &ledger);
    let subscriber = subscribe(&connection, handlers, quick()).await;
    publish(&connection, &ledger, numbered("blocks", 2)).await;
    until("both block", || async { begun.load(Ordering::SeqCst) == 2 }).await;
    publish(&connection, &ledger, numbered("fine", 100)).await;
    ledger.until(100).await;
    drop(release);
    assert_eq!(ledger.balance(&connection).await.handled.len(), 102);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_is_started_while_the_consumer_is_gone_as_well() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let (handlers, begun, release) = blocking(&CATALOGUE, &ledger);
    publish(&connection, &ledger, numbered("blocks", 60)).await;
    let subscriber = subscribe(&connection, handlers, quick().concurrency(64)).await;
    until("it has begun", || async { begun.load(Ordering::SeqCst) > 0 }).await;
    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    stream.delete_consumer(CONSUMER).await.unwrap();
    let pulse = subscriber.pulse();
    until("it is gone", || async { pulse.trouble().is_some() }).await;
    until("all have begun", || async { begun.load(Ordering::SeqCst) == 60 }).await;
    assert!(pulse.trouble().is_some());
    drop(release);
    ledger.until(60).await;
    apply(&connection, &CATALOGUE).await;
    until_settled(&connection).await;
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_slower_than_the_ack_wait_runs_once() {
    let catalogue = impatient();
    let (_server, connection) = server(catalogue).await;
    let ledger = Ledger::default();
    let runs = Arc::new(Mutex::new(Vec::new()));
    let begun = runs.clone();
    let handlers = handlers(catalogue, &ledger, move |_, delivery| {
        begun.lock().unwrap().push(delivery.attempt);
        async {
            tokio::time::sleep(Duration::from_millis(3_500)).await;
            Ok(())
        }
    });
    let subscriber = subscribe(&connection, handlers, quick()).await;
    publish(&connection, &ledger, numbered("slow", 5)).await;
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (5, 0));
    assert_eq!(*runs.lock().unwrap(), [1; 5]);
    drain_all(subscriber).await;
}

/// Who asks for the metrics waits for an answer, and nobody else does.
#[tokio::test(flavor = "multi_thread")]
async fn a_handler_goes_on_while_the_metrics_lag() {
    let catalogue = impatient();
    let (server, connection) = server(catalogue).await;
    let proxy = Proxy::start(server.port()).unwrap();
    let detour = super::connect(&proxy.url()).await;
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let handlers = handlers(catalogue, &ledger, |_, _| async {
        tokio::time::sleep(Duration::from_secs(8)).await;
        Ok(())
    });
    let subscriber = subscribe(&detour, handlers, quick().metrics(metrics.clone())).await;
    proxy.drop_frames(Direction::ToServer, |frame| frame.subject.contains(".CONSUMER.INFO."));
    publish(&connection, &ledger, numbered("slow", 3)).await;
    let balance = ledger.balance(&connection).await;
    assert!(proxy.dropped(Direction::ToServer) > 0);
    proxy.pass_all();
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (3, 0));
    assert_eq!(metric(&metrics, "redeliveries_total"), 0.0);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_delays_do_not_stop_the_others() {
    let catalogue = catalogue(|consumer| consumer.max_ack_pending = 8);
    let (_server, connection) = server(catalogue).await;
    let ledger = Ledger::default();
    let handlers = handlers(catalogue, &ledger, |event, delivery| async move {
        match (event.data.position_id.as_str(), delivery.attempt) {
            ("for ever", 1) => Err(HandlerError::retry_after(Duration::MAX, "never")),
            (position, 1) if position.starts_with("delayed") => {
                Err(HandlerError::retry_after(Duration::from_secs(4), "later"))
            }
            _ => Ok(()),
        }
    });
    let subscriber = subscribe(&connection, handlers, quick().concurrency(4)).await;
    publish(&connection, &ledger, numbered("delayed", 3)).await;
    // The longest that there is, which nobody waits for here.
    publish(&connection, &Ledger::default(), ["for ever"]).await;
    let started = Instant::now();
    publish(&connection, &ledger, numbered("fine", 200)).await;
    ledger.until(200).await;
    println!("200 beside 4 that wait for 4 s and more: {:?}", started.elapsed());
    assert_eq!(consumer(&connection).await["num_redelivered"], 0, "the delayed are still to come");
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (203, 0));
    assert_eq!(consumer(&connection).await["num_ack_pending"], 1);
    drain_all(subscriber).await;

    let crowded = quick().concurrency(5);
    let refused =
        wr_runtime::Subscriber::start(&connection, CONSUMER, willing(catalogue, &ledger), crowded);
    assert!(refused.await.unwrap_err().to_string().contains("max_ack_pending"));
    let hasty = quick().retry(wr_runtime::RetryPolicy::new(Duration::ZERO, LONG));
    let refused =
        wr_runtime::Subscriber::start(&connection, CONSUMER, willing(catalogue, &ledger), hasty);
    assert!(matches!(refused.await.unwrap_err().kind(), wr_runtime::ErrorKind::Option(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redriven_event_has_the_subject_that_it_was_published_on() {
    let (_server, connection) = server(&CATALOGUE).await;
    let ledger = Ledger::default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let handlers = handlers(&CATALOGUE, &ledger, move |event, delivery| {
        log.lock().unwrap().push((delivery.subject, delivery.redriven));
        let good = event.data.position_id == "good";
        async move { if good { Ok(()) } else { Err(HandlerError::permanent("no use")) } }
    });
    let subscriber = subscribe(&connection, handlers, quick()).await;
    let mut ids = Vec::new();
    let prefix = format!("waitingroom.redrive.{CONSUMER}.");
    for (position, subject) in [("good", SUBJECT), ("bad", SUBJECT), ("lost", "waitingroom.what")] {
        let event = enqueued(position, 0);
        let body = wr_events::wr_core::Contract::encode(&event).unwrap();
        let sent = connection.jetstream().publish(format!("{prefix}{subject}"), body.into()).await;
        sent.unwrap().await.unwrap();
        ledger.acked(event.id);
        ids.push(event.id);
    }
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.dead.len()), (1, 2));
    assert_eq!(balance.dead[&ids[1]], Reason::PermanentError);
    assert_eq!(balance.dead[&ids[2]], Reason::UnknownType);
    assert_eq!(*seen.lock().unwrap(), vec![(SUBJECT, true); 2]);
    let subjects: Vec<_> =
        letters(&connection).await.into_iter().map(|letter| letter.original_subject).collect();
    assert!(subjects.iter().all(|subject| !subject.contains("redrive")), "{subjects:?}");
    drain_all(subscriber).await;
}
