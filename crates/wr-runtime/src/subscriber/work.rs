//! One message: decoded, handled, and settled.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{HeaderMap, Message, RequestErrorKind, Subject};
use bytes::Bytes;
use tracing::{Instrument, Span};
use uuid::Uuid;
use wr_core::chrono::{DateTime, Utc};

use super::Shared;
use super::place::{self, Place};
use crate::dead_letter::{DeadLetter, Kept, Reason};
use crate::delivery::Delivery;
use crate::error::Violation;
use crate::handlers::{Limit, Outcome, Prepared, Route, Undecodable, outcome};
use crate::metrics::{EventMetrics, Status};
use crate::trace::{self, TraceContext};

/// A message that came, and occupies a slot until it is settled.
pub(super) struct Arrival {
    /// That it was published on first, where it is redriven.
    subject: Subject,
    redriven: bool,
    /// The handler of its subject.
    route: Option<Route>,
    /// Where the server is told, until the message is held.
    reply: Option<Subject>,
    place: Place,
    /// Its number among the deliveries that are held.
    held: u64,
    headers: Arc<HeaderMap>,
    body: Bytes,
    deliveries: u32,
    received: Received,
}

/// When a message came, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) at: Instant,
    on: DateTime<Utc>,
}

impl Received {
    pub(super) fn now() -> Received {
        Received { at: Instant::now(), on: Utc::now() }
    }
}

impl Arrival {
    /// A message that is not held yet. None where it is no delivery of JetStream, which cannot be
    /// settled.
    pub(super) fn new(shared: &Shared, message: Message, received: Received) -> Option<Arrival> {
        let reply = message.reply.filter(|reply| !reply.is_empty());
        let read = reply.and_then(|reply| place::read(&reply).map(|read| (reply, read)));
        let Some((reply, (place, deliveries))) = read else {
            tracing::error!(consumer = shared.consumer.name, "a message without a position");
            return None;
        };
        let original = shared.redrives.original(&message.subject).map(Subject::from);
        let redriven = original.is_some();
        let subject = original.unwrap_or(message.subject);
        Some(Arrival {
            route: shared.handlers.route(&subject),
            subject,
            redriven,
            reply: Some(reply),
            place,
            held: 0,
            headers: Arc::new(message.headers.unwrap_or_default()),
            body: message.payload,
            deliveries,
            received,
        })
    }

    /// Holds messages that came now; not those that this process is handling already, as earlier
    /// deliveries.
    pub(super) fn hold(shared: &Shared, arrivals: &mut Vec<Arrival>) {
        let mut holding = shared.in_flight.holding();
        arrivals.retain_mut(|arrival| {
            let (place, at) = (arrival.place, arrival.received.at);
            let held = arrival.reply.take().and_then(|reply| holding.hold(place, reply, at));
            arrival.held = held.unwrap_or_default();
            if held.is_none() {
                let (consumer, sequence) = (shared.consumer.name, arrival.place.sequence);
                tracing::debug!(consumer, sequence, "delivered while in work");
            }
            held.is_some()
        });
        drop(holding);
        shared.workers.occupy(arrivals.len());
    }

    /// Whether its events have an order.
    pub(super) fn is_ordered(&self, shared: &Shared) -> bool {
        shared.handlers.is_ordered(self.route)
    }

    /// Reads the message as an event.
    pub(super) fn prepare(&self, shared: &Shared) -> Result<Prepared, Undecodable> {
        shared.handlers.prepare(&self.subject, self.route, &self.body)
    }
}

/// A message in the hands of a worker.
///
/// Every message pays for the memory that its futures take: what rarely runs is boxed.
pub(super) struct Job<'a> {
    shared: &'a Shared,
    arrival: &'a Arrival,
    is_released: bool,
}

