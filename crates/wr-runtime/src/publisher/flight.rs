//! Events on their way into a stream.
//!
//! The first attempt, which nearly always is the only one, has no task and no timer of its own: it
//! is an entry among the flights until the answer comes. What fails goes to a task that tries again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::{Answer, Failure, Inner, Receipt, Unacknowledged, failure};
use crate::connection::Mark;
use crate::deliver::{Delivered, Outgoing, Persistence};
use crate::error::{Error, ErrorKind, Result};
use crate::trace;

/// An event that is to be in a stream.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) outgoing: Outgoing,
    pub(super) id: Uuid,
    pub(super) subject: &'static str,
    pub(super) event_type: &'static str,
    pub(super) queue_id: Option<String>,
    pub(super) span: Span,
    pub(super) answer: oneshot::Sender<Answer>,
    /// When it was sent first.
    pub(super) begun: Instant,
    /// Before it was sent first.
    pub(super) mark: Mark,
}

/// The flights of a publisher, by numbers of their own, since a caller may publish one event twice.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// In the order of the calls.
    all: BTreeMap<u64, Entry>,
    next: u64,
    is_closed: bool,
}

#[derive(Debug)]
enum Entry {
    /// At its first attempt.
    First(Box<Flight>),
    /// In the hands of a task that tries again, and is told of an answer to the first attempt.
    Again(Unacknowledged, Option<oneshot::Sender<Delivered>>),
}

