//! The runtime for generated events on NATS JetStream: it is handed a `&'static Catalogue` and
//! knows no event.
//!
//! - [`Registry`] judges payloads and messages by name, by the texts that the catalogue carries.
//! - [`Topology`] plans, applies and verifies streams, buckets and consumers.
//! - [`DeadLetterQueue`] lists, redrives and purges what consumers gave up, and [`Reconciler`] adds
//!   what the server gave up.
//! - [`HealthCheck`] tells whether a service is alive, and whether it is ready.

mod connection;
mod dead_letter;
mod deliver;
mod error;
mod handlers;
mod headers;
mod health;
mod metrics;
mod publisher;
mod pulse;
mod reconciler;
mod registry;
mod retry;
mod standing;
mod subscriber;
mod topology;
mod trace;
mod validator;

pub use connection::{ConnectOptions, Connection};
pub use dead_letter::{
    DeadLetter, DeadLetterQueue, Entry, Group, Keeper, Kept, ListOrder, PurgeReport, Reason,
    RedriveOptions, RedriveOutcome, RedriveReport, Selection, Skip,
};
pub use error::{Error, ErrorKind, Result, Violation};
pub use handlers::{Delivery, Handled, Handler, HandlerError, Handlers, Outcome};
pub use health::{
    ConnectionHealth, ConsumerHealth, Health, HealthCheck, StreamHealth, SubscriberHealth,
};
pub use metrics::{Metrics, OTHER_QUEUES};
pub use publisher::{
    Pending, Publisher, PublisherDrained, PublisherOptions, Receipt, Unacknowledged,
};
pub use pulse::Pulse;
pub use reconciler::Reconciler;
pub use registry::{Registry, Side};
pub use retry::RetryPolicy;
pub use subscriber::{Subscriber, SubscriberDrained, SubscriberOptions};
pub use topology::{
    Action, Applied, Difference, Effect, Overrides, Permission, Plan, Step, Target, Topology,
};
pub use trace::TraceContext;

/// The client, whose types stand in this API: headers, and what [`Connection::client`] gives.
pub use async_nats;
/// The metrics' crate, whose registry stands in this API.
pub use prometheus_client;
