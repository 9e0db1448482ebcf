//! Whether a service is alive, and whether it is ready (the specification's health check, which
//! asked for less).
//!
//! A connection and an account that answers say little: both are fine while the only server of a
//! stream is dead. So every stream that the service needs is asked for its leader and its quorum,
//! and every consumer for its loop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use futures_util::future::{join, join_all};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wr_core::Catalogue;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::Metrics;
use crate::pulse::Pulse;

/// What a service needs to be healthy; a clone asks for the same.
///
/// The service's user must be permitted to subscribe to its inbox, and to publish on
/// `$JS.API.INFO`, on `$JS.API.STREAM.INFO.{stream}` for each stream that is needed, and on
/// `$JS.API.CONSUMER.INFO.{stream}.{consumer}` for each consumer, which its subscriber asks too.
/// What it may not ask stays unknown, with the reason, and does not make it less ready: a service
/// that only publishes into a stream may well lack the permission to look at it.
///
/// ```no_run
/// # async fn example(connection: wr_runtime::Connection, subscriber: wr_runtime::Subscriber)
/// # -> wr_runtime::Result<()> {
/// let check = wr_runtime::HealthCheck::new(&wr_events::CATALOGUE)
///     .subscriber(subscriber.pulse())
///     .publishes("waitingroom.queue.paused.v1")?;
/// let health = check.run(&connection).await;
/// println!("{}", serde_json::to_string(&health)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HealthCheck(Arc<Needs>);

#[derive(Clone, Debug)]
struct Needs {
    catalogue: &'static Catalogue,
    streams: Vec<&'static str>,
    /// Stream and durable name.
    consumers: Vec<(&'static str, &'static str)>,
    pulses: Vec<Pulse>,
    metrics: Option<Metrics>,
    deadline: Duration,
    silence: Duration,
}

/// What a service's probes answer, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Liveness: every subscriber's loop runs. A service that is not live does not mend itself and
    /// is to be started again; NATS being away is no reason.
    pub live: bool,
    /// Readiness: the service can do its work now, as far as it may know.
    pub ready: bool,
    /// The connection to NATS.
    pub connection: ConnectionHealth,
    /// The streams that the service needs, in alphabetical order.
    pub streams: Vec<StreamHealth>,
    /// The consumers that the service needs.
    pub consumers: Vec<ConsumerHealth>,
}

/// The connection to NATS.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ConnectionHealth {
    /// Whether there is a connection and JetStream answers.
    pub ok: bool,
    /// The server that the connection is to, or was.
    pub server_name: String,
    /// Its version.
    pub server_version: String,
    /// How long JetStream took to answer, in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Why it is not well.
    pub reason: Option<String>,
}

/// A stream that the service needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StreamHealth {
    /// Its name.
    pub name: String,
    /// Whether it is there, with a leader and a quorum; unknown where the user may not ask.
    pub ok: Option<bool>,
    /// The server that leads it.
    pub leader: Option<String>,
    /// On how many servers it is kept.
    pub replicas: usize,
    /// How many of those are up to date, the leader among them.
    pub replicas_current: usize,
    /// Why it is not well, or why that is not known.
    pub reason: Option<String>,
}

/// A consumer that the service needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ConsumerHealth {
    /// Its durable name.
    pub name: String,
    /// Its stream.
    pub stream: String,
    /// Whether it is there, with a leader and a quorum, and its subscriber is at work; unknown where
    /// the user may not ask, unless the subscriber is not at work.
    pub ok: Option<bool>,
    /// Whether it is on the server; unknown where the server does not say.
    pub exists: Option<bool>,
    /// The server that leads it.
    pub leader: Option<String>,
    /// Messages that were never delivered.
    pub lag: Option<u64>,
    /// Messages that its stream evicted or purged before they were delivered, as far as the stream
    /// is ahead of the consumer now; at most so many, for those outside its filter are among them.
    /// More than 0 means that messages are being lost, and is no illness of the service, which can
    /// do nothing about it. Unknown where either may not be asked about, and of a stream that
    /// deletes what is acknowledged.
    pub evicted: Option<u64>,
    /// Messages that were delivered and not settled.
    pub ack_pending: Option<u64>,
    /// Of those, the ones that were delivered more than once.
    pub redelivered: Option<u64>,
    /// Whether an operator has paused it, which is not unhealthy.
    pub paused: bool,
    /// This process's subscriber, where it has one.
    pub subscriber: Option<SubscriberHealth>,
    /// Why it is not well, or why that is not known; else that messages are being lost.
    pub reason: Option<String>,
}

