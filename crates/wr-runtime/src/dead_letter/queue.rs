//! The dead-letter queue, for those who operate it: listed, counted, read, purged.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use wr_core::Catalogue;
use wr_core::chrono::{DateTime, Utc};
use wr_core::topology::Topology;

use super::form::{self, Stored};
use super::page::{self, Outline};
use super::selection::Selection;
use super::stored::{self, StoredMessage};
use super::{DeadLetter, Reason, circumstances, keep};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::trace::TraceContext;

/// How many messages are looked at together.
const PAGE: usize = 256;
/// How many sequence numbers a page reaches back at most, where most of their messages are gone.
const WIDEST: usize = 4_096;

/// The dead-letter queue of a catalogue; a clone is the same queue.
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    pub(super) connection: Connection,
    pub(super) topology: &'static Topology,
}

/// A message of the dead-letter queue.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its sequence number in the queue, by which it is named.
    pub sequence: u64,
    /// Its subject in the queue.
    pub subject: String,
    /// When the queue stored it.
    pub kept_at: DateTime<Utc>,
    /// Bytes of its body in the queue, without its headers and without further parts.
    pub size: usize,
    /// The dead letter, or why it is none. Body and headers of the original are left out, error and
    /// broken rules may be shortened: [`DeadLetterQueue::get`] has them.
    pub letter: Result<DeadLetter>,
}

/// In which order entries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// By when they were kept.
    #[default]
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

/// The dead letters of one consumer that were given up for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// The durable consumer; none where they do not tell.
    pub consumer: Option<String>,
    /// The reason; none for what is no dead letter.
    pub reason: Option<Reason>,
    /// How many there are.
    pub count: u64,
    /// When the oldest was kept.
    pub oldest: DateTime<Utc>,
    /// When the newest was kept.
    pub newest: DateTime<Utc>,
    /// The sequence number of the newest, for [`Selection::up_to`]: whoever has seen the groups may
    /// do something to these letters, and to none that came later.
    pub last: u64,
}

/// What was purged; `selected` is the sum of `purged`, `gone` and `failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurgeReport {
    /// How many entries were looked at.
    pub selected: u64,
    /// How many were deleted.
    pub purged: u64,
    /// How many were gone before they could be.
    pub gone: u64,
    /// Those that could not be deleted, and why.
    pub failed: Vec<(u64, Error)>,
    /// Why the run ended before its end: several failed in a row, or the queue could not be read any
    /// more.
    pub stopped: Option<Error>,
    /// Whether it ended before its end because it was [told to](DeadLetterQueue::purge_until).
    pub interrupted: bool,
}

/// After so many failures in a row the rest would fail too.
const FAILURES: u32 = 3;

impl DeadLetterQueue {
    /// The queue that the catalogue's topology names.
    ///
    /// # Errors
    /// [`ErrorKind::Catalogue`]: the catalogue has no topology.
    pub fn new(connection: &Connection, catalogue: &'static Catalogue) -> Result<DeadLetterQueue> {
        let topology = keep::topology(catalogue)?;
        Ok(DeadLetterQueue { connection: connection.clone(), topology })
    }

