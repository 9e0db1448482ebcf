//! The testkit against the real thing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod client;
mod cluster;
mod proxy;
mod server;
