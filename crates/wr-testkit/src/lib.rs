//! A real nats-server for tests, the demo and benches.
//!
//! [`Server::start`] finds a nats-server or fetches one (see [`Binary::find`]), starts it on a
//! free port with a store of its own, waits until it answers, and kills it when it is dropped:
//!
//! ```
//! let server = wr_testkit::Server::start()?;
//! assert!(server.url().starts_with("nats://127.0.0.1:"));
//! # Ok::<(), wr_testkit::Error>(())
//! ```
//!
//! [`Cluster`] starts several that know each other, and [`Proxy`] stands between a client and a
//! server and loses what a test tells it to.
//!
//! A server that cannot be had is an [`Error`], which says how to get one; it is never a reason to
//! skip a test.

#![forbid(unsafe_code)]

mod binary;
mod cluster;
mod error;
mod proxy;
mod server;

pub use binary::{Binary, DEFAULT_VERSION, FLOOR_VERSION};
pub use cluster::Cluster;
pub use error::Error;
pub use proxy::{Direction, Frame, Proxy};
pub use server::{Server, ServerOptions};
