//! Acks that are lost on the way.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use wr_events::wr_core::chrono::Utc;
use wr_events::{
    Event, PositionEnqueuedV1, SessionActiveV1, SessionExpiredV1, SessionStartedV1,
    SessionStartedV1Required, SessionTerminatedV1,
};
use wr_runtime::{
    ConnectOptions, Connection, HandlerError, Handlers, Metrics, Reason, Reconciler, Subscriber,
};
use wr_testkit::{Direction, Proxy, Server};

use super::ledger::Ledger;
use super::{
    Crowd, QUEUE, STREAM, catalogue, handlers, ignore, impatient, metric, numbered, publish,
    publisher, quick, random, server, subscribe, until_settled, willing,
};
use crate::support::{LONG, ask, drain_all, enqueued, messages, until};

/// A way to the server that can be told to lose things, and a connection over it.
async fn detour(server: &Server) -> (Proxy, Connection) {
    let proxy = Proxy::start(server.port()).unwrap();
    let options = ConnectOptions::new("faults").server(proxy.url());
    let options = options.request_timeout(Duration::from_millis(500));
    let connection = options.connect().await.unwrap();
    (proxy, connection)
}

/// Loses one in three acks of deliveries, each event's at most once; gives how many were lost.
fn lose_acks(proxy: &Proxy) -> Arc<Mutex<BTreeSet<String>>> {
    let mut random = random();
    let lost = Arc::new(Mutex::new(BTreeSet::new()));
    let losing = lost.clone();
    proxy.drop_frames(Direction::ToServer, move |frame| {
        // `$JS.ACK.{stream}.{consumer}.{deliveries}.{stream sequence}...`
        let is_ack = frame.is_delivery_ack() && frame.payload == b"+ACK";
        let place = frame.subject.split('.').nth(5).unwrap_or_default();
        is_ack && random.u8(..3) == 0 && losing.lock().unwrap().insert(place.to_owned())
    });
    lost
}

