//! The waiting room itself: what a real one keeps in its database. One tick is one second in it.

use std::collections::VecDeque;

/// The one queue of the demo.
pub(crate) const QUEUE: &str = "concert-tickets";

/// Who waits, who is inside, and what the administrators set.
pub(crate) struct Room {
    /// Seconds since the queue was created.
    pub(crate) now: u64,
    /// Whether new visitors may join.
    pub(crate) is_open: bool,
    /// Since when nobody is admitted.
    pub(crate) paused_since: Option<u64>,
    /// How many are admitted a second.
    pub(crate) admission_rate: usize,
    /// How many may be inside.
    pub(crate) max_active: usize,
    /// The head of the queue first.
    pub(crate) waiting: VecDeque<Position>,
    pub(crate) sessions: Vec<Session>,
}

/// A visitor in the queue.
pub(crate) struct Position {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) joined: u64,
    pub(crate) last_heartbeat: u64,
    /// When the visitor closes the page without a word.
    pub(crate) silent_from: u64,
    /// When the visitor gives up, and says so.
    pub(crate) gives_up: u64,
}

/// A visitor inside.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) position_id: String,
    pub(crate) started: u64,
    pub(crate) ends: u64,
    pub(crate) ending: Ending,
}

/// How a session ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The visitor has what they came for.
    Completed,
    /// The visitor leaves before that.
    UserLeft,
    /// Nothing is heard of the visitor.
    Idle,
    /// The time is up.
    TimeIsUp,
}

impl Room {
    /// Open, and empty.
    pub(crate) fn new() -> Room {
        Room {
            now: 0,
            is_open: true,
            paused_since: None,
            admission_rate: 1,
            max_active: 30,
            waiting: VecDeque::new(),
            sessions: Vec::new(),
        }
    }

    pub(crate) fn queue_length(&self) -> i64 {
        self.waiting.len() as i64
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.sessions.is_empty()
    }

    /// Whether the next visitor may go in.
    pub(crate) fn has_place(&self) -> bool {
        self.paused_since.is_none() && self.sessions.len() < self.max_active
    }

    /// About how many events those will bring who are here now.
    pub(crate) fn events_to_come(&self) -> u64 {
        4 * self.waiting.len() as u64 + self.sessions.len() as u64
    }

    /// Takes those out of the queue of whom something holds, in their order.
    pub(crate) fn leave_queue(&mut self, leaves: impl Fn(&Position) -> bool) -> Vec<Position> {
        let (left, stayed) = self.waiting.drain(..).partition::<Vec<_>, _>(leaves);
        self.waiting = stayed.into();
        left
    }

    /// Ends the sessions of which something holds.
    pub(crate) fn leave_room(&mut self, leaves: impl Fn(&Session) -> bool) -> Vec<Session> {
        let (left, stayed) = self.sessions.drain(..).partition(leaves);
        self.sessions = stayed;
        left
    }

    /// Seconds since a moment.
    pub(crate) fn seconds_since(&self, moment: u64) -> i64 {
        self.now.saturating_sub(moment) as i64
    }
}
