//! One message: decoded, handled, and settled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Instrument, Span};
use uuid::Uuid;
use wr_core::chrono::{DateTime, Utc};

use super::Shared;
use crate::dead_letter::{self, DeadLetter, Reason};
use crate::error::Violation;
use crate::handlers::{Delivery, HandlerError, Outcome, Prepared, Undecodable, outcome};
use crate::metrics::Status;
use crate::retry::RetryPolicy;
use crate::trace::TraceContext;

/// How long the server keeps a message whose dead letter could not be kept, before it comes again.
const UNKEPT_PAUSE: Duration = Duration::from_secs(10);

/// A message that was delivered, and holds a slot until it is settled.
pub(super) struct Job {
    pub(super) shared: Arc<Shared>,
    subject: String,
    redriven: bool,
    reply: Subject,
    /// Its number among the messages that are held.
    held: u64,
    headers: HeaderMap,
    body: Bytes,
    sequence: u64,
    deliveries: u32,
    stored_at: DateTime<Utc>,
    received: Instant,
    slot: Option<OwnedSemaphorePermit>,
}

impl Job {
    /// Takes a message over. None where it is no delivery of JetStream, which cannot be settled.
    pub(super) fn new(shared: &Arc<Shared>, message: async_nats::Message) -> Option<Job> {
        let context = shared.connection.jetstream().clone();
        let message = jetstream::Message { message, context };
        let info = message.info().ok()?;
        let (sequence, deliveries) = (info.stream_sequence, info.delivered);
        let stored_at = i64::try_from(info.published.unix_timestamp_nanos()).ok()?;
        let message = message.message;
        let reply = message.reply?;
        let (subject, redriven) =
            dead_letter::original_subject(shared.topology, shared.consumer, &message.subject);
        let held = shared.in_flight.hold(&reply, sequence);
        Some(Job {
            shared: shared.clone(),
            subject: subject.to_owned(),
            redriven,
            reply,
            held,
            headers: message.headers.unwrap_or_default(),
            body: message.payload,
            sequence,
            deliveries: u32::try_from(deliveries).unwrap_or(u32::MAX),
            stored_at: DateTime::from_timestamp_nanos(stored_at),
            received: Instant::now(),
            slot: None,
        })
    }

    /// Gives the message a slot.
    pub(super) fn with_slot(mut self, slot: OwnedSemaphorePermit) -> Job {
        self.slot = Some(slot);
        self
    }

    /// Whether its events have an order.
    pub(super) fn is_ordered(&self) -> bool {
        self.shared.handlers.is_ordered(&self.subject)
    }

    /// Reads the message as an event.
    pub(super) fn prepare(&self) -> Result<Prepared, Undecodable> {
        self.shared.handlers.prepare(&self.subject, &self.body)
    }

    /// Handles and settles the message, in its own time.
    pub(super) async fn run(self) {
        let prepared = self.prepare();
        self.process(prepared, false).await;
    }

    /// Handles and settles the message in its place in an order. False where it will come again, so
    /// that those behind it must not go before.
    pub(super) async fn run_in_order(self, prepared: Prepared) -> bool {
        self.process(Ok(prepared), true).await
    }

    /// Gives the message back at once.
    pub(super) async fn give_back(self) {
        self.answer(nak(Duration::ZERO)).await;
    }

    async fn process(self, prepared: Result<Prepared, Undecodable>, in_order: bool) -> bool {
        let delivery = self.delivery();
        let span = self.span(&delivery);
        self.measure(&prepared);
        let settled = async {
            let outcome = match prepared {
                Ok(prepared) => {
                    let id = prepared.id;
                    if self.was_seen(id).await {
                        self.answer(Bytes::from_static(ACK)).await;
                        self.count(Status::Duplicate);
                        return true;
                    }
                    self.attempt(prepared, delivery, in_order).await
                }
                Err(undecodable) => {
                    self.shared.metrics.decode_failed(undecodable.reason.label());
                    (undecodable.outcome(), None)
                }
            };
            self.settle(outcome, in_order).await
        };
        settled.instrument(span).await
    }

