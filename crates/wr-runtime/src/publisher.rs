//! Publishing: every event is proved before it leaves, and sent until its stream has it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::Subject;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::{Instrument, Span};
use uuid::Uuid;
use wr_core::{Catalogue, Event, Payload};

use crate::connection::Connection;
use crate::dead_letter;
use crate::deliver::{Delivered, Outgoing, Persistence, Sent};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{self, Headers};
use crate::metrics::Metrics;
use crate::trace::{self, TraceContext};

/// Some more unanswered, and async-nats waits for ever.
const LARGEST_WINDOW: usize = 4_096;

/// How many failures that nobody has heard of are remembered.
const REMEMBERED: usize = 1_000;

/// How a publisher works. Every setting has a default.
#[derive(Clone, Debug)]
pub struct PublisherOptions {
    window: usize,
    deadline: Duration,
    cloud_events: bool,
    metrics: Metrics,
}

impl PublisherOptions {
    /// 1,024 events in flight, 30 s to get one into its stream.
    pub fn new() -> PublisherOptions {
        PublisherOptions {
            window: 1_024,
            deadline: Duration::from_secs(30),
            cloud_events: false,
            metrics: Metrics::new(),
        }
    }

    /// How many events may be sent and not yet acknowledged, 1 to 4,096; more wait their turn.
    #[must_use]
    pub fn window(mut self, events: usize) -> Self {
        self.window = events;
        self
    }

    /// How long to try to get an event into its stream. A leader's election takes 5 to 6 s, so 15 s
    /// is the least. Beyond the stream's duplicate window a retry could become a second message, so
    /// that it must hold the deadline and one [`ConnectOptions::request_timeout`] more.
    ///
    /// [`ConnectOptions::request_timeout`]: crate::ConnectOptions::request_timeout
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Adds the headers of CloudEvents 1.0; the body stays the whole event.
    #[must_use]
    pub fn cloud_events(mut self) -> Self {
        self.cloud_events = true;
        self
    }

    /// Counts into these metrics.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// The last attempt may begin at the deadline, and be stored as late as its answer may come.
    fn check(&self, catalogue: &Catalogue, answer: Duration) -> Result<()> {
        let wrong = |text: String| Err(ErrorKind::Option(text).into());
        if self.window == 0 || self.window > LARGEST_WINDOW {
            return wrong(format!("a window of {} is not 1 to {LARGEST_WINDOW}", self.window));
        }
        let deadline = self.deadline.as_secs_f64();
        if self.deadline < Duration::from_secs(15) {
            return wrong(format!("a deadline of {deadline} s is under 15 s"));
        }
        let streams = catalogue.topology.map_or(&[][..], |topology| topology.streams);
        let shortest = streams.iter().filter(|stream| carries_events(stream.subjects, catalogue));
        let latest = self.deadline.saturating_add(answer);
        match shortest.min_by_key(|stream| stream.duplicate_window_seconds) {
            Some(stream) if latest >= Duration::from_secs(stream.duplicate_window_seconds) => {
                wrong(format!(
                    "a deadline of {deadline} s and {} s for the last answer are not under the \
                     duplicate window of stream `{}`, {} s",
                    answer.as_secs_f64(),
                    stream.name,
                    stream.duplicate_window_seconds,
                ))
            }
            _ => Ok(()),
        }
    }
}

impl Default for PublisherOptions {
    fn default() -> PublisherOptions {
        PublisherOptions::new()
    }
}

fn carries_events(subjects: &[&str], catalogue: &Catalogue) -> bool {
    let carries = |subject: &&str| catalogue.subjects.iter().any(|entry| entry.subject == *subject);
    subjects.iter().any(carries)
}

/// Publishes events; a clone is the same publisher.
#[derive(Clone, Debug)]
pub struct Publisher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connection: Connection,
    source: String,
    options: PublisherOptions,
    window: Arc<Semaphore>,
    /// By a number of their own, since a caller may publish one event twice.
    in_flight: Mutex<HashMap<u64, Unacknowledged>>,
    next: AtomicU64,
    unheard: Mutex<Unheard>,
    /// Told when none is in flight.
    landed: Notify,
}

/// An event that a stream has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The event's id.
    pub id: Uuid,
    /// The stream that has it.
    pub stream: String,
    /// Its sequence number there.
    pub sequence: u64,
    /// Whether the stream had it already. After more than one attempt that may have been an earlier
    /// one, whose answer was lost.
    pub duplicate: bool,
    /// How many attempts it took.
    pub attempts: u32,
}

