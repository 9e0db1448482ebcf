//! What was published, what was handled and what was given up, and whether it adds up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use uuid::Uuid;
use wr_runtime::{Connection, DeadLetter, Reason};

use super::QUEUE;
use crate::support::{ask, until};

/// The books of one test; a clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Books>>);

#[derive(Clone, Debug, Default)]
struct Books {
    acked: BTreeSet<Uuid>,
    handled: BTreeMap<Uuid, usize>,
}

/// The end of the account: everything that was acknowledged is in `handled` or in `dead`.
#[derive(Debug)]
pub(super) struct Balance {
    /// Published and acknowledged.
    pub(super) acked: usize,
    /// How often each event was handled.
    pub(super) handled: BTreeMap<Uuid, usize>,
    /// Why each event was given up.
    pub(super) dead: BTreeMap<Uuid, Reason>,
}

impl Ledger {
    /// A stream has the event.
    pub(super) fn acked(&self, id: Uuid) {
        self.books().acked.insert(id);
    }

    /// A handler succeeded.
    pub(super) fn handled(&self, id: Uuid) {
        *self.books().handled.entry(id).or_default() += 1;
    }

    /// How many events were handled, each counted once.
    pub(super) fn count(&self) -> usize {
        self.books().handled.len()
    }

    /// Waits until so many events were handled.
    pub(super) async fn until(&self, count: usize) {
        until(&format!("{count} are handled"), || async { self.count() >= count }).await;
    }

    /// Waits until nothing is missing, and closes the books.
    pub(super) async fn balance(&self, connection: &Connection) -> Balance {
        let dead = Mutex::new(BTreeMap::new());
        until("what was acknowledged is handled or dead", || async {
            let letters = letters(connection).await;
            let letters = letters.into_iter().filter_map(|letter| {
                let body: Value = serde_json::from_slice(&letter.body).ok()?;
                Some((body["id"].as_str()?.parse().ok()?, letter.reason))
            });
            *dead.lock().unwrap() = letters.collect();
            let (books, dead) = (self.books(), dead.lock().unwrap());
            books.acked.iter().all(|id| books.handled.contains_key(id) || dead.contains_key(id))
        })
        .await;
        let Books { acked, handled } = self.books().clone();
        let balance = Balance { acked: acked.len(), handled, dead: dead.into_inner().unwrap() };
        println!("{balance}");
        balance
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }
}

impl Balance {
    /// Events that were handled more than once.
    pub(super) fn again(&self) -> usize {
        self.handled.values().filter(|times| **times > 1).count()
    }

    /// Events that were both handled and given up.
    pub(super) fn both(&self) -> BTreeMap<Uuid, Reason> {
        let mut both = self.dead.clone();
        both.retain(|id, _| self.handled.contains_key(id));
        both
    }
}

impl std::fmt::Display for Balance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Balance { acked, handled, dead } = self;
        let (again, both) = (self.again(), self.both());
        write!(
            f,
            "acknowledged {acked}: handled {} ({again} more than once), dead {}, in both {}",
            handled.len(),
            dead.len(),
            both.len(),
        )?;
        both.iter().try_for_each(|(id, reason)| write!(f, "; {id}: {}", reason.as_str()))
    }
}

/// Every dead letter that is in one piece.
pub(super) async fn letters(connection: &Connection) -> Vec<DeadLetter> {
    let info = ask(connection, &format!("STREAM.INFO.{QUEUE}"), json!({})).await;
    let stream = connection.jetstream().get_stream(QUEUE).await.unwrap();
    let number = |name: &str| info["state"][name].as_u64().unwrap();
    let mut letters = Vec::new();
    // An empty stream begins at 0.
    for sequence in number("first_seq").max(1)..=number("last_seq") {
        let message = stream.get_raw_message(sequence).await.unwrap();
        letters.extend(DeadLetter::read(&message.headers, message.payload));
    }
    letters
}
