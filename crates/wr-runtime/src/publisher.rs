//! Publishing: every event is proved before it leaves, and sent until its stream has it.

mod answers;
mod flight;
mod unheard;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_nats::Subject;
use tokio::sync::{Notify, Semaphore, oneshot};
use tracing::Span;
use uuid::Uuid;
use wr_core::{Catalogue, Event, Payload};

use self::answers::Answers;
use self::flight::{Flight, Flights, Leg};
use self::unheard::Unheard;
use crate::connection::Connection;
use crate::dead_letter;
use crate::deliver::Outgoing;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{self, Headers};
use crate::metrics::Metrics;
use crate::trace::{self, TraceContext};

/// Some more unanswered, and what is tried again would fill the room that async-nats has for it.
const LARGEST_WINDOW: usize = 4_096;

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
    /// How many more events may be in flight.
    window: Semaphore,
    flights: Flights,
    answers: Answers,
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
#[derive(Debug)]
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
            // The sender only goes without a word when the tokio runtime or a task of ours does.
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
        let event_types = catalogue.subjects.iter().map(|subject| subject.event_type);
        options.metrics.may_fail(event_types, &FAILURES);
        Ok(Publisher(Arc::new(Inner {
            connection: connection.clone(),
            source: source.into(),
            window: Semaphore::new(options.window),
            options,
            flights: Flights::default(),
            answers: Answers::default(),
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
        let span = trace::send(&self.0.connection, T::SUBJECT);
        span.record("messaging.message.id", tracing::field::display(event.id));
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

        let permit = self.0.window.acquire().await.map_err(|_| ErrorKind::Draining)?;
        let (answer, pending) = oneshot::channel();
        let flight = Flight {
            outgoing: outgoing.clone(),
            id: event.id,
            subject: T::SUBJECT,
            event_type: T::EVENT_TYPE,
            queue_id: event.queue_id.clone(),
            span: span.clone(),
            answer,
            begun: Instant::now(),
            mark: self.0.connection.mark(),
        };
        // From here on a drain waits for it, and however the flight ends, it leaves.
        let leg = Leg::enter(&self.0, flight)?;
        permit.forget();
        let pending = Pending { answer: pending, publisher: self.0.clone(), number: leg.number };
        leg.send(outgoing).await;
        Ok(pending)
    }

    /// Takes nothing new, and waits until every event in flight is answered, at most until the
    /// deadline. Call it before the process ends, and look at what it reports.
    pub async fn drain(&self, deadline: Duration) -> PublisherDrained {
        self.0.close();
        let _ = tokio::time::timeout(deadline, self.0.all_landed()).await;
        let unacknowledged = self.0.flights.unacknowledged();
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

    /// What has not entered by now does not.
    fn close(&self) {
        self.flights.close();
        self.window.close();
    }

    /// So many have landed.
    fn left(&self, flights: usize) {
        self.window.add_permits(flights);
        let flights = i64::try_from(flights).unwrap_or(i64::MAX);
        self.options.metrics.publish_in_flight().dec_by(flights);
        if self.flights.is_empty() {
            self.landed.notify_waiters();
        }
    }

    async fn all_landed(&self) {
        let mut landed = std::pin::pin!(self.landed.notified());
        // Heard from here on, so that the last one is not missed.
        landed.as_mut().enable();
        if !self.flights.is_empty() {
            landed.await;
        }
    }

    fn unheard(&self) -> MutexGuard<'_, Unheard> {
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The labels of failures.
const FAILURES: [&str; 8] = [
    "refused",
    "too_large",
    "draining",
    "permission_denied",
    "no_stream",
    "invalid_subject",
    "timed_out",
    "server",
];

/// A failure as a label, one of [`FAILURES`].
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