/// How many acks were lost: enough for a test to say something.
fn many(lost: &Mutex<BTreeSet<String>>) -> usize {
    let lost = lost.lock().unwrap().len();
    println!("{lost} acks lost");
    assert!(lost > 20);
    lost
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_publish_acks_store_nothing_twice() {
    let (server, connection) = server(impatient()).await;
    let (proxy, detour) = detour(&server).await;
    let mut random = random();
    proxy.drop_frames(Direction::ToClient, move |frame| {
        frame.is_publish_ack() && random.u8(..3) == 0
    });
    let events: Vec<_> = (0..300).map(|number| enqueued(&format!("p{number}"), number)).collect();
    let receipts = publisher(&detour, impatient()).publish_all(&events).await;
    let receipts: Vec<_> = receipts.into_iter().map(Result::unwrap).collect();
    let lost = proxy.dropped(Direction::ToClient);
    let again: u32 = receipts.iter().map(|receipt| receipt.attempts - 1).sum();
    let duplicates = receipts.iter().filter(|receipt| receipt.duplicate).count();
    println!("300 published, {lost} acks lost, {again} sent again, {duplicates} had been there");
    assert!(lost > 50);
    // An ack that was only late is sent again for, too.
    assert!(u64::from(again) >= lost);
    // An ack of the first attempt that was late is none of a duplicate.
    assert!(duplicates <= receipts.iter().filter(|receipt| receipt.attempts > 1).count());
    assert_eq!(messages(&connection, STREAM).await, 300);
}

/// Every answer is lost but that to the first attempt, which comes while it is tried again.
#[tokio::test(flavor = "multi_thread")]
async fn a_publish_ack_that_is_late_is_an_ack() {
    let (server, connection) = server(impatient()).await;
    let (proxy, detour) = detour(&server).await;
    let first = Arc::new(Mutex::new(None));
    let kept = first.clone();
    proxy.drop_frames(Direction::ToClient, move |frame| {
        let mut first = kept.lock().unwrap();
        let is_late = first.as_ref().is_some_and(|(inbox, _)| inbox == frame.subject);
        if first.is_none() && frame.is_publish_ack() {
            *first = Some((frame.subject.to_owned(), frame.payload.to_vec()));
        }
        frame.is_publish_ack() && !is_late
    });
    let publisher = publisher(&detour, impatient());
    let pending = publisher.enqueue(&enqueued("p", 1)).await.unwrap();
    until("it is sent again", || async { proxy.dropped(Direction::ToClient) > 1 }).await;
    let (inbox, answer) = first.lock().unwrap().clone().unwrap();
    // A first attempt that a later one has overtaken is answered as a duplicate.
    let mut answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    answer["duplicate"] = true.into();
    connection.client().publish(inbox, answer.to_string().into()).await.unwrap();
    let receipt = pending.await.unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (1, false));
    assert!(receipt.attempts > 1, "{receipt:?}");
    assert!(publisher.drain(LONG).await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_consumer_acks_bring_the_events_again() {
    let catalogue = impatient();
    let (server, connection) = server(catalogue).await;
    let (proxy, detour) = detour(&server).await;
    let lost = lose_acks(&proxy);
    let ledger = Ledger::default();
    let subscriber = subscribe(&detour, willing(catalogue, &ledger), quick()).await;
    publish(&connection, &ledger, numbered("p", 200)).await;
    until_settled(&connection).await;
    let balance = ledger.balance(&connection).await;
    let lost = many(&lost);
    assert_eq!((balance.handled.len(), balance.dead.len()), (200, 0));
    assert_eq!(balance.again(), lost);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ack_that_is_to_be_confirmed_is_sent_again() {
    let catalogue = catalogue(|consumer| consumer.ack_wait_seconds = 10);
    let (server, connection) = server(catalogue).await;
    let (proxy, detour) = detour(&server).await;
    let lost = lose_acks(&proxy);
    let ledger = Ledger::default();
    let options = quick().double_ack();
    let subscriber = subscribe(&detour, willing(catalogue, &ledger), options).await;
    publish(&connection, &ledger, numbered("p", 200)).await;
    until_settled(&connection).await;
    let balance = ledger.balance(&connection).await;
    many(&lost);
    assert_eq!((balance.handled.len(), balance.again(), balance.dead.len()), (200, 0, 0));
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_whose_end_is_lost_is_counted_once() {
    let catalogue = impatient();
    let (server, connection) = server(catalogue).await;
    let (proxy, detour) = detour(&server).await;
    let mut lost = 0;
    proxy.drop_frames(Direction::ToServer, move |frame| {
        let is_end = frame.is_delivery_ack() && frame.payload.starts_with(b"+TERM");
        lost += u32::from(is_end);
        is_end && lost == 1
    });
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let handlers =
        handlers(catalogue, &ledger, |_, _| async { Err(HandlerError::permanent("no use")) });
    let subscriber = subscribe(&detour, handlers, quick().metrics(metrics.clone())).await;
    publish(&connection, &ledger, ["p"]).await;
    until("it was given up twice", || async { metric(&metrics, "events_processed_total") == 2.0 })
        .await;
    assert_eq!(proxy.dropped(Direction::ToServer), 1);
    assert_eq!(metric(&metrics, "dead_letters_total"), 1.0);
    assert_eq!(messages(&connection, QUEUE).await, 1);
    drain_all(subscriber).await;
}

/// Nothing on the server tells it from a crash at the last delivery.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_handled_and_never_acknowledged_is_in_both() {
    let catalogue = catalogue(|consumer| {
        consumer.ack_wait_seconds = 1;
        consumer.attempts = 1;
        consumer.max_deliver = 2;
    });
    let (server, connection) = server(catalogue).await;
    let (proxy, detour) = detour(&server).await;
    // The first three messages of the stream.
    proxy.drop_frames(Direction::ToServer, |frame| {
        let place = frame.subject.split('.').nth(5).unwrap_or_default();
        frame.is_delivery_ack() && ["1", "2", "3"].contains(&place)
    });
    let ledger = Ledger::default();
    let reconciler = Reconciler::start(&connection, catalogue, Metrics::new()).await.unwrap();
    let subscriber = subscribe(&detour, willing(catalogue, &ledger), quick()).await;
    publish(&connection, &ledger, numbered("p", 20)).await;
    until("the server has given up three", || async { messages(&connection, QUEUE).await == 3 })
        .await;
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.handled.len(), balance.again(), balance.dead.len()), (20, 3, 3));
    assert_eq!(balance.both(), balance.dead);
    assert!(balance.dead.values().all(|reason| *reason == Reason::MaxDeliveriesExceeded));
    drain_all(subscriber).await;
    reconciler.drain(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_is_not_handled_again_after_a_lost_ack() {
    let catalogue = impatient();
    let (server, connection) = server(catalogue).await;
    let (proxy, detour) = detour(&server).await;
    let lost = lose_acks(&proxy);
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let booked = {
        let ledger = ledger.clone();
        move |event: Event<SessionStartedV1>, _| {
            ledger.handled(event.id);
            std::future::ready(Ok(()))
        }
    };
    let handlers = Handlers::new(catalogue)
        .on::<SessionStartedV1>(booked)
        .on::<SessionActiveV1>(ignore)
        .on::<SessionExpiredV1>(ignore)
        .on::<SessionTerminatedV1>(ignore);
    let options = quick().metrics(metrics.clone());
    let subscriber =
        Subscriber::start(&detour, "notification-service", handlers, options).await.unwrap();
    let events: Vec<_> = numbered("session", 200)
        .into_iter()
        .map(|session_id| {
            let position_id = "p".to_owned();
            let required =
                SessionStartedV1Required { session_id, position_id, expires_at: Utc::now() };
            Event::new("faults", SessionStartedV1::new(required))
        })
        .collect();
    for receipt in publisher(&connection, catalogue).publish_all(&events).await {
        ledger.acked(receipt.unwrap().id);
    }
    until("everything is settled", || async {
        let subject = "CONSUMER.INFO.SESSION_EVENTS.notification-service";
        let info = ask(&connection, subject, serde_json::json!({})).await;
        info["num_pending"] == 0 && info["num_ack_pending"] == 0
    })
    .await;
    let balance = ledger.balance(&connection).await;
    let lost = many(&lost);
    assert_eq!((balance.handled.len(), balance.again(), balance.dead.len()), (200, 0, 0));
    assert!(metric(&metrics, "redeliveries_total") >= lost as f64);
    drain_all(subscriber).await;
}

/// With every slot taken it asks for nothing, and hears of nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_gone_is_noticed_by_who_is_busy() {
    let catalogue = catalogue(|consumer| consumer.ack_wait_seconds = 10);
    let (server, connection) = server(catalogue).await;
    let (proxy, detour) = detour(&server).await;
    let ledger = Ledger::default();
    let ended = Arc::new(Notify::new());
    let waiting = ended.clone();
    let handlers = handlers(catalogue, &ledger, move |_, _| {
        let ended = waiting.clone();
        async move {
            ended.notified().await;
            Ok(())
        }
    });
    let subscriber = subscribe(&detour, handlers, quick().concurrency(1)).await;
    let pulse = subscriber.pulse();
    publish(&connection, &ledger, numbered("p", 2)).await;
    until("it is ready", || async { pulse.last_beat().is_some() }).await;
    proxy.refuse();
    until("it is not ready", || async { pulse.trouble().is_some() }).await;
    proxy.pass_all();
    until("it is ready again, and busy", || async { pulse.trouble().is_none() }).await;
    assert_eq!(ledger.count(), 0);
    ended.notify_one();
    ledger.until(1).await;
    ended.notify_one();
    let balance = ledger.balance(&connection).await;
    until_settled(&connection).await;
    assert_eq!((balance.handled.len(), balance.again()), (2, 0));
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_again_and_again_loses_nothing() {
    cut_again_and_again(|handlers| handlers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_again_and_again_keeps_the_concurrency_of_ordered_handlers() {
    let key = |event: &Event<PositionEnqueuedV1>| (event.data.queue_length % 16).to_string();
    cut_again_and_again(|handlers| handlers.ordered_by(key)).await;
    // Every slot may be held by those behind one that came without.
    cut_again_and_again(|handlers| {
        handlers.ordered_by(|_: &Event<PositionEnqueuedV1>| "one".to_owned())
    })
    .await;
}

async fn cut_again_and_again(ordered: impl FnOnce(Handlers) -> Handlers) {
    let catalogue = impatient();
    let (server, connection) = server(catalogue).await;
    let (proxy, detour) = detour(&server).await;
    let mut random = random();
    let (ledger, metrics) = (Ledger::default(), Metrics::new());
    let options = quick().concurrency(4).metrics(metrics.clone());
    let crowd = Arc::new(Crowd::default());
    let counted = crowd.clone();
    let handlers = handlers(catalogue, &ledger, move |_, _| {
        let crowd = counted.clone();
        async move {
            let _in = crowd.enter();
            tokio::time::sleep(Duration::from_millis(3)).await;
            Ok(())
        }
    });
    let subscriber = subscribe(&detour, ordered(handlers), options).await;
    let publishing = async {
        let publisher = publisher(&detour, catalogue);
        for number in 0..600 {
            let pending = publisher.enqueue(&enqueued("p", number)).await.unwrap();
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.acked(pending.await.unwrap().id) });
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        publisher.drain(LONG).await
    };
    let cutting = async {
        for _ in 0..5 {
            ledger.until(ledger.count() + random.usize(20..60)).await;
            proxy.cut();
        }
    };
    let (drained, ()) = tokio::join!(publishing, cutting);
    assert!(drained.is_clean(), "{drained:?}");
    until_settled(&connection).await;
    let balance = ledger.balance(&connection).await;
    assert_eq!((balance.acked, balance.handled.len(), balance.dead.len()), (600, 600, 0));
    assert!(crowd.most() <= 4, "{} at a time", crowd.most());
    assert_eq!(messages(&connection, STREAM).await, 600);
    until("nothing is in flight", || async { metric(&metrics, "consumer_in_flight") == 0.0 }).await;
    drain_all(subscriber).await;
}
