//! The messages that this process holds: the server is told that they are being worked on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{Client, Subject};
use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;

/// The messages that were delivered and are not settled.
#[derive(Debug)]
pub(super) struct InFlight {
    held: Mutex<HashMap<u64, Held>>,
    next: AtomicU64,
    gauge: Gauge,
}

#[derive(Debug)]
struct Held {
    /// Where the server is told.
    reply: Subject,
    /// In the stream.
    sequence: u64,
    /// When the server was last told.
    told: Instant,
    /// Until when it is told; without end while the message waits its turn.
    until: Option<Instant>,
}

impl InFlight {
    pub(super) fn new(gauge: Gauge) -> InFlight {
        InFlight { held: Mutex::default(), next: AtomicU64::new(0), gauge }
    }

    /// Holds a message, and gives it a number.
    pub(super) fn hold(&self, reply: &Subject, sequence: u64) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let held = Held { reply: reply.clone(), sequence, told: Instant::now(), until: None };
        let mut all = self.lock();
        all.insert(number, held);
        self.gauge.set(all.len() as i64);
        number
    }

    /// A handler begins: it is told of until this deadline.
    pub(super) fn begin(&self, number: u64, deadline: Duration) {
        if let Some(held) = self.lock().get_mut(&number) {
            held.until = Some(Instant::now() + deadline);
        }
    }

    /// The handler has ended, and what follows takes as long as it takes.
    pub(super) fn end(&self, number: u64) {
        if let Some(held) = self.lock().get_mut(&number) {
            held.until = None;
        }
    }

    /// The message is settled.
    pub(super) fn release(&self, number: u64) {
        let mut all = self.lock();
        all.remove(&number);
        self.gauge.set(all.len() as i64);
    }

    /// The messages that are held still, which nobody will settle: reply subject and sequence.
    pub(super) fn take(&self) -> Vec<(Subject, u64)> {
        let taken = self.lock().drain().map(|(_, held)| (held.reply, held.sequence)).collect();
        self.gauge.set(0);
        taken
    }

    /// Tells the server of what it has not heard of for so long.
    pub(super) async fn keep_alive(&self, client: &Client, silence: Duration) {
        for reply in self.due(silence) {
            // A connection that has ended has nobody to tell.
            let _ = client.publish(reply, Bytes::from_static(b"+WPI")).await;
        }
    }

    fn due(&self, silence: Duration) -> Vec<Subject> {
        let now = Instant::now();
        let mut due = Vec::new();
        for held in self.lock().values_mut() {
            let is_over = held.until.is_some_and(|until| until < now);
            if !is_over && now.duration_since(held.told) >= silence {
                held.told = now;
                due.push(held.reply.clone());
            }
        }
        due
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
