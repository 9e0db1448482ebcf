//! `waitingroom-api`: lets visitors join, hears their heartbeats, and admits the head of the queue.

use std::time::Duration;

use wr_events::wr_core::chrono::Utc;
use wr_events::{
    PositionAdmittedV1, PositionAdmittedV1Required, PositionCancelledV1, PositionCancelledV1Reason,
    PositionCancelledV1Required, PositionEnqueuedV1, PositionEnqueuedV1Required,
    PositionHeartbeatV1, PositionHeartbeatV1Required, SessionActiveV1, SessionActiveV1Required,
    SessionStartedV1, SessionStartedV1Required, SessionTerminatedV1, SessionTerminatedV1Reason,
    SessionTerminatedV1Required,
};

use crate::Result;
use crate::room::{Ending, Position, Room, Session};
use crate::sender::Sender;

pub(crate) const SERVICE: &str = "waitingroom-api";

/// Seconds between two heartbeats of a visitor.
const HEARTBEAT: u64 = 6;
/// Later than anybody waits.
const NEVER: u64 = u64::MAX;

/// The service, and the visitors who come to it.
pub(crate) struct Api {
    pub(crate) events: Sender,
    visitors: fastrand::Rng,
    joined: u64,
}

impl Api {
    pub(crate) fn new(events: Sender, seed: u64) -> Api {
        Api { events, visitors: fastrand::Rng::with_seed(seed), joined: 0 }
    }

    /// One second in the room.
    pub(crate) async fn tick(&mut self, room: &mut Room) -> Result<()> {
        if room.is_open {
            for _ in 0..self.visitors.u32(0..=3) {
                self.enqueue(room).await?;
            }
        }
        self.cancel(room).await?;
        self.heartbeats(room).await?;
        for _ in 0..room.admission_rate {
            self.admit(room).await?;
        }
        self.page_views(room).await?;
        self.terminate(room).await?;
        self.events.acknowledged().await
    }

    async fn enqueue(&mut self, room: &mut Room) -> Result<()> {
        self.joined += 1;
        let position = self.visitor(self.joined, room.now);
        let payload = PositionEnqueuedV1::new(PositionEnqueuedV1Required {
            position_id: position.id.clone(),
            priority: priority(self.joined),
            queue_length: room.queue_length() + 1,
        })
        .with_ip_address("192.0.2.***")
        .with_estimated_wait_seconds(room.queue_length() / room.admission_rate as i64);
        room.waiting.push_back(position);
        self.events.send(payload).await
    }

    /// Most wait until it is their turn; some give up, and some just go.
    fn visitor(&mut self, number: u64, now: u64) -> Position {
        let patience = now + self.visitors.u64(3..12);
        let (silent_from, gives_up) = match self.visitors.u32(0..100) {
            0..12 => (patience, NEVER),
            12..20 => (NEVER, patience),
            _ => (NEVER, NEVER),
        };
        let id = format!("pos-{number:06}");
        Position { number, id, joined: now, last_heartbeat: now, silent_from, gives_up }
    }

    async fn cancel(&mut self, room: &mut Room) -> Result<()> {
        let now = room.now;
        for position in room.leave_queue(|position| position.gives_up <= now) {
            let payload = PositionCancelledV1::new(PositionCancelledV1Required {
                position_id: position.id,
                reason: PositionCancelledV1Reason::UserRequest,
                wait_time_seconds: room.seconds_since(position.joined),
                queue_length_after: room.queue_length(),
            });
            self.events.send(payload).await?;
        }
        Ok(())
    }

    async fn heartbeats(&mut self, room: &mut Room) -> Result<()> {
        let now = room.now;
        for (place, position) in (1..).zip(&mut room.waiting) {
            let is_there = position.silent_from > now;
            if is_there && now >= position.last_heartbeat + HEARTBEAT {
                position.last_heartbeat = now;
                let payload = PositionHeartbeatV1::new(PositionHeartbeatV1Required {
                    position_id: position.id.clone(),
                    place,
                });
                self.events.send(payload).await?;
            }
        }
        Ok(())
    }

    /// The head of the queue goes in: its position ends with one event, its session begins with
    /// another.
    async fn admit(&mut self, room: &mut Room) -> Result<()> {
        if !room.has_place() {
            return Ok(());
        }
        let Some(position) = room.waiting.pop_front() else { return Ok(()) };
        let session = self.session(&position, room.now);
        let admitted = PositionAdmittedV1::new(PositionAdmittedV1Required {
            position_id: position.id.clone(),
            session_id: session.id.clone(),
            wait_time_seconds: room.seconds_since(position.joined),
            queue_length_after: room.queue_length(),
        });
        let started = SessionStartedV1::new(SessionStartedV1Required {
            session_id: session.id.clone(),
            position_id: position.id,
            expires_at: Utc::now() + Duration::from_secs(session.ends - room.now),
        });
        room.sessions.push(session);
        self.events.send(admitted).await?;
        self.events.send(started).await
    }

    fn session(&mut self, position: &Position, now: u64) -> Session {
        let ending = match position.number % 30 {
            7 => Ending::UserLeft,
            8..16 => Ending::Idle,
            16..19 => Ending::TimeIsUp,
            _ => Ending::Completed,
        };
        Session {
            id: format!("sess-{:06}", position.number),
            position_id: position.id.clone(),
            started: now,
            ends: now + self.visitors.u64(10..30),
            ending,
        }
    }

    /// A page view moves the end of a session; half of the visitors look at a second page.
    async fn page_views(&mut self, room: &mut Room) -> Result<()> {
        let now = room.now;
        for session in &room.sessions {
            if now == session.started + 5 && session.ending != Ending::Idle {
                let payload = SessionActiveV1::new(SessionActiveV1Required {
                    session_id: session.id.clone(),
                    page_views: 2,
                    expires_at: Utc::now() + Duration::from_secs(session.ends - now),
                });
                self.events.send(payload).await?;
            }
        }
        Ok(())
    }

    /// Sessions that their visitors end; those that the clock ends are the cleanup's.
    async fn terminate(&mut self, room: &mut Room) -> Result<()> {
        let now = room.now;
        let by_visitor = [Ending::Completed, Ending::UserLeft];
        let ended =
            room.leave_room(|session| session.ends <= now && by_visitor.contains(&session.ending));
        for session in ended {
            let reason = match session.ending {
                Ending::UserLeft => SessionTerminatedV1Reason::UserLeft,
                _ => SessionTerminatedV1Reason::Completed,
            };
            let payload = SessionTerminatedV1::new(SessionTerminatedV1Required {
                session_id: session.id,
                position_id: session.position_id,
                duration_seconds: room.seconds_since(session.started),
                page_views: 2,
                reason,
            });
            self.events.send(payload).await?;
        }
        Ok(())
    }
}

/// The class of a visitor's ticket. The highest one is new: `waitingroom-analytics` was never told.
fn priority(number: u64) -> i64 {
    match number % 40 {
        17 => 3,
        5 | 25 => 2,
        n if n % 4 == 0 => 1,
        _ => 0,
    }
}
