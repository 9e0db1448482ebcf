//! `wr` as an operator runs it, against real servers.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "support for tests: what fails here is a failed test"
)]

mod connection;
mod dead_letters;
mod messages;
mod operator;
mod output;
mod publishing;
mod runbook;
mod servers;
mod support;