/// A subscriber of this process.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SubscriberHealth {
    /// Whether its loop runs: it was not drained and has not ended.
    pub running: bool,
    /// How long ago it could last ask for messages, in seconds; none where it never could.
    pub last_pull_seconds_ago: Option<f64>,
    /// Why it cannot ask for messages.
    pub trouble: Option<String>,
}

/// How long a subscriber may ask for nothing: longer than it takes to notice that nobody answers.
const SILENCE: Duration = Duration::from_secs(10);

impl HealthCheck {
    /// Needs a connection, and nothing else yet.
    pub fn new(catalogue: &'static Catalogue) -> HealthCheck {
        HealthCheck(Arc::new(Needs {
            catalogue,
            streams: Vec::new(),
            consumers: Vec::new(),
            pulses: Vec::new(),
            metrics: None,
            deadline: Duration::from_secs(2),
            silence: SILENCE,
        }))
    }

    /// Needs a subscriber: its loop, its consumer, its stream, and the stream of dead letters.
    #[must_use]
    pub fn subscriber(self, pulse: Pulse) -> Self {
        let letters = self.0.catalogue.topology.map(|topology| topology.dead_letters.stream);
        let mut check = self.needs_consumer(pulse.stream(), pulse.consumer());
        letters.into_iter().for_each(|stream| check.needs_stream(stream));
        check.needs().pulses.push(pulse);
        check
    }

    /// Needs the stream that stores a subject.
    ///
    /// # Errors
    /// [`ErrorKind::Catalogue`] if the catalogue's topology has no stream for it.
    pub fn publishes(mut self, subject: &str) -> Result<Self> {
        let mut streams = self.0.catalogue.topology.iter().flat_map(|topology| topology.streams);
        let stores = |stream: &&'static wr_core::topology::Stream| {
            crate::topology::stored(stream.subjects, subject)
        };
        let stream = streams.find(stores).ok_or_else(|| {
            ErrorKind::Catalogue(format!("no stream of its topology stores `{subject}`"))
        })?;
        self.needs_stream(stream.name);
        Ok(self)
    }

    /// Needs every stream and consumer of the catalogue: what an operator looks at.
    #[must_use]
    pub fn everything(mut self) -> Self {
        let Some(topology) = self.0.catalogue.topology else { return self };
        for stream in topology.streams {
            self.needs_stream(stream.name);
        }
        for consumer in topology.consumers {
            self = self.needs_consumer(consumer.stream, consumer.name);
        }
        self.needs_consumer(topology.advisories_stream, crate::topology::RECONCILER)
    }

    /// How long the check may take, 2 s unless told: what has not answered by then is not well.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.needs().deadline = deadline;
        self
    }

    /// How long a subscriber may ask for no messages and still be ready, 10 s unless told.
    #[must_use]
    pub fn silence(mut self, silence: Duration) -> Self {
        self.needs().silence = silence;
        self
    }

    /// Tells in these metrics, as `stream_ok` and `consumer_ok`, what is well, and, as
    /// `consumer_evicted`, how many messages each consumer has lost: what to raise an alert on.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.needs().metrics = Some(metrics);
        self
    }

    /// Looks at everything at once; takes no longer than the deadline.
    pub async fn run(&self, connection: &Connection) -> Health {
        let needs = &*self.0;
        let streams = join_all(needs.streams.iter().map(|name| needs.stream(connection, name)));
        let consumers = needs.consumers.iter();
        let consumers =
            join_all(consumers.map(|(stream, name)| needs.consumer(connection, stream, name)));
        let answers = join(needs.connection(connection), join(streams, consumers));
        let (connection, (streams, consumers)) = answers.await;
        let (streams, firsts): (Vec<_>, Vec<_>) = streams.into_iter().unzip();
        let compare = |(mut consumer, delivered): (ConsumerHealth, Option<u64>)| {
            let at = needs.streams.iter().position(|name| *name == consumer.stream);
            let first = at.and_then(|at| firsts.get(at).copied().flatten());
            needs.compare(&mut consumer, first.zip(delivered));
            consumer
        };
        let consumers = consumers.into_iter().map(compare).collect::<Vec<_>>();
        needs.tell(&streams, &consumers);
        Health {
            live: needs.pulses.iter().all(Pulse::is_running),
            ready: connection.ok
                && streams.iter().all(|stream| stream.ok != Some(false))
                && consumers.iter().all(|consumer| consumer.ok != Some(false)),
            connection,
            streams,
            consumers,
        }
    }

    fn needs(&mut self) -> &mut Needs {
        Arc::make_mut(&mut self.0)
    }

    fn needs_stream(&mut self, name: &'static str) {
        let streams = &mut self.needs().streams;
        if let Err(at) = streams.binary_search(&name) {
            streams.insert(at, name);
        }
    }

    fn needs_consumer(mut self, stream: &'static str, name: &'static str) -> Self {
        self.needs_stream(stream);
        let consumers = &mut self.needs().consumers;
        if !consumers.contains(&(stream, name)) {
            consumers.push((stream, name));
        }
        self
    }
}

