//! What a handler may want to know of a delivery, beside the event.

use std::sync::Arc;

use async_nats::HeaderMap;

use crate::retry::RetryPolicy;
use crate::trace::TraceContext;

/// What a handler may want to know of a delivery, beside the event.
///
/// A test makes one of its own, for a handler or for [`Handlers::handle_delivery`](crate::Handlers::handle_delivery):
///
/// ```
/// use wr_events::{Payload, QueuePausedV1};
/// use wr_runtime::Delivery;
///
/// let mut delivery = Delivery::new(QueuePausedV1::SUBJECT);
/// delivery.attempt = delivery.attempts;
/// assert!(delivery.is_last_attempt());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The subject that the event was published on.
    pub subject: &'static str,
    /// The headers as they came.
    pub headers: Arc<HeaderMap>,
    /// Which attempt this is, from 1. Each delivery by the server counts as one, whether or not its
    /// handler came to an end: a message that was given back by a drain, or cut off by a crash or a
    /// lost connection, has used one up.
    pub attempt: u32,
    /// How many attempts there are before the event becomes a dead letter.
    pub attempts: u32,
    /// The stream and the sequence number, where it came from one.
    pub position: Option<(&'static str, u64)>,
    /// Whether an operator sent it again out of the dead letters.
    pub redriven: bool,
    /// The trace it belongs to.
    pub trace: TraceContext,
}

impl Delivery {
    /// A first delivery of 3 attempts, from no stream, without headers, in a new trace; for tests,
    /// which may change every field.
    pub fn new(subject: &'static str) -> Delivery {
        let attempts = RetryPolicy::ATTEMPTS;
        Delivery::first(subject, Arc::default(), TraceContext::root(), attempts)
    }

    /// A first delivery, from no stream.
    pub(crate) fn first(
        subject: &'static str,
        headers: Arc<HeaderMap>,
        trace: TraceContext,
        attempts: u32,
    ) -> Delivery {
        Delivery { subject, headers, attempt: 1, attempts, position: None, redriven: false, trace }
    }

    /// Whether a failure of this attempt makes the event a dead letter.
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= self.attempts
    }
}