    fn delivery(&self) -> Delivery {
        let attempts = self.shared.consumer.attempts;
        let mut delivery = Delivery::first(&self.subject, &self.headers, attempts);
        delivery.attempt = self.deliveries;
        delivery.redriven = self.redriven;
        delivery.position = Some((self.shared.consumer.stream.to_owned(), self.sequence));
        delivery
    }

    fn span(&self, delivery: &Delivery) -> Span {
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process {}", self.subject),
            otel.kind = "consumer",
            messaging.system = "nats",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = self.subject,
            messaging.consumer.group.name = self.shared.consumer.name,
            messaging.nats.stream.sequence = self.sequence,
            messaging.nats.deliveries = self.deliveries,
            messaging.message.id = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        delivery.trace.adopt(&span);
        span
    }

    fn measure(&self, prepared: &Result<Prepared, Undecodable>) {
        if self.deliveries > 1 {
            self.shared.metrics.redeliveries.inc();
        }
        if let (Ok(prepared), Some(metrics)) = (prepared, self.event_metrics()) {
            metrics.aged((Utc::now() - prepared.timestamp).to_std().unwrap_or_default());
            if prepared.is_newer {
                metrics.newer_minor();
            }
        }
    }

    async fn was_seen(&self, id: Uuid) -> bool {
        match &self.shared.seen {
            Some(seen) => seen.contains(id).await,
            None => false,
        }
    }

    /// Runs the handler, in an order as often as it takes; also gives the id of what was handled.
    async fn attempt(
        &self,
        mut prepared: Prepared,
        mut delivery: Delivery,
        in_order: bool,
    ) -> (Outcome, Option<Uuid>) {
        let id = prepared.id;
        Span::current().record("messaging.message.id", id.to_string());
        let policy = RetryPolicy { attempts: delivery.attempts, ..self.shared.options.retry };
        loop {
            let outcome =
                outcome(self.handle(prepared, delivery.clone()).await, &delivery, &policy);
            match &outcome {
                Outcome::Retry { after, error } if in_order => {
                    tracing::info!(%id, attempt = delivery.attempt, "trying again: {error}");
                    self.shared.metrics.retries.inc();
                    if self.pause(*after).await {
                        return (
                            Outcome::Retry { after: Duration::ZERO, error: error.clone() },
                            None,
                        );
                    }
                }
                Outcome::Ack => return (outcome, Some(id)),
                _ => return (outcome, None),
            }
            delivery.attempt += 1;
            prepared = match self.prepare() {
                Ok(prepared) => prepared,
                Err(undecodable) => return (undecodable.outcome(), None),
            };
        }
    }

    async fn handle(&self, prepared: Prepared, delivery: Delivery) -> Result<(), HandlerError> {
        let deadline = self.shared.options.handler_deadline;
        self.shared.in_flight.begin(self.held, deadline);
        let started = Instant::now();
        let handled = tokio::time::timeout(deadline, prepared.run(delivery)).await;
        self.shared.in_flight.end(self.held);
        if let Some(metrics) = self.event_metrics() {
            metrics.handled(started.elapsed());
        }
        handled.unwrap_or_else(|_| {
            let seconds = deadline.as_secs_f64();
            Err(HandlerError::retryable(format!("the handler took longer than {seconds} s")))
        })
    }

    /// Waits in place; true where the subscriber is draining, and there is no waiting.
    async fn pause(&self, pause: Duration) -> bool {
        let mut draining = self.shared.draining.subscribe();
        tokio::time::timeout(pause, draining.wait_for(|draining| *draining)).await.is_ok()
    }

