//! What one environment has otherwise than the catalogue says.

use std::collections::BTreeMap;

use wr_core::topology::{Storage, Topology};

use crate::error::{ErrorKind, Result};

/// What one environment has otherwise than the catalogue says: a single server keeps one replica,
/// a small disk less.
///
/// ```
/// use wr_runtime::{Overrides, Topology};
///
/// let overrides = Overrides::default().replicas(1).max_bytes("DEAD_LETTER_QUEUE", 1 << 20);
/// let topology = Topology::new(&wr_events::CATALOGUE, overrides)?;
/// # Ok::<(), wr_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub(super) replicas: Option<u8>,
    pub(super) storage: Option<Storage>,
    pub(super) max_bytes_percent: Option<u8>,
    pub(super) max_bytes: BTreeMap<String, i64>,
    pub(super) starts: BTreeMap<String, u64>,
}

/// The most replicas that a server takes.
const MAX_REPLICAS: u8 = 5;

impl Overrides {
    /// Keeps every stream and bucket on this many servers, 1 to 5.
    ///
    /// That a single server keeps but one, the plan knows. That a cluster is smaller than this, only
    /// the server says, when the plan is applied: it tells no account how many servers keep streams.
    #[must_use]
    pub fn replicas(mut self, replicas: u8) -> Self {
        self.replicas = Some(replicas);
        self
    }

    /// Keeps every stream and bucket there.
    #[must_use]
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Gives every stream that part of its bytes, 1 to 100 percent, for servers with a small disk.
    #[must_use]
    pub fn max_bytes_percent(mut self, percent: u8) -> Self {
        self.max_bytes_percent = Some(percent);
        self
    }

    /// Gives one stream, or one bucket, that many bytes; [`Overrides::max_bytes_percent`] does not
    /// apply to it.
    #[must_use]
    pub fn max_bytes(mut self, name: impl Into<String>, bytes: i64) -> Self {
        self.max_bytes.insert(name.into(), bytes);
        self
    }

    /// Begins a consumer that is not there with a message of its stream, by its sequence number, and
    /// not with the first: behind what one of its name has settled before it was deleted.
    #[must_use]
    pub fn start(mut self, consumer: impl Into<String>, sequence: u64) -> Self {
        self.starts.insert(consumer.into(), sequence);
        self
    }

    /// Refuses values that cannot be, and names that the topology does not have.
    pub(super) fn check(&self, topology: &Topology) -> Result<()> {
        if let Some(replicas) = self.replicas.filter(|it| !(1..=MAX_REPLICAS).contains(it)) {
            return refused(format!("{replicas} replicas: 1 to {MAX_REPLICAS} can be"));
        }
        if let Some(percent) = self.max_bytes_percent.filter(|it| !(1..=100).contains(it)) {
            return refused(format!("{percent} percent of the bytes: 1 to 100 can be"));
        }
        for (name, bytes) in &self.max_bytes {
            let buckets = topology.consumers.iter().filter_map(|consumer| consumer.deduplication);
            let mut names = topology.streams.iter().map(|stream| stream.name);
            if !names.any(|it| it == name) && !buckets.into_iter().any(|it| it.bucket == name) {
                return refused(format!("the topology has no stream or bucket `{name}`"));
            }
            if *bytes < 1 {
                return refused(format!("{bytes} bytes for `{name}`: at least 1 is needed"));
            }
        }
        for (name, sequence) in &self.starts {
            if !topology.consumers.iter().any(|consumer| consumer.name == name) {
                return refused(format!("the topology has no consumer `{name}`"));
            }
            if *sequence < 1 {
                return refused(format!("`{name}` from message 0 on: the first is 1"));
            }
        }
        Ok(())
    }

    /// How many bytes a stream keeps.
    pub(super) fn bytes_of(&self, name: &str, bytes: i64) -> i64 {
        let part = |percent: u8| bytes / 100 * i64::from(percent);
        let shared = self.max_bytes_percent.filter(|it| *it < 100).map_or(bytes, part);
        self.max_bytes.get(name).copied().unwrap_or(shared.max(1))
    }
}

fn refused(text: String) -> Result<()> {
    Err(ErrorKind::Option(format!("override: {text}")).into())
}
