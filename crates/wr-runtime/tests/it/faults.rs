//! Faults that the runtime survives, each against servers of its own, and each with a ledger that
//! adds up: what a stream acknowledged is handled, or is a dead letter.

mod bodies;
mod crash;
mod dead_letters;
mod drain;
mod gone;
mod handling;
mod ledger;
mod lost;
mod order;
mod permissions;
mod servers;
mod start;
mod storm;
mod upcast;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use wr_events::wr_core::Catalogue;
use wr_events::wr_core::topology::{Consumer, Topology as Constants};
use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1,
};
use wr_runtime::{
    ConnectOptions, Connection, Delivery, Handled, Handlers, Metrics, Overrides, Permission,
    Publisher, PublisherOptions, RetryPolicy, Subscriber, SubscriberOptions, Topology,
};
use wr_testkit::{Server, ServerOptions};

use self::ledger::Ledger;
use crate::support::{ask, enqueued, until};

const CONSUMER: &str = "analytics-processor";
const STREAM: &str = "POSITION_EVENTS";
const QUEUE: &str = "DEAD_LETTER_QUEUE";
const SUBJECT: &str = "waitingroom.position.enqueued.v1";

/// The catalogue with other consumers; it is never freed.
fn catalogue(change: impl Fn(&mut Consumer)) -> &'static Catalogue {
    let topology = CATALOGUE.topology.unwrap();
    let mut consumers = topology.consumers.to_vec();
    consumers.iter_mut().for_each(change);
    with_topology(Constants { consumers: Vec::leak(consumers), ..*topology })
}

fn with_topology(topology: Constants) -> &'static Catalogue {
    Box::leak(Box::new(Catalogue {
        domain: CATALOGUE.domain,
        fingerprint: CATALOGUE.fingerprint,
        subjects: CATALOGUE.subjects,
        dead_letters: CATALOGUE.dead_letters,
        topology: Some(Box::leak(Box::new(topology))),
    }))
}

/// The catalogue with consumers that get a message again after a second.
fn impatient() -> &'static Catalogue {
    catalogue(|consumer| consumer.ack_wait_seconds = 1)
}

/// A server of its own, with every stream and consumer of a catalogue.
async fn server(catalogue: &'static Catalogue) -> (Server, Connection) {
    server_with(ServerOptions::new(), catalogue).await
}

async fn server_with(
    options: ServerOptions,
    catalogue: &'static Catalogue,
) -> (Server, Connection) {
    let server = options.start().unwrap();
    let connection = connect(&server.url()).await;
    apply(&connection, catalogue).await;
    (server, connection)
}

async fn connect(url: &str) -> Connection {
    let options = ConnectOptions::new("faults").server(url);
    options.request_timeout(Duration::from_secs(2)).connect().await.unwrap()
}

async fn apply(connection: &Connection, catalogue: &'static Catalogue) {
    let overrides = Overrides::default().replicas(1).max_bytes_percent(5);
    let plan = Topology::new(catalogue, overrides).unwrap().plan(connection).await.unwrap();
    plan.apply(connection, Permission::default()).await.unwrap();
}

async fn ignore<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

/// The handlers of the consumer, with one for `position.enqueued` whose successes are booked.
fn handlers<F>(
    catalogue: &'static Catalogue,
    ledger: &Ledger,
    handler: impl Fn(Event<PositionEnqueuedV1>, Delivery) -> F + Send + Sync + 'static,
) -> Handlers
where
    F: Future<Output = Handled> + Send + 'static,
{
    let ledger = ledger.clone();
    let booked = move |event: Event<PositionEnqueuedV1>, delivery| {
        let (ledger, id) = (ledger.clone(), event.id);
        let handling = handler(event, delivery);
        async move {
            handling.await?;
            ledger.handled(id);
            Ok(())
        }
    };
    Handlers::new(catalogue)
        .on::<PositionEnqueuedV1>(booked)
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionCancelledV1>(ignore)
}

/// Handlers that do nothing but succeed.
fn willing(catalogue: &'static Catalogue, ledger: &Ledger) -> Handlers {
    handlers(catalogue, ledger, ignore)
}

fn quick() -> SubscriberOptions {
    let pause = Duration::from_millis(20);
    SubscriberOptions::new().retry(RetryPolicy::new(pause, pause))
}

async fn subscribe(
    connection: &Connection,
    handlers: Handlers,
    options: SubscriberOptions,
) -> Subscriber {
    Subscriber::start(connection, CONSUMER, handlers, options).await.unwrap()
}

fn publisher(connection: &Connection, catalogue: &'static Catalogue) -> Publisher {
    Publisher::new(connection, catalogue, "faults", PublisherOptions::new()).unwrap()
}

/// Publishes one event a position, and books those that the stream has.
async fn publish<P: AsRef<str>>(
    connection: &Connection,
    ledger: &Ledger,
    positions: impl IntoIterator<Item = P>,
) {
    let events: Vec<_> =
        positions.into_iter().map(|position| enqueued(position.as_ref(), 0)).collect();
    for receipt in publisher(connection, &CATALOGUE).publish_all(&events).await {
        ledger.acked(receipt.unwrap().id);
    }
}

fn numbered(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name} {number}")).collect()
}

/// What the server says of the consumer.
async fn consumer(connection: &Connection) -> Value {
    ask(connection, &format!("CONSUMER.INFO.{STREAM}.{CONSUMER}"), json!({})).await
}

/// Waits until the consumer has nothing left, neither undelivered nor unsettled.
async fn until_settled(connection: &Connection) {
    until("everything is settled", || async {
        let info = consumer(connection).await;
        info["num_pending"] == 0 && info["num_ack_pending"] == 0
    })
    .await;
}

/// The value of a metric, summed over its labels.
fn metric(metrics: &Metrics, name: &str) -> f64 {
    values(metrics, name).into_iter().sum()
}

/// The value of each series of a name.
fn values(metrics: &Metrics, name: &str) -> Vec<f64> {
    let mut registry = Registry::default();
    metrics.register(&mut registry, &CATALOGUE);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let is_it = |line: &&str| {
        let rest = line.strip_prefix("waitingroom_").and_then(|line| line.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
    };
    let values = text.lines().filter(is_it).filter_map(|line| line.rsplit(' ').next());
    values.map(|value| value.parse::<f64>().unwrap()).collect()
}

/// A generator whose seed is printed, and can be given by `WR_SEED`.
fn random() -> fastrand::Rng {
    let given = std::env::var("WR_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("WR_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// How many run at a time, and the most that ever did.
#[derive(Debug, Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    fn enter(&self) -> InCrowd<'_> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        InCrowd(self)
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

struct InCrowd<'a>(&'a Crowd);

impl Drop for InCrowd<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}
