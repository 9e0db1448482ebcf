//! Metrics in the application's own Prometheus registry (the specification's "Metrics", and more).

mod series;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use wr_core::Catalogue;
use wr_core::chrono::Utc;

pub(crate) use self::series::{ConsumerMetrics, EventMetrics};
use crate::health::Shares;

/// The `queue_id` of every queue beyond the limit.
pub const OTHER_QUEUES: &str = "__other__";
/// The `queue_id` of an event that is about no queue.
const NO_QUEUE: &str = "";

/// How many queues have series of their own, unless told.
const QUEUES: usize = 100;

/// Seconds, as the specification has them.
const LATENCY: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];
/// Seconds, up to the longest that a handler may take.
const HANDLER: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Seconds, from a message just sent to one that waited for days.
const AGE: [f64; 11] = [0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 600.0, 3_600.0, 86_400.0, 604_800.0];

type Ratio = Gauge<f64, AtomicU64>;

/// The metrics of publishers and subscribers; a clone counts into the same series.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Families>);

#[derive(Debug)]
struct Families {
    queues: Mutex<Queues>,
    published: Family<PublishedLabels, Counter>,
    publish_failures: Family<FailureLabels, Counter>,
    publish_retries: Family<EventLabels, Counter>,
    publish_duplicates: Family<EventLabels, Counter>,
    publish_in_flight: Gauge,
    processed: Family<ProcessedLabels, Counter>,
    latency: Family<EventLabels, Histogram, fn() -> Histogram>,
    handler: Family<EventLabels, Histogram, fn() -> Histogram>,
    age: Family<EventLabels, Histogram, fn() -> Histogram>,
    newer_minors: Family<EventLabels, Counter>,
    lag: Family<ConsumerLabels, Gauge>,
    consumer_looked: Family<ConsumerLabels, Gauge>,
    evicted: Family<ConsumerLabels, Gauge>,
    unread: Family<UnreadLabels, Ratio>,
    stream_ok: Family<StreamLabels, Gauge>,
    stream_looked: Family<StreamLabels, Gauge>,
    stream_messages: Family<StreamLabels, Gauge>,
    stream_used: Family<UsedLabels, Ratio>,
    consumer_ok: Family<ConsumerLabels, Gauge>,
    in_flight: Family<ConsumerLabels, Gauge>,
    retries: Family<ConsumerLabels, Counter>,
    redeliveries: Family<ConsumerLabels, Counter>,
    pull_failures: Family<ConsumerLabels, Counter>,
    decode_failures: Family<ReasonLabels, Counter>,
    dead_letters: Family<ReasonLabels, Counter>,
    dead_letter_failures: Family<ConsumerLabels, Counter>,
    reconciled: Family<ReasonLabels, Counter>,
}

