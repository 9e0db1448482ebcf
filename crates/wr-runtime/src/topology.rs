//! Streams, buckets and consumers: what the catalogue says, planned, applied and verified.

mod apply;
mod check;
mod fields;
mod mark;
mod overrides;
mod plan;
mod redrive;
mod server;
mod subjects;
mod wanted;

use wr_core::Catalogue;
use wr_core::topology::{Consumer, Stream, Topology as Constants};

pub use apply::{Applied, Permission};
pub use mark::{Mark, Marked};
pub use overrides::Overrides;
pub use plan::{Action, Difference, Effect, Plan, Step, Target};
pub use redrive::original_subject;
pub(crate) use redrive::{Redrives, redrive_subject, redriven};
pub(crate) use subjects::{fill, is_filter, stored};
pub(crate) use wanted::consumer_config;

use crate::error::{ErrorKind, Result};

/// The durable consumer of the advisories stream, which makes dead letters of messages that the
/// server gave up. It follows from the topology and does not stand in it.
pub(crate) const RECONCILER: &str = "reconciler";

/// The streams, buckets and consumers of a catalogue in one environment.
///
/// Every consumer is pulled from and settles each message on its own. Three more things follow
/// from the constants: each stream answers direct reads, for tools that look at a message on any
/// replica, while the runtime asks the leader, which knows what is gone; each consumer with
/// `deduplication` has a bucket with one value a key; and the advisories stream has a durable
/// consumer `reconciler`.
#[derive(Clone, Debug)]
pub struct Topology {
    catalogue: &'static Catalogue,
    constants: &'static Constants,
    overrides: Overrides,
}

impl Topology {
    /// Checks the constants of a catalogue, as the lint checks the file that they come from.
    ///
    /// # Errors
    /// [`ErrorKind::Catalogue`] if the catalogue has no topology, or one that would lose messages;
    /// [`ErrorKind::Option`] for an override that cannot be.
    pub fn new(catalogue: &'static Catalogue, overrides: Overrides) -> Result<Topology> {
        let Some(constants) = catalogue.topology else {
            return Err(ErrorKind::Catalogue("it has no topology".to_owned()).into());
        };
        let problems = check::problems(catalogue, constants);
        if !problems.is_empty() {
            return Err(ErrorKind::Catalogue(problems.join("; ")).into());
        }
        overrides.check(constants)?;
        Ok(Topology { catalogue, constants, overrides })
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }

    /// What the catalogue says, without overrides.
    pub fn constants(&self) -> &'static Constants {
        self.constants
    }

    /// The stream of a name, without overrides.
    pub fn stream(&self, name: &str) -> Option<&'static Stream> {
        self.constants.streams.iter().find(|stream| stream.name == name)
    }

    /// The stream that stores a subject.
    pub fn stream_of(&self, subject: &str) -> Option<&'static Stream> {
        let mut streams = self.constants.streams.iter();
        streams.find(|stream| subjects::stored(stream.subjects, subject))
    }

    /// The streams that may store what a filter matches, where `*` is any token and a final `>` any
    /// rest.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSubject`]: the text is no filter.
    pub fn streams_of(&self, filter: &str) -> Result<Vec<&'static Stream>> {
        if !subjects::is_filter(filter) {
            return Err(ErrorKind::InvalidSubject.into());
        }
        let may = |stream: &&Stream| {
            stream.subjects.iter().any(|subject| subjects::overlap(subject, filter))
        };
        Ok(self.constants.streams.iter().filter(may).collect())
    }

    /// The consumer of a durable name.
    pub fn consumer(&self, name: &str) -> Option<&'static Consumer> {
        self.constants.consumers.iter().find(|consumer| consumer.name == name)
    }
}
