//! Redriving: dead letters go back to the one consumer that gave them up, and to no other.
//!
//! A dead letter is published on the redrive subject of its consumer, which only that consumer
//! reads, as the original was: body and so the event's id, and headers. Its `Nats-Msg-Id` is new,
//! for the stream would drop the original's as a duplicate. The new one is made of the place of the
//! dead letter in its queue: a redrive that was interrupted and is run again sends nothing twice
//! within the duplicate window of the consumer's stream. What fails again becomes a dead letter at
//! another place, and can be redriven again. A dead letter that was kept by [`RedriveOptions::keep`]
//! is sent again within that window only in another [`RedriveOptions::round`].
//!
//! A dead letter leaves the queue only after the stream of its consumer has it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_nats::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::{Instrument, Span};
use wr_core::topology::Consumer;

use super::keep::{require_stream, trace_of};
use super::queue::{DeadLetterQueue, Found, ListOrder, Sweep};
use super::selection::Selection;
use super::{DeadLetter, block};
use crate::connection::Connection;
use crate::deliver::{Outgoing, Persistence};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{self, MESSAGE_ID};
use crate::topology::{redrive_subject, stored};
use crate::trace::{self, TraceContext};

/// What the headers begin with that a redrive adds.
const PREFIX: &str = "Wr-Redrive-";
/// The sequence number of the dead letter in its queue.
const SEQUENCE: &str = "Wr-Redrive-Sequence";
/// How often the original was redriven, this time included.
const COUNT: &str = "Wr-Redrive-Count";

/// How long to try to publish one.
const DEADLINE: Duration = Duration::from_secs(15);

/// How to redrive.
#[derive(Clone, Debug, Default)]
pub struct RedriveOptions {
    dry_run: bool,
    rate: Option<u32>,
    consumer: Option<String>,
    keep: bool,
    round: u32,
    stop: Arc<AtomicBool>,
}

/// What became of one dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedriveOutcome {
    /// It was published; in a dry run it would be.
    Redriven,
    /// An earlier run had published it.
    Already,
    /// It cannot be redriven, and stays.
    Skipped(Skip),
    /// It was not published, and stays.
    Failed(Error),
}

/// Why a dead letter cannot be redriven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Skip {
    /// It is no dead letter, or not all of one.
    #[error("{0}")]
    Unreadable(Error),
    /// It does not say which consumer gave it up.
    #[error("it names no consumer; name one")]
    NoConsumer,
    /// The topology has no such consumer.
    #[error("the topology has no consumer `{0}`")]
    UnknownConsumer(String),
    /// The consumer reads no redriven messages, or not the subject of the original.
    #[error("consumer `{consumer}` does not read `{subject}`")]
    NotRead {
        /// The consumer.
        consumer: String,
        /// What is not in its filter.
        subject: String,
    },
    /// On the server the consumer is missing, or reads no redriven messages: nobody would get it.
    #[error("consumer `{consumer}` on the server does not read `{subject}`; apply the topology")]
    NotReadYet {
        /// The consumer.
        consumer: String,
        /// What is not in its filter.
        subject: String,
    },
    /// With the headers of a redrive it exceeds the server's `max_payload`.
    #[error("{size} bytes are more than the {limit} that the server takes")]
    TooLarge {
        /// Bytes of body and headers.
        size: usize,
        /// The server's `max_payload`.
        limit: usize,
    },
    /// Somebody redrove or purged it meanwhile.
    #[error("it is gone")]
    Gone,
}

/// What was redriven; `selected` is the sum of the others, except `left`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedriveReport {
    /// How many dead letters were looked at.
    pub selected: u64,
    /// How many were published; in a dry run, how many would be.
    pub redriven: u64,
    /// How many an earlier run had published.
    pub already: u64,
    /// Those that cannot be redriven, and why.
    pub skipped: Vec<(u64, Skip)>,
    /// Those that were not published, and why.
    pub failed: Vec<(u64, Error)>,
    /// Those that were published and could not be taken out of the queue; another run does it.
    pub left: Vec<(u64, Error)>,
    /// Why the run ended before its end: several failed in a row, or the queue could not be read any
    /// more.
    pub stopped: Option<Error>,
    /// Whether it ended before its end because it was [told to](RedriveOptions::stop).
    pub interrupted: bool,
}

