//! What typed and validated events cost, against raw async-nats with the same bytes, headers and
//! batch sizes: `cargo bench -p wr-runtime`.
//!
//! Rounds of both are run in turn in one process against one server; what counts is the median of
//! the ratios. `cargo bench -p wr-runtime -- memory` sends and handles a million events and prints
//! how much memory the process takes on the way.

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
use tokio::sync::Notify;
use wr_events::{
    CATALOGUE, Event, Payload, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionEnqueuedV1Required, PositionExpiredV1,
};
use wr_runtime::{
    ConnectOptions, Connection, Delivery, Handled, Handlers, Overrides, Permission, Publisher,
    PublisherOptions, Subscriber, SubscriberOptions, Topology, TraceContext,
};
use wr_testkit::Server;

/// Events of one round.
const EVENTS: usize = 20_000;
/// Rounds of each side.
const ROUNDS: usize = 7;
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
    let is_memory = std::env::args().any(|argument| argument == "memory");
    match is_memory {
        true => memory(&connection, 1_000_000).await,
        false => {
            publish(&connection).await;
            consume(&connection, &topology).await;
        }
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
    let mut ratios = Vec::new();
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
        ratios.push(report("publish", &raw, &typed));
    }
    println!(
        "publish, validated and typed: {:.2} of raw (median; at least 0.85)\n",
        median(ratios)
    );
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
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        renew(connection, topology).await;
        let raw = consume_raw(connection).await;
        renew(connection, topology).await;
        let typed = consume_typed(connection).await;
        ratios.push(report("consume", &raw, &typed));
    }
    println!("consume, validated and typed: {:.2} of raw (median; at least 0.75)", median(ratios));
}

async fn consume_raw(connection: &Connection) -> Round {
    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    let consumer: PullConsumer = stream.get_consumer(CONSUMER).await.unwrap();
    let watch = Watch::start();
    let mut handled = 0;
    while handled < EVENTS {
        let mut batch = consumer.batch().max_messages(BATCH).messages().await.unwrap();
        while let Some(message) = batch.next().await {
            message.unwrap().ack().await.unwrap();
            handled += 1;
        }
    }
    connection.client().flush().await.unwrap();
    watch.stop()
}

async fn consume_typed(connection: &Connection) -> Round {
    let counted = Arc::new((AtomicU64::new(0), Notify::new()));
    let options = SubscriberOptions::new().concurrency(BATCH);
    let watch = Watch::start();
    let handlers = handlers(counted.clone(), EVENTS as u64);
    let subscriber = Subscriber::start(connection, CONSUMER, handlers, options).await.unwrap();
    counted.1.notified().await;
    subscriber.drain(Duration::from_secs(10)).await.unwrap();
    watch.stop()
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
    subscriber.drain(Duration::from_secs(10)).await.unwrap();
    assert!(publisher.drain(Duration::from_secs(10)).await.is_clean());
}

/// KiB that the process takes, as Linux tells it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn publisher(connection: &Connection) -> Publisher {
    let options = PublisherOptions::new().window(WINDOW);
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

/// Processor time of this process, in steps of 10 ms, as Linux tells it.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let ticks =
        fields.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Prints one round, and gives how much of the raw speed is left.
fn report(what: &str, raw: &Round, typed: &Round) -> f64 {
    let rate = |round: &Round| EVENTS as f64 / round.wall.as_secs_f64() / 1_000.0;
    let each = |round: &Round| round.processor.as_secs_f64() * 1e6 / EVENTS as f64;
    let ratio = rate(typed) / rate(raw);
    println!(
        "{what}: raw {:.0} k/s, typed {:.0} k/s: {ratio:.2}   processor: {:.1} and {:.1} µs each",
        rate(raw),
        rate(typed),
        each(raw),
        each(typed),
    );
    ratio
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
