//! The messages that this process holds: the server is told that they are being worked on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{Client, Subject};
use bytes::Bytes;
use futures_util::FutureExt;
use prometheus_client::metrics::gauge::Gauge;
use tokio::task::unconstrained;

use super::place::Place;

/// What is handled and has waited longer than this is told of with the next that is.
const TOGETHER: Duration = Duration::from_millis(2);

/// The messages that were delivered and are not settled.
#[derive(Debug)]
pub(super) struct InFlight {
    table: Mutex<Table>,
    /// Sequence numbers of what was given back.
    returned: Mutex<Vec<u64>>,
    gauge: Gauge,
}

#[derive(Debug, Default)]
struct Table {
    held: HashMap<Place, Held, BuildHasherDefault<Numbers>>,
    /// Deliveries whose place a later one took, by their numbers: where the server would be told.
    late: HashMap<u64, Subject, BuildHasherDefault<Numbers>>,
    /// The number of the last delivery.
    last: u64,
    /// Where the server is to be told of what is handled.
    untold: Vec<Subject>,
    /// When the first of these was.
    since: Option<Instant>,
}

impl Table {
    /// Holds a delivery no more; gives where the server is to be told, unless that has been taken.
    fn release(&mut self, place: Place, number: u64, gauge: &Gauge) -> Option<Subject> {
        match self.held.entry(place) {
            Entry::Occupied(held) if held.get().number == number => {
                gauge.dec();
                Some(held.remove().reply)
            }
            _ => self.late.remove(&number),
        }
    }
}

#[derive(Debug)]
struct Held {
    /// The number of the delivery that is being handled.
    number: u64,
    /// Where the server is told, of the newest delivery.
    reply: Subject,
    /// When the server was last told.
    told: Instant,
    /// Until when it is told; without end while the message waits its turn.
    until: Option<Instant>,
}

impl InFlight {
    pub(super) fn new(gauge: Gauge) -> InFlight {
        InFlight { table: Mutex::default(), returned: Mutex::default(), gauge }
    }

    /// To hold many, which is best done together: who handles others asks for the same lock.
    pub(super) fn holding(&self) -> Holding<'_> {
        Holding { table: self.lock(), gauge: &self.gauge, more: 0 }
    }

    /// A handler begins: it is told of until this deadline.
    pub(super) fn begin(&self, place: Place, number: u64, until: Option<Instant>) {
        self.set_until(place, number, until);
    }

    /// The handler has ended, and what follows takes as long as it takes.
    pub(super) fn end(&self, place: Place, number: u64) {
        self.set_until(place, number, None);
    }

    /// A delivery is about to be settled: where the server is to be told. None where that has been
    /// taken.
    pub(super) fn release(&self, place: Place, number: u64) -> Option<Subject> {
        self.lock().release(place, number, &self.gauge)
    }

    /// A message is handled, of which the server is to be told together with others: true where the
    /// first of them has waited long enough.
    pub(super) fn handled(&self, place: Place, number: u64, at: Instant) -> bool {
        let mut table = self.lock();
        let reply = table.release(place, number, &self.gauge);
        table.untold.extend(reply);
        at.duration_since(*table.since.get_or_insert(at)) > TOGETHER
    }

    /// What is handled, for the server to be told of. What it is not told of is taken again.
    pub(super) fn take_untold(&self) -> Untold<'_> {
        let mut table = self.lock();
        table.since = None;
        Untold { in_flight: self, replies: std::mem::take(&mut table.untold).into_iter() }
    }

    /// A message was given back.
    pub(super) fn give_back(&self, place: Place) {
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        returned.push(place.sequence);
    }

    /// What is held still and nobody will settle, in the order of the stream: where the server is
    /// told. They count as given back.
    pub(super) fn take(&self) -> Vec<Subject> {
        let mut taken: Vec<(Place, Held)> = self.lock().held.drain().collect();
        taken.sort_unstable_by_key(|(place, _)| *place);
        for (place, _) in &taken {
            self.gauge.dec();
            self.give_back(*place);
        }
        taken.into_iter().map(|(_, held)| held.reply).collect()
    }

    /// The sequence numbers of what was given back, in order.
    pub(super) fn returned(&self) -> Vec<u64> {
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner).clone();
        returned.sort_unstable();
        returned.dedup();
        returned
    }

    /// Tells the server of what it has not heard of for so long.
    pub(super) fn keep_alive(&self, client: &Client, silence: Duration) {
        self.tell(silence, |reply| {
            let told = client.publish(reply, Bytes::from_static(b"+WPI"));
            // A connection that has ended has nobody to tell.
            unconstrained(told).now_or_never().is_some()
        });
    }

    fn set_until(&self, place: Place, number: u64, until: Option<Instant>) {
        if let Some(held) = self.lock().held.get_mut(&place).filter(|held| held.number == number) {
            held.until = until;
        }
    }

    /// Tells of each under the lock, for the server must not hear of one after its answer: that
    /// would take the place of the pause that the answer asks for. Who cannot be told of without
    /// waiting is told of the next time.
    fn tell(&self, silence: Duration, tell: impl Fn(Subject) -> bool) {
        let now = Instant::now();
        for held in self.lock().held.values_mut() {
            let is_over = held.until.is_some_and(|until| until < now);
            if !is_over && now.duration_since(held.told) >= silence && tell(held.reply.clone()) {
                held.told = now;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    /// Whoever is dropped while it drains holds nothing any more, either.
    fn drop(&mut self) {
        self.take();
    }
}

/// Where the server is to be told of what is handled.
pub(super) struct Untold<'a> {
    in_flight: &'a InFlight,
    replies: std::vec::IntoIter<Subject>,
}

impl Untold<'_> {
    pub(super) fn first(&self) -> Option<Subject> {
        self.replies.as_slice().first().cloned()
    }

    /// The server has been told of the first.
    pub(super) fn told(&mut self) {
        self.replies.next();
    }
}

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        if !self.replies.as_slice().is_empty() {
            self.in_flight.lock().untold.extend(&mut self.replies);
        }
    }
}

