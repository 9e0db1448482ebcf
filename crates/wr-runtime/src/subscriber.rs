//! Subscribing: one durable consumer, its handlers, and nothing lost on the way.

mod attach;
mod in_flight;
mod order;
mod place;
mod pull;
mod seen;
mod work;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer;
use futures_util::FutureExt;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, unconstrained};
use wr_core::topology::Consumer;

use self::attach::Position;
use self::in_flight::InFlight;
use self::order::Order;
use self::seen::Seen;
use self::work::acknowledge;
use self::workers::Workers;
use crate::connection::Connection;
use crate::dead_letter::Keeper;
use crate::error::{Error, ErrorKind, Result};
use crate::handlers::Handlers;
use crate::metrics::{ConsumerMetrics, EventMetrics, Metrics};
use crate::pulse::Pulse;
use crate::retry::RetryPolicy;
use crate::topology::Redrives;

/// How a subscriber works. Every setting has a default.
#[derive(Clone, Debug)]
pub struct SubscriberOptions {
    concurrency: usize,
    handler_deadline: Duration,
    retry: RetryPolicy,
    double_ack: bool,
    recreate: bool,
    metrics: Metrics,
}

impl SubscriberOptions {
    /// 16 events at a time, 60 s for each.
    pub fn new() -> SubscriberOptions {
        SubscriberOptions {
            concurrency: 16,
            handler_deadline: Duration::from_secs(60),
            retry: RetryPolicy::default(),
            double_ack: false,
            recreate: false,
            metrics: Metrics::new(),
        }
    }

    /// How many events are handled at a time, at least 1; no more are asked for.
    #[must_use]
    pub fn concurrency(mut self, events: usize) -> Self {
        self.concurrency = events;
        self
    }

    /// How long one run of a handler may take. Until then the server is told that it goes on; then
    /// it counts as failed.
    #[must_use]
    pub fn handler_deadline(mut self, deadline: Duration) -> Self {
        self.handler_deadline = deadline;
        self
    }

    /// How long to pause between attempts, never zero; how many there are, the topology says. They
    /// are deliveries: one that a drain gives back, or that a crash cuts off, uses up an attempt.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Waits until the server has confirmed every answer, and answers again where it does not.
    #[must_use]
    pub fn double_ack(mut self) -> Self {
        self.double_ack = true;
        self
    }

    /// Makes the consumer anew where somebody deleted it, from the last position known.
    #[must_use]
    pub fn recreate_consumer(mut self) -> Self {
        self.recreate = true;
        self
    }

    /// Counts into these metrics.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    fn check(&self, consumer: &Consumer) -> Result<()> {
        let wrong = |text: String| Err(ErrorKind::Option(text).into());
        if self.concurrency == 0 {
            return wrong("a concurrency of 0 handles nothing".to_owned());
        }
        // Delayed messages count as pending, and must not stop the others.
        let pending = consumer.max_ack_pending as usize;
        if self.concurrency > pending / 2 {
            return wrong(format!(
                "a concurrency of {} leaves no room for delayed messages in the {pending} of \
                 `max_ack_pending` of `{}`; at most a half",
                self.concurrency, consumer.name,
            ));
        }
        if self.handler_deadline.is_zero() {
            return wrong("a handler deadline of 0 s lets nothing be handled".to_owned());
        }
        // What can be neither handled nor kept would be tried again without end.
        if self.retry.first.is_zero() || self.retry.longest.is_zero() {
            return wrong("a retry policy without a pause leaves no time to recover".to_owned());
        }
        Ok(())
    }
}

impl Default for SubscriberOptions {
    fn default() -> SubscriberOptions {
        SubscriberOptions::new()
    }
}

/// Handles the events of one durable consumer until it is drained. Dropping it stops it at once:
/// what it was handling is delivered again after the consumer's ack wait.
#[derive(Debug)]
pub struct Subscriber {
    shared: Arc<Shared>,
    drain: Option<oneshot::Sender<Duration>>,
    running: JoinHandle<Result<SubscriberDrained>>,
    watching: JoinHandle<()>,
}

/// What a subscriber left behind when it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "it names messages that were not handled"]
pub struct SubscriberDrained {
    /// Messages given back at once, for another process: they were waiting, or their handlers had
    /// not ended at the deadline. By their sequence numbers in the stream. No metric counts them as
    /// processed.
    pub returned: Vec<u64>,
}

/// What the tasks of a subscriber share.
#[derive(Debug)]
struct Shared {
    connection: Connection,
    consumer: &'static Consumer,
    redrives: Redrives,
    handlers: Handlers,
    options: SubscriberOptions,
    keeper: Keeper,
    seen: Option<Seen>,
    metrics: ConsumerMetrics,
    /// As the handlers are numbered.
    event_metrics: Vec<EventMetrics>,
    workers: Workers,
    in_flight: InFlight,
    order: Order,
    position: Position,
    draining: watch::Sender<bool>,
    pulse: Pulse,
}