impl RedriveOptions {
    /// As fast as it goes, each to the consumer that gave it up, and out of the queue.
    pub fn new() -> RedriveOptions {
        RedriveOptions::default()
    }

    /// Publishes and deletes nothing, and reports what it would.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Publishes no more than so many a second; 0 is refused.
    #[must_use]
    pub fn rate(mut self, per_second: u32) -> Self {
        self.rate = Some(per_second);
        self
    }

    /// Sends them to this durable consumer, whoever gave them up.
    #[must_use]
    pub fn consumer(mut self, name: impl Into<String>) -> Self {
        self.consumer = Some(name.into());
        self
    }

    /// Leaves them in the queue.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Sends again what was kept in the queue and sent before: a run of another round, which is 0
    /// unless told, sends what the others have sent.
    #[must_use]
    pub fn round(mut self, round: u32) -> Self {
        self.round = round;
        self
    }

    /// Ends the run before the next dead letter once this is set, with a report of what was done. To
    /// drop the future instead may leave in the queue what was published.
    #[must_use]
    pub fn stop(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }
}

impl DeadLetterQueue {
    /// Redrives the selected dead letters that are in the queue now, the oldest first, one after the
    /// other; `progress` is told of each, by its sequence number.
    ///
    /// The server is asked once for each consumer whether it reads what is redriven to it; where this
    /// user may not ask, the topology is believed.
    ///
    /// # Errors
    /// [`ErrorKind::Option`]: an option that cannot be. Else the queue cannot be read at all. What
    /// fails for one dead letter, or later, is in the report.
    pub async fn redrive(
        &self,
        selection: &Selection,
        options: &RedriveOptions,
        mut progress: impl FnMut(u64, &RedriveOutcome),
    ) -> Result<RedriveReport> {
        let mut run = Run::new(self, options)?;
        let mut report = RedriveReport::default();
        let mut entries = std::pin::pin!(self.list(selection, ListOrder::OldestFirst));
        let mut sweep = Sweep::default();
        while let Some(sequence) = sweep.next(&mut entries, &options.stop).await? {
            let (outcome, left) = run.one(sequence).await;
            progress(sequence, &outcome);
            report.left.extend(left.map(|error| (sequence, error)));
            match outcome {
                RedriveOutcome::Redriven => report.redriven += 1,
                RedriveOutcome::Already => report.already += 1,
                RedriveOutcome::Skipped(skip) => report.skipped.push((sequence, skip)),
                RedriveOutcome::Failed(error) => sweep.failed.push((sequence, error)),
            }
        }
        let Sweep { selected, failed, stopped, interrupted, .. } = sweep;
        Ok(RedriveReport { selected, failed, stopped, interrupted, ..report })
    }
}

/// One run over the queue.
struct Run<'a> {
    queue: &'a DeadLetterQueue,
    options: &'a RedriveOptions,
    pace: Option<Interval>,
    /// What the consumers read, as the server says; none where it may not be asked.
    filters: HashMap<&'static str, Option<Vec<String>>>,
}

/// What the server says of a consumer.
#[derive(Deserialize)]
struct Info {
    config: Filters,
}

/// Without any, a consumer reads all.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Filters {
    filter_subject: String,
    filter_subjects: Vec<String>,
}

/// A dead letter on its way back.
struct Resend {
    outgoing: Outgoing,
    span: Span,
    consumer: &'static Consumer,
}

