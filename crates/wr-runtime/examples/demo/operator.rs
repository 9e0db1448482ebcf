//! The operator: looks at the dead letters, sends back those that a new release can handle, and
//! purges what nobody will ever read. `wr`, or any tool on this API, does the same by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::TryStreamExt;
use wr_events::CATALOGUE;
use wr_runtime::{
    Connection, DeadLetter, DeadLetterQueue, Group, HealthCheck, ListOrder, Reason, RedriveOptions,
    RedriveReport, Selection,
};

use crate::Result;
use crate::access::Access;
use crate::book::Place;

/// No more than so many dead letters a second go back, so that a consumer is not flooded.
const RATE: u32 = 200;

pub(crate) struct Operator {
    connection: Connection,
    queue: DeadLetterQueue,
}

/// What the dead-letter queue holds, by the places of the originals.
pub(crate) type Letters = BTreeMap<Place, DeadLetter>;

impl Operator {
    pub(crate) async fn connect(access: &Access) -> Result<Operator> {
        let connection = access.connect("operator").await?;
        let queue = DeadLetterQueue::new(&connection, &CATALOGUE)?;
        Ok(Operator { connection, queue })
    }

    /// Whether every stream and consumer is there and can work.
    pub(crate) async fn is_ready(&self) -> bool {
        let check = HealthCheck::new(&CATALOGUE).everything().deadline(Duration::from_secs(10));
        check.run(&self.connection).await.ready
    }

    /// How many dead letters each consumer has, and why.
    pub(crate) async fn groups(&self) -> Result<Vec<Group>> {
        Ok(self.queue.groups(&Selection::all()).await?)
    }

    /// Every dead letter in the queue.
    pub(crate) async fn letters(&self) -> Result<Letters> {
        let entries = self.queue.list(&Selection::all(), ListOrder::OldestFirst);
        let entries: Vec<_> = entries.try_collect().await?;
        let mut letters = Letters::new();
        for entry in entries {
            let letter = entry.letter?;
            if let (Some(stream), Some(sequence)) = (letter.stream.clone(), letter.stream_sequence)
            {
                letters.insert((stream, sequence), letter);
            }
        }
        Ok(letters)
    }

    /// Sends a consumer's dead letters of one reason back to it, and to nobody else; but first asks
    /// what that would do.
    pub(crate) async fn redrive(&self, consumer: &str, reason: Reason) -> Result<RedriveReport> {
        let selection = Selection::all().consumer(consumer).reason(reason);
        let options = RedriveOptions::new().rate(RATE);
        let dry_run = options.clone().dry_run();
        let would = self.queue.redrive(&selection, &dry_run, |_, _| {}).await?;
        if !would.skipped.is_empty() || !would.failed.is_empty() {
            return Err(format!("not everything can be redriven: {would:?}").into());
        }
        let done = self.queue.redrive(&selection, &options, |_, _| {}).await?;
        match done.redriven == would.redriven {
            true => Ok(done),
            false => Err(format!("redriven otherwise than announced: {done:?}").into()),
        }
    }

    /// Deletes the dead letters of one reason; the number of those that are gone.
    pub(crate) async fn purge(&self, reason: Reason) -> Result<u64> {
        let selection = Selection::all().reason(reason);
        let report = self.queue.purge(&selection, false).await?;
        match report.failed.is_empty() {
            true => Ok(report.purged),
            false => Err(format!("not everything could be purged: {report:?}").into()),
        }
    }

    /// The first and the last sequence number that a stream holds.
    pub(crate) async fn held(&self, stream: &str) -> Result<(u64, u64)> {
        let stream = self.connection.jetstream().get_stream(stream).await?;
        let state = &stream.cached_info().state;
        Ok((state.first_sequence, state.last_sequence))
    }
}
