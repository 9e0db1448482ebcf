//! Which dead letters of a queue are meant.

use std::collections::BTreeSet;

use wr_core::chrono::{DateTime, Utc};

use super::{Entry, Reason};
use crate::topology::stored;

/// Some of the dead letters of a queue: those that meet every condition.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    sequences: Option<BTreeSet<u64>>,
    after: u64,
    up_to: Option<u64>,
    consumer: Option<String>,
    stream: Option<String>,
    subject: Option<String>,
    reason: Option<Reason>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    limit: Option<usize>,
}

impl Selection {
    /// All of them, and what is in the queue and is no dead letter.
    pub fn all() -> Selection {
        Selection::default()
    }

    /// Those at these sequence numbers of the queue.
    #[must_use]
    pub fn sequences(mut self, sequences: impl IntoIterator<Item = u64>) -> Self {
        self.sequences = Some(sequences.into_iter().collect());
        self
    }

    /// Those behind this sequence number of the queue.
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        self.after = sequence;
        self
    }

    /// Those up to this sequence number of the queue.
    #[must_use]
    pub fn up_to(mut self, sequence: u64) -> Self {
        self.up_to = Some(sequence);
        self
    }

    /// Those of a durable consumer.
    #[must_use]
    pub fn consumer(mut self, consumer: impl Into<String>) -> Self {
        self.consumer = Some(consumer.into());
        self
    }

    /// Those of the consumers of a stream.
    #[must_use]
    pub fn stream(mut self, stream: impl Into<String>) -> Self {
        self.stream = Some(stream.into());
        self
    }

    /// Those whose original subject fits, where `*` is any token and a final `>` any rest.
    #[must_use]
    pub fn subject(mut self, filter: impl Into<String>) -> Self {
        self.subject = Some(filter.into());
        self
    }

    /// Those that were given up for a reason.
    #[must_use]
    pub fn reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Those that were kept at this moment or later.
    #[must_use]
    pub fn since(mut self, moment: DateTime<Utc>) -> Self {
        self.since = Some(moment);
        self
    }

    /// Those that were kept before this moment.
    #[must_use]
    pub fn until(mut self, moment: DateTime<Utc>) -> Self {
        self.until = Some(moment);
        self
    }

    /// No more than so many.
    #[must_use]
    pub fn limit(mut self, count: usize) -> Self {
        self.limit = Some(count);
        self
    }

    pub(super) fn most(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }

    /// The sequence numbers between which they lie, as far as the selection tells.
    pub(super) fn range(&self) -> (u64, u64) {
        let (first, last) = match &self.sequences {
            None => (0, u64::MAX),
            // Of none there is nothing between.
            Some(sequences) => (
                sequences.first().copied().unwrap_or(u64::MAX),
                sequences.last().copied().unwrap_or(0),
            ),
        };
        (first.max(self.after.saturating_add(1)), last.min(self.up_to.unwrap_or(u64::MAX)))
    }

    /// Whether an entry meets every condition, but for the limit.
    pub(super) fn meets(&self, entry: &Entry) -> bool {
        let asks = |sequences: &BTreeSet<u64>| sequences.contains(&entry.sequence);
        self.sequences.as_ref().is_none_or(asks)
            && self.since.is_none_or(|since| entry.kept_at >= since)
            && self.until.is_none_or(|until| entry.kept_at < until)
            && self.meets_circumstances(entry)
    }

    fn meets_circumstances(&self, entry: &Entry) -> bool {
        let named = |asked: &Option<String>, name: Option<&String>| {
            asked.as_ref().is_none_or(|asked| name == Some(asked))
        };
        match &entry.letter {
            Ok(letter) => {
                named(&self.consumer, letter.consumer.as_ref())
                    && named(&self.stream, letter.stream.as_ref())
                    && self.reason.as_ref().is_none_or(|reason| letter.reason == *reason)
                    && self
                        .subject
                        .as_ref()
                        .is_none_or(|filter| stored(&[filter], &letter.original_subject))
            }
            // Nothing is known of it.
            Err(_) => {
                self.consumer.is_none()
                    && self.stream.is_none()
                    && self.reason.is_none()
                    && self.subject.is_none()
            }
        }
    }
}
