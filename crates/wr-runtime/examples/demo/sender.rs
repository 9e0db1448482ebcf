//! How a service of the demo publishes: without waiting for each acknowledgement, and without
//! forgetting one.

use std::time::Duration;

use wr_events::{CATALOGUE, Payload};
use wr_runtime::{ErrorKind, Metrics, Pending, Publisher, PublisherOptions};

use crate::Result;
use crate::access::Access;
use crate::book::{Book, Origin};
use crate::room::QUEUE;

/// How long the last acknowledgements may take.
const DRAIN: Duration = Duration::from_secs(10);

/// The publishing half of a service.
pub(crate) struct Sender {
    publisher: Publisher,
    book: Book,
    pending: Vec<(&'static str, Pending)>,
}

impl Sender {
    /// Connects in the name of a service.
    pub(crate) async fn connect(
        access: &Access,
        service: &'static str,
        metrics: &Metrics,
        book: &Book,
    ) -> Result<Sender> {
        let connection = access.connect(service).await?;
        let options = PublisherOptions::new().metrics(metrics.clone());
        let publisher = Publisher::new(&connection, &CATALOGUE, service, options)?;
        Ok(Sender { publisher, book: book.clone(), pending: Vec::new() })
    }

    /// Sends an event. What its schema refuses fails here, before anything is sent.
    pub(crate) async fn send<T: Payload>(&mut self, payload: T) -> Result<()> {
        let event = self.publisher.event(payload).with_queue_id(QUEUE);
        let pending = self.publisher.enqueue(&event).await?;
        self.pending.push((T::EVENT_TYPE, pending));
        Ok(())
    }

    /// Whether the server refuses an event, because its service is not one that publishes it.
    pub(crate) async fn is_refused<T: Payload>(&mut self, payload: T) -> Result<bool> {
        let refusal = self.publisher.publish(&self.publisher.event(payload)).await.err();
        let kind = refusal.as_ref().map(wr_runtime::Error::kind);
        Ok(matches!(kind, Some(ErrorKind::PermissionDenied { .. })))
    }

    /// Waits until the streams have everything that was sent. Until then the publisher sends again
    /// what gets lost; what no stream takes in time is an error here.
    pub(crate) async fn acknowledged(&mut self) -> Result<()> {
        for (event_type, pending) in self.pending.drain(..) {
            let receipt = pending.await?;
            let place = (receipt.stream, receipt.sequence);
            self.book.note(event_type, place, Origin::Event(receipt.id));
        }
        Ok(())
    }

    /// The last thing that a service does: nothing may be on its way when the process ends.
    pub(crate) async fn drain(&self) -> Result<()> {
        let drained = self.publisher.drain(DRAIN).await;
        match drained.is_clean() {
            true => Ok(()),
            false => Err(format!("events are lost: {drained:?}").into()),
        }
    }
}
