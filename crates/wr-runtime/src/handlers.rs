//! Handlers: what a service does with events; they run with a server and without.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use futures_util::FutureExt;
use uuid::Uuid;
use wr_core::chrono::{DateTime, Utc};
use wr_core::{Catalogue, Contract, Event, Payload, parse_version};

use crate::dead_letter::Reason;
use crate::delivery::Delivery;
use crate::error::{ErrorKind, Result, Violation};
use crate::retry::RetryPolicy;
use crate::trace::TraceContext;

/// The number of a handler: a message's subject is looked up once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route(pub(crate) usize);

/// What a handler returns.
pub type Handled = std::result::Result<(), HandlerError>;

/// Why a handler did not handle an event. Every error becomes one by `?`, as a retryable one.
///
/// Its text goes to the log and into the dead letter, so it must hold no value of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerError {
    text: String,
    class: Class,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Retryable(Option<Duration>),
    Permanent,
}

impl HandlerError {
    /// A failure that another attempt may mend; when, the retry policy says.
    pub fn retryable(error: impl fmt::Display) -> HandlerError {
        HandlerError { text: error.to_string(), class: Class::Retryable(None) }
    }

    /// A failure that an attempt after a known time may mend.
    pub fn retry_after(delay: Duration, error: impl fmt::Display) -> HandlerError {
        HandlerError { text: error.to_string(), class: Class::Retryable(Some(delay)) }
    }

    /// A failure that no other attempt can mend: the event becomes a dead letter at once.
    pub fn permanent(error: impl fmt::Display) -> HandlerError {
        HandlerError { text: error.to_string(), class: Class::Permanent }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<E: std::error::Error> From<E> for HandlerError {
    fn from(error: E) -> HandlerError {
        HandlerError::retryable(error)
    }
}

/// What is to be done with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is handled.
    Ack,
    /// It failed, and is to be tried again.
    Retry {
        /// After this long.
        after: Duration,
        /// Why it failed.
        error: String,
    },
    /// It is given up.
    DeadLetter {
        /// Why, as a word.
        reason: Reason,
        /// Why, in a sentence.
        error: String,
        /// What the schema refused, where that is the reason.
        schema_errors: Vec<Violation>,
    },
}

/// A handler of the events of one type; every closure or function of this form is one.
///
/// It must not block its thread: no deadline ends it then, and while a thread of tokio is blocked,
/// timers and connections may stand still. `tokio::task::spawn_blocking` is for that.
pub trait Handler<T>:
    Fn(Event<T>, Delivery) -> <Self as Handler<T>>::Future + Send + Sync + 'static
{
    /// What the handler returns.
    type Future: Future<Output = Handled> + Send + 'static;
}

impl<T, F, R> Handler<T> for F
where
    F: Fn(Event<T>, Delivery) -> R + Send + Sync + 'static,
    R: Future<Output = Handled> + Send + 'static,
{
    type Future = R;
}

/// The handlers of a service, at most one an event.
pub struct Handlers {
    catalogue: &'static Catalogue,
    entries: Vec<Box<dyn Entry>>,
    /// Which of them is for a subject.
    routes: BTreeMap<&'static str, Route>,
    /// The `Runner<T>` of each `T`, for upcasts.
    runners: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    mistakes: Vec<String>,
}

impl Handlers {
    /// No handlers yet, for the events of a catalogue.
    pub fn new(catalogue: &'static Catalogue) -> Handlers {
        Handlers {
            catalogue,
            entries: Vec::new(),
            routes: BTreeMap::new(),
            runners: HashMap::new(),
            mistakes: Vec::new(),
        }
    }

    /// Handles the events of a type. Handlers must be idempotent: an event may come again.
    #[must_use]
    pub fn on<T: Payload + Send + 'static>(mut self, handler: impl Handler<T>) -> Self {
        let run = move |event, delivery| -> Running { Box::pin(handler(event, delivery)) };
        let runner = Arc::new(Runner::<T> { run: Box::new(run), key: OnceLock::new() });
        self.runners.insert(TypeId::of::<T>(), Box::new(runner.clone()));
        self.insert(T::SUBJECT, T::EVENT_TYPE, Direct { runner });
        self
    }