/// The table while deliveries are being held.
pub(super) struct Holding<'a> {
    table: MutexGuard<'a, Table>,
    gauge: &'a Gauge,
    more: i64,
}

impl Holding<'_> {
    /// Holds a delivery that came now, and gives it a number. None where an earlier delivery of the
    /// message is being handled in good time: its end settles both.
    pub(super) fn hold(&mut self, place: Place, reply: Subject, now: Instant) -> Option<u64> {
        let Table { held, late, last, .. } = &mut *self.table;
        *last += 1;
        let new = Held { number: *last, reply, told: now, until: None };
        match held.entry(place) {
            Entry::Vacant(free) => {
                free.insert(new);
                self.more += 1;
            }
            Entry::Occupied(mut taken) => {
                let held = taken.get_mut();
                if held.until.is_none_or(|until| now < until) {
                    (held.reply, held.told) = (new.reply, now);
                    return None;
                }
                let old = std::mem::replace(held, new);
                late.insert(old.number, old.reply);
            }
        }
        Some(*last)
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.gauge.inc_by(self.more);
    }
}

/// Hashes numbers that nobody chooses to have the same hash.
#[derive(Default)]
struct Numbers(u64);

impl Hasher for Numbers {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // An odd number without a pattern, whose product mixes upwards, and a turn, downwards.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn who_is_silent_and_held_is_told_of() {
        let in_flight = InFlight::new(Gauge::default());
        let place = |sequence| Place { sequence, stored_at: 0 };
        let hold = |sequence: u64| {
            in_flight.holding().hold(place(sequence), sequence.to_string().into(), Instant::now())
        };
        let told = |silence, can: bool| {
            let told = RefCell::new(Vec::new());
            in_flight.tell(silence, |reply| {
                told.borrow_mut().push(reply.to_string());
                can
            });
            let mut told = told.into_inner();
            told.sort();
            told
        };
        let numbers = [1, 2, 3].map(|sequence| hold(sequence).unwrap());
        assert!(told(Duration::from_secs(60), true).is_empty());
        in_flight.begin(place(1), numbers[0], Some(Instant::now()));
        in_flight.release(place(2), numbers[1]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let silence = Duration::from_millis(10);
        assert_eq!(told(silence, false), ["3"], "one is over, one is settled");
        assert_eq!(told(silence, true), ["3"], "it could not be told of before");
    }

    #[test]
    fn each_delivery_is_settled_where_it_came_from_and_once() {
        let in_flight = InFlight::new(Gauge::default());
        let place = Place { sequence: 1, stored_at: 0 };
        let hold = |reply: &str| in_flight.holding().hold(place, reply.into(), Instant::now());
        let release = |number| in_flight.release(place, number).map(|reply| reply.to_string());
        let first = hold("first").unwrap();
        in_flight.begin(place, first, Some(Instant::now()));
        std::thread::sleep(Duration::from_millis(1));
        let second = hold("second").unwrap();
        assert_eq!(hold("third"), None, "the second is in time, and is told of there from now on");
        assert_eq!(release(first).as_deref(), Some("first"));
        assert_eq!(release(second).as_deref(), Some("third"));
        assert_eq!((release(first), release(second)), (None, None));
        assert_eq!(in_flight.gauge.get(), 0);
    }

    #[test]
    fn what_is_handled_is_told_of_together_but_soon_and_never_forgotten() {
        let in_flight = InFlight::new(Gauge::default());
        let start = Instant::now();
        let handled = |sequence: u64, after| {
            let place = Place { sequence, stored_at: 0 };
            let number = in_flight.holding().hold(place, sequence.to_string().into(), start);
            in_flight.handled(place, number.unwrap(), start + after)
        };
        let moment = Duration::from_nanos(1);
        assert!(!handled(1, Duration::ZERO));
        assert!(!handled(2, TOGETHER));
        assert!(handled(3, TOGETHER + moment), "the first has waited long enough");
        assert_eq!(in_flight.gauge.get(), 0);
        let mut untold = in_flight.take_untold();
        for reply in ["1", "2"] {
            assert_eq!(untold.first().as_deref(), Some(reply));
            untold.told();
        }
        assert!(!handled(4, 2 * TOGETHER), "it is the first again");
        // Who is cut off has not told of the third.
        assert_eq!(untold.first().as_deref(), Some("3"));
        drop(untold);
        let mut untold = in_flight.take_untold();
        for reply in ["4", "3"] {
            assert_eq!(untold.first().as_deref(), Some(reply));
            untold.told();
        }
        assert_eq!(untold.first(), None);
        drop(untold);
        assert_eq!(in_flight.take_untold().first(), None);
    }
}