/// The part of a stream's or consumer's information that is looked at.
#[derive(Debug, Default, Deserialize)]
struct Info {
    /// Left out by a single server.
    #[serde(default)]
    cluster: Option<Cluster>,
    #[serde(default)]
    num_pending: u64,
    #[serde(default)]
    num_ack_pending: u64,
    #[serde(default)]
    num_redelivered: u64,
    #[serde(default)]
    paused: bool,
    /// Of a consumer.
    #[serde(default)]
    delivered: Option<Delivered>,
    /// Of a stream.
    #[serde(default)]
    state: Option<Holds>,
    #[serde(default)]
    config: Config,
}

#[derive(Debug, Deserialize)]
struct Delivered {
    /// The last message that was delivered or passed over.
    stream_seq: u64,
}

#[derive(Debug, Deserialize)]
struct Holds {
    first_seq: u64,
}

#[derive(Debug, Default, Deserialize)]
struct Config {
    /// Of a stream.
    #[serde(default)]
    retention: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Cluster {
    #[serde(default)]
    leader: Option<String>,
    #[serde(default)]
    replicas: Vec<Peer>,
}

#[derive(Debug, Deserialize)]
struct Peer {
    #[serde(default)]
    current: bool,
    #[serde(default)]
    offline: bool,
}

impl Needs {
    /// What is unknown keeps the value that it had.
    fn tell(&self, streams: &[StreamHealth], consumers: &[ConsumerHealth]) {
        let Some(metrics) = &self.metrics else { return };
        for stream in streams {
            if let Some(ok) = stream.ok {
                metrics.stream_ok(&stream.name, ok);
            }
        }
        for consumer in consumers {
            if let Some(ok) = consumer.ok {
                metrics.consumer_ok(&consumer.stream, &consumer.name, ok);
            }
        }
    }

    async fn connection(&self, connection: &Connection) -> ConnectionHealth {
        let server = connection.client().server_info();
        let started = Instant::now();
        let answer: Result<Value> = self.ask(connection, "INFO").await;
        let round_trip = started.elapsed().as_secs_f64() * 1000.0;
        let reason = match answer {
            // Whoever may not ask is connected all the same.
            Ok(_) => None,
            Err(error) if is_forbidden(&error) => None,
            Err(error) => Some(error.to_string()),
        };
        ConnectionHealth {
            ok: reason.is_none(),
            server_name: server.server_name,
            server_version: server.version,
            round_trip_ms: reason.is_none().then_some(round_trip),
            reason,
        }
    }

    /// The first message of the stream too, where only its limits delete any.
    async fn stream(&self, connection: &Connection, name: &str) -> (StreamHealth, Option<u64>) {
        let mut first = None;
        let mut health = StreamHealth { name: name.to_owned(), ..Default::default() };
        match self.ask::<Info>(connection, &format!("STREAM.INFO.{name}")).await {
            Ok(info) => {
                let peers = info.peers();
                let is_current = |peer: &&Peer| peer.current && !peer.offline;
                health.replicas = 1 + peers.len();
                health.replicas_current = 1 + peers.iter().filter(is_current).count();
                health.reason = info.trouble();
                health.ok = Some(health.reason.is_none());
                first = info.first();
                health.leader = info.leader(connection);
            }
            Err(error) => {
                health.ok = (!is_forbidden(&error)).then_some(false);
                health.reason = Some(error.to_string());
            }
        }
        (health, first)
    }

    /// The last message that was delivered too.
    async fn consumer(
        &self,
        connection: &Connection,
        stream: &str,
        name: &str,
    ) -> (ConsumerHealth, Option<u64>) {
        let mut delivered = None;
        let mut health = ConsumerHealth {
            name: name.to_owned(),
            stream: stream.to_owned(),
            ..Default::default()
        };
        let subject = format!("CONSUMER.INFO.{stream}.{name}");
        match self.ask::<Info>(connection, &subject).await {
            Ok(info) => {
                health.exists = Some(true);
                health.lag = Some(info.num_pending);
                health.ack_pending = Some(info.num_ack_pending);
                health.redelivered = Some(info.num_redelivered);
                health.paused = info.paused;
                delivered = info.delivered.as_ref().map(|delivered| delivered.stream_seq);
                health.reason = info.trouble();
                health.ok = Some(health.reason.is_none());
                health.leader = info.leader(connection);
            }
            Err(error) => {
                health.exists = is_missing(&error).then_some(false);
                health.ok = (!is_forbidden(&error)).then_some(false);
                health.reason = Some(error.to_string());
            }
        }
        if let Some((subscriber, trouble)) = self.subscriber(stream, name) {
            health.subscriber = Some(subscriber);
            if let (Some(trouble), None | Some(true)) = (trouble, health.ok) {
                (health.ok, health.reason) = (Some(false), Some(trouble));
            }
        }
        (health, delivered)
    }

