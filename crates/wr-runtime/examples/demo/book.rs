//! The demo's book-keeping: what the streams acknowledged, and what each consumer did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wr_events::wr_core::uuid::Uuid;

/// Where a stream keeps a message: the stream's name and the sequence number.
pub(crate) type Place = (String, u64);

/// A message that a stream has acknowledged.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) event_type: &'static str,
    pub(crate) place: Place,
    pub(crate) origin: Origin,
}

/// Where a message comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An event of ours, by its id.
    Event(Uuid),
    /// A copy of an event of ours, which another service sent once more.
    Copy(Uuid),
    /// Something of another service that is no event.
    Foreign,
}

/// All messages that the streams have acknowledged; a clone is the same book.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Vec<Sent>>>);

impl Book {
    pub(crate) fn note(&self, event_type: &'static str, place: Place, origin: Origin) {
        lock(&self.0).push(Sent { event_type, place, origin });
    }

    pub(crate) fn len(&self) -> u64 {
        lock(&self.0).len() as u64
    }

    pub(crate) fn entries(&self) -> Vec<Sent> {
        lock(&self.0).clone()
    }
}

/// The events that a consumer has handled, by their ids. An event may come more than once, and a
/// handler that knows what it has done can bear that.
#[derive(Default)]
pub(crate) struct Done(Mutex<HashMap<Uuid, How>>);

/// How an event came to be handled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As it was published.
    Directly,
    /// After an operator sent it again.
    Redriven,
}

impl Done {
    /// Notes that an event is handled; false where it was before.
    pub(crate) fn insert(&self, id: Uuid, is_redriven: bool) -> bool {
        let how = if is_redriven { How::Redriven } else { How::Directly };
        lock(&self.0).insert(id, how).is_none()
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<How> {
        lock(&self.0).get(&id).copied()
    }
}

/// A panic while a lock is held leaves the numbers as they are.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
