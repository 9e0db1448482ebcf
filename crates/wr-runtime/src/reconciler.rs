//! Messages that the server gave up: found by its advisories, and kept as dead letters.
//!
//! A consumer whose process crashes at the last delivery tells nobody. At the next pull after the
//! ack wait the server stops delivering the message and says so in an advisory, which a stream of
//! the topology keeps. The reconciler reads these, copies the originals by their sequence numbers
//! into the dead-letter queue, and only then acknowledges the advisories. What a subscriber had
//! kept already stays one dead letter.
//!
//! A handler that outlives both the last ack wait and that pull may still succeed: then its message
//! is handled, and a dead letter too. Nothing on the server tells the two apart. Redriving such a
//! dead letter runs the handler once more, which every handler must bear in any case.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{self, AckKind};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wr_core::Catalogue;
use wr_core::chrono::{DateTime, Utc};
use wr_core::topology::{Consumer, Topology};

use crate::connection::{Connection, with_sources};
use crate::dead_letter::{self, DeadLetter, Keeper, Kept, Reason};
use crate::deliver::jittered;
use crate::error::{Error, ErrorKind, Result};
use crate::health::HealthCheck;
use crate::metrics::{ConsumerMetrics, Metrics};
use crate::pulse::Pulse;
use crate::topology::RECONCILER;
use crate::trace::TraceContext;

/// How long the server keeps a request for an advisory.
const EXPIRES: Duration = Duration::from_secs(5);
/// How long to try to keep one, within the consumer's ack wait.
const DEADLINE: Duration = Duration::from_secs(10);
/// After how long an advisory comes again whose message could not be kept.
const AGAIN: Duration = Duration::from_secs(5);
/// Between attempts to find the consumer again; it doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often to look at the streams and consumers.
const LOOK: Duration = Duration::from_secs(10);

/// The label of the stream and the consumer of a foreign advisory, whose names are unbounded.
const FOREIGN: &str = "__other__";

/// Makes dead letters of what the server gave up, until it is drained, and tells in its metrics how
/// every stream and consumer is, as a health check of everything does. Several may run at once; they
/// share the work. Dropping it stops it: what it was at comes again after the consumer's ack wait.
#[derive(Debug)]
pub struct Reconciler {
    draining: watch::Sender<bool>,
    running: JoinHandle<()>,
    watching: JoinHandle<()>,
    metrics: ConsumerMetrics,
    pulse: Pulse,
}

/// What the task of a reconciler works with.
struct Work {
    connection: Connection,
    topology: &'static Topology,
    keeper: Keeper,
    metrics: Metrics,
    pulse: Pulse,
}

/// What the server says when it stops delivering a message.
#[derive(Deserialize)]
struct Advisory {
    stream: String,
    consumer: String,
    stream_seq: u64,
    deliveries: i64,
    /// When it stopped.
    #[serde(default)]
    timestamp: Option<DateTime<Utc>>,
}

impl Advisory {
    /// Whether it is about a message that was stored then; a later one has the sequence number from
    /// a stream that was made anew under the name.
    fn is_about(&self, stored_at: DateTime<Utc>) -> bool {
        self.timestamp.is_none_or(|given_up| stored_at <= given_up)
    }
}