    /// Tells what went between the last message that was delivered and the first that is left.
    fn compare(&self, health: &mut ConsumerHealth, places: Option<(u64, u64)>) {
        let Some((first, delivered)) = places else { return };
        let evicted = first.saturating_sub(1).saturating_sub(delivered);
        health.evicted = Some(evicted);
        if evicted > 0 && health.reason.is_none() {
            health.reason = Some(format!(
                "its stream is ahead of it: up to {evicted} messages went before it got them"
            ));
        }
        if let Some(metrics) = &self.metrics {
            metrics.evicted(&health.stream, &health.name, evicted);
        }
    }

    /// The subscriber of a consumer, and why it is not at work; of several the one that is not.
    fn subscriber(&self, stream: &str, name: &str) -> Option<(SubscriberHealth, Option<String>)> {
        let ours = self.pulses.iter();
        let ours = ours.filter(|pulse| pulse.stream() == stream && pulse.consumer() == name);
        ours.map(|pulse| self.pulse(pulse)).max_by_key(|(_, trouble)| trouble.is_some())
    }

    fn pulse(&self, pulse: &Pulse) -> (SubscriberHealth, Option<String>) {
        let last = pulse.last_beat();
        let health = SubscriberHealth {
            running: pulse.is_running(),
            last_pull_seconds_ago: last.map(|ago| ago.as_secs_f64()),
            trouble: pulse.trouble(),
        };
        let trouble = match (last, &health.trouble) {
            _ if !health.running => Some("its subscriber has ended".to_owned()),
            (_, Some(trouble)) => Some(format!("its subscriber cannot ask: {trouble}")),
            (None, None) => Some("its subscriber has asked for nothing yet".to_owned()),
            (Some(ago), None) if ago > self.silence => {
                Some(format!("its subscriber has asked for nothing for {} s", ago.as_secs()))
            }
            (Some(_), None) => None,
        };
        (health, trouble)
    }

    /// Asks JetStream, unless there is no connection or no time.
    async fn ask<A: serde::de::DeserializeOwned>(
        &self,
        connection: &Connection,
        subject: &str,
    ) -> Result<A> {
        if connection.client().connection_state() != State::Connected {
            return Err(ErrorKind::Disconnected.into());
        }
        let nothing = json!({});
        let answer = connection.api(subject, &nothing);
        let late = |_| Error::from(ErrorKind::TimedOut(self.deadline));
        tokio::time::timeout(self.deadline, answer).await.map_err(late)?
    }
}

/// Whether the user may not ask, which says nothing of what was asked about. Who may not even hear
/// answers cannot work.
fn is_forbidden(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied { operation: "publish on", .. })
}

fn is_missing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConsumerMissing { .. } | ErrorKind::StreamMissing(_))
}

impl Info {
    fn peers(&self) -> &[Peer] {
        self.cluster.as_ref().map_or(&[], |cluster| &cluster.replicas)
    }

    /// The first message of a stream, where only its limits delete any.
    fn first(&self) -> Option<u64> {
        let is_limited = self.config.retention.as_deref() == Some("limits");
        self.state.as_ref().filter(|_| is_limited).map(|state| state.first_seq)
    }

    /// The leader; a single server leads what it has.
    fn leader(self, connection: &Connection) -> Option<String> {
        match self.cluster {
            Some(cluster) => cluster.leader.filter(|leader| !leader.is_empty()),
            None => Some(connection.client().server_info().server_name),
        }
    }

    /// What lacks: a leader, or more than half of the servers.
    fn trouble(&self) -> Option<String> {
        let cluster = self.cluster.as_ref()?;
        if cluster.leader.as_ref().is_none_or(String::is_empty) {
            return Some("it has no leader".to_owned());
        }
        let all = 1 + cluster.replicas.len();
        let online = 1 + cluster.replicas.iter().filter(|peer| !peer.offline).count();
        (online * 2 <= all)
            .then(|| format!("it has no quorum: {online} of its {all} servers are there"))
    }
}
