//! The reconciler: what the server gave up becomes a dead letter.

use std::time::Duration;

use async_nats::jetstream;
use futures_util::{StreamExt, TryStreamExt};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use wr_events::CATALOGUE;
use wr_runtime::{
    Connection, DeadLetter, DeadLetterQueue, Entry, ErrorKind, Keeper, ListOrder, Metrics, Reason,
    Reconciler, Selection,
};

use crate::dead_letters::{CONSUMER, STREAM, SUBJECT, publish};
use crate::support::{LONG, apply, ask, messages, server, until};

const ADVISORIES: &str = "CONSUMER_ADVISORIES";
const QUEUE: &str = "DEAD_LETTER_QUEUE";

/// Makes the consumer give up after two deliveries of a short ack wait.
async fn impatient(connection: &Connection) {
    let consumers = CATALOGUE.topology.unwrap().consumers;
    let consumer = consumers.iter().find(|consumer| consumer.name == CONSUMER).unwrap();
    let config = json!({
        "durable_name": CONSUMER,
        "name": CONSUMER,
        "ack_policy": "explicit",
        "deliver_policy": "all",
        "filter_subjects": consumer.filter_subjects,
        "ack_wait": 200_000_000,
        "max_deliver": 2,
        "max_ack_pending": 1_000,
    });
    let subject = format!("CONSUMER.DURABLE.CREATE.{STREAM}.{CONSUMER}");
    ask(connection, &format!("CONSUMER.DELETE.{STREAM}.{CONSUMER}"), json!({})).await;
    ask(connection, &subject, json!({ "stream_name": STREAM, "config": config })).await;
}

/// How long a pull waits for messages; longer than the ack wait of an impatient consumer.
const PATIENCE: Duration = Duration::from_millis(300);

/// The configuration of the reconciler's consumer.
async fn config(connection: &Connection) -> Value {
    let info = format!("CONSUMER.INFO.{ADVISORIES}.reconciler");
    ask(connection, &info, json!({})).await["config"].clone()
}

/// Makes the reconciler's consumer, or changes it.
async fn configure(connection: &Connection, config: Value) {
    let subject = format!("CONSUMER.DURABLE.CREATE.{ADVISORIES}.reconciler");
    ask(connection, &subject, json!({ "stream_name": ADVISORIES, "config": config })).await;
}

/// Pulls all there is and acknowledges none of it, as a process does that crashes.
async fn crash(connection: &Connection) -> Vec<jetstream::Message> {
    let consumer: jetstream::consumer::PullConsumer =
        connection.jetstream().get_consumer_from_stream(CONSUMER, STREAM).await.unwrap();
    let batch = consumer.batch().max_messages(100).expires(PATIENCE).messages().await.unwrap();
    batch.map(Result::unwrap).collect().await
}