    /// The stream that keeps it.
    pub fn stream(&self) -> &'static str {
        self.topology.dead_letters.stream
    }

    /// The selected entries that are in the queue now, page by page. A dead letter in parts is one
    /// entry, that of its first part. The stream of entries ends after an error.
    pub fn list(
        &self,
        selection: &Selection,
        order: ListOrder,
    ) -> impl Stream<Item = Result<Entry>> + Send + use<> {
        let listing = Listing {
            queue: self.clone(),
            order,
            selection: selection.clone(),
            rest: None,
            window: PAGE,
            entries: VecDeque::new(),
        };
        stream::try_unfold(listing, Listing::step).take(selection.most())
    }

    /// How many there are of each consumer and reason, in that order.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub async fn groups(&self, selection: &Selection) -> Result<Vec<Group>> {
        let mut groups = BTreeMap::<_, Group>::new();
        let mut entries = std::pin::pin!(self.list(selection, ListOrder::OldestFirst));
        while let Some(entry) = entries.try_next().await? {
            let letter = entry.letter.ok();
            let reason = letter.as_ref().map(|letter| letter.reason.clone());
            let consumer = letter.and_then(|letter| letter.consumer);
            let (oldest, newest) = (entry.kept_at, entry.kept_at);
            let group = groups.entry((consumer.clone(), reason.clone()));
            let last = entry.sequence;
            let group = group.or_insert(Group { consumer, reason, count: 0, oldest, newest, last });
            group.count += 1;
            (group.newest, group.last) = (newest, last);
        }
        Ok(groups.into_values().collect())
    }

    /// The dead letter at a sequence number, whole; none where there is nothing.
    ///
    /// # Errors
    /// [`ErrorKind::DeadLetter`]: it is none, or one of its parts is gone. Else the queue cannot be
    /// read.
    pub async fn get(&self, sequence: u64) -> Result<Option<DeadLetter>> {
        let got = self.find(sequence).await;
        got.map(|found| found.map(|found| found.letter))
            .map_err(|error| error.at(format!("dead letter {sequence}")))
    }

    /// Deletes the selected entries that are in the queue now, with all their parts. A dry run
    /// deletes nothing, and reports what it would.
    ///
    /// # Errors
    /// The queue cannot be read at all. What fails for one entry, or later, is in the report.
    pub async fn purge(&self, selection: &Selection, dry_run: bool) -> Result<PurgeReport> {
        self.purge_until(selection, dry_run, &AtomicBool::new(false)).await
    }

    /// As [`DeadLetterQueue::purge`]; ends before the next entry once `stop` is set, with a report of
    /// what was done.
    ///
    /// # Errors
    /// As [`DeadLetterQueue::purge`].
    pub async fn purge_until(
        &self,
        selection: &Selection,
        dry_run: bool,
        stop: &AtomicBool,
    ) -> Result<PurgeReport> {
        let (mut purged, mut gone) = (0, 0);
        let mut entries = std::pin::pin!(self.list(selection, ListOrder::OldestFirst));
        let mut sweep = Sweep::default();
        while let Some(sequence) = sweep.next(&mut entries, stop).await? {
            let deleted = match dry_run {
                true => Ok(true),
                false => self.purge_one(sequence).await,
            };
            match deleted {
                Ok(true) => purged += 1,
                Ok(false) => gone += 1,
                Err(error) => sweep.failed.push((sequence, error)),
            }
        }
        let Sweep { selected, failed, stopped, interrupted, .. } = sweep;
        Ok(PurgeReport { selected, purged, gone, failed, stopped, interrupted })
    }

    async fn purge_one(&self, sequence: u64) -> Result<bool> {
        let Some(message) = self.message(sequence).await? else { return Ok(false) };
        let others = match form::read(&message.headers, message.body) {
            Ok(Stored::First(first)) => first.others().to_vec(),
            Ok(Stored::Whole(_) | Stored::Later) | Err(_) => Vec::new(),
        };
        self.remove(sequence, &others).await
    }

    /// Deletes a dead letter: the first part before the others, which mean nothing without it.
    pub(super) async fn remove(&self, sequence: u64, others: &[u64]) -> Result<bool> {
        let deleted = stored::delete(&self.connection, self.stream(), sequence).await?;
        for other in others {
            stored::delete(&self.connection, self.stream(), *other).await?;
        }
        Ok(deleted)
    }

    pub(super) async fn find(&self, sequence: u64) -> Result<Option<Found>> {
        let Some(message) = self.message(sequence).await? else { return Ok(None) };
        let kept_at = message.stored_at;
        let (letter, others) = match form::read(&message.headers, message.body)? {
            Stored::Whole(letter) => (*letter, Vec::new()),
            Stored::First(first) => {
                let others = first.others().to_vec();
                (first.join(&self.parts(&others).await?)?, others)
            }
            Stored::Later => {
                let reason = "it is a later part of one, which is named by its first";
                return Err(ErrorKind::DeadLetter(reason.to_owned()).into());
            }
        };
        let trace = TraceContext::of_letter(&message.headers, &letter.original_headers);
        Ok(Some(Found { letter, kept_at, others, trace }))
    }

    async fn parts(&self, sequences: &[u64]) -> Result<Vec<(async_nats::HeaderMap, Bytes)>> {
        let mut parts = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            let gone = || ErrorKind::DeadLetter(format!("its part at {sequence} is gone"));
            let part = self.message(*sequence).await?.ok_or_else(gone)?;
            parts.push((part.headers, part.body));
        }
        Ok(parts)
    }

    async fn message(&self, sequence: u64) -> Result<Option<StoredMessage>> {
        stored::get(&self.connection, self.stream(), sequence).await
    }

    /// What a message of the queue is in a list; none for a part that is not the first.
    async fn entry(&self, outline: Outline) -> Result<Option<Entry>> {
        let Outline { sequence, subject, headers, stored_at, size } = outline;
        let letter = match form::is_told_by_headers(&headers) {
            Some(true) => circumstances::read(&headers),
            Some(false) => return Ok(None),
            // Who writes no headers says all in the body.
            None => match self.message(sequence).await? {
                Some(message) => DeadLetter::read(&message.headers, message.body).map(outlined),
                None => return Ok(None),
            },
        };
        Ok(Some(Entry { sequence, subject, kept_at: stored_at, size, letter }))
    }
}

