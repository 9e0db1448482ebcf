//! Whether a subscriber is at work: what the health check looks at.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// The signs of life of one subscriber; a clone is the same subscriber's.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<Signs>);

#[derive(Debug)]
struct Signs {
    stream: &'static str,
    consumer: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    is_running: bool,
    last_beat: Option<Instant>,
    trouble: Option<String>,
}

impl Pulse {
    pub(crate) fn new(stream: &'static str, consumer: &'static str) -> Pulse {
        let state = State { is_running: true, last_beat: None, trouble: None };
        Pulse(Arc::new(Signs { stream, consumer, state: Mutex::new(state) }))
    }

    /// The stream it reads.
    pub fn stream(&self) -> &'static str {
        self.0.stream
    }

    /// Its durable consumer.
    pub fn consumer(&self) -> &'static str {
        self.0.consumer
    }

    /// Whether its loop runs: it was not drained and not dropped.
    pub fn is_running(&self) -> bool {
        self.lock().is_running
    }

    /// How long ago it could last ask for messages; none where it never could.
    pub fn last_beat(&self) -> Option<Duration> {
        self.lock().last_beat.map(|beat| beat.elapsed())
    }

    /// Why it cannot ask for messages; none while it can.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// It can ask for messages.
    pub(crate) fn beat(&self) {
        let mut state = self.lock();
        state.last_beat = Some(Instant::now());
        state.trouble = None;
    }

    /// It cannot ask for messages, and tries again.
    pub(crate) fn lost(&self, error: &Error) {
        self.lock().trouble = Some(error.to_string());
    }

    /// It has ended.
    pub(crate) fn stopped(&self) {
        self.lock().is_running = false;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
