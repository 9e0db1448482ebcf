//! The runtime against real servers, each test with its own.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "support for tests: what fails here is a failed test"
)]

mod connection;
mod dead_letters;
mod faults;
mod health;
mod least_privilege;
mod publish;
mod reconciler;
mod samples;
mod subscribe;
mod support;
mod topology;
mod tracing;