    /// As [`Handlers::on`], for a function that works on what the service has: a clone of it is
    /// handed to every run, so that it is usually an `Arc`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use wr_events::{CATALOGUE, Event, QueuePausedV1};
    /// use wr_runtime::{Delivery, Handled, Handlers};
    ///
    /// struct Audit;
    ///
    /// impl Audit {
    ///     async fn paused(self: Arc<Self>, event: Event<QueuePausedV1>, _: Delivery) -> Handled {
    ///         println!("{} was paused", event.data.queue_id);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let handlers = Handlers::new(&CATALOGUE).on_with(&Arc::new(Audit), Audit::paused);
    /// ```
    #[must_use]
    pub fn on_with<T, S, F>(
        self,
        service: &S,
        handler: impl Fn(S, Event<T>, Delivery) -> F + Send + Sync + 'static,
    ) -> Self
    where
        T: Payload + Send + 'static,
        S: Clone + Send + Sync + 'static,
        F: Future<Output = Handled> + Send + 'static,
    {
        let service = service.clone();
        self.on::<T>(move |event, delivery| handler(service.clone(), event, delivery))
    }

    /// Keeps the order of events with one key: while one is being handled, or waits to be tried
    /// again, the later ones wait, and take up the subscriber's concurrency. Events of different
    /// types are in one order where their keys are equal. Several processes on one durable consumer
    /// have no order between them, and after a crash or a lost connection redelivered events may
    /// come behind newer ones.
    #[must_use]
    pub fn ordered_by<T: Payload + Send + 'static>(
        mut self,
        key: impl Fn(&Event<T>) -> String + Send + Sync + 'static,
    ) -> Self {
        match self.runner::<T>() {
            Some(runner) if runner.key.get().is_none() => {
                let _ = runner.key.set(Box::new(key));
            }
            Some(_) => self.mistakes.push(format!("`{}` is ordered twice", T::SUBJECT)),
            None => self.mistakes.push(format!("`{}` is ordered before it is handled", T::SUBJECT)),
        }
        self
    }

    /// Lets the handler of a newer major handle the events of an older one.
    #[must_use]
    pub fn upcast<Old, New>(mut self, convert: impl Fn(Old) -> New + Send + Sync + 'static) -> Self
    where
        Old: Payload + Send + 'static,
        New: Payload + Send + 'static,
    {
        match self.runner::<New>() {
            Some(runner) => {
                let upcast = Upcast::<Old, New> { runner, convert: Box::new(convert) };
                self.insert(Old::SUBJECT, Old::EVENT_TYPE, upcast);
            }
            None => self.mistakes.push(format!(
                "`{}` is upcast to `{}`, which has no handler yet",
                Old::SUBJECT,
                New::SUBJECT,
            )),
        }
        self
    }

    /// Handles one message as a first delivery of 3 attempts, without a server; nothing is
    /// acknowledged, sent or waited for.
    pub async fn handle(&self, subject: &str, headers: &HeaderMap, bytes: &[u8]) -> Outcome {
        let prepared = match self.prepare(subject, self.route(subject), bytes) {
            Ok(prepared) => prepared,
            Err(undecodable) => return undecodable.outcome(),
        };
        let mut delivery = Delivery::new(prepared.subject);
        if let Some(trace) = TraceContext::from_headers(headers) {
            delivery.trace = trace;
        }
        delivery.headers = Arc::new(headers.clone());
        prepared.handle(delivery).await
    }

    /// As [`Handlers::handle`], for any delivery: a last attempt, or one that was redriven.
    pub async fn handle_delivery(&self, delivery: Delivery, bytes: &[u8]) -> Outcome {
        match self.prepare(delivery.subject, self.route(delivery.subject), bytes) {
            Ok(prepared) => prepared.handle(delivery).await,
            Err(undecodable) => undecodable.outcome(),
        }
    }

    /// The subjects that have a handler.
    pub fn subjects(&self) -> BTreeSet<&'static str> {
        self.routes.keys().copied().collect()
    }

    pub(crate) fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }

    /// The event type of every handler, as [`Route`] numbers them.
    pub(crate) fn event_types(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.event_type())
    }

    /// The handler of a subject.
    pub(crate) fn route(&self, subject: &str) -> Option<Route> {
        self.routes.get(subject).copied()
    }

    /// Refuses handlers that contradict each other.
    pub(crate) fn check(&self) -> Result<()> {
        match self.mistakes.is_empty() {
            true => Ok(()),
            false => Err(ErrorKind::Option(self.mistakes.join("; ")).into()),
        }
    }

    /// Whether the events of a handler have an order.
    pub(crate) fn is_ordered(&self, route: Option<Route>) -> bool {
        self.entry(route).is_some_and(|entry| entry.is_ordered())
    }

    /// Reads a message as an event, ready to be handled.
    pub(crate) fn prepare(
        &self,
        subject: &str,
        route: Option<Route>,
        bytes: &[u8],
    ) -> std::result::Result<Prepared, Undecodable> {
        match self.entry(route) {
            Some(entry) => std::panic::catch_unwind(AssertUnwindSafe(|| entry.prepare(bytes)))
                .map_err(|_| Undecodable::panicked())?
                .map_err(Undecodable::new),
            None => Err(Undecodable::unhandled(self.catalogue, subject)),
        }
    }

    fn insert(
        &mut self,
        subject: &'static str,
        event_type: &'static str,
        entry: impl Entry + 'static,
    ) {
        if let Err(error) = self.catalogue.find(subject) {
            self.mistakes.push(format!("`{subject}` (`{event_type}`): {error}"));
        }
        if self.routes.insert(subject, Route(self.entries.len())).is_some() {
            self.mistakes.push(format!("`{subject}` is handled twice"));
        }
        self.entries.push(Box::new(entry));
    }

    fn entry(&self, route: Option<Route>) -> Option<&dyn Entry> {
        Some(self.entries.get(route?.0)?.as_ref())
    }

    fn runner<T: 'static>(&self) -> Option<Arc<Runner<T>>> {
        self.runners.get(&TypeId::of::<T>())?.downcast_ref::<Arc<Runner<T>>>().cloned()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("subjects", &self.subjects()).finish_non_exhaustive()
    }
}

