//! Dead letters: kept in every form, listed, redriven to one consumer, purged.

mod redrive;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer::PullConsumer};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use wr_events::wr_core::chrono::Utc;
use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1,
};
use wr_runtime::{
    ConnectOptions, Connection, DeadLetter, DeadLetterQueue, Delivery, Entry, ErrorKind,
    HandlerError, Handlers, Keeper, Kept, ListOrder, Publisher, PublisherOptions, Reason,
    RedriveOptions, RedriveOutcome, RedriveReport, Selection, Skip, Subscriber, SubscriberOptions,
};
use wr_testkit::ServerOptions;

use crate::support::{apply, ask, connect, drain_all, enqueued, messages, server, until};

/// After so long nothing more will come. Servers deliver what was stored a moment ago a moment later:
/// who asks for what is there may be told that nothing is.
pub(crate) const MOMENT: Duration = Duration::from_secs(2);
pub(crate) const STREAM: &str = "POSITION_EVENTS";
pub(crate) const CONSUMER: &str = "analytics-processor";
pub(crate) const SUBJECT: &str = "waitingroom.position.enqueued.v1";
const REDRIVEN: &str = "waitingroom.redrive.analytics-processor.waitingroom.position.enqueued.v1";
const QUEUE: &str = "DEAD_LETTER_QUEUE";

fn queue(connection: &Connection) -> DeadLetterQueue {
    DeadLetterQueue::new(connection, &CATALOGUE).unwrap()
}

fn keeper(connection: &Connection) -> Keeper {
    Keeper::new(connection, &CATALOGUE).unwrap()
}

/// Publishes a message, whatever it holds.
pub(crate) async fn publish(connection: &Connection, body: Vec<u8>) -> u64 {
    let mut headers = HeaderMap::new();
    headers.insert("Content-Type", "application/json");
    headers.insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    headers.append("several", "one");
    headers.append("several", "two");
    headers.insert("Nats-Expected-Stream", STREAM);
    let context = connection.jetstream();
    let ack = context.publish_with_headers(SUBJECT, headers, body.into()).await.unwrap();
    ack.await.unwrap().sequence
}

async fn consumer(connection: &Connection, name: &str) -> PullConsumer {
    connection.jetstream().get_consumer_from_stream(name, STREAM).await.unwrap()
}

/// What a consumer is delivered now, at most so many.
async fn pull(connection: &Connection, name: &str, most: usize) -> Vec<jetstream::Message> {
    let consumer = consumer(connection, name).await;
    let batch = consumer.batch().max_messages(most).expires(MOMENT).messages().await.unwrap();
    batch.map(Result::unwrap).collect().await
}

/// Messages that the consumer was delivered and gives up.
async fn letters(connection: &Connection, bodies: Vec<Vec<u8>>) -> Vec<DeadLetter> {
    let count = bodies.len();
    for body in bodies {
        publish(connection, body).await;
    }
    let pulled = pull(connection, CONSUMER, count).await;
    assert_eq!(pulled.len(), count);
    let mut letters = Vec::new();
    for message in pulled {
        letters.push(DeadLetter::of(&message, Reason::PermanentError, "no").unwrap());
        message.double_ack().await.unwrap();
    }
    letters
}

/// As many dead letters in the queue.
async fn kept(connection: &Connection, count: u8) -> Vec<DeadLetter> {
    let letters = letters(connection, (0..count).map(|number| vec![number]).collect()).await;
    let keeper = keeper(connection);
    for letter in &letters {
        assert_eq!(keeper.keep(letter, None).await.unwrap(), Kept::New);
    }
    letters
}

async fn list(queue: &DeadLetterQueue, selection: &Selection, order: ListOrder) -> Vec<Entry> {
    queue.list(selection, order).try_collect().await.unwrap()
}

async fn sequences(queue: &DeadLetterQueue, selection: &Selection) -> Vec<u64> {
    let entries = list(queue, selection, ListOrder::OldestFirst).await;
    entries.iter().map(|entry| entry.sequence).collect()
}

