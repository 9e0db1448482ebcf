//! The events that were handled, in a key-value bucket: a redelivery is then passed over.
//!
//! An id is written after the handler succeeded and before the ack, so a crash between the two
//! handles the event again, and never loses it.

use async_nats::jetstream::kv::Store;
use bytes::Bytes;
use uuid::Uuid;
use wr_core::topology::Deduplication;

use crate::connection::{Connection, with_sources};
use crate::error::{ErrorKind, Result};

/// The ids that one durable consumer has handled.
#[derive(Debug)]
pub(super) struct Seen {
    store: Store,
    durable: &'static str,
}

impl Seen {
    pub(super) async fn open(
        connection: &Connection,
        durable: &'static str,
        deduplication: Deduplication,
    ) -> Result<Seen> {
        let bucket = deduplication.bucket;
        // Asked for by our own request first, whose errors are told apart.
        let _: serde_json::Value =
            connection.api(&format!("STREAM.INFO.KV_{bucket}"), &serde_json::json!({})).await?;
        let store = connection.jetstream().get_key_value(bucket).await;
        let store = store.map_err(|error| ErrorKind::Nats(with_sources(&error)))?;
        Ok(Seen { store, durable })
    }

    /// Whether an event was handled. What cannot be told is handled again.
    pub(super) async fn contains(&self, id: Uuid) -> bool {
        match self.store.get(self.key(id)).await {
            Ok(value) => value.is_some(),
            Err(error) => {
                let error = with_sources(&error);
                tracing::warn!(%id, "whether it was handled before is not known: {error}");
                false
            }
        }
    }

    /// Remembers an event. Where that fails, only a redelivery of it would be handled again.
    pub(super) async fn insert(&self, id: Uuid) {
        if let Err(error) = self.store.put(self.key(id), Bytes::new()).await {
            tracing::warn!(%id, "it cannot be remembered as handled: {}", with_sources(&error));
        }
    }

    fn key(&self, id: Uuid) -> String {
        format!("{}.{id}", self.durable)
    }
}