impl<'a> Job<'a> {
    pub(super) fn new(shared: &'a Shared, arrival: &'a Arrival) -> Job<'a> {
        Job { shared, arrival, is_released: false }
    }

    /// Handles and settles the message, in its own time.
    pub(super) async fn run(mut self) {
        let prepared = self.arrival.prepare(self.shared);
        self.process(prepared, self.arrival.deliveries, false).await;
    }

    /// Handles and settles the message in its place in an order. False where it will come again, so
    /// that those behind it must not go before.
    async fn run_in_order(mut self, prepared: Prepared) -> bool {
        let (mut prepared, mut attempt) = (Ok(prepared), self.arrival.deliveries);
        loop {
            match self.process(prepared, attempt, true).await {
                Next::Settled => return true,
                Next::Later => return false,
                // There is no waiting in place when the subscriber drains, which gives it back.
                Next::Again(after) if Box::pin(self.pause(after)).await => return false,
                Next::Again(_) => attempt += 1,
            }
            prepared = self.arrival.prepare(self.shared);
        }
    }

    /// Gives the message back while the subscriber drains: at once, or, where it has a place in an
    /// order, with what is left at the end, in the order of the stream.
    pub(super) async fn give_back(mut self) {
        if !self.arrival.is_ordered(self.shared) {
            let Some(reply) = self.release() else { return };
            self.shared.in_flight.give_back(self.arrival.place);
            // Nobody waits for a confirmation of each: the drain ends with one for all.
            let _ = self.shared.connection.client().publish(reply, nak(Duration::ZERO)).await;
        }
    }

    /// One attempt, which is a span of its own.
    async fn process(
        &mut self,
        prepared: Result<Prepared, Undecodable>,
        attempt: u32,
        in_order: bool,
    ) -> Next {
        let sent = TraceContext::from_headers(&self.arrival.headers);
        let span = self.span(sent.as_ref());
        if let Ok(prepared) = &prepared {
            span.record("messaging.message.id", tracing::field::display(prepared.id));
        }
        let trace = sent.unwrap_or_else(|| TraceContext::current(&span));
        if attempt == self.arrival.deliveries {
            self.measure(&prepared);
        }
        match span.is_disabled() {
            true => self.conclude(prepared, trace, attempt, in_order).await,
            false => {
                let concluding = self.conclude(prepared, trace, attempt, in_order);
                Box::pin(concluding.instrument(span)).await
            }
        }
    }

    async fn conclude(
        &mut self,
        prepared: Result<Prepared, Undecodable>,
        trace: TraceContext,
        attempt: u32,
        in_order: bool,
    ) -> Next {
        let ended = match prepared {
            Ok(prepared) => {
                if attempt == self.arrival.deliveries && self.was_seen(prepared.id).await {
                    self.answer(Bytes::from_static(ACK)).await;
                    self.count(Status::Duplicate, Instant::now());
                    return Next::Settled;
                }
                let delivery = self.delivery(prepared.subject, trace.clone(), attempt);
                self.attempt(prepared, delivery).await
            }
            Err(undecodable) => {
                self.shared.metrics.decode_failed(undecodable.reason.label());
                Ended { outcome: undecodable.outcome(), id: None, at: Instant::now() }
            }
        };
        self.settle(ended, &trace, attempt, in_order).await
    }

    fn delivery(&self, subject: &'static str, trace: TraceContext, attempt: u32) -> Delivery {
        let consumer = self.shared.consumer;
        let mut delivery =
            Delivery::first(subject, self.arrival.headers.clone(), trace, consumer.attempts);
        delivery.attempt = attempt;
        delivery.redriven = self.arrival.redriven;
        delivery.position = Some((consumer.stream, self.arrival.place.sequence));
        delivery
    }

    fn span(&self, sent: Option<&TraceContext>) -> Span {
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process {}", self.arrival.subject),
            otel.kind = "consumer",
            otel.status_code = tracing::field::Empty,
            messaging.system = "nats",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = self.arrival.subject.as_str(),
            messaging.consumer.group.name = self.shared.consumer.name,
            messaging.nats.stream.sequence = self.arrival.place.sequence,
            messaging.nats.deliveries = self.arrival.deliveries,
            messaging.message.id = tracing::field::Empty,
            server.address = tracing::field::Empty,
            server.port = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        trace::name_server(&span, &self.shared.connection);
        if let Some(sent) = sent {
            sent.adopt(&span);
        }
        span
    }

    fn measure(&self, prepared: &Result<Prepared, Undecodable>) {
        if self.arrival.deliveries > 1 {
            self.shared.metrics.redeliveries.inc();
        }
        if let (Ok(prepared), Some(metrics)) = (prepared, self.metrics()) {
            metrics
                .aged((self.arrival.received.on - prepared.timestamp).to_std().unwrap_or_default());
            if prepared.is_newer {
                metrics.newer_minor();
            }
        }
    }

    async fn was_seen(&self, id: Uuid) -> bool {
        match &self.shared.seen {
            Some(seen) => Box::pin(seen.contains(id)).await,
            None => false,
        }
    }

    /// Runs the handler.
    async fn attempt(&self, prepared: Prepared, delivery: Delivery) -> Ended {
        let Shared { options, in_flight, .. } = self.shared;
        let (id, attempts) = (prepared.id, (delivery.attempt, delivery.attempts));
        let (started, deadline) = (Instant::now(), options.handler_deadline);
        in_flight.begin(self.arrival.place, self.arrival.held, started.checked_add(deadline));
        let handled = prepared.run(delivery, Some(Limit { started, deadline })).await;
        let at = Instant::now();
        if let Some(metrics) = self.metrics() {
            metrics.handled(at - started);
        }
        match outcome(handled, attempts, &options.retry) {
            // It is held no longer, unless it is to be remembered first.
            Outcome::Ack if self.shared.seen.is_none() => {
                Ended { outcome: Outcome::Ack, id: None, at }
            }
            outcome => {
                in_flight.end(self.arrival.place, self.arrival.held);
                let id = (outcome == Outcome::Ack).then_some(id);
                Ended { outcome, id, at }
            }
        }
    }

    /// Waits in place; true where the subscriber is draining, and there is no waiting.
    async fn pause(&self, pause: Duration) -> bool {
        let mut draining = self.shared.draining.subscribe();
        tokio::time::timeout(pause, draining.wait_for(|draining| *draining)).await.is_ok()
    }

    /// Tells the server what has become of the message.
    async fn settle(
        &mut self,
        Ended { outcome, id, mut at }: Ended,
        trace: &TraceContext,
        attempt: u32,
        in_order: bool,
    ) -> Next {
        match outcome {
            Outcome::Ack => {
                if let (Some(seen), Some(id)) = (&self.shared.seen, id) {
                    Box::pin(seen.insert(id)).await;
                    at = Instant::now();
                }
                // A worker may stay with the messages of a key for long.
                if in_order || self.shared.options.double_ack {
                    self.answer(Bytes::from_static(ACK)).await;
                    self.count(Status::Success, Instant::now());
                } else {
                    self.count(Status::Success, at);
                    self.acknowledge_with_others(at).await;
                }
                Next::Settled
            }
            Outcome::Retry { after, error } => {
                trace::failed(&Span::current(), "retry");
                tracing::info!(attempt, ?after, "trying again later: {error}");
                self.shared.metrics.retries.inc();
                if !in_order {
                    self.answer(nak(after)).await;
                }
                self.count(Status::Retry, Instant::now());
                if in_order { Next::Again(after) } else { Next::Later }
            }
            Outcome::DeadLetter { reason, error, schema_errors } => {
                let letter = self.dead_letter(reason, error, schema_errors);
                Box::pin(self.give_up(letter, trace, in_order)).await
            }
        }
    }

    /// Keeps the message as a dead letter, and only then ends it.
    async fn give_up(&mut self, letter: DeadLetter, trace: &TraceContext, in_order: bool) -> Next {
        let reason = letter.reason.label();
        let span = Span::current();
        trace::failed(&span, reason);
        let trace = TraceContext::exported(&span).unwrap_or_else(|| trace.clone());
        // Those behind it in an order wait for it, and the server delivers it no more after the
        // last time; else it comes again.
        let stays = in_order || self.arrival.deliveries >= self.shared.consumer.max_deliver;
        let mut attempt = self.arrival.deliveries;
        let kept = loop {
            let unkept = match self.shared.keeper.keep(&letter, Some(&trace)).await {
                Ok(kept) => break kept,
                Err(unkept) => unkept,
            };
            let sequence = self.arrival.place.sequence;
            tracing::error!(reason, sequence, "a dead letter could not be kept: {unkept}");
            self.shared.metrics.dead_letter_failures.inc();
            let pause = self.shared.options.retry.delay(attempt);
            attempt = attempt.saturating_add(1);
            if !stays {
                self.answer(nak(pause)).await;
                self.count(Status::Retry, Instant::now());
                return Next::Later;
            }
            if self.pause(pause).await {
                return Next::Later;
            }
        };
        tracing::error!(
            reason,
            sequence = self.arrival.place.sequence,
            "gave up: {}",
            letter.error
        );
        self.answer(format!("+TERM {reason}").into()).await;
        // Who kept it before has counted it, and that may have been this loop.
        if kept == Kept::New || attempt > self.arrival.deliveries {
            self.shared.metrics.dead_lettered(reason);
        }
        self.count(Status::DeadLetter, Instant::now());
        Next::Settled
    }

    fn dead_letter(
        &self,
        reason: Reason,
        error: String,
        schema_errors: Vec<Violation>,
    ) -> DeadLetter {
        DeadLetter {
            original_subject: self.arrival.subject.to_string(),
            body: self.arrival.body.clone(),
            reason,
            error,
            timestamp: Utc::now(),
            stream: Some(self.shared.consumer.stream.to_owned()),
            consumer: Some(self.shared.consumer.name.to_owned()),
            stream_sequence: Some(self.arrival.place.sequence),
            stored_at: Some(DateTime::from_timestamp_nanos(self.arrival.place.stored_at)),
            deliveries: Some(i64::from(self.arrival.deliveries)),
            original_headers: HeaderMap::clone(&self.arrival.headers),
            schema_errors,
        }
    }

    /// The worker acknowledges what it has handled before it waits for anything: each ack alone
    /// would cost a system call here, and two in the server.
    async fn acknowledge_with_others(&mut self, at: Instant) {
        self.is_released = true;
        if self.shared.in_flight.handled(self.arrival.place, self.arrival.held, at) {
            Box::pin(acknowledge(self.shared)).await;
        }
    }

    /// Answers the server. Where the answer is lost, the message comes again after the ack wait.
    async fn answer(&mut self, answer: Bytes) {
        // Released first: what is given back may be here again before the call returns.
        let Some(reply) = self.release() else { return };
        let told = match self.shared.options.double_ack {
            true => Box::pin(self.confirm(reply, answer)).await,
            false => {
                let told = self.shared.connection.client().publish(reply, answer).await;
                told.map_err(|error| error.to_string())
            }
        };
        if let Err(error) = told {
            tracing::warn!(
                sequence = self.arrival.place.sequence,
                "the server was not told: {error}"
            );
        }
    }

    /// Holds the message no more; gives where the server is to be told, unless it has been told.
    fn release(&mut self) -> Option<Subject> {
        self.is_released = true;
        self.shared.in_flight.release(self.arrival.place, self.arrival.held)
    }

    /// Answers until the server confirms it, or until it takes the message for unanswered.
    async fn confirm(&self, reply: Subject, answer: Bytes) -> Result<(), String> {
        let until = Instant::now() + self.shared.ack_wait();
        loop {
            let told = self.shared.connection.client().request(reply.clone(), answer.clone()).await;
            match told {
                Ok(_) => return Ok(()),
                Err(error)
                    if error.kind() == RequestErrorKind::TimedOut && Instant::now() < until => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn count(&self, status: Status, at: Instant) {
        if let Some(metrics) = self.metrics() {
            metrics.processed(status, at.saturating_duration_since(self.arrival.received.at));
        }
    }

    /// Of the event type, where the subject has a handler.
    fn metrics(&self) -> Option<&EventMetrics> {
        self.shared.event_metrics.get(self.arrival.route?.0)
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        // What is not settled when the subscriber drains is given back by it.
        if !self.is_released && !*self.shared.draining.borrow() {
            self.shared.in_flight.release(self.arrival.place, self.arrival.held);
        }
        self.shared.workers.free();
    }
}

/// How an attempt ended, and when.
struct Ended {
    outcome: Outcome,
    /// Of what is to be remembered as handled.
    id: Option<Uuid>,
    at: Instant,
}

/// Tells the server of what is handled. Who is cut off here leaves the rest to be told of later.
pub(super) async fn acknowledge(shared: &Shared) {
    let mut untold = shared.in_flight.take_untold();
    while let Some(reply) = untold.first() {
        let told = shared.connection.client().publish(reply, Bytes::from_static(ACK)).await;
        untold.told();
        if let Err(error) = told {
            tracing::warn!("the server was not told of what is handled: {error}");
        }
    }
}

/// Handles the messages of one key, one after the other.
pub(super) async fn run_in_order(shared: &Shared, key: &str) {
    let mut may_go_on = true;
    while let Some((arrival, prepared)) = shared.order.next(key) {
        let job = Job::new(shared, &arrival);
        match may_go_on {
            true => may_go_on = job.run_in_order(prepared).await,
            false => job.give_back().await,
        }
    }
}

/// How a message stands after an attempt.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// The server is to forget it.
    Settled,
    /// It will be delivered again.
    Later,
    /// It is tried again in its place, after a pause.
    Again(Duration),
}

const ACK: &[u8] = b"+ACK";

/// A year: what the server cannot count in nanoseconds is no pause for it.
const LONGEST_NAK: Duration = Duration::from_secs(365 * 86_400);

/// Asks for another delivery, after a pause.
pub(super) fn nak(pause: Duration) -> Bytes {
    match pause.is_zero() {
        true => Bytes::from_static(b"-NAK"),
        false => format!("-NAK {{\"delay\": {}}}", pause.min(LONGEST_NAK).as_nanos()).into(),
    }
}
