//! The order of messages with one key: one at a time, first come, first handled.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::work::Arrival;
use crate::handlers::Prepared;

/// The messages of each key that wait behind the one that is being handled.
#[derive(Default)]
pub(super) struct Order(Mutex<HashMap<String, VecDeque<(Arrival, Prepared)>>>);

impl Order {
    /// Adds a message. Where its key has none before it, the caller must handle the key's messages
    /// until [`Order::next`] gives no more.
    pub(super) fn add(&self, key: &str, arrival: Arrival, prepared: Prepared) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !waiting.contains_key(key);
        waiting.entry(key.to_owned()).or_default().push_back((arrival, prepared));
        is_first
    }

    /// The next message of a key; none ends the key.
    pub(super) fn next(&self, key: &str) -> Option<(Arrival, Prepared)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = waiting.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() {
            waiting.remove(key);
        }
        next
    }

    /// Forgets what waits; it comes again.
    pub(super) fn clear(&self) {
        let waiting = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        drop(waiting);
    }
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Order").field("keys", &waiting.len()).finish()
    }
}