/// Redrives, and checks that the counts add up.
async fn redrive(
    queue: &DeadLetterQueue,
    selection: &Selection,
    options: &RedriveOptions,
) -> RedriveReport {
    let mut told = 0;
    let report = queue.redrive(selection, options, |_, _| told += 1).await.unwrap();
    let others = report.skipped.len() + report.failed.len();
    assert_eq!(report.selected, report.redriven + report.already + others as u64);
    assert_eq!(report.selected, told);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn every_size_is_kept_and_read_back() {
    let (_server, connection) = server().await;
    let largest = connection.client().max_payload() - 400;
    let sizes = [0, 1_000, 800_000, largest];
    let letters = letters(&connection, sizes.map(|size| vec![b'x'; size]).to_vec()).await;
    let (keeper, queue) = (keeper(&connection), queue(&connection));
    for letter in &letters {
        assert_eq!(keeper.keep(letter, None).await.unwrap(), Kept::New);
    }
    // The largest takes two messages.
    assert_eq!(messages(&connection, QUEUE).await, 5);
    let entries = list(&queue, &Selection::all(), ListOrder::OldestFirst).await;
    assert_eq!(entries.len(), 4);
    for (entry, letter) in entries.iter().zip(&letters) {
        assert_eq!(&queue.get(entry.sequence).await.unwrap().unwrap(), letter);
        assert_eq!(letter.original_headers.get_all("several").count(), 2);
        assert!(letter.original_headers.get("Nats-Expected-Stream").is_none());
        assert_eq!(entry.subject, format!("waitingroom.dlq.{STREAM}.{CONSUMER}"));
        let listed = entry.letter.as_ref().unwrap();
        assert!(listed.body.is_empty());
        assert_eq!(
            (&listed.original_subject, &listed.reason, listed.stored_at, listed.deliveries),
            (&letter.original_subject, &letter.reason, letter.stored_at, Some(1)),
        );
    }
    // The part that is no entry is named by nobody.
    let error = queue.get(entries[3].sequence - 1).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DeadLetter(_)), "{error}");
    assert_eq!(queue.get(99).await.unwrap(), None);
    let report = queue.purge(&Selection::all(), false).await.unwrap();
    assert_eq!((report.selected, report.purged), (4, 4));
    assert_eq!(messages(&connection, QUEUE).await, 0);
}

/// With a limit of 16 KB: every form begins and ends at some of these sizes.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_takes_every_size_around_its_limit() {
    let server = ServerOptions::new().config("max_payload: 16384").start().unwrap();
    let connection = connect(&server.url()).await;
    apply(&connection).await;
    let sizes = (9_800..10_900).chain(14_900..15_900).step_by(16);
    let letters = letters(&connection, sizes.map(|size| vec![b'x'; size]).collect()).await;
    let (keeper, queue) = (keeper(&connection), queue(&connection));
    let mut forms = BTreeMap::new();
    for (letter, before) in letters.iter().zip(0..) {
        assert_eq!(keeper.keep(letter, None).await.unwrap(), Kept::New);
        let last = ListOrder::NewestFirst;
        let entry = list(&queue, &Selection::all().limit(1), last).await.remove(0);
        assert_eq!(&queue.get(entry.sequence).await.unwrap().unwrap(), letter);
        let parts = entry.sequence - before - forms.get(&2).copied().unwrap_or(0);
        *forms.entry(parts).or_insert(0) += 1;
    }
    assert_eq!(forms.keys().copied().collect::<Vec<_>>(), [1, 2], "{forms:?}");
}