/// What follows from how a handler ended, at which of how many attempts.
pub(crate) fn outcome(
    handled: Handled,
    (attempt, attempts): (u32, u32),
    policy: &RetryPolicy,
) -> Outcome {
    let error = match handled {
        Ok(()) => return Outcome::Ack,
        Err(error) => error,
    };
    let dead = |reason: Reason| Outcome::DeadLetter {
        reason,
        error: error.text.clone(),
        schema_errors: Vec::new(),
    };
    match error.class {
        Class::Permanent => dead(Reason::PermanentError),
        Class::Retryable(_) if attempt >= attempts => dead(Reason::MaxRetriesExceeded),
        Class::Retryable(after) => Outcome::Retry {
            after: after.unwrap_or_else(|| policy.delay(attempt)),
            error: error.text,
        },
    }
}

/// A handler at work.
type Running = Pin<Box<dyn Future<Output = Handled> + Send>>;
type Run<T> = Box<dyn Fn(Event<T>, Delivery) -> Running + Send + Sync>;
type Key<T> = Box<dyn Fn(&Event<T>) -> String + Send + Sync>;
type Convert<Old, New> = Box<dyn Fn(Old) -> New + Send + Sync>;

/// The handler of one type.
struct Runner<T> {
    run: Run<T>,
    key: OnceLock<Key<T>>,
}

/// The handling of one subject.
trait Entry: Send + Sync {
    fn event_type(&self) -> &'static str;
    fn is_ordered(&self) -> bool;
    fn prepare(&self, bytes: &[u8]) -> std::result::Result<Prepared, wr_core::Error>;
}