impl Subscriber {
    /// Begins to handle the events of a consumer, which the topology names and the server has.
    ///
    /// # Errors
    /// [`ErrorKind::Handlers`]: the handlers are not exactly those of the consumer's filter.
    /// [`ErrorKind::Drift`], [`ErrorKind::ConsumerMissing`] or [`ErrorKind::StreamMissing`]: the
    /// server is not as the topology says. [`ErrorKind::Option`] and [`ErrorKind::Catalogue`].
    pub async fn start(
        connection: &Connection,
        consumer: &str,
        handlers: Handlers,
        options: SubscriberOptions,
    ) -> Result<Subscriber> {
        let place = format!("consumer `{consumer}`");
        let shared = Shared::new(connection, consumer, handlers, options).await;
        let shared = Arc::new(shared.map_err(|error| error.at(place))?);
        let (drain, drained) = oneshot::channel();
        let running = tokio::spawn(pull::run(shared.clone(), drained));
        let watching = tokio::spawn(watch_over(shared.clone()));
        Ok(Subscriber { shared, drain: Some(drain), running, watching })
    }

    /// Goes on until it is told to stop, by a signal for example, and drains then, as
    /// [`Subscriber::drain`] does.
    ///
    /// ```no_run
    /// # async fn example(subscriber: wr_runtime::Subscriber) -> wr_runtime::Result<()> {
    /// let stop = tokio::signal::ctrl_c();
    /// let drained = subscriber.run_until(stop, std::time::Duration::from_secs(10)).await?;
    /// println!("{} messages are left to another process", drained.returned.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Subscriber::drain`].
    pub async fn run_until<T>(
        self,
        stop: impl Future<Output = T>,
        deadline: Duration,
    ) -> Result<SubscriberDrained> {
        stop.await;
        self.drain(deadline).await
    }

    /// Asks for nothing more, lets the handlers end, at most until the deadline, gives the rest
    /// back, and waits until the server has every answer: a moment, or as long as a request may
    /// take where it does not answer.
    ///
    /// # Errors
    /// The server could not be told; what was handled may come again.
    pub async fn drain(mut self, deadline: Duration) -> Result<SubscriberDrained> {
        if let Some(drain) = self.drain.take() {
            let _ = drain.send(deadline);
        }
        let drained = (&mut self.running).await;
        let drained = drained.map_err(|error| ErrorKind::from(&error).into());
        drained.and_then(|drained| drained).map_err(|error: Error| {
            error.at(format!("drain consumer `{}`", self.shared.consumer.name))
        })
    }

    /// Whether it is at work, for the health check.
    pub fn pulse(&self) -> Pulse {
        self.shared.pulse.clone()
    }

    /// The durable consumer's name.
    pub fn consumer(&self) -> &'static str {
        self.shared.consumer.name
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.running.abort();
        self.watching.abort();
        self.shared.pulse.stopped();
    }
}

impl Shared {
    async fn new(
        connection: &Connection,
        name: &str,
        handlers: Handlers,
        options: SubscriberOptions,
    ) -> Result<Shared> {
        let catalogue = handlers.catalogue();
        let lacking = |what: &str| ErrorKind::Catalogue(what.to_owned());
        let topology = catalogue.topology.ok_or_else(|| lacking("it has no topology"))?;
        let consumer = topology.consumers.iter().find(|consumer| consumer.name == name);
        let consumer = consumer.ok_or_else(|| lacking("its topology has no such consumer"))?;
        handlers.check()?;
        options.check(consumer)?;
        attach::require_handlers(&handlers, topology, consumer)?;
        let position = Position::read(connection, consumer).await?;
        let seen = match consumer.deduplication {
            Some(deduplication) => {
                Some(Seen::open(connection, consumer.name, deduplication).await?)
            }
            None => None,
        };
        let event_metrics =
            handlers.event_types().map(|event_type| options.metrics.event(event_type)).collect();
        let metrics = options.metrics.consumer(consumer.stream, consumer.name);
        metrics.may_give_up(|reason| !reason.is_of_reconciler());
        Ok(Shared {
            connection: connection.clone(),
            consumer,
            redrives: Redrives::to(topology, consumer.name),
            handlers,
            keeper: Keeper::new(connection, catalogue)?,
            seen,
            in_flight: InFlight::new(metrics.in_flight.clone()),
            metrics,
            event_metrics,
            workers: Workers::new(options.concurrency),
            order: Order::default(),
            position,
            draining: watch::Sender::new(false),
            pulse: Pulse::new(consumer.stream, consumer.name),
            options,
        })
    }

    fn ack_wait(&self) -> Duration {
        Duration::from_secs(self.consumer.ack_wait_seconds)
    }
}

/// Tells the server what is still being handled, helps where threads are blocked, and tells the
/// metrics how far the consumer is behind.
async fn watch_over(shared: Arc<Shared>) {
    let keep_alive = async {
        let period = shared.ack_wait() / 6;
        let mut ticks = tokio::time::interval(period.max(Duration::from_millis(50)));
        loop {
            ticks.tick().await;
            shared.in_flight.keep_alive(shared.connection.client(), shared.ack_wait() / 3);
            // Of a worker whose handler blocks its thread. A connection that takes nothing now has
            // nobody to tell, and must not hold up what comes next.
            let _ = unconstrained(acknowledge(&shared)).now_or_never();
        }
    };
    // On its own, for an answer may be long in coming.
    let keep_looking = async {
        let mut looks = tokio::time::interval(Duration::from_secs(5));
        loop {
            looks.tick().await;
            if let Ok(info) = attach::info(&shared.connection, shared.consumer).await {
                look(&shared, &info);
            }
        }
    };
    tokio::join!(keep_alive, Workers::keep_helping(&shared), keep_looking);
}

fn look(shared: &Shared, info: &consumer::Info) {
    shared.metrics.behind(info.num_pending);
    // It may have ended meanwhile, and nobody looks any more.
    if !shared.pulse.is_running() {
        shared.metrics.forget();
    }
    shared.position.learn(info);
}
