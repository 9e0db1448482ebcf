//! What typed and validated events cost, against raw async-nats with the same bytes, headers and
//! batch sizes: `cargo bench -p wr-runtime`.
//!
//! Rounds of both are run in turn in one process against one server; what counts is the median of
//! the ratios. The processor time of an event says more than the clock on a machine that does other
//! things as well. With `WR_BENCH_LINES` set, as `cargo xtask bench` sets it, each median is also
//! printed as a line of JSON.
//!
//! The raw side does what every service must and nothing more. It publishes bodies that are there
//! already, each with the headers that an event has, and awaits every answer. It consumes by the
//! stream that async-nats has for it, which asks for the next batch when half of the last has come,
//! and acks each message; it looks at no body, header or position, bounds and measures nothing.
//!
//! `-- publish` and `-- consume` measure one alone. `cargo bench -p wr-runtime -- memory` sends and
//! handles a million events and prints how much memory the process takes on the way.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends where something fails"
)]

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use futures_util::StreamExt;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;
use wr_events::{
    CATALOGUE, Event, Payload, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionEnqueuedV1Required, PositionExpiredV1,
};
use wr_runtime::{
    ConnectOptions, Connection, Delivery, Handled, Handlers, Metrics, Overrides, Permission,
    Publisher, PublisherOptions, Subscriber, SubscriberOptions, Topology, TraceContext,
};
use wr_testkit::Server;

/// Events of one round.
const EVENTS: usize = 30_000;
/// Rounds of each side.
const ROUNDS: usize = 21;
/// How much of the raw speed is to be left.
const WANTED: f64 = 0.9;
/// Unanswered publishes.
const WINDOW: usize = 1_024;
/// Messages of one pull, and events handled at a time.
const BATCH: usize = 500;
const CONSUMER: &str = "analytics-processor";
const STREAM: &str = "POSITION_EVENTS";

#[tokio::main]
async fn main() {
    // A task, as a service's code is: the thread that waits in `main` is no worker.
    tokio::spawn(run()).await.unwrap();
}

async fn run() {
    let server = Server::start().unwrap();
    let options = ConnectOptions::new("bench").server(server.url());
    let connection = options.connect().await.unwrap();
    let topology = Topology::new(&CATALOGUE, Overrides::default().replicas(1)).unwrap();
    let plan = topology.plan(&connection).await.unwrap();
    plan.apply(&connection, Permission::default()).await.unwrap();
    println!("nats-server {}, file storage, one replica", connection.server_version());
    let is_asked = |what: &str| std::env::args().any(|argument| argument == what);
    if is_asked("memory") {
        return memory(&connection, 1_000_000).await;
    }
    if !is_asked("consume") {
        publish(&connection).await;
    }
    if !is_asked("publish") {
        consume(&connection, &topology).await;
    }
}

/// An event as `position.enqueued` has them, about 390 bytes.
fn event(number: usize) -> Event<PositionEnqueuedV1> {
    let payload = PositionEnqueuedV1::new(PositionEnqueuedV1Required {
        position_id: format!("pos-0190a5d2-7c44-7d3e-8b5a-{number:012}"),
        priority: 0,
        queue_length: 1_523,
    });
    let payload = payload.with_ip_address("192.0.2.***").with_estimated_wait_seconds(300);
    Event::new("waitingroom-api", payload).with_queue_id("concert-tickets")
}

async fn publish(connection: &Connection) {
    let publisher = publisher(connection);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        // Both send the same: bodies as they leave the publisher, headers made for each message.
        let events: Vec<_> = (0..EVENTS).map(event).collect();
        let trace = TraceContext::root();
        let (trace_id, span_id) = (trace.trace_id(), trace.span_id());
        let bodies = events.iter().map(|event| event.encode_traced(&trace_id, &span_id).unwrap());
        let bodies: Vec<Vec<u8>> = bodies.collect();
        purge(connection).await;
        let raw = publish_raw(connection, bodies).await;
        purge(connection).await;
        let events: Vec<_> = (0..EVENTS).map(event).collect();
        let typed = publish_typed(&publisher, &events).await;
        rounds.push(report("publish", &raw, &typed));
    }
    conclude("publish", &rounds);
}