/// An event of which it is not known whether a stream has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unacknowledged {
    /// The event's id.
    pub id: Uuid,
    /// Its subject.
    pub subject: &'static str,
}

/// Failures that nobody has been handed yet.
#[derive(Debug, Default)]
struct Unheard {
    /// The newest, by the numbers of their flights.
    newest: BTreeMap<u64, Unacknowledged>,
    /// With those that are forgotten.
    total: u64,
    /// How often they were reported.
    reports: u64,
}

impl Unheard {
    fn add(&mut self, number: u64, lost: Unacknowledged) -> u64 {
        self.newest.insert(number, lost);
        self.total += 1;
        if self.newest.len() > REMEMBERED {
            self.newest.pop_first();
        }
        self.reports
    }

    /// Somebody has been handed it, and unless it was reported before, it is not reported.
    fn heard(&mut self, number: u64, reports: u64) {
        if reports == self.reports {
            self.newest.remove(&number);
            self.total = self.total.saturating_sub(1);
        }
    }

    fn report(&mut self) -> (Vec<Unacknowledged>, u64) {
        self.reports += 1;
        let newest = std::mem::take(&mut self.newest).into_values().collect();
        (newest, std::mem::take(&mut self.total))
    }
}

/// What a publisher leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "it names events that may be in no stream"]
pub struct PublisherDrained {
    /// Still unanswered at the deadline.
    pub unacknowledged: Vec<Unacknowledged>,
    /// Failed, and nobody has been handed the result, also where its [`Pending`] is still held; the
    /// newest 1,000 since the last report.
    pub unheard: Vec<Unacknowledged>,
    /// How many failed like that, those that are not listed among them.
    pub unheard_total: u64,
}

impl PublisherDrained {
    /// Whether every event is in its stream, or its failure was told to somebody.
    pub fn is_clean(&self) -> bool {
        self.unacknowledged.is_empty() && self.unheard_total == 0
    }
}

/// The answer for one event that was sent; awaiting it gives the receipt. Dropping it does not stop
/// the event: a failure is then logged. One that nobody is handed is reported by
/// [`Publisher::drain`].
#[must_use = "the event may fail after this"]
pub struct Pending {
    answer: oneshot::Receiver<Answer>,
    publisher: Arc<Inner>,
    number: u64,
}

type Answer = std::result::Result<Receipt, Failure>;

/// A failure, and how often failures had been reported before it.
struct Failure {
    id: Uuid,
    error: Error,
    reports: u64,
}

impl Failure {
    fn log(&self) {
        let Failure { id, error, .. } = self;
        tracing::error!(%error, %id, "an event that nobody waits for was not published");
    }
}