impl<'a> Run<'a> {
    fn new(queue: &'a DeadLetterQueue, options: &'a RedriveOptions) -> Result<Run<'a>> {
        if let Some(name) = &options.consumer
            && find(queue, name).is_none()
        {
            let text = format!("the topology has no consumer `{name}`");
            return Err(ErrorKind::Option(text).into());
        }
        let zero = || ErrorKind::Option("a rate of 0 redrives nothing".to_owned());
        let rate = options.rate.map(|rate| NonZeroU32::new(rate).ok_or_else(zero)).transpose()?;
        let pace = rate.map(|rate| {
            // No pause is shorter than the clock can tell.
            let pause = (Duration::from_secs(1) / rate.get()).max(Duration::from_nanos(1));
            let mut pace = interval(pause);
            // What was late is not made up for.
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        });
        Ok(Run { queue, options, pace, filters: HashMap::new() })
    }

    /// The outcome, and why what was published is still in the queue.
    async fn one(&mut self, sequence: u64) -> (RedriveOutcome, Option<Error>) {
        let found = match self.queue.find(sequence).await {
            Ok(Some(found)) => found,
            Ok(None) => return (RedriveOutcome::Skipped(Skip::Gone), None),
            Err(error) if matches!(error.kind(), ErrorKind::DeadLetter(_)) => {
                return (RedriveOutcome::Skipped(Skip::Unreadable(error)), None);
            }
            Err(error) => return (RedriveOutcome::Failed(error), None),
        };
        let to = match self.to(&found.letter).await {
            Ok(to) => to,
            Err(outcome) => return (outcome, None),
        };
        let outcome = match self.outgoing(sequence, &found, to).await {
            Ok(_) if self.options.dry_run => return (RedriveOutcome::Redriven, None),
            Ok(resend) => self.publish(resend).await,
            Err(skip) => return (RedriveOutcome::Skipped(skip), None),
        };
        let is_sent = matches!(outcome, RedriveOutcome::Redriven | RedriveOutcome::Already);
        let left = match is_sent && !self.options.keep {
            true => self.queue.remove(sequence, &found.others).await.err(),
            false => None,
        };
        (outcome, left)
    }

    async fn publish(&mut self, resend: Resend) -> RedriveOutcome {
        if let Some(pace) = &mut self.pace {
            pace.tick().await;
        }
        let persistence = Persistence { deadline: DEADLINE, pause: Duration::from_millis(50) };
        let delivered = resend.outgoing.deliver(&self.queue.connection, persistence);
        let delivered = delivered.instrument(resend.span.clone()).await.and_then(|delivered| {
            require_stream(&delivered.ack, resend.consumer.stream)?;
            Ok(delivered)
        });
        match delivered {
            Err(error) => {
                trace::failed(&resend.span, "unsent");
                RedriveOutcome::Failed(error)
            }
            // An earlier attempt of ours is no duplicate.
            Ok(delivered) if delivered.ack.duplicate && delivered.attempts == 1 => {
                RedriveOutcome::Already
            }
            Ok(_) => RedriveOutcome::Redriven,
        }
    }

    /// To whom it goes, and on which subject; an outcome where it goes to nobody.
    async fn to(
        &mut self,
        letter: &DeadLetter,
    ) -> Result<(&'static Consumer, String), RedriveOutcome> {
        let consumer = self.consumer(letter).map_err(RedriveOutcome::Skipped)?;
        let subject = redrive_subject(self.queue.topology, consumer.name, &letter.original_subject);
        let name = || consumer.name.to_owned();
        for subject in [&subject, &letter.original_subject] {
            if !stored(consumer.filter_subjects, subject) {
                let skip = Skip::NotRead { consumer: name(), subject: subject.clone() };
                return Err(RedriveOutcome::Skipped(skip));
            }
        }
        let filters = self.filters(consumer).await.map_err(RedriveOutcome::Failed)?;
        if filters.as_ref().is_some_and(|filters| !stored(filters, &subject)) {
            let skip = Skip::NotReadYet { consumer: name(), subject };
            return Err(RedriveOutcome::Skipped(skip));
        }
        Ok((consumer, subject))
    }

    /// What a consumer reads: a topology that is not applied yet may have a stream that stores what
    /// its consumer does not read.
    async fn filters(&mut self, consumer: &'static Consumer) -> Result<&Option<Vec<String>>> {
        match self.filters.entry(consumer.name) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let subject = format!("CONSUMER.INFO.{}.{}", consumer.stream, consumer.name);
                let asked = self.queue.connection.api::<_, Info>(&subject, &json!({})).await;
                Ok(unknown.insert(match asked {
                    Ok(info) => Some(info.config.all()),
                    Err(error) => match error.kind() {
                        ErrorKind::ConsumerMissing { .. } => Some(Vec::new()),
                        ErrorKind::PermissionDenied { .. } => None,
                        _ => return Err(error),
                    },
                }))
            }
        }
    }

    async fn outgoing(
        &self,
        sequence: u64,
        found: &Found,
        (consumer, subject): (&'static Consumer, String),
    ) -> Result<Resend, Skip> {
        let letter = &found.letter;
        let (mut headers, span) = headers(&self.queue.connection, found, &subject).await;
        headers.insert(SEQUENCE, sequence.to_string());
        let nanos = found.kept_at.timestamp_nanos_opt().unwrap_or_default();
        let (stream, round) = (self.queue.stream(), self.options.round);
        let id = format!("redrive.{stream}.{sequence}.{nanos}.{}.{round}", consumer.name);
        span.record("messaging.message.id", id.as_str());
        headers.insert(MESSAGE_ID, id);
        let size = headers::size(&headers) + letter.body.len();
        let limit = self.queue.connection.client().max_payload();
        if size > limit {
            return Err(Skip::TooLarge { size, limit });
        }
        let body = letter.body.clone();
        let outgoing = Outgoing { subject: subject.into(), headers: headers.into(), body };
        Ok(Resend { outgoing, span, consumer })
    }

    fn consumer(&self, letter: &DeadLetter) -> Result<&'static Consumer, Skip> {
        let name = self.options.consumer.as_ref().or(letter.consumer.as_ref());
        let name = name.ok_or(Skip::NoConsumer)?;
        find(self.queue, name).ok_or_else(|| Skip::UnknownConsumer(name.clone()))
    }
}

