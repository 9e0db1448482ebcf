//! Whether a service is alive, and whether it is ready (the specification's health check, which
//! asked for less).
//!
//! A connection and an account that answers say little: both are fine while the only server of a
//! stream is dead. So every stream that the service needs is asked for its leader and its quorum,
//! and every consumer for its loop.

mod look;
mod shares;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde::Serialize;
use wr_core::Catalogue;
use wr_core::chrono::Utc;

use self::look::Standing;
pub(crate) use self::shares::Shares;
use crate::connection::Connection;
use crate::error::{ErrorKind, Result};
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
    /// Whether to read what is unread, to tell its age.
    reads: bool,
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
    /// How many those may be before no more is delivered; none where there is no such limit.
    pub max_ack_pending: Option<u64>,
    /// Of those, the ones that were delivered more than once.
    pub redelivered: Option<u64>,
    /// Requests for messages that wait at the server. With none, nobody reads, or all who do are busy.
    pub pulls: Option<u64>,
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
            reads: false,
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

    /// Tells in these metrics what is to raise an alert: `stream_ok` of each stream, how much it
    /// holds and uses of its limits, and when that was seen; `consumer_ok` of the consumers that
    /// this process reads; `consumer_evicted` and `consumer_unread_ratio` of every consumer.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.needs().metrics = Some(metrics);
        self
    }

    /// Reads the oldest message that each consumer did not get, to tell its age in the metrics; who
    /// runs the check must be permitted to publish on `$JS.API.STREAM.MSG.GET.{stream}`.
    #[must_use]
    pub(crate) fn reading(mut self) -> Self {
        self.needs().reads = true;
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
        let (streams, seen): (Vec<_>, Vec<_>) = streams.into_iter().unzip();
        let now = Utc::now();
        let compare = |(mut consumer, standing): (ConsumerHealth, Option<Standing>)| {
            let at = needs.streams.iter().position(|name| *name == consumer.stream);
            let held = at.and_then(|at| seen.get(at)?.held.as_ref());
            if let (Some(held), Some(standing)) = (held, standing) {
                needs.compare(&mut consumer, held, standing, now);
            }
            consumer
        };
        let consumers = consumers.into_iter().map(compare).collect::<Vec<_>>();
        needs.tell(&streams, &seen, &consumers, now);
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures_util::StreamExt;
    use wr_testkit::Server;

    use super::*;
    use crate::ConnectOptions;

    /// A JetStream that takes its time over the first question, and never answers the second.
    #[tokio::test]
    async fn two_questions_about_a_consumer_share_the_deadline() {
        let server = Server::start().unwrap();
        let client = async_nats::connect(server.url()).await.unwrap();
        let mut questions = client.subscribe("SLOW.API.>").await.unwrap();
        client.flush().await.unwrap();
        tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                let answer = match question.subject.as_str() {
                    "SLOW.API.INFO" => {
                        client.request("$JS.API.INFO", "".into()).await.unwrap().payload
                    }
                    "SLOW.API.CONSUMER.INFO.S.c" => {
                        tokio::time::sleep(Duration::from_millis(600)).await;
                        r#"{"num_pending": 1, "delivered": {"stream_seq": 1}}"#.into()
                    }
                    _ => continue,
                };
                client.publish(question.reply.unwrap(), answer).await.unwrap();
            }
        });
        let options = ConnectOptions::new("test").server(server.url()).api_prefix("SLOW.API");
        let connection = options.connect().await.unwrap();
        let deadline = Duration::from_secs(1);
        let check = HealthCheck::new(&wr_events::CATALOGUE).deadline(deadline).reading();
        let started = Instant::now();
        let (health, standing) = check.0.consumer(&connection, "S", "c").await;
        assert_eq!((health.lag, standing.is_some()), (Some(1), true), "{health:?}");
        assert!(started.elapsed() >= deadline, "nobody waited for the second answer");
        assert!(
            started.elapsed() < deadline + Duration::from_millis(400),
            "{:?}",
            started.elapsed()
        );
    }
}