    /// Tells the server what has become of the message; false where it will come again.
    async fn settle(&self, (outcome, id): (Outcome, Option<Uuid>), in_order: bool) -> bool {
        match outcome {
            Outcome::Ack => {
                if let (Some(seen), Some(id)) = (&self.shared.seen, id) {
                    seen.insert(id).await;
                }
                self.answer(Bytes::from_static(ACK)).await;
                self.count(Status::Success);
                true
            }
            Outcome::Retry { after, error } => {
                tracing::info!(attempt = self.deliveries, ?after, "trying again later: {error}");
                self.answer(nak(after)).await;
                if !after.is_zero() {
                    self.shared.metrics.retries.inc();
                }
                self.count(Status::Retry);
                false
            }
            Outcome::DeadLetter { reason, error, schema_errors } => {
                let letter = self.dead_letter(reason, error, schema_errors);
                self.give_up(&letter, in_order).await
            }
        }
    }

    /// Keeps the message as a dead letter, and only then ends it.
    async fn give_up(&self, letter: &DeadLetter, in_order: bool) -> bool {
        let reason = letter.reason.label();
        Span::current().record("error.type", reason);
        let trace = TraceContext::current(&Span::current());
        while let Err(unkept) = self.shared.keeper.keep(letter, Some(&trace)).await {
            let sequence = self.sequence;
            tracing::error!(reason, sequence, "a dead letter could not be kept: {unkept}");
            self.shared.metrics.dead_letter_failures.inc();
            // Those behind it in an order wait for it; else it comes again.
            if !in_order || self.pause(UNKEPT_PAUSE).await {
                self.answer(nak(UNKEPT_PAUSE)).await;
                self.count(Status::Retry);
                return false;
            }
        }
        tracing::error!(reason, sequence = self.sequence, "gave up: {}", letter.error);
        self.answer(format!("+TERM {reason}").into()).await;
        self.shared.metrics.dead_lettered(reason);
        self.count(Status::DeadLetter);
        true
    }

    fn dead_letter(
        &self,
        reason: Reason,
        error: String,
        schema_errors: Vec<Violation>,
    ) -> DeadLetter {
        DeadLetter {
            original_subject: self.subject.clone(),
            body: self.body.clone(),
            reason,
            error,
            timestamp: Utc::now(),
            stream: Some(self.shared.consumer.stream.to_owned()),
            consumer: Some(self.shared.consumer.name.to_owned()),
            stream_sequence: Some(self.sequence),
            stored_at: Some(self.stored_at),
            deliveries: Some(i64::from(self.deliveries)),
            original_headers: self.headers.clone(),
            schema_errors,
        }
    }

    /// Answers the server. Where the answer is lost, the message comes again after the ack wait.
    async fn answer(&self, answer: Bytes) {
        let client = self.shared.connection.client();
        let told = match self.shared.options.double_ack {
            true => client
                .request(self.reply.clone(), answer)
                .await
                .map(|_| ())
                .map_err(|e| e.to_string()),
            false => client.publish(self.reply.clone(), answer).await.map_err(|e| e.to_string()),
        };
        if let Err(error) = told {
            tracing::warn!(sequence = self.sequence, "the server was not told: {error}");
        }
        self.shared.in_flight.release(self.held);
    }

    fn count(&self, status: Status) {
        if let Some(metrics) = self.event_metrics() {
            metrics.processed(status, self.received.elapsed());
        }
    }

    fn event_metrics(&self) -> Option<&crate::metrics::EventMetrics> {
        self.shared.event_metrics.get(self.subject.as_str())
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        drop(self.slot.take());
        self.shared.freed.notify_one();
    }
}

const ACK: &[u8] = b"+ACK";

/// Asks for another delivery, after a pause.
pub(super) fn nak(pause: Duration) -> Bytes {
    match pause.is_zero() {
        true => Bytes::from_static(b"-NAK"),
        false => format!("-NAK {{\"delay\": {}}}", pause.as_nanos()).into(),
    }
}