impl Future for Pending {
    type Output = Result<Receipt>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Receipt>> {
        Pin::new(&mut self.answer).poll(context).map(|answer| match answer {
            Ok(Ok(receipt)) => Ok(receipt),
            Ok(Err(Failure { error, reports, .. })) => {
                self.publisher.unheard().heard(self.number, reports);
                Err(error)
            }
            // The sender only goes without a word when the tokio runtime does.
            Err(_) => Err(ErrorKind::Disconnected.into()),
        })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // What comes later, the flight logs.
        self.answer.close();
        if let Ok(Err(failure)) = self.answer.try_recv() {
            failure.log();
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Publisher {
    /// A publisher for a catalogue, in the name of a service, which becomes the `source` of
    /// [`Publisher::event`].
    ///
    /// # Errors
    /// [`ErrorKind::Option`]: an option that cannot be.
    pub fn new(
        connection: &Connection,
        catalogue: &'static Catalogue,
        source: impl Into<String>,
        options: PublisherOptions,
    ) -> Result<Publisher> {
        options.check(catalogue, connection.request_timeout())?;
        Ok(Publisher(Arc::new(Inner {
            connection: connection.clone(),
            source: source.into(),
            window: Arc::new(Semaphore::new(options.window)),
            options,
            in_flight: Mutex::default(),
            next: AtomicU64::new(0),
            unheard: Mutex::default(),
            landed: Notify::new(),
        })))
    }

    /// A new event from this publisher's service.
    pub fn event<T: Payload>(&self, data: T) -> Event<T> {
        Event::new(self.0.source.clone(), data)
    }

    /// Publishes an event, and waits until its stream has it.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] and [`ErrorKind::TooLarge`] before anything is sent; else why no
    /// stream took it until the deadline.
    pub async fn publish<T: Payload>(&self, event: &Event<T>) -> Result<Receipt> {
        self.enqueue(event).await?.await
    }

    /// Publishes events of one type together; the results stand in their order.
    pub async fn publish_all<T: Payload>(&self, events: &[Event<T>]) -> Vec<Result<Receipt>> {
        let mut pending = Vec::with_capacity(events.len());
        for event in events {
            pending.push(self.enqueue(event).await);
        }
        let mut results = Vec::with_capacity(events.len());
        for pending in pending {
            results.push(match pending {
                Ok(pending) => pending.await,
                Err(error) => Err(error),
            });
        }
        results
    }

    /// Sends an event as soon as the window has room, and does not wait for the stream. Events are
    /// sent in the order of the calls; one that has to be sent again comes later.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`], [`ErrorKind::TooLarge`], [`ErrorKind::Draining`].
    pub async fn enqueue<T: Payload>(&self, event: &Event<T>) -> Result<Pending> {
        let span = tracing::info_span!(
            "send",
            otel.name = format!("send {}", T::SUBJECT),
            otel.kind = "producer",
            otel.status_code = tracing::field::Empty,
            messaging.system = "nats",
            messaging.operation.name = "send",
            messaging.operation.type = "send",
            messaging.destination.name = T::SUBJECT,
            messaging.message.id = %event.id,
            error.type = tracing::field::Empty,
        );
        let result = self.begin(event, &span).await;
        if let Err(error) = &result {
            trace::failed(&span, failure(error));
            self.0.options.metrics.publish_failed(T::EVENT_TYPE, failure(error));
        }
        result.map_err(|error| error.at(format!("publish on `{}`", T::SUBJECT)))
    }

    async fn begin<T: Payload>(&self, event: &Event<T>, span: &Span) -> Result<Pending> {
        let trace = TraceContext::current(span);
        let parent = trace.parent();
        let body = event.encode_traced(parent.trace_id(), parent.span_id());
        let body = body.map_err(ErrorKind::Refused)?.into();
        let headers = Headers::of_event(event, trace, self.0.options.cloud_events);
        let outgoing = Outgoing { subject: Subject::from_static(T::SUBJECT), headers, body };
        self.0.require_room(&outgoing)?;

        let permit = self.0.window.clone().acquire_owned().await;
        let permit = permit.map_err(|_| ErrorKind::Draining)?;
        // From here on a drain waits for it, and however the flight ends, it leaves.
        let flight = Flight {
            number: self.0.enter(event.id, T::SUBJECT)?,
            publisher: self.0.clone(),
            id: event.id,
            subject: T::SUBJECT,
            event_type: T::EVENT_TYPE,
            queue_id: event.queue_id.clone(),
            _permit: permit,
        };
        let (publisher, number) = (self.0.clone(), flight.number);
        let sent = outgoing.send(&self.0.connection).await;
        let (answer, pending) = oneshot::channel();
        tokio::spawn(flight.land(outgoing, sent, answer).instrument(span.clone()));
        Ok(Pending { answer: pending, publisher, number })
    }

    /// Takes nothing new, and waits until every event in flight is answered, at most until the
    /// deadline. Call it before the process ends, and look at what it reports.
    pub async fn drain(&self, deadline: Duration) -> PublisherDrained {
        self.0.close();
        let _ = tokio::time::timeout(deadline, self.0.all_landed()).await;
        let unacknowledged = self.0.lock().values().cloned().collect();
        let (unheard, unheard_total) = self.0.unheard().report();
        PublisherDrained { unacknowledged, unheard, unheard_total }
    }
}

impl Inner {
    /// An event must leave room for the circumstances that a dead letter adds.
    fn require_room(&self, outgoing: &Outgoing) -> Result<()> {
        let limit = self.connection.client().max_payload().saturating_sub(dead_letter::ROOM);
        // What is far from the limit is not measured.
        if outgoing.body.len() < limit / 2 {
            return Ok(());
        }
        let size = outgoing.body.len() + headers::size(&outgoing.headers.map());
        match size > limit {
            true => Err(ErrorKind::TooLarge { size, limit }.into()),
            false => Ok(()),
        }
    }

    fn enter(&self, id: Uuid, subject: &'static str) -> Result<u64> {
        let mut in_flight = self.lock();
        if self.window.is_closed() {
            return Err(ErrorKind::Draining.into());
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        in_flight.insert(number, Unacknowledged { id, subject });
        self.options.metrics.publish_in_flight().inc();
        Ok(number)
    }

    /// What has not entered by now does not.
    fn close(&self) {
        let _in_flight = self.lock();
        self.window.close();
    }

    fn leave(&self, number: u64) {
        let mut in_flight = self.lock();
        in_flight.remove(&number);
        if in_flight.is_empty() {
            self.landed.notify_waiters();
        }
        self.options.metrics.publish_in_flight().dec();
    }

    async fn all_landed(&self) {
        let mut landed = std::pin::pin!(self.landed.notified());
        // Heard from here on, so that the last one is not missed.
        landed.as_mut().enable();
        if !self.lock().is_empty() {
            landed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Unacknowledged>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unheard(&self) -> MutexGuard<'_, Unheard> {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event that was sent.
struct Flight {
    publisher: Arc<Inner>,
    number: u64,
    id: Uuid,
    subject: &'static str,
    event_type: &'static str,
    queue_id: Option<String>,
    /// Its place in the window.
    _permit: OwnedSemaphorePermit,
}

impl Flight {
    async fn land(self, outgoing: Outgoing, sent: Result<Sent>, answer: oneshot::Sender<Answer>) {
        let persistence = Persistence {
            deadline: self.publisher.options.deadline,
            pause: Duration::from_millis(50),
        };
        let retried = |error: &Error| {
            tracing::debug!(%error, "publishing again");
            self.publisher.options.metrics.publish_retried(self.event_type);
        };
        let result = outgoing.settle(&self.publisher.connection, sent, persistence, retried).await;
        let result = result.map(|delivered| self.receipt(delivered));
        self.count(&result);
        let result = result.map_err(|error| {
            let lost = Unacknowledged { id: self.id, subject: self.subject };
            Failure { id: self.id, error, reports: self.publisher.unheard().add(self.number, lost) }
        });
        if let Err(Err(failure)) = answer.send(result) {
            failure.log();
        }
    }

    fn receipt(&self, Delivered { ack, attempts }: Delivered) -> Receipt {
        Receipt {
            id: self.id,
            stream: ack.stream,
            sequence: ack.sequence,
            duplicate: ack.duplicate,
            attempts,
        }
    }

    fn count(&self, result: &Result<Receipt>) {
        let metrics = &self.publisher.options.metrics;
        match result {
            // An earlier attempt of ours is no duplicate.
            Ok(receipt) if receipt.duplicate && receipt.attempts == 1 => {
                metrics.publish_duplicate(self.event_type);
            }
            Ok(_) => metrics.published(self.event_type, self.queue_id.as_deref()),
            Err(error) => {
                trace::failed(&Span::current(), failure(error));
                metrics.publish_failed(self.event_type, failure(error));
            }
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.publisher.leave(self.number);
    }
}

/// A failure as a label.
fn failure(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Refused(_) => "refused",
        ErrorKind::TooLarge { .. } => "too_large",
        ErrorKind::Draining => "draining",
        ErrorKind::PermissionDenied { .. } => "permission_denied",
        ErrorKind::NoStream => "no_stream",
        ErrorKind::InvalidSubject => "invalid_subject",
        ErrorKind::TimedOut(_) | ErrorKind::Disconnected => "timed_out",
        _ => "server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_failures_the_newest_are_named_and_all_are_counted() {
        let lost = || Unacknowledged { id: Uuid::now_v7(), subject: "a.b.v1" };
        let mut unheard = Unheard::default();
        let failures: Vec<_> =
            (0..1_500).map(|number| (number, unheard.add(number, lost()))).collect();
        // The first is forgotten, the last is not.
        for (number, reports) in [failures[0], failures[1_499]] {
            unheard.heard(number, reports);
        }
        assert_eq!(
            unheard.newest.keys().copied().collect::<Vec<_>>(),
            (500..1_499).collect::<Vec<_>>()
        );
        let (newest, total) = unheard.report();
        assert_eq!((newest.len(), total), (999, 1_498));

        unheard.add(1_500, lost());
        unheard.heard(failures[1].0, failures[1].1);
        let (newest, total) = unheard.report();
        assert_eq!((newest.len(), total), (1, 1), "what was reported is heard");
        assert_eq!(unheard.report().1, 0);
    }
}