impl Flights {
    /// Nothing new enters.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().all.is_empty()
    }

    pub(super) fn unacknowledged(&self) -> Vec<Unacknowledged> {
        let of = |entry: &Entry| match entry {
            Entry::First(flight) => flight.unacknowledged(),
            Entry::Again(event, _) => event.clone(),
        };
        self.lock().all.values().map(of).collect()
    }

    /// Takes out those whose first attempt was answered. Where the answer is late, the task that
    /// tries again is told of it, and need not go on.
    pub(super) fn land(
        &self,
        answers: &mut Vec<(u64, Delivered)>,
    ) -> Vec<(u64, Box<Flight>, Delivered)> {
        let mut entries = self.lock();
        let mut landed = Vec::with_capacity(answers.len());
        for (number, delivered) in answers.drain(..) {
            match entries.all.remove(&number) {
                Some(Entry::First(flight)) => landed.push((number, flight, delivered)),
                Some(Entry::Again(event, late)) => {
                    if let Some(late) = late {
                        // One that has ended by itself needs it no more.
                        let _ = late.send(delivered);
                    }
                    entries.all.insert(number, Entry::Again(event, None));
                }
                None => {}
            }
        }
        landed
    }

    /// Takes one whose first attempt has failed, to try again; also gives where an answer to that
    /// attempt will come to, if one comes late.
    fn take(&self, number: u64) -> Option<(Box<Flight>, oneshot::Receiver<Delivered>)> {
        let mut entries = self.lock();
        let entry = entries.all.get_mut(&number)?;
        let Entry::First(flight) = entry else { return None };
        let (late, answer) = oneshot::channel();
        let again = Entry::Again(flight.unacknowledged(), Some(late));
        match std::mem::replace(entry, again) {
            Entry::First(flight) => Some((flight, answer)),
            Entry::Again(..) => None,
        }
    }

    /// The numbers of those at their first attempt that are like this.
    pub(super) fn first(&self, is_like: impl Fn(&Flight) -> bool) -> Vec<u64> {
        let entries = self.lock();
        let all = entries.all.iter().filter_map(|(number, entry)| match entry {
            Entry::First(flight) => is_like(flight).then_some(*number),
            Entry::Again(..) => None,
        });
        all.collect()
    }

    /// The numbers of those whose first attempt began before a time.
    pub(super) fn begun_before(&self, time: Instant) -> Vec<u64> {
        let entries = self.lock();
        // Those behind one that is younger are younger, too, or as good as.
        let old = entries.all.iter().map_while(|(number, entry)| match entry {
            Entry::First(flight) => (flight.begun < time).then_some(Some(*number)),
            Entry::Again(..) => Some(None),
        });
        old.flatten().collect()
    }

    /// Takes out one that is at its first attempt.
    fn remove_first(&self, number: u64) -> Option<Box<Flight>> {
        let mut entries = self.lock();
        match entries.all.remove(&number)? {
            Entry::First(flight) => Some(flight),
            again @ Entry::Again(..) => {
                entries.all.insert(number, again);
                None
            }
        }
    }

    fn remove(&self, number: u64) -> bool {
        self.lock().all.remove(&number).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    fn unacknowledged(&self) -> Unacknowledged {
        Unacknowledged { id: self.id, subject: self.subject }
    }

    /// The end of a flight that has left.
    pub(super) fn end(self, publisher: &Inner, number: u64, result: Result<Delivered>) {
        let result = result.map(|delivered| self.receipt(delivered));
        self.count(publisher, &result);
        let result = result.map_err(|error| {
            let reports = publisher.unheard().add(number, self.unacknowledged());
            Failure { id: self.id, error, reports }
        });
        if let Err(Err(failure)) = self.answer.send(result) {
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

    fn count(&self, publisher: &Inner, result: &Result<Receipt>) {
        let metrics = &publisher.options.metrics;
        match result {
            // An earlier attempt of ours is no duplicate.
            Ok(receipt) if receipt.duplicate && receipt.attempts == 1 => {
                metrics.publish_duplicate(self.event_type);
            }
            Ok(_) => metrics.published(self.event_type, self.queue_id.as_deref()),
            Err(error) => {
                trace::failed(&self.span, failure(error));
                metrics.publish_failed(self.event_type, failure(error));
            }
        }
    }
}

/// A flight that is being sent: it leaves where the caller does not wait for that.
pub(super) struct Leg<'a> {
    publisher: &'a Arc<Inner>,
    pub(super) number: u64,
    is_sent: bool,
}

impl<'a> Leg<'a> {
    /// Lets a flight enter, which holds a place in the window.
    pub(super) fn enter(publisher: &'a Arc<Inner>, flight: Flight) -> Result<Leg<'a>> {
        let mut entries = publisher.flights.lock();
        if entries.is_closed {
            return Err(ErrorKind::Draining.into());
        }
        let number = entries.next;
        entries.next += 1;
        entries.all.insert(number, Entry::First(Box::new(flight)));
        drop(entries);
        publisher.options.metrics.publish_in_flight().inc();
        Ok(Leg { publisher, number, is_sent: false })
    }

    /// Sends it for the first time; where that fails, it is tried again like any other.
    pub(super) async fn send(mut self, message: Outgoing) {
        // The way to the connection may be full.
        let timeout = self.publisher.connection.request_timeout();
        let sent = tokio::time::timeout(timeout, self.try_send(message)).await;
        let sent = sent.unwrap_or_else(|_| Err(ErrorKind::TimedOut(timeout).into()));
        self.is_sent = true;
        if let Err(error) = sent {
            try_again(self.publisher, self.number, error);
        }
    }

    async fn try_send(&self, message: Outgoing) -> Result<()> {
        let connection = &self.publisher.connection;
        connection.require_connected()?;
        let answers = &self.publisher.answers;
        let inbox = answers.inbox(self.publisher).await?;
        message.send_for_answer(connection, format!("{inbox}{}", self.number)).await?;
        // Whoever listens no more has not seen it, either.
        match answers.is_open(&inbox) {
            true => Ok(()),
            false => Err(ErrorKind::Disconnected.into()),
        }
    }
}

impl Drop for Leg<'_> {
    fn drop(&mut self) {
        // What a task tries again leaves with that.
        if !self.is_sent && self.publisher.flights.remove_first(self.number).is_some() {
            self.publisher.left(1);
        }
    }
}

/// The first attempt has failed: a task tries again, if that may help.
pub(super) fn try_again(publisher: &Arc<Inner>, number: u64, error: Error) {
    let Some((flight, late)) = publisher.flights.take(number) else { return };
    let leaving = Leaving { publisher: publisher.clone(), number };
    let span = flight.span.clone();
    let trying = async move {
        let publisher = &leaving.publisher;
        let persistence =
            Persistence { deadline: publisher.options.deadline, pause: Duration::from_millis(50) };
        let attempts = AtomicU32::new(1);
        let retried = |error: &Error| {
            attempts.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%error, "publishing again");
            publisher.options.metrics.publish_retried(flight.event_type);
        };
        let (outgoing, connection) = (&flight.outgoing, &publisher.connection);
        let result = tokio::select! {
            biased;
            Ok(delivered) = late => Ok(delivered.after(attempts.load(Ordering::Relaxed))),
            result = outgoing.persist(connection, error, flight.begun, persistence, retried) => result,
        };
        flight.end(publisher, number, result);
    };
    tokio::spawn(trying.instrument(span));
}

/// Ends every flight at its first attempt: nobody listens any more.
pub(super) fn abandon(publisher: &Inner) {
    for number in publisher.flights.first(|_| true) {
        if let Some(flight) = publisher.flights.remove_first(number) {
            flight.end(publisher, number, Err(ErrorKind::Disconnected.into()));
            publisher.left(1);
        }
    }
}

/// Lets every flight at its first attempt leave without a word.
pub(super) fn forget(publisher: &Inner) {
    for number in publisher.flights.first(|_| true) {
        leave(publisher, number);
    }
}

fn leave(publisher: &Inner, number: u64) {
    if publisher.flights.remove(number) {
        publisher.left(1);
    }
}

/// However a task ends that tries again, its flight leaves.
struct Leaving {
    publisher: Arc<Inner>,
    number: u64,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        leave(&self.publisher, self.number);
    }
}
