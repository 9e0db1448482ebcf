//! The runtime for generated events on NATS JetStream: it is handed a `&'static Catalogue` and
//! knows no event.
//!
//! - [`Registry`] judges payloads and messages by name, by the texts that the catalogue carries.

mod connection;
mod dead_letter;
mod deliver;
mod error;
mod headers;
mod metrics;
mod publisher;
mod registry;
mod topology;
mod trace;
mod validator;

pub use connection::{ConnectOptions, Connection};
pub use dead_letter::{DeadLetter, Keeper, Kept, Reason};
pub use error::{Error, ErrorKind, Result, Violation};
pub use metrics::{Metrics, OTHER_QUEUES};
pub use publisher::{
    Pending, Publisher, PublisherDrained, PublisherOptions, Receipt, Unacknowledged,
};
pub use registry::{Registry, Side};
pub use topology::{
    Action, Applied, Difference, Effect, Overrides, Permission, Plan, Step, Target, Topology,
};
pub use trace::TraceContext;