/// What became of an advisory.
enum Outcome {
    /// Its message is a dead letter now.
    Kept(&'static Consumer),
    /// It was one before.
    AlreadyKept(&'static Consumer),
    /// Its message was evicted or purged before it could be kept, or its stream was.
    Gone(&'static Consumer),
    /// It is about a consumer that is not in the topology.
    Foreign,
}

impl Reconciler {
    /// Begins to read the advisories stream of the catalogue's topology, through the durable
    /// consumer `reconciler`, which applying the topology makes.
    ///
    /// # Errors
    /// [`ErrorKind::StreamMissing`] or [`ErrorKind::ConsumerMissing`]: the topology is not applied.
    /// [`ErrorKind::Catalogue`]: there is none. Else the server cannot be asked.
    pub async fn start(
        connection: &Connection,
        catalogue: &'static Catalogue,
        metrics: Metrics,
    ) -> Result<Reconciler> {
        let topology = dead_letter::topology(catalogue)?;
        let stream = topology.advisories_stream;
        let info = format!("CONSUMER.INFO.{stream}.{RECONCILER}");
        connection.api::<_, Value>(&info, &json!({})).await?;
        let pulse = Pulse::new(stream, RECONCILER);
        let own = metrics.consumer(stream, RECONCILER);
        for consumer in topology.consumers {
            let theirs = metrics.consumer(consumer.stream, consumer.name);
            theirs.may_give_up(Reason::is_of_reconciler);
        }
        let check = HealthCheck::new(catalogue).everything().subscriber(pulse.clone());
        let check = check.metrics(metrics.clone()).reading();
        let work = Work {
            connection: connection.clone(),
            topology,
            keeper: Keeper::new(connection, catalogue)?.deadline(DEADLINE),
            metrics,
            pulse: pulse.clone(),
        };
        let draining = watch::Sender::new(false);
        let running = tokio::spawn(run(work, draining.subscribe()));
        let watching = watch(connection.clone(), check, own.clone(), pulse.clone());
        let watching = tokio::spawn(watching);
        Ok(Reconciler { draining, running, watching, metrics: own, pulse })
    }

    /// Takes no further advisory, and finishes the one it is at, at most until the deadline.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`]: it was not finished, and comes again.
    pub async fn drain(mut self, deadline: Duration) -> Result<()> {
        let _ = self.draining.send(true);
        let ended = tokio::time::timeout(deadline, &mut self.running).await;
        let late = |_| Error::from(ErrorKind::TimedOut(deadline)).at("drain the reconciler");
        ended.map_err(late)?.map_err(|error| ErrorKind::from(&error).into())
    }

    /// Whether it is at work, for the health check.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }
}

impl Drop for Reconciler {
    fn drop(&mut self) {
        self.running.abort();
        self.watching.abort();
        self.pulse.stopped();
        self.metrics.forget();
    }
}

/// Looks at every stream and consumer, for the metrics: somebody must, whatever services there are.
async fn watch(connection: Connection, check: HealthCheck, own: ConsumerMetrics, pulse: Pulse) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let health = check.run(&connection).await;
        let ours = health.consumers.iter().find(|consumer| consumer.name == pulse.consumer());
        if let Some(lag) = ours.and_then(|consumer| consumer.lag) {
            own.behind(lag);
        }
        // It may have ended meanwhile.
        if !pulse.is_running() {
            return own.forget();
        }
    }
}

async fn run(work: Work, mut draining: watch::Receiver<bool>) {
    let mut pause = PAUSE;
    while let Err(lost) = work.read(&mut draining, &mut pause).await {
        work.pulse.lost(&lost);
        tracing::warn!("asking for advisories again: {lost}");
        tokio::select! {
            () = told(&mut draining) => break,
            () = tokio::time::sleep(jittered(pause)) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    work.pulse.stopped();
}

impl Work {
    /// Reads advisories until something goes wrong; `Ok` when it drains.
    async fn read(&self, draining: &mut watch::Receiver<bool>, pause: &mut Duration) -> Result<()> {
        let stream = self.topology.advisories_stream;
        let consumer = self.connection.jetstream().get_consumer_from_stream(RECONCILER, stream);
        let consumer: PullConsumer = consumer.await.map_err(|error| nats(&error))?;
        while !*draining.borrow() {
            // One at a time: what waits behind another would come again after the ack wait.
            let batch = consumer.batch().max_messages(1).expires(EXPIRES).messages();
            let mut batch = batch.await.map_err(|error| nats(&error))?;
            self.pulse.beat();
            *pause = PAUSE;
            let message = tokio::select! {
                biased;
                message = batch.next() => message,
                () = told(draining) => None,
            };
            if let Some(message) = message {
                self.settle(&message.map_err(|error| nats(&*error))?).await;
            }
        }
        Ok(())
    }

    /// Acknowledges an advisory once it is dealt with; else it comes again.
    async fn settle(&self, message: &jetstream::Message) {
        let told = match self.deal_with(&message.payload).await {
            Ok(outcome) => {
                self.count(&outcome);
                message.double_ack().await
            }
            Err(error) => {
                tracing::error!("what the server gave up could not be kept: {error}");
                message.ack_with(AckKind::Nak(Some(jittered(AGAIN)))).await
            }
        };
        if let Err(error) = told {
            tracing::warn!("the server was not told, so that an advisory comes again: {error}");
        }
    }

    async fn deal_with(&self, advisory: &[u8]) -> Result<Outcome> {
        let Ok(advisory) = serde_json::from_slice::<Advisory>(advisory) else {
            tracing::error!("a message of the advisories stream is no advisory");
            return Ok(Outcome::Foreign);
        };
        let Advisory { stream, consumer, stream_seq, .. } = &advisory;
        let known = self.topology.consumers.iter();
        let mut known = known.filter(|known| known.name == consumer && known.stream == stream);
        let Some(known) = known.next() else {
            tracing::warn!(stream, consumer, "the server gave up a message of another's consumer");
            return Ok(Outcome::Foreign);
        };
        let kept = self.keep(&advisory, known).await;
        if kept.is_err() {
            self.metrics.consumer(stream, consumer).dead_letter_failures.inc();
        }
        let place = || format!("message {stream_seq} of `{stream}` for `{consumer}`");
        kept.map_err(|error| error.at(place()))
    }

    async fn keep(&self, advisory: &Advisory, consumer: &'static Consumer) -> Result<Outcome> {
        let sequence = advisory.stream_seq;
        let original = dead_letter::get(&self.connection, consumer.stream, sequence).await?;
        let original = original.filter(|original| advisory.is_about(original.stored_at));
        let Some(original) = original else {
            tracing::error!(
                stream = consumer.stream,
                consumer = consumer.name,
                sequence,
                "the server gave up a message, and it was gone before it could be kept"
            );
            return Ok(Outcome::Gone(consumer));
        };
        let trace = TraceContext::from_headers(&original.headers);
        let letter = DeadLetter {
            original_subject: original.subject,
            body: original.body,
            reason: Reason::MaxDeliveriesExceeded,
            error: format!("the server gave up after {} deliveries", advisory.deliveries),
            timestamp: Utc::now(),
            stream: Some(consumer.stream.to_owned()),
            consumer: Some(consumer.name.to_owned()),
            stream_sequence: Some(sequence),
            stored_at: Some(original.stored_at),
            deliveries: Some(advisory.deliveries),
            original_headers: original.headers,
            schema_errors: Vec::new(),
        };
        Ok(match self.keeper.keep(&letter, trace.as_ref()).await? {
            Kept::New => Outcome::Kept(consumer),
            Kept::Already => Outcome::AlreadyKept(consumer),
        })
    }

    fn count(&self, outcome: &Outcome) {
        let (consumer, label) = match outcome {
            Outcome::Kept(consumer) => (consumer, "kept"),
            Outcome::AlreadyKept(consumer) => (consumer, "already_kept"),
            Outcome::Gone(consumer) => (consumer, "gone"),
            Outcome::Foreign => return self.metrics.reconciled(FOREIGN, FOREIGN, "foreign"),
        };
        let (stream, consumer) = (consumer.stream, consumer.name);
        self.metrics.reconciled(stream, consumer, label);
        if let Outcome::Kept(_) = outcome {
            let reason = Reason::MaxDeliveriesExceeded.label();
            self.metrics.consumer(stream, consumer).dead_lettered(reason);
        }
    }
}

/// Waits until it is told to drain.
async fn told(draining: &mut watch::Receiver<bool>) {
    // Who can no more tell has dropped the reconciler.
    let _ = draining.wait_for(|draining| *draining).await;
}

fn nats(error: &dyn std::error::Error) -> Error {
    ErrorKind::Nats(with_sources(error)).into()
}
