//! A foreign script with bugs: it publishes through plain NATS, where nobody checks anything, by the
//! login of the operator, who may publish everything.

use wr_events::{Payload, PositionEnqueuedV1, QueueUpdatedV1, SessionStartedV1};
use wr_runtime::async_nats::jetstream;

use crate::Result;
use crate::access::Access;
use crate::book::{Book, Origin, Sent};

/// Half an event: what a publisher leaves that is stopped midway.
const MALFORMED: &str = r#"{"id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a", "version": "1.0", "ty"#;

/// An event whose priority is a word.
const VIOLATION: &str = r#"{
    "id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3b", "version": "1.0", "type": "position.enqueued",
    "timestamp": "2026-01-01T12:00:00Z", "source": "legacy-shop",
    "data": {"position_id": "pos-legacy", "priority": "high", "queue_length": 1}
}"#;

/// An event of a type that nobody knows, on a subject that is another's.
const UNKNOWN_TYPE: &str = r#"{
    "id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3c", "version": "1.0", "type": "queue.renamed",
    "timestamp": "2026-01-01T12:00:00Z", "source": "legacy-shop",
    "data": {"queue_id": "concert-tickets", "name": "Tickets"}
}"#;

pub(crate) struct ForeignService {
    jetstream: jetstream::Context,
    book: Book,
}

impl ForeignService {
    pub(crate) async fn connect(access: &Access, book: &Book) -> Result<ForeignService> {
        let jetstream = access.connect("operator").await?.jetstream().clone();
        Ok(ForeignService { jetstream, book: book.clone() })
    }

    /// Sends what is no event, or not the event of its subject. The streams take it: they do not
    /// look inside.
    pub(crate) async fn send_poison(&self) -> Result<()> {
        for _ in 0..3 {
            self.send::<SessionStartedV1>(MALFORMED, Origin::Foreign).await?;
            self.send::<PositionEnqueuedV1>(VIOLATION, Origin::Foreign).await?;
        }
        self.send::<QueueUpdatedV1>(UNKNOWN_TYPE, Origin::Foreign).await
    }

    /// Sends copies of some events, as who forwards events without their `Nats-Msg-Id`: the stream
    /// cannot tell that it has them.
    pub(crate) async fn send_copies(&self, count: usize) -> Result<usize> {
        let started = |sent: &Sent| match sent.origin {
            Origin::Event(id) if sent.event_type == SessionStartedV1::EVENT_TYPE => {
                Some((id, sent.place.clone()))
            }
            _ => None,
        };
        let events: Vec<_> = self.book.entries().iter().filter_map(started).take(count).collect();
        for (id, (stream, sequence)) in &events {
            let stream = self.jetstream.get_stream(stream).await?;
            let message = stream.get_raw_message(*sequence).await?;
            let body = String::from_utf8(message.payload.to_vec())?;
            self.send::<SessionStartedV1>(&body, Origin::Copy(*id)).await?;
        }
        Ok(events.len())
    }

    async fn send<T: Payload>(&self, body: &str, origin: Origin) -> Result<()> {
        let answer = self.jetstream.publish(T::SUBJECT, body.to_owned().into()).await?;
        let acknowledged = answer.await?;
        let place = (acknowledged.stream, acknowledged.sequence);
        self.book.note(T::EVENT_TYPE, place, origin);
        Ok(())
    }
}