/// A dead letter and where it is.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) letter: DeadLetter,
    pub(super) kept_at: DateTime<Utc>,
    /// Its other parts.
    pub(super) others: Vec<u64>,
    /// Where it was sent from.
    pub(super) trace: Option<TraceContext>,
}

fn outlined(letter: DeadLetter) -> DeadLetter {
    DeadLetter { body: Bytes::new(), original_headers: Default::default(), ..letter }
}

/// A run over entries, and what its report says of it.
#[derive(Default)]
pub(super) struct Sweep {
    /// How many had failed when the last one began, and how many in a row.
    before: (usize, u32),
    pub(super) selected: u64,
    /// Who runs adds what fails.
    pub(super) failed: Vec<(u64, Error)>,
    pub(super) stopped: Option<Error>,
    pub(super) interrupted: bool,
}

impl Sweep {
    /// The next one; none where the run has to end. An error where the queue cannot be read at all.
    pub(super) async fn next(
        &mut self,
        entries: &mut (impl Stream<Item = Result<Entry>> + Unpin),
        stop: &AtomicBool,
    ) -> Result<Option<u64>> {
        let (failed, in_a_row) = self.before;
        let in_a_row = if self.failed.len() > failed { in_a_row + 1 } else { 0 };
        self.before = (self.failed.len(), in_a_row);
        if in_a_row == FAILURES {
            self.stopped = self.failed.last().map(|(_, error)| error.clone());
            return Ok(None);
        }
        match entries.try_next().await {
            // Behind the last one nothing is left to stop before.
            Ok(Some(_)) if stop.load(Ordering::Relaxed) => self.interrupted = true,
            Ok(Some(entry)) => {
                self.selected += 1;
                return Ok(Some(entry.sequence));
            }
            Ok(None) => {}
            Err(error) if self.selected == 0 => return Err(error),
            Err(error) => self.stopped = Some(error),
        }
        Ok(None)
    }
}

/// A list that is being read.
struct Listing {
    queue: DeadLetterQueue,
    order: ListOrder,
    selection: Selection,
    /// The sequence numbers that were not looked at: the first, and the last. What comes while the
    /// list is read is not in it.
    rest: Option<(u64, u64)>,
    /// How many sequence numbers the next page reaches over.
    window: usize,
    entries: VecDeque<Entry>,
}

impl Listing {
    async fn step(mut self) -> Result<Option<(Entry, Listing)>> {
        Ok(self.next().await?.map(|entry| (entry, self)))
    }

    async fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Ok(Some(entry));
            }
            let (first, last) = match self.rest {
                Some(rest) => rest,
                None => self.begin().await?,
            };
            if first > last {
                return Ok(None);
            }
            let page = self.page(first, last).await?;
            for outline in page {
                if let Some(entry) = self.queue.entry(outline).await?
                    && self.selection.meets(&entry)
                {
                    self.entries.push_back(entry);
                }
            }
        }
    }

    async fn begin(&self) -> Result<(u64, u64)> {
        let state = page::state(&self.queue.connection, self.queue.stream()).await?;
        let (first, last) = self.selection.range();
        Ok((state.first_seq.max(first).max(1), state.last_seq.min(last)))
    }

    /// The next page, and what remains after it.
    async fn page(&mut self, first: u64, last: u64) -> Result<Vec<Outline>> {
        let start = match self.order {
            ListOrder::OldestFirst => first,
            ListOrder::NewestFirst => first.max(last.saturating_sub(self.window as u64 - 1)),
        };
        let queue = &self.queue;
        let mut page = page::read(&queue.connection, queue.stream(), start, self.window).await?;
        page.retain(|outline| outline.sequence <= last);
        match self.order {
            ListOrder::OldestFirst => {
                let seen = page.last().map_or(last, |outline| outline.sequence);
                self.rest = Some((seen.saturating_add(1), last));
            }
            ListOrder::NewestFirst => {
                self.rest = Some((first, start.saturating_sub(1)));
                // Where most are gone, pages reach farther.
                self.window = match page.len() < PAGE / 4 {
                    true => (self.window * 2).min(WIDEST),
                    false => PAGE,
                };
                page.reverse();
            }
        }
        Ok(page)
    }
}