impl Filters {
    fn all(self) -> Vec<String> {
        match (self.filter_subject.is_empty(), self.filter_subjects.is_empty()) {
            (true, true) => vec![">".to_owned()],
            (true, false) => self.filter_subjects,
            (false, _) => vec![self.filter_subject],
        }
    }
}

fn find(queue: &DeadLetterQueue, name: &str) -> Option<&'static Consumer> {
    queue.topology.consumers.iter().find(|consumer| consumer.name == name)
}

/// The headers of the original, counted, and as what follows the dead letter.
async fn headers(connection: &Connection, found: &Found, subject: &str) -> (HeaderMap, Span) {
    let mut headers = HeaderMap::new();
    let mut count: u64 = 1;
    for (name, values) in block::sorted(&found.letter.original_headers) {
        for value in values {
            match block::starts_with(name, PREFIX) {
                true if name == COUNT => {
                    count = count.saturating_add(value.as_str().parse().unwrap_or(0));
                }
                true => {}
                false if TraceContext::is_header(name) => {}
                false => block::append(&mut headers, name, value.as_str()),
            }
        }
    }
    headers.insert(COUNT, count.to_string());
    let span = trace::send(connection, subject);
    if let Some(trace) = &found.trace {
        trace.adopt(&span);
        // The run is none of the event's trace.
        if let Some(run) = TraceContext::exported(&Span::current()) {
            run.link(&span);
        }
    }
    trace_of(&span, found.trace.as_ref()).await.write(&mut headers);
    (headers, span)
}
