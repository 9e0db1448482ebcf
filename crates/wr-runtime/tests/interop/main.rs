//! A client of another language and the runtime on one server: nats-py, from the Python package
//! index. No part of a plain `cargo test`, for it needs Python and that index; `cargo xtask interop`
//! runs it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "support for tests: what fails here is a failed test"
)]

mod consume;
mod dead_letters;
mod publish;
mod python;
#[path = "../it/support.rs"]
mod support;
mod topology;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

const STREAM: &str = "POSITION_EVENTS";
const CONSUMER: &str = "analytics-processor";
const QUEUE: &str = "DEAD_LETTER_QUEUE";
const SUBJECT: &str = "waitingroom.position.enqueued.v1";

/// The bytes of what Python wrote in base64.
fn bytes(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// Bytes for Python.
fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}