/// The counters of published events, by event type and queue: a look-up allocates nothing.
#[derive(Debug)]
struct Queues {
    limit: usize,
    known: HashMap<String, HashMap<&'static str, Counter>>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PublishedLabels {
    event_type: &'static str,
    queue_id: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EventLabels {
    event_type: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FailureLabels {
    event_type: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProcessedLabels {
    event_type: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ConsumerLabels {
    stream: String,
    consumer: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StreamLabels {
    stream: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct UsedLabels {
    stream: String,
    limit: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct UnreadLabels {
    stream: String,
    consumer: String,
    limit: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    stream: String,
    consumer: String,
    reason: &'static str,
}

/// What became of an event that was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Handled.
    Success,
    /// Failed, and will be delivered again.
    Retry,
    /// Given up.
    DeadLetter,
    /// Handled before, and passed over.
    Duplicate,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Status::Success => "success",
            Status::Retry => "retry",
            Status::DeadLetter => "dead_letter",
            Status::Duplicate => "duplicate",
        }
    }
}

impl Metrics {
    /// Metrics that nobody sees until [`Metrics::register`]; 100 queues have series of their own.
    pub fn new() -> Metrics {
        Metrics::with_queue_limit(QUEUES)
    }

    /// As [`Metrics::new`]; beyond `queues` queues the label `queue_id` is [`OTHER_QUEUES`].
    pub fn with_queue_limit(queues: usize) -> Metrics {
        let family = |buckets: fn() -> Histogram| Family::new_with_constructor(buckets);
        Metrics(Arc::new(Families {
            queues: Mutex::new(Queues { limit: queues, known: HashMap::new() }),
            published: Family::default(),
            publish_failures: Family::default(),
            publish_retries: Family::default(),
            publish_duplicates: Family::default(),
            publish_in_flight: Gauge::default(),
            processed: Family::default(),
            latency: family(|| Histogram::new(LATENCY)),
            handler: family(|| Histogram::new(HANDLER)),
            age: family(|| Histogram::new(AGE)),
            newer_minors: Family::default(),
            lag: Family::default(),
            consumer_looked: Family::default(),
            evicted: Family::default(),
            unread: Family::default(),
            stream_ok: Family::default(),
            stream_looked: Family::default(),
            stream_messages: Family::default(),
            stream_used: Family::default(),
            consumer_ok: Family::default(),
            in_flight: Family::default(),
            retries: Family::default(),
            redeliveries: Family::default(),
            pull_failures: Family::default(),
            decode_failures: Family::default(),
            dead_letters: Family::default(),
            dead_letter_failures: Family::default(),
            reconciled: Family::default(),
        }))
    }

    /// Registers every family, under the catalogue's domain as a prefix. The encoder appends
    /// `_total` to counters, the unit to what has one, and a full stop to every help text.
    ///
    /// Published is what a stream took, processed what a subscriber was delivered, by what became
    /// of it; the latency is from that delivery until it was handled, or the server told of it where
    /// it is told alone: of what failed, has an order, or is to be confirmed.
    pub fn register(&self, registry: &mut Registry, catalogue: &Catalogue) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let prefix = catalogue.domain.replace(|c| !is_name(c), "_");
        let registry = registry.sub_registry_with_prefix(prefix);
        let of = &*self.0;
        registry.register("events_published", "Total events published", of.published.clone());
        registry.register("events_processed", "Total events processed", of.processed.clone());
        registry.register_with_unit(
            "event_latency",
            "Event processing latency",
            Unit::Seconds,
            of.latency.clone(),
        );
        registry.register_with_unit(
            "handler_duration",
            "One run of a handler",
            Unit::Seconds,
            of.handler.clone(),
        );
        registry.register_with_unit(
            "event_age",
            "From the event's own timestamp to its delivery",
            Unit::Seconds,
            of.age.clone(),
        );
        registry.register(
            "publish_failures",
            "Events that were refused, or that no stream took in time",
            of.publish_failures.clone(),
        );
        registry.register(
            "publish_retries",
            "Attempts after the first to publish an event",
            of.publish_retries.clone(),
        );
        registry.register(
            "publish_duplicates",
            "Events that the stream already had",
            of.publish_duplicates.clone(),
        );
        registry.register(
            "publish_in_flight",
            "Events sent and not yet acknowledged",
            of.publish_in_flight.clone(),
        );
        registry.register(
            "newer_minors",
            "Events of a minor that this build does not know, read as the newest it knows",
            of.newer_minors.clone(),
        );
        registry.register(
            "consumer_lag",
            "Messages not yet delivered to the consumer",
            of.lag.clone(),
        );
        registry.register(
            "consumer_evicted",
            "Messages that went before the consumer got them, at most, as a health check saw it",
            of.evicted.clone(),
        );
        registry.register(
            "consumer_looked_timestamp_seconds",
            "When its subscriber last saw how far the consumer is behind",
            of.consumer_looked.clone(),
        );
        registry.register(
            "consumer_unread_ratio",
            "How much of a limit of its stream is full of what the consumer did not get, as a health \
             check saw it; at 1 messages go unread",
            of.unread.clone(),
        );
        registry.register(
            "stream_looked_timestamp_seconds",
            "When a health check last saw whether the stream is well",
            of.stream_looked.clone(),
        );
        registry.register(
            "stream_messages",
            "Messages of the stream, as a health check saw it",
            of.stream_messages.clone(),
        );
        registry.register(
            "stream_used_ratio",
            "How much of a limit the stream uses, as a health check saw it; at 1 its oldest go",
            of.stream_used.clone(),
        );
        registry.register(
            "stream_ok",
            "1 where the stream is there with a leader and a quorum, 0 where not, as a health check saw it",
            of.stream_ok.clone(),
        );
        registry.register(
            "consumer_ok",
            "1 where the consumer is there and read, 0 where not, as a health check saw it",
            of.consumer_ok.clone(),
        );
        registry.register(
            "consumer_in_flight",
            "Messages that this process is handling",
            of.in_flight.clone(),
        );
        registry.register("retries", "Failed attempts that are made again", of.retries.clone());
        registry.register(
            "redeliveries",
            "Messages that came for the second time or more",
            of.redeliveries.clone(),
        );
        registry.register(
            "pull_failures",
            "Times that asking for messages failed",
            of.pull_failures.clone(),
        );
        registry.register(
            "decode_failures",
            "Messages that are no event of their subject",
            of.decode_failures.clone(),
        );
        registry.register(
            "dead_letters",
            "Dead letters, each counted once, when the queue has it",
            of.dead_letters.clone(),
        );
        registry.register(
            "dead_letter_failures",
            "Times that a dead letter could not be kept, so that its message stays unsettled",
            of.dead_letter_failures.clone(),
        );
        registry.register(
            "reconciled",
            "Messages that the server had given up, by what became of them",
            of.reconciled.clone(),
        );
    }

    pub(crate) fn published(&self, event_type: &'static str, queue_id: Option<&str>) {
        let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue_id = queue_id.unwrap_or(NO_QUEUE);
        if let Some(counter) = queues.find(queue_id, event_type) {
            counter.inc();
            return;
        }
        let queue_id = queues.label(queue_id);
        if let Some(counter) = queues.find(queue_id, event_type) {
            counter.inc();
            return;
        }
        let labels = PublishedLabels { event_type, queue_id: queue_id.to_owned() };
        let counter = self.0.published.get_or_create_owned(&labels);
        counter.inc();
        queues.known.entry(queue_id.to_owned()).or_default().insert(event_type, counter);
    }

    /// Begins to count the failures of these event types, each reason on its own, so that the first
    /// one is seen to rise.
    pub(crate) fn may_fail(
        &self,
        event_types: impl Iterator<Item = &'static str>,
        reasons: &[&'static str],
    ) {
        for event_type in event_types {
            for reason in reasons {
                let labels = FailureLabels { event_type, reason };
                drop(self.0.publish_failures.get_or_create(&labels));
            }
        }
    }

    pub(crate) fn publish_failed(&self, event_type: &'static str, reason: &'static str) {
        self.0.publish_failures.get_or_create(&FailureLabels { event_type, reason }).inc();
    }

    pub(crate) fn publish_retried(&self, event_type: &'static str) {
        self.0.publish_retries.get_or_create(&EventLabels { event_type }).inc();
    }

    pub(crate) fn publish_duplicate(&self, event_type: &'static str) {
        self.0.publish_duplicates.get_or_create(&EventLabels { event_type }).inc();
    }

    pub(crate) fn publish_in_flight(&self) -> &Gauge {
        &self.0.publish_in_flight
    }

    /// The series of one event type on the consuming side.
    pub(crate) fn event(&self, event_type: &'static str) -> EventMetrics {
        let labels = EventLabels { event_type };
        let processed = |status: Status| ProcessedLabels { event_type, status: status.as_str() };
        EventMetrics {
            success: self.0.processed.get_or_create_owned(&processed(Status::Success)),
            latency: self.0.latency.get_or_create_owned(&labels),
            handler: self.0.handler.get_or_create_owned(&labels),
            age: self.0.age.get_or_create_owned(&labels),
            event_type,
            families: self.clone(),
        }
    }

    /// The series of one consumer.
    pub(crate) fn consumer(&self, stream: &str, consumer: &str) -> ConsumerMetrics {
        let labels = ConsumerLabels::new(stream, consumer);
        let of = &*self.0;
        ConsumerMetrics {
            in_flight: of.in_flight.get_or_create_owned(&labels),
            retries: of.retries.get_or_create_owned(&labels),
            redeliveries: of.redeliveries.get_or_create_owned(&labels),
            pull_failures: of.pull_failures.get_or_create_owned(&labels),
            dead_letter_failures: of.dead_letter_failures.get_or_create_owned(&labels),
            labels,
            families: self.clone(),
        }
    }

    fn behind(&self, consumer: &ConsumerLabels, messages: u64) {
        self.0.lag.get_or_create(consumer).set(signed(messages));
        self.0.consumer_looked.get_or_create(consumer).set(Utc::now().timestamp());
    }

    /// Tells how far a stream is ahead of a consumer.
    pub(crate) fn evicted(&self, stream: &str, consumer: &str, messages: u64) {
        let labels = ConsumerLabels::new(stream, consumer);
        self.0.evicted.get_or_create(&labels).set(signed(messages));
    }

    /// Tells how much of the limits of a stream is full of what a consumer did not get.
    pub(crate) fn unread(&self, stream: &str, consumer: &str, shares: &Shares) {
        for (limit, share) in shares.all() {
            let (stream, consumer) = (stream.to_owned(), consumer.to_owned());
            let labels = UnreadLabels { stream, consumer, limit };
            self.0.unread.get_or_create(&labels).set(share);
        }
    }

    /// Tells whether a stream is well.
    pub(crate) fn stream_ok(&self, stream: &str, ok: bool) {
        let labels = StreamLabels { stream: stream.to_owned() };
        self.0.stream_ok.get_or_create(&labels).set(ok.into());
        self.0.stream_looked.get_or_create(&labels).set(Utc::now().timestamp());
    }

    /// Nobody here sees the stream: whether it was well is not whether it is.
    pub(crate) fn stream_unseen(&self, stream: &str) {
        self.0.stream_ok.remove(&StreamLabels { stream: stream.to_owned() });
    }

    /// Tells what a stream holds, and how much of its limits that is.
    pub(crate) fn stream_holds(&self, stream: &str, messages: u64, shares: &Shares) {
        let labels = StreamLabels { stream: stream.to_owned() };
        self.0.stream_messages.get_or_create(&labels).set(signed(messages));
        for (limit, share) in shares.all() {
            let labels = UsedLabels { stream: stream.to_owned(), limit };
            self.0.stream_used.get_or_create(&labels).set(share);
        }
    }

    /// Tells whether a consumer is well.
    pub(crate) fn consumer_ok(&self, stream: &str, consumer: &str, ok: bool) {
        let labels = ConsumerLabels::new(stream, consumer);
        self.0.consumer_ok.get_or_create(&labels).set(ok.into());
    }

    /// Counts a message that the server had given up, by what became of it.
    pub(crate) fn reconciled(&self, stream: &str, consumer: &str, outcome: &'static str) {
        let (stream, consumer) = (stream.to_owned(), consumer.to_owned());
        self.0.reconciled.get_or_create(&ReasonLabels { stream, consumer, reason: outcome }).inc();
    }
}

impl ConsumerLabels {
    fn new(stream: &str, consumer: &str) -> ConsumerLabels {
        ConsumerLabels { stream: stream.to_owned(), consumer: consumer.to_owned() }
    }
}

fn signed(count: u64) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

impl Queues {
    fn find(&self, queue_id: &str, event_type: &str) -> Option<&Counter> {
        self.known.get(queue_id)?.get(event_type)
    }

    /// The label of a queue: its own within the limit.
    fn label<'a>(&self, queue_id: &'a str) -> &'a str {
        let is_known = queue_id == NO_QUEUE || self.known.contains_key(queue_id);
        let known =
            self.known.keys().filter(|name| !matches!(name.as_str(), NO_QUEUE | OTHER_QUEUES));
        match is_known || known.count() < self.limit {
            true => queue_id,
            false => OTHER_QUEUES,
        }
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

#[cfg(test)]
mod tests;