/// The handler's own type.
struct Direct<T> {
    runner: Arc<Runner<T>>,
}

/// An older type.
struct Upcast<Old, New> {
    runner: Arc<Runner<New>>,
    convert: Convert<Old, New>,
}

/// An event, ready to be handled.
pub(crate) struct Prepared {
    pub(crate) subject: &'static str,
    pub(crate) id: Uuid,
    pub(crate) timestamp: DateTime<Utc>,
    /// Whether its minor is newer than the newest that this build knows.
    pub(crate) is_newer: bool,
    /// Which events it keeps an order with.
    pub(crate) key: Option<String>,
    run: Box<dyn FnOnce(Delivery) -> Running + Send>,
}

/// How long a handler may take, since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) started: Instant,
    pub(crate) deadline: Duration,
}

impl Prepared {
    /// Runs the handler within its trace; a panic is a failure like another, and so is what takes
    /// longer than it may.
    pub(crate) async fn run(self, delivery: Delivery, limit: Option<Limit>) -> Handled {
        let (run, trace) = (self.run, delivery.trace.clone());
        // What the handler holds is dropped in here as well: that may panic, too.
        let in_time = async move {
            let mut handling = pin!(trace.scope(async move { run(delivery).await }));
            let Some(Limit { started, deadline }) = limit else { return handling.await };
            // Most handlers end at once, and need no timer.
            let begun = poll_fn(|context| Poll::Ready(handling.as_mut().poll(context)));
            if let Poll::Ready(handled) = begun.await {
                return handled;
            }
            // It may have taken long to get there.
            let rest = deadline.saturating_sub(started.elapsed());
            let handled = Box::pin(tokio::time::timeout(rest, handling)).await;
            handled.unwrap_or_else(|_| {
                let deadline = deadline.as_secs_f64();
                Err(HandlerError::retryable(format!("the handler took longer than {deadline} s")))
            })
        };
        let panicked = |_| Err(HandlerError::retryable("the handler panicked"));
        AssertUnwindSafe(in_time).catch_unwind().await.unwrap_or_else(panicked)
    }

    async fn handle(self, delivery: Delivery) -> Outcome {
        let attempts = (delivery.attempt, delivery.attempts);
        outcome(self.run(delivery, None).await, attempts, &RetryPolicy::default())
    }

    fn new<T: Payload + Send + 'static>(
        subject: &'static str,
        event: Event<T>,
        is_newer: bool,
        runner: &Arc<Runner<T>>,
    ) -> Prepared {
        let runner = runner.clone();
        Prepared {
            subject,
            id: event.id,
            timestamp: event.timestamp,
            is_newer,
            key: runner.key.get().map(|key| key(&event)),
            run: Box::new(move |delivery| (runner.run)(event, delivery)),
        }
    }
}

impl<T: Payload + Send + 'static> Entry for Direct<T> {
    fn event_type(&self) -> &'static str {
        T::EVENT_TYPE
    }

    fn is_ordered(&self) -> bool {
        self.runner.key.get().is_some()
    }

    fn prepare(&self, bytes: &[u8]) -> std::result::Result<Prepared, wr_core::Error> {
        let event = Event::<T>::decode(bytes)?;
        let is_newer = is_newer::<T>(&event.version);
        Ok(Prepared::new(T::SUBJECT, event, is_newer, &self.runner))
    }
}

impl<Old, New> Entry for Upcast<Old, New>
where
    Old: Payload + Send + 'static,
    New: Payload + Send + 'static,
{
    fn event_type(&self) -> &'static str {
        Old::EVENT_TYPE
    }

    fn is_ordered(&self) -> bool {
        self.runner.key.get().is_some()
    }

    fn prepare(&self, bytes: &[u8]) -> std::result::Result<Prepared, wr_core::Error> {
        let old = Event::<Old>::decode(bytes)?;
        let is_newer = is_newer::<Old>(&old.version);
        let mut new = Event::new(old.source, (self.convert)(old.data))
            .with_id(old.id)
            .with_timestamp(old.timestamp);
        (new.trace_id, new.span_id, new.queue_id) = (old.trace_id, old.span_id, old.queue_id);
        Ok(Prepared::new(Old::SUBJECT, new, is_newer, &self.runner))
    }
}