/// The whole way: a handler gives an event up, an operator redrives it, and the handler takes it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_redriven_is_handled() {
    let (_server, connection) = server().await;
    let cured = Arc::new(AtomicBool::new(false));
    let handled = Arc::new(Mutex::new(Vec::new()));
    let (is_cured, log) = (cured.clone(), handled.clone());
    let handlers = Handlers::new(&CATALOGUE)
        .on(move |event: Event<PositionEnqueuedV1>, delivery: Delivery| {
            let result = match is_cured.load(Ordering::SeqCst) {
                true => Ok(()),
                false => Err(HandlerError::permanent("not yet")),
            };
            if result.is_ok() {
                log.lock().unwrap().push((event.id, delivery.subject, delivery.redriven));
            }
            std::future::ready(result)
        })
        .on(async |_: Event<PositionAdmittedV1>, _: Delivery| Ok(()))
        .on(async |_: Event<PositionExpiredV1>, _: Delivery| Ok(()))
        .on(async |_: Event<PositionCancelledV1>, _: Delivery| Ok(()));
    let options = SubscriberOptions::new();
    let subscriber = Subscriber::start(&connection, CONSUMER, handlers, options).await.unwrap();
    let publisher = Publisher::new(&connection, &CATALOGUE, "test", PublisherOptions::new());
    let event = enqueued("pos-1", 3);
    publisher.unwrap().publish(&event).await.unwrap();

    let queue = queue(&connection);
    for deaths in 1..=2 {
        until("it is dead", async || messages(&connection, QUEUE).await == 1).await;
        let entry = list(&queue, &Selection::all(), ListOrder::OldestFirst).await.remove(0);
        assert_eq!(entry.sequence, deaths);
        assert_eq!(entry.letter.unwrap().original_subject, SUBJECT);
        cured.store(deaths == 2, Ordering::SeqCst);
        let report = redrive(&queue, &Selection::all(), &RedriveOptions::new()).await;
        assert_eq!(report.redriven, 1);
    }
    until("it is handled", async || !handled.lock().unwrap().is_empty()).await;
    drain_all(subscriber).await;
    assert_eq!(*handled.lock().unwrap(), [(event.id, SUBJECT, true)]);
    assert_eq!(messages(&connection, QUEUE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_the_specifications_and_of_the_trace() {
    let (_server, connection) = server().await;
    let letter = letters(&connection, vec![b"{".to_vec()]).await.remove(0);
    let trace = wr_runtime::TraceContext::from_headers(&letter.original_headers).unwrap();
    let _ = keeper(&connection).keep(&letter, Some(&trace)).await.unwrap();
    let stream = connection.jetstream().get_stream(QUEUE).await.unwrap();
    let message = stream.get_raw_message(1).await.unwrap();
    let header = |name: &str| message.headers.get(name).unwrap().as_str();
    assert_eq!(header("Content-Type"), "application/json");
    assert_eq!(header("Wr-Dead-Letter-Reason"), "permanent_error");
    assert!(header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(body["original_data"], "ew==");
    assert_eq!(body["original_subject"], SUBJECT);
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_twice_is_kept_once() {
    let (_server, connection) = server().await;
    let largest = connection.client().max_payload() - 400;
    let letters = letters(&connection, vec![vec![1], vec![2; largest]]).await;
    let keeper = keeper(&connection);
    for letter in &letters {
        assert_eq!(keeper.keep(letter, None).await.unwrap(), Kept::New);
    }
    for letter in letters {
        let again = DeadLetter::clone(&letter);
        assert_eq!(keeper.keep(&again, None).await.unwrap(), Kept::Already);
        assert_eq!(keeper.keep(&letter, None).await.unwrap(), Kept::Already);
    }
    assert_eq!(messages(&connection, QUEUE).await, 3);
}

/// Parts that an attempt kept before it was cut off, and that were evicted since.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_gone_is_kept_anew() {
    let (_server, connection) = server().await;
    let largest = connection.client().max_payload() - 400;
    let letter = letters(&connection, vec![vec![2; largest]]).await.remove(0);
    let (keeper, queue) = (keeper(&connection), queue(&connection));
    assert_eq!(keeper.keep(&letter, None).await.unwrap(), Kept::New);
    // As if the head, which is the second, had never come: only the parts are remembered.
    let head = connection.jetstream().get_stream(QUEUE).await.unwrap();
    let id = head.get_raw_message(2).await.unwrap().headers.get("Nats-Msg-Id").unwrap().to_string();
    let part = head.get_raw_message(1).await.unwrap();
    ask(&connection, &format!("STREAM.PURGE.{QUEUE}"), json!({})).await;
    assert_eq!(keeper.keep(&letter, None).await.unwrap(), Kept::Already);
    assert_eq!(messages(&connection, QUEUE).await, 0);

    ask(&connection, &format!("STREAM.DELETE.{QUEUE}"), json!({})).await;
    apply(&connection).await;
    let context = connection.jetstream();
    let publish = context.publish_with_headers(part.subject, part.headers, part.payload);
    let sequence = publish.await.unwrap().await.unwrap().sequence;
    let delete = format!("STREAM.MSG.DELETE.{QUEUE}");
    ask(&connection, &delete, json!({ "seq": sequence })).await;
    assert_eq!(keeper.keep(&letter, None).await.unwrap(), Kept::New);
    let entries = list(&queue, &Selection::all(), ListOrder::OldestFirst).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(queue.get(entries[0].sequence).await.unwrap().unwrap(), letter);
    let stream = connection.jetstream().get_stream(QUEUE).await.unwrap();
    let head = stream.get_raw_message(entries[0].sequence).await.unwrap();
    assert_eq!(head.headers.get("Nats-Msg-Id").unwrap().as_str(), id);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_is_an_error() {
    let (mut server, connection) = server().await;
    let letter = letters(&connection, vec![vec![1]]).await.remove(0);
    let keeper = keeper(&connection).deadline(Duration::from_millis(300));
    ask(&connection, &format!("STREAM.DELETE.{QUEUE}"), json!({})).await;
    let error = keeper.keep(&letter, None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoStream), "{error}");

    let mut unknown = letter.clone();
    unknown.reason = Reason::Unknown("new".to_owned());
    let error = keeper.keep(&unknown, None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DeadLetter(_)), "{error}");

    server.kill();
    let error = keeper.keep(&letter, None).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_stream_that_takes_it_is_drift() {
    let (_server, connection) = server().await;
    let letters = kept(&connection, 2).await;
    ask(&connection, &format!("STREAM.DELETE.{QUEUE}"), json!({})).await;
    let config = json!({ "name": "OTHER", "subjects": ["waitingroom.dlq.>"] });
    ask(&connection, "STREAM.CREATE.OTHER", config).await;
    let error = keeper(&connection).keep(&letters[0], None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Drift(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_comes_back_in_time_keeps_it() {
    let (mut server, connection) = server().await;
    let letter = letters(&connection, vec![vec![1]]).await.remove(0);
    server.kill();
    let keeper = keeper(&connection);
    let keeping = tokio::spawn(async move { keeper.keep(&letter, None).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.restart().unwrap();
    assert!(keeping.await.unwrap().is_ok());
    assert_eq!(messages(&connection, QUEUE).await, 1);
}

/// A server where `wr` may do all but publish on a subject.
async fn denying(subject: &str) -> (wr_testkit::Server, Connection, Connection) {
    let users = format!(
        "authorization {{ users = [ {{ user: admin, password: p }}, {{ user: wr, password: p, \
         permissions: {{ publish: {{ deny: [\"{subject}\"] }} }} }} ] }}"
    );
    let server = ServerOptions::new().config(users).start().unwrap();
    let connect = |user: &str| ConnectOptions::new("test").server(server.url()).user(user, "p");
    let admin = connect("admin").connect().await.unwrap();
    let denied = connect("wr").connect().await.unwrap();
    apply(&admin).await;
    (server, admin, denied)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_queue_is_told_at_once() {
    let (_server, admin, denied) = denying("waitingroom.dlq.>").await;
    let letter = letters(&admin, vec![vec![1]]).await.remove(0);
    let started = Instant::now();
    let error = keeper(&denied).keep(&letter, None).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PermissionDenied { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

/// Who may not read the queue cannot know whether a part is still there.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_may_not_be_read_is_kept_anew() {
    let (_server, admin, denied) = denying("$JS.API.STREAM.MSG.GET.>").await;
    let largest = admin.client().max_payload() - 400;
    let letter = letters(&admin, vec![vec![2; largest]]).await.remove(0);
    for (kept, count) in [(Kept::New, 2), (Kept::Already, 2)] {
        assert_eq!(keeper(&denied).keep(&letter, None).await.unwrap(), kept);
        assert_eq!(messages(&admin, QUEUE).await, count);
    }
    assert_eq!(queue(&admin).get(2).await.unwrap().unwrap(), letter);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_that_is_denied_stops_and_loses_nothing() {
    let (_server, admin, denied) = denying("waitingroom.redrive.>").await;
    kept(&admin, 5).await;
    let report = redrive(&queue(&denied), &Selection::all(), &RedriveOptions::new()).await;
    assert_eq!((report.selected, report.failed.len()), (3, 3));
    let stopped = report.stopped.unwrap();
    assert!(matches!(stopped.kind(), ErrorKind::PermissionDenied { .. }), "{stopped}");
    assert_eq!(messages(&admin, QUEUE).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_is_denied_stops() {
    let (_server, admin, denied) = denying("$JS.API.STREAM.MSG.DELETE.>").await;
    kept(&admin, 5).await;
    let report = queue(&denied).purge(&Selection::all(), false).await.unwrap();
    assert_eq!((report.selected, report.purged, report.failed.len()), (3, 0, 3));
    let stopped = report.stopped.unwrap();
    assert!(matches!(stopped.kind(), ErrorKind::PermissionDenied { .. }), "{stopped}");
    assert_eq!(messages(&admin, QUEUE).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_in_pages_and_both_ways() {
    let (_server, connection) = server().await;
    kept(&connection, 250).await;
    let queue = queue(&connection);
    // Holes, and more than a page: the same letters of another consumer.
    for letter in kept(&connection, 250).await {
        let mut other = letter.clone();
        other.consumer = Some("other".to_owned());
        other.reason = Reason::UnknownType;
        let _ = keeper(&connection).keep(&other, None).await.unwrap();
    }
    let since = Utc::now();
    queue.purge(&Selection::all().sequences(100..300), false).await.unwrap();
    let expected: Vec<u64> = (1..100).chain(300..=750).collect();
    assert_eq!(sequences(&queue, &Selection::all()).await, expected);
    let newest = list(&queue, &Selection::all().limit(3), ListOrder::NewestFirst).await;
    assert_eq!(newest.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [750, 749, 748]);
    let all = list(&queue, &Selection::all(), ListOrder::NewestFirst).await;
    assert!(all.iter().map(|entry| entry.sequence).eq(expected.iter().rev().copied()));

    let others = Selection::all().consumer("other");
    assert_eq!(list(&queue, &others, ListOrder::OldestFirst).await.len(), 250);
    for (selection, count) in [
        (Selection::all().reason(Reason::PermanentError), 300),
        (Selection::all().reason(Reason::SchemaViolation), 0),
        (Selection::all().stream(STREAM), 550),
        (Selection::all().subject("waitingroom.position.*.v1"), 550),
        (Selection::all().subject("waitingroom.queue.>"), 0),
        (Selection::all().since(since), 0),
        (Selection::all().until(since), 550),
        (Selection::all().sequences([]), 0),
        (Selection::all().sequences([5, 100, 500]), 2),
    ] {
        assert_eq!(sequences(&queue, &selection).await.len(), count, "{selection:?}");
    }
    let groups = queue.groups(&Selection::all()).await.unwrap();
    let groups: Vec<_> = groups
        .iter()
        .map(|group| (group.consumer.as_deref(), group.reason.clone(), group.count))
        .collect();
    assert_eq!(
        groups,
        [
            (Some(CONSUMER), Some(Reason::PermanentError), 300),
            (Some("other"), Some(Reason::UnknownType), 250),
        ]
    );

    // What is far apart is found too.
    let report = queue.purge(&Selection::all().sequences(301..750), false).await.unwrap();
    assert_eq!((report.selected, report.purged), (449, 449));
    let expected: Vec<u64> = (1..100).chain([300, 750]).collect();
    assert_eq!(sequences(&queue, &Selection::all()).await, expected);
    let all = list(&queue, &Selection::all(), ListOrder::NewestFirst).await;
    assert!(all.iter().map(|entry| entry.sequence).eq(expected.iter().rev().copied()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_queue_is_empty() {
    let (_server, connection) = server().await;
    let queue = queue(&connection);
    for order in [ListOrder::OldestFirst, ListOrder::NewestFirst] {
        assert!(list(&queue, &Selection::all(), order).await.is_empty());
    }
    assert_eq!(queue.groups(&Selection::all()).await.unwrap(), []);
    let report = redrive(&queue, &Selection::all(), &RedriveOptions::new()).await;
    assert_eq!(report, RedriveReport::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named() {
    let (_server, connection) = server().await;
    ask(&connection, &format!("STREAM.DELETE.{QUEUE}"), json!({})).await;
    let error = queue(&connection).groups(&Selection::all()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::StreamMissing(name) if name == QUEUE), "{error}");
}