async fn publish_raw(connection: &Connection, bodies: Vec<Vec<u8>>) -> Round {
    let watch = Watch::start();
    let mut unanswered: VecDeque<PublishAckFuture> = VecDeque::new();
    for body in bodies {
        if unanswered.len() == WINDOW {
            unanswered.pop_front().unwrap().await.unwrap();
        }
        let trace = TraceContext::root();
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", wr_events::wr_core::uuid::Uuid::now_v7().to_string());
        headers.insert("Content-Type", "application/json");
        headers.insert("traceparent", format!("00-{}-{}-01", trace.trace_id(), trace.span_id()));
        let message = PublishMessage::build().payload(body.into()).headers(headers);
        let sent = connection.jetstream().send_publish(PositionEnqueuedV1::SUBJECT, message).await;
        unanswered.push_back(sent.unwrap());
    }
    for answer in unanswered {
        answer.await.unwrap();
    }
    watch.stop()
}

async fn publish_typed(publisher: &Publisher, events: &[Event<PositionEnqueuedV1>]) -> Round {
    let watch = Watch::start();
    let mut unanswered = VecDeque::new();
    for event in events {
        if unanswered.len() == WINDOW {
            let oldest: wr_runtime::Pending = unanswered.pop_front().unwrap();
            oldest.await.unwrap();
        }
        unanswered.push_back(publisher.enqueue(event).await.unwrap());
    }
    for answer in unanswered {
        answer.await.unwrap();
    }
    watch.stop()
}

async fn consume(connection: &Connection, topology: &Topology) {
    purge(connection).await;
    let events: Vec<_> = (0..EVENTS).map(event).collect();
    publish_typed(&publisher(connection), &events).await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        renew(connection, topology).await;
        let raw = consume_raw(connection).await;
        renew(connection, topology).await;
        let typed = consume_typed(connection).await;
        rounds.push(report("consume", &raw, &typed));
    }
    conclude("consume", &rounds);
}

/// As async-nats pulls by itself: it asks again before the last batch has ended, as we do.
async fn consume_raw(connection: &Connection) -> Round {
    let watch = Watch::start();
    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    let consumer: PullConsumer = stream.get_consumer(CONSUMER).await.unwrap();
    let mut messages =
        consumer.stream().max_messages_per_batch(BATCH).messages().await.unwrap().take(EVENTS);
    while let Some(message) = messages.next().await {
        message.unwrap().ack().await.unwrap();
    }
    settled(connection).await;
    watch.stop()
}

/// Until the last event is handled and the server has its ack, as above. A drain would also wait for
/// what might still come.
async fn consume_typed(connection: &Connection) -> Round {
    let counted = Arc::new((AtomicU64::new(0), Notify::new()));
    let options = SubscriberOptions::new().concurrency(BATCH).metrics(metrics());
    let watch = Watch::start();
    let handlers = handlers(counted.clone(), EVENTS as u64);
    let subscriber = Subscriber::start(connection, CONSUMER, handlers, options).await.unwrap();
    counted.1.notified().await;
    settled(connection).await;
    let round = watch.stop();
    assert!(subscriber.drain(Duration::from_secs(10)).await.unwrap().returned.is_empty());
    round
}

/// Until the server has every ack.
async fn settled(connection: &Connection) {
    connection.client().flush().await.unwrap();
    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    while stream.consumer_info(CONSUMER).await.unwrap().num_ack_pending > 0 {}
}

/// Metrics that a registry has, as in a service.
fn metrics() -> Metrics {
    let metrics = Metrics::new();
    metrics.register(&mut Registry::default(), &CATALOGUE);
    metrics
}

/// Handlers that count, and tell when so many were handled.
fn handlers(counted: Arc<(AtomicU64, Notify)>, all: u64) -> Handlers {
    let count = move |_: Event<PositionEnqueuedV1>, _: Delivery| {
        if counted.0.fetch_add(1, Ordering::Relaxed) + 1 == all {
            counted.1.notify_one();
        }
        std::future::ready(Handled::Ok(()))
    };
    Handlers::new(&CATALOGUE)
        .on::<PositionEnqueuedV1>(count)
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionCancelledV1>(ignore)
}

