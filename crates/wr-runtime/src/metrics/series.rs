//! The series that a subscriber counts into, looked up once.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::{ConsumerLabels, EventLabels, Metrics, ProcessedLabels, ReasonLabels, Status};
use crate::dead_letter::Reason;

/// The series of one event type on the consuming side.
#[derive(Clone, Debug)]
pub(crate) struct EventMetrics {
    pub(super) success: Counter,
    pub(super) latency: Histogram,
    pub(super) handler: Histogram,
    pub(super) age: Histogram,
    pub(super) event_type: &'static str,
    pub(super) families: Metrics,
}

impl EventMetrics {
    /// Counts a settled event; the duration is from its delivery.
    pub(crate) fn processed(&self, status: Status, latency: Duration) {
        match status {
            Status::Success => self.success.inc(),
            _ => {
                let labels =
                    ProcessedLabels { event_type: self.event_type, status: status.as_str() };
                self.families.0.processed.get_or_create(&labels).inc()
            }
        };
        self.latency.observe(latency.as_secs_f64());
    }

    /// Counts one run of a handler.
    pub(crate) fn handled(&self, duration: Duration) {
        self.handler.observe(duration.as_secs_f64());
    }

    /// Counts how old an event is when it comes; one from the future is new.
    pub(crate) fn aged(&self, age: Duration) {
        self.age.observe(age.as_secs_f64());
    }

    /// Counts an event of a minor that is newer than this build.
    pub(crate) fn newer_minor(&self) {
        let labels = EventLabels { event_type: self.event_type };
        self.families.0.newer_minors.get_or_create(&labels).inc();
    }
}

/// The series of one consumer.
#[derive(Clone, Debug)]
pub(crate) struct ConsumerMetrics {
    pub(crate) in_flight: Gauge,
    pub(crate) retries: Counter,
    pub(crate) redeliveries: Counter,
    pub(crate) pull_failures: Counter,
    pub(crate) dead_letter_failures: Counter,
    pub(super) labels: ConsumerLabels,
    pub(super) families: Metrics,
}

impl ConsumerMetrics {
    /// Tells how far the consumer is behind now.
    pub(crate) fn behind(&self, messages: u64) {
        self.families.behind(&self.labels, messages);
    }

    /// Nobody here looks at the consumer any more: what it was is not what it is.
    pub(crate) fn forget(&self) {
        self.families.0.lag.remove(&self.labels);
        self.families.0.consumer_looked.remove(&self.labels);
    }

    /// Counts a message that is no event of its subject.
    pub(crate) fn decode_failed(&self, reason: &'static str) {
        self.families.0.decode_failures.get_or_create(&self.reason(reason)).inc();
    }

    /// Begins to count dead letters for the reasons that are its own, so that the first one is seen
    /// to rise.
    pub(crate) fn may_give_up(&self, is_own: impl Fn(&Reason) -> bool) {
        for reason in Reason::ALL.iter().filter(|reason| is_own(reason)) {
            drop(self.families.0.dead_letters.get_or_create(&self.reason(reason.label())));
        }
    }

    /// Counts a message that was given up, and was not kept before.
    pub(crate) fn dead_lettered(&self, reason: &'static str) {
        self.families.0.dead_letters.get_or_create(&self.reason(reason)).inc();
    }

    fn reason(&self, reason: &'static str) -> ReasonLabels {
        let ConsumerLabels { stream, consumer } = self.labels.clone();
        ReasonLabels { stream, consumer, reason }
    }
}