fn is_newer<T: Payload>(version: &str) -> bool {
    // Digits too many for a number are a newer minor than any.
    parse_version(version)
        .is_some_and(|(_, minor)| minor.parse::<u32>().map_or(true, |minor| minor > T::MINOR))
}

/// A message that is no event with a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undecodable {
    pub(crate) reason: Reason,
    error: String,
    schema_errors: Vec<Violation>,
}

impl Undecodable {
    fn new(error: wr_core::Error) -> Undecodable {
        use wr_core::ErrorKind;
        let reason = match error.kind() {
            ErrorKind::Syntax { .. } => Reason::UnmarshalError,
            ErrorKind::TypeMismatch { .. } | ErrorKind::MajorMismatch { .. } => {
                Reason::EnvelopeMismatch
            }
            ErrorKind::UnknownMajor => Reason::UnknownMajor,
            ErrorKind::UnknownType => Reason::UnknownType,
            _ => Reason::SchemaViolation,
        };
        let violation = |keyword: wr_core::Keyword| Violation {
            pointer: error.pointer().to_owned(),
            keyword: keyword.as_str().to_owned(),
        };
        let schema_errors = error.keyword().map(violation).into_iter().collect();
        Undecodable { reason, error: error.to_string(), schema_errors }
    }

    /// The conversion or the key is a function of the event: it would panic again.
    fn panicked() -> Undecodable {
        Undecodable {
            reason: Reason::PermanentError,
            error: "the conversion of the event, or its key, panicked".to_owned(),
            schema_errors: Vec::new(),
        }
    }

    fn unhandled(catalogue: &Catalogue, subject: &str) -> Undecodable {
        match catalogue.find(subject) {
            Ok(_) => Undecodable {
                reason: Reason::UnknownType,
                error: "no handler for this event".to_owned(),
                schema_errors: Vec::new(),
            },
            Err(error) => Undecodable::new(error),
        }
    }

    pub(crate) fn outcome(self) -> Outcome {
        let Undecodable { reason, error, schema_errors } = self;
        Outcome::DeadLetter { reason, error, schema_errors }
    }
}

#[cfg(test)]
mod tests {
    use wr_events::{CATALOGUE, PositionEnqueuedV1, PositionEnqueuedV1Required};

    use super::*;

    /// Handles only what was redriven.
    async fn late(_: Event<PositionEnqueuedV1>, delivery: Delivery) -> Handled {
        match delivery.redriven {
            true => Ok(()),
            false => Err(HandlerError::retryable("not now")),
        }
    }

    #[tokio::test]
    async fn any_delivery_is_handled_without_a_server() {
        let required = PositionEnqueuedV1Required {
            position_id: "p".to_owned(),
            priority: 0,
            queue_length: 1,
        };
        let event = Event::new("test", PositionEnqueuedV1::new(required));
        let bytes = event.encode_traced("", "").unwrap();
        let handlers = Handlers::new(&CATALOGUE).on(late);
        let first = Delivery::new(PositionEnqueuedV1::SUBJECT);
        let (mut last, mut redriven) = (first.clone(), first.clone());
        last.attempt = last.attempts;
        redriven.redriven = true;

        let outcome = handlers.handle_delivery(first, &bytes).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
        let outcome = handlers.handle_delivery(last, &bytes).await;
        let reason = Reason::MaxRetriesExceeded;
        let error = "not now".to_owned();
        assert_eq!(outcome, Outcome::DeadLetter { reason, error, schema_errors: Vec::new() });
        assert_eq!(handlers.handle_delivery(redriven, &bytes).await, Outcome::Ack);
    }
}