async fn ignore<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

async fn memory(connection: &Connection, events: usize) {
    let counted = Arc::new((AtomicU64::new(0), Notify::new()));
    let handlers = handlers(counted.clone(), events as u64);
    let options = SubscriberOptions::new().concurrency(BATCH);
    let subscriber = Subscriber::start(connection, CONSUMER, handlers, options).await.unwrap();
    let publisher = publisher(connection);
    let step = events / 10;
    for done in (0..events).step_by(step) {
        let mut unanswered = VecDeque::new();
        for number in 0..step {
            if unanswered.len() == WINDOW {
                let oldest: wr_runtime::Pending = unanswered.pop_front().unwrap();
                oldest.await.unwrap();
            }
            unanswered.push_back(publisher.enqueue(&event(number)).await.unwrap());
        }
        for answer in unanswered {
            answer.await.unwrap();
        }
        println!("{:>9} published: {} KiB resident", done + step, resident());
    }
    counted.1.notified().await;
    println!("{:>9} handled: {} KiB resident", counted.0.load(Ordering::Relaxed), resident());
    assert!(subscriber.drain(Duration::from_secs(10)).await.unwrap().returned.is_empty());
    assert!(publisher.drain(Duration::from_secs(10)).await.is_clean());
}

/// KiB that the process takes, as Linux tells it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn publisher(connection: &Connection) -> Publisher {
    let options = PublisherOptions::new().window(WINDOW).metrics(metrics());
    Publisher::new(connection, &CATALOGUE, "waitingroom-api", options).unwrap()
}

async fn purge(connection: &Connection) {
    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    stream.purge().await.unwrap();
}

/// Makes the consumer anew, at the start of the stream.
async fn renew(connection: &Connection, topology: &Topology) {
    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    stream.delete_consumer(CONSUMER).await.unwrap();
    let plan = topology.plan(connection).await.unwrap();
    plan.apply(connection, Permission::default()).await.unwrap();
}

/// How long a round took, by the clock and by the processor time of this process.
struct Round {
    wall: Duration,
    processor: Duration,
}

struct Watch {
    started: Instant,
    processor: Duration,
}

impl Watch {
    fn start() -> Watch {
        Watch { started: Instant::now(), processor: processor() }
    }

    fn stop(self) -> Round {
        Round { wall: self.started.elapsed(), processor: processor() - self.processor }
    }
}

/// Processor time of the threads of this process, as Linux tells it.
fn processor() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = threads.filter_map(|thread| {
        let spent = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        spent.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// What a round says: how much of the raw speed is left, and the processor time of an event in µs.
struct Compared {
    ratio: f64,
    raw: f64,
    typed: f64,
}

/// Prints one round.
fn report(what: &str, raw: &Round, typed: &Round) -> Compared {
    let rate = |round: &Round| EVENTS as f64 / round.wall.as_secs_f64() / 1_000.0;
    let each = |round: &Round| round.processor.as_secs_f64() * 1e6 / EVENTS as f64;
    let compared = Compared { ratio: rate(typed) / rate(raw), raw: each(raw), typed: each(typed) };
    println!(
        "{what}: raw {:.0} k/s, typed {:.0} k/s: {:.2}   processor: {:.2} and {:.2} µs each",
        rate(raw),
        rate(typed),
        compared.ratio,
        compared.raw,
        compared.typed,
    );
    compared
}

/// Prints the medians of all rounds.
fn conclude(what: &str, rounds: &[Compared]) {
    let median = |figure: fn(&Compared) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let (ratio, raw, typed) = (median(|r| r.ratio), median(|r| r.raw), median(|r| r.typed));
    println!(
        "{what}, validated and typed: {ratio:.2} of raw (median; at least {WANTED}), \
         {typed:.2} µs of processor time an event, raw {raw:.2}\n",
    );
    if std::env::var_os("WR_BENCH_LINES").is_some() {
        for (figure, value) in [("", ratio), ("_cpu_us", typed), ("_raw_cpu_us", raw)] {
            let figure = format!("{what}{figure}");
            println!("{}", serde_json::json!({ "figure": figure, "value": value }));
        }
    }
}
