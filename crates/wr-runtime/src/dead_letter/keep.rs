//! Keeping dead letters: sent until their stream has them.

use std::time::{Duration, Instant};

use async_nats::jetstream::publish::PublishAck;
use tracing::{Instrument, Span};
use wr_core::Catalogue;
use wr_core::topology::Topology;

use super::{DeadLetter, Reason, form, stored};
use crate::connection::Connection;
use crate::deliver::{Outgoing, Persistence};
use crate::error::{ErrorKind, Result};
use crate::headers::MESSAGE_ID;
use crate::topology::{fill, redriven};
use crate::trace::{self, TraceContext};

/// How long to try: longer than the election of a leader takes.
const DEADLINE: Duration = Duration::from_secs(15);

/// Keeps dead letters; a clone keeps into the same queue. The subscriber and the reconciler use it,
/// and so may a service that consumes in its own way.
#[derive(Clone, Debug)]
pub struct Keeper {
    connection: Connection,
    topology: &'static Topology,
    deadline: Duration,
}

/// A dead letter that its stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Kept {
    /// Since now.
    New,
    /// Since before: the queue remembers it, though an operator may have redriven or purged it.
    Already,
}

impl Keeper {
    /// Keeps into the dead-letter queue of a catalogue.
    ///
    /// # Errors
    /// [`ErrorKind::Catalogue`]: the catalogue has no topology.
    pub fn new(connection: &Connection, catalogue: &'static Catalogue) -> Result<Keeper> {
        let topology = topology(catalogue)?;
        Ok(Keeper { connection: connection.clone(), topology, deadline: DEADLINE })
    }

    /// Gives up after this time instead of 15 s.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Keeper {
        self.deadline = deadline;
        self
    }

    /// Keeps a dead letter, and waits until its stream has all of it. Kept again, as after a crash
    /// before the original was settled, it stays one within the duplicate window of the queue.
    ///
    /// The trace is that of what gave it up, or, without one, the original's: the span that is opened
    /// here is linked to it, and its child unless the caller is in a span of its own.
    ///
    /// # Errors
    /// Why the stream does not have it. Then the original must not be settled.
    pub async fn keep(&self, letter: &DeadLetter, trace: Option<&TraceContext>) -> Result<Kept> {
        let kept = self.try_keep(letter, trace).await;
        kept.map_err(|error| error.at("keep a dead letter"))
    }

    async fn try_keep(&self, letter: &DeadLetter, trace: Option<&TraceContext>) -> Result<Kept> {
        if let Reason::Unknown(_) = letter.reason {
            let reason = "its reason is not one that this version writes";
            return Err(ErrorKind::DeadLetter(reason.to_owned()).into());
        }
        let subject = self.subject(letter)?;
        let span = trace::send(&self.connection, &subject);
        span.record("messaging.message.id", letter.id()?);
        let original = || TraceContext::from_headers(&letter.original_headers);
        let trace = trace.cloned().or_else(original);
        if let Some(trace) = &trace {
            trace.lead_to(&span);
        }
        let context = trace_of(&span, trace.as_ref()).await;
        let letter = self.normal(letter);
        let max_payload = self.connection.client().max_payload();
        let written = form::write(&letter, &subject, &context, max_payload)?;
        let kept = self.publish(written).instrument(span.clone()).await;
        if kept.is_err() {
            trace::failed(&span, "unkept");
        }
        kept
    }

    /// The other parts first, for the head names where they are: what has a head is complete.
    async fn publish(&self, mut written: form::Written) -> Result<Kept> {
        let started = Instant::now();
        let persistence = || Persistence {
            deadline: self.deadline.saturating_sub(started.elapsed()),
            pause: Duration::from_millis(50),
        };
        let mut sequences = Vec::with_capacity(written.others.len());
        let mut anew = Vec::new();
        for part in &mut written.others {
            let mut delivered = part.deliver(&self.connection, persistence()).await?;
            self.require_queue(&delivered.ack)?;
            if delivered.ack.duplicate && !self.has(delivered.ack.sequence, part).await? {
                part.headers.insert(MESSAGE_ID, form::another_id(&part.headers.map()));
                delivered = part.deliver(&self.connection, persistence()).await?;
                self.require_queue(&delivered.ack)?;
                anew.push(delivered.ack.sequence);
            }
            sequences.push(delivered.ack.sequence);
        }
        written.refer(&sequences);
        let delivered = written.head.deliver(&self.connection, persistence()).await?;
        self.require_queue(&delivered.ack)?;
        // An earlier attempt of ours is no duplicate.
        if !delivered.ack.duplicate || delivered.attempts > 1 {
            return Ok(Kept::New);
        }
        self.forget(&anew).await;
        Ok(Kept::Already)
    }

    /// Whether a part that the queue remembers is still there: it may have been evicted or purged
    /// since. Who may not look does not rely on it.
    async fn has(&self, sequence: u64, part: &Outgoing) -> Result<bool> {
        let queue = self.topology.dead_letters.stream;
        match stored::get(&self.connection, queue, sequence).await {
            Ok(found) => Ok(found.is_some_and(|found| {
                let is_same = found.headers.get(MESSAGE_ID) == part.headers.map().get(MESSAGE_ID);
                is_same && found.body == part.body
            })),
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes parts that no head names; where that fails, the queue's limits do it one day.
    async fn forget(&self, parts: &[u64]) {
        let queue = self.topology.dead_letters.stream;
        for part in parts {
            if let Err(error) = stored::delete(&self.connection, queue, *part).await {
                tracing::debug!(%error, "a part that means nothing is left");
            }
        }
    }

    fn require_queue(&self, ack: &PublishAck) -> Result<()> {
        require_stream(ack, self.topology.dead_letters.stream)
    }

    /// As every dead letter is kept: with the subject that was published on, without headers that
    /// tell a server what to do.
    fn normal(&self, letter: &DeadLetter) -> DeadLetter {
        let consumer = letter.consumer.as_deref().unwrap_or_default();
        let original = redriven(self.topology, consumer, &letter.original_subject);
        DeadLetter {
            original_subject: original.unwrap_or(&letter.original_subject).to_owned(),
            original_headers: super::block::without_control(Some(&letter.original_headers)),
            ..letter.clone()
        }
    }

    fn subject(&self, letter: &DeadLetter) -> Result<String> {
        letter.id()?;
        let stream = letter.stream.as_deref().unwrap_or_default();
        let consumer = letter.consumer.as_deref().unwrap_or_default();
        let values = [("{stream}", stream), ("{consumer}", consumer)];
        Ok(fill(self.topology.dead_letters.subject, &values))
    }
}

/// What a span is called in headers: its own context, or another of the trace that is given.
pub(super) async fn trace_of(span: &Span, trace: Option<&TraceContext>) -> TraceContext {
    let current = async { TraceContext::current(span) };
    match trace {
        Some(trace) => trace.clone().scope(current).await,
        None => current.await,
    }
}

/// Refuses an ack of another stream than the topology's.
pub(super) fn require_stream(ack: &PublishAck, stream: &str) -> Result<()> {
    match ack.stream == stream {
        true => Ok(()),
        false => {
            let text = format!("stream `{}` took a message that is for `{stream}`", ack.stream);
            Err(ErrorKind::Drift(vec![text]).into())
        }
    }
}

/// The topology of a catalogue.
pub(crate) fn topology(catalogue: &'static Catalogue) -> Result<&'static Topology> {
    let none = || ErrorKind::Catalogue("it has no topology".to_owned());
    Ok(catalogue.topology.ok_or_else(none)?)
}
