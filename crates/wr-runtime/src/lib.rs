//! The runtime for generated events on NATS JetStream: it is handed a `&'static Catalogue` and
//! knows no event.
//!
//! - [`Connection`], made by [`ConnectOptions`], is what everything else works on.
//! - [`Publisher`] proves every event, and sends it until its stream has it.
//! - [`Handlers`] are what a service does with events; they run without a server, too.
//! - [`Subscriber`] feeds them from one durable consumer, and keeps what fails as a dead letter.
//! - [`Registry`] judges payloads and messages by name, by the texts that the catalogue carries.
//! - [`Topology`] plans, applies and verifies streams, buckets and consumers.
//! - [`DeadLetterQueue`] lists, redrives and purges what consumers gave up.
//! - [`Reconciler`] adds to that what the server gave up, which no subscriber can see: one must run
//!   somewhere, or the events of processes that crashed are lost in silence.
//! - [`HealthCheck`] tells whether a service is alive, and whether it is ready.
//!
//! # Traces
//! Spans of `tracing`, with OpenTelemetry's attributes for messaging; a service that has a layer of
//! `tracing-opentelemetry` exports them. Publishing, keeping a dead letter and redriving are `send
//! {subject}`, each attempt of a handler is `process {subject}`: the child of the `send` whose
//! `traceparent` the message carries, and linked to it. What a handler publishes is in its trace, also
//! where no spans are exported. A dead letter follows the attempt that failed, a redrive follows the
//! dead letter. `error.type` of a `process` is `retry`, or the reason of its dead letter.
//!
//! No span and no log line of this crate holds a value of a payload. At its level `trace`,
//! `async_nats` logs whole messages: let no service in production listen to that.

mod connection;
mod dead_letter;
mod deliver;
mod delivery;
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
    RedriveOptions, RedriveOutcome, RedriveReport, Selection, Skip, StoredMessage,
};
pub use delivery::Delivery;
pub use error::{Error, ErrorKind, Result, Violation};
pub use handlers::{Handled, Handler, HandlerError, Handlers, Outcome};
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
    Action, Applied, Difference, Effect, Mark, Marked, Overrides, Permission, Plan, Step, Target,
    Topology, original_subject,
};
pub use trace::TraceContext;

/// The client, whose types stand in this API: headers, and what [`Connection::client`] gives.
pub use async_nats;
/// The metrics' crate, whose registry stands in this API.
pub use prometheus_client;