/// Lets messages be delivered in vain until the server has given up so many; the last deliveries.
async fn give_up(connection: &Connection, count: u64) -> Vec<jetstream::Message> {
    let mut last = Vec::new();
    let expected = messages(connection, ADVISORIES).await + count;
    tokio::time::timeout(LONG, async {
        while messages(connection, ADVISORIES).await < expected {
            last.extend(crash(connection).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .unwrap();
    last.retain(|message| message.info().unwrap().delivered == 2);
    last
}

async fn start(connection: &Connection, metrics: &Metrics) -> Reconciler {
    Reconciler::start(connection, &CATALOGUE, metrics.clone()).await.unwrap()
}

/// How often the reconciler counted an outcome.
fn counted(metrics: &Metrics, outcome: &str) -> u64 {
    let mut registry = Registry::default();
    metrics.register(&mut registry, &CATALOGUE);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let is_outcome = |line: &&str| {
        line.starts_with("waitingroom_reconciled_total{")
            && line.contains(&format!("reason=\"{outcome}\""))
    };
    let counts = text.lines().filter(is_outcome);
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

async fn until_counted(metrics: &Metrics, outcome: &str, count: u64) {
    until(outcome, || std::future::ready(counted(metrics, outcome) >= count)).await;
    assert_eq!(counted(metrics, outcome), count);
}

/// Waits until no advisory is left to deal with.
async fn until_settled(connection: &Connection) {
    until("every advisory settled", async || {
        let info = format!("CONSUMER.INFO.{ADVISORIES}.reconciler");
        let info = ask(connection, &info, json!({})).await;
        info["num_pending"] == 0 && info["num_ack_pending"] == 0
    })
    .await;
}

async fn list(connection: &Connection) -> Vec<Entry> {
    let queue = DeadLetterQueue::new(connection, &CATALOGUE).unwrap();
    let entries = queue.list(&Selection::all(), ListOrder::OldestFirst);
    entries.try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_crashes_used_up_becomes_a_dead_letter() {
    let (_server, connection) = server().await;
    impatient(&connection).await;
    let large = connection.client().max_payload() - 400;
    for body in [b"small".to_vec(), vec![b'x'; 800_000], vec![b'x'; large]] {
        publish(&connection, body).await;
    }
    let given_up = give_up(&connection, 3).await;
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    until_counted(&metrics, "kept", 3).await;
    until_settled(&connection).await;
    let queue = DeadLetterQueue::new(&connection, &CATALOGUE).unwrap();
    for (entry, message) in list(&connection).await.iter().zip(given_up) {
        let mut expected = DeadLetter::of(&message, Reason::MaxDeliveriesExceeded, "").unwrap();
        let kept = queue.get(entry.sequence).await.unwrap().unwrap();
        expected.error = "the server gave up after 2 deliveries".to_owned();
        expected.timestamp = kept.timestamp;
        assert_eq!(kept, expected);
    }
    assert_eq!(counted(&metrics, "already_kept") + counted(&metrics, "gone"), 0);
    assert!(reconciler.pulse().is_running() && reconciler.pulse().trouble().is_none());
    reconciler.drain(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_runtime_kept_stays_one_dead_letter() {
    let (_server, connection) = server().await;
    impatient(&connection).await;
    publish(&connection, b"1".to_vec()).await;
    // The runtime keeps it at its last attempt, and crashes before it settles it.
    let given_up = give_up(&connection, 1).await;
    let letter = DeadLetter::of(&given_up[0], Reason::MaxRetriesExceeded, "no").unwrap();
    let keeper = Keeper::new(&connection, &CATALOGUE).unwrap();
    let _ = keeper.keep(&letter, None).await.unwrap();
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    until_counted(&metrics, "already_kept", 1).await;
    until_settled(&connection).await;
    let entries = list(&connection).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].letter.as_ref().unwrap().reason, Reason::MaxRetriesExceeded);
    reconciler.drain(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_and_what_is_foreign_is_counted() {
    let (_server, connection) = server().await;
    impatient(&connection).await;
    let sequence = publish(&connection, b"1".to_vec()).await;
    give_up(&connection, 1).await;
    let delete = format!("STREAM.MSG.DELETE.{STREAM}");
    ask(&connection, &delete, json!({ "seq": sequence })).await;
    let subject = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.a.b";
    let foreign = json!({ "stream": "a", "consumer": "b", "stream_seq": 1, "deliveries": 1 });
    for body in [foreign.to_string(), "garbage".to_owned()] {
        let ack = connection.jetstream().publish(subject, body.into()).await.unwrap();
        ack.await.unwrap();
    }
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    until_counted(&metrics, "gone", 1).await;
    until_counted(&metrics, "foreign", 2).await;
    until_settled(&connection).await;
    assert_eq!(messages(&connection, QUEUE).await, 0);
    reconciler.drain(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_stream_made_anew_is_not_the_one_given_up() {
    let (_server, connection) = server().await;
    impatient(&connection).await;
    let given_up = publish(&connection, b"1".to_vec()).await;
    give_up(&connection, 1).await;
    ask(&connection, &format!("STREAM.DELETE.{STREAM}"), json!({})).await;
    apply(&connection).await;
    assert_eq!(publish(&connection, b"innocent".to_vec()).await, given_up);
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    until_counted(&metrics, "gone", 1).await;
    until_settled(&connection).await;
    assert_eq!(messages(&connection, QUEUE).await, 0);
    reconciler.drain(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dies_again_after_a_redrive_has_its_first_subject() {
    let (_server, connection) = server().await;
    impatient(&connection).await;
    let subject = format!("waitingroom.redrive.{CONSUMER}.{SUBJECT}");
    connection.jetstream().publish(subject, "1".into()).await.unwrap().await.unwrap();
    give_up(&connection, 1).await;
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    until_counted(&metrics, "kept", 1).await;
    assert_eq!(list(&connection).await[0].letter.as_ref().unwrap().original_subject, SUBJECT);
    reconciler.drain(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_stopped_in_the_middle_loses_nothing() {
    let (mut server, connection) = server().await;
    impatient(&connection).await;
    // What was lost on the way comes again soon.
    let mut config = config(&connection).await;
    config["ack_wait"] = json!(2_000_000_000);
    configure(&connection, config).await;
    for number in 0..30_u8 {
        publish(&connection, vec![number]).await;
    }
    give_up(&connection, 30).await;
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    until("some are kept", || std::future::ready(counted(&metrics, "kept") >= 5)).await;
    reconciler.drain(LONG).await.unwrap();
    let first = counted(&metrics, "kept");
    assert!(first < 30, "it was stopped too late for this test");

    // The server goes away too, while the next one is at work.
    let reconciler = start(&connection, &metrics).await;
    until("more are kept", || std::future::ready(counted(&metrics, "kept") > first)).await;
    drop(reconciler);
    let reconciler = start(&connection, &metrics).await;
    server.restart().unwrap();
    until("all are kept", async || messages(&connection, QUEUE).await == 30).await;
    assert_eq!(list(&connection).await.len(), 30);
    reconciler.drain(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_comes_again() {
    let (_server, connection) = server().await;
    impatient(&connection).await;
    publish(&connection, b"1".to_vec()).await;
    give_up(&connection, 1).await;
    let info = ask(&connection, &format!("STREAM.INFO.{QUEUE}"), json!({})).await;
    // A queue that takes nothing.
    let mut config = info["config"].clone();
    config["max_msg_size"] = json!(10);
    ask(&connection, &format!("STREAM.UPDATE.{QUEUE}"), config).await;
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    until("a failure is counted", || {
        let mut registry = Registry::default();
        metrics.register(&mut registry, &CATALOGUE);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let is_one = |line: &str| {
            line.starts_with("waitingroom_dead_letter_failures_total{") && !line.ends_with(" 0")
        };
        std::future::ready(text.lines().any(is_one))
    })
    .await;
    assert_eq!(counted(&metrics, "kept"), 0);
    ask(&connection, &format!("STREAM.UPDATE.{QUEUE}"), info["config"].clone()).await;
    until_counted(&metrics, "kept", 1).await;
    until_settled(&connection).await;
    reconciler.drain(LONG).await.unwrap();
}

/// What alerts are raised on does not depend on the probes of services.
#[tokio::test(flavor = "multi_thread")]
async fn it_tells_how_every_stream_and_consumer_is() {
    let (_server, connection) = server().await;
    publish(&connection, b"1".to_vec()).await;
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    let value = |series: &str| {
        let mut registry = Registry::default();
        metrics.register(&mut registry, &CATALOGUE);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let series = format!("waitingroom_{series} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&series));
        value.map(|value| value.parse::<f64>().unwrap())
    };
    let unread = |limit: &str| {
        let place = format!("stream=\"{STREAM}\",consumer=\"{CONSUMER}\"");
        value(&format!("consumer_unread_ratio{{{place},limit=\"{limit}\"}}")).unwrap()
    };
    let own = format!("{{stream=\"{ADVISORIES}\",consumer=\"reconciler\"}}");
    let looked = format!("consumer_looked_timestamp_seconds{own}");
    until("it has looked", || std::future::ready(value(&looked).is_some())).await;
    // As old as it is, of all that the stream keeps.
    assert!(unread("age") > 0.0);
    assert!(unread("messages") > 0.0);
    for stream in CATALOGUE.topology.unwrap().streams {
        let name = stream.name;
        assert_eq!(value(&format!("stream_ok{{stream=\"{name}\"}}")), Some(1.0), "{name}");
    }
    assert_eq!(value(&format!("stream_messages{{stream=\"{QUEUE}\"}}")), Some(0.0));
    assert_eq!(value(&format!("consumer_lag{own}")), Some(0.0));
    // Whether others read is for them to tell.
    let read = format!("consumer_ok{{stream=\"{STREAM}\",consumer=\"{CONSUMER}\"}}");
    assert_eq!(value(&read), None);
    reconciler.drain(LONG).await.unwrap();
    assert_eq!(value(&looked), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_consumer_it_does_not_start() {
    let (_server, connection) = server().await;
    ask(&connection, &format!("CONSUMER.DELETE.{ADVISORIES}.reconciler"), json!({})).await;
    let error = Reconciler::start(&connection, &CATALOGUE, Metrics::new()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConsumerMissing { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_comes_back_is_found_again() {
    let (_server, connection) = server().await;
    impatient(&connection).await;
    let metrics = Metrics::new();
    let reconciler = start(&connection, &metrics).await;
    let pulse = reconciler.pulse();
    until("it asks for advisories", || std::future::ready(pulse.last_beat().is_some())).await;
    let config = config(&connection).await;
    ask(&connection, &format!("CONSUMER.DELETE.{ADVISORIES}.reconciler"), json!({})).await;
    until("it is in trouble", || std::future::ready(pulse.trouble().is_some())).await;
    configure(&connection, config).await;
    publish(&connection, b"1".to_vec()).await;
    give_up(&connection, 1).await;
    until_counted(&metrics, "kept", 1).await;
    assert_eq!(pulse.trouble(), None);
    reconciler.drain(LONG).await.unwrap();
    assert!(!pulse.is_running());
}
