//! `waitingroom-cleanup`: takes out of the queue who is no longer heard, and ends sessions by the
//! clock.

use wr_events::{
    PositionExpiredV1, PositionExpiredV1Reason, PositionExpiredV1Required, SessionExpiredV1,
    SessionExpiredV1Reason, SessionExpiredV1Required,
};

use crate::Result;
use crate::room::{Ending, Room};
use crate::sender::Sender;

pub(crate) const SERVICE: &str = "waitingroom-cleanup";

/// After so many seconds without a heartbeat a visitor is gone.
const SILENCE: i64 = 10;

pub(crate) struct Cleanup {
    pub(crate) events: Sender,
}

impl Cleanup {
    /// One second in the room.
    pub(crate) async fn tick(&mut self, room: &mut Room) -> Result<()> {
        self.expire_positions(room).await?;
        self.expire_sessions(room).await?;
        self.events.acknowledged().await
    }

    async fn expire_positions(&mut self, room: &mut Room) -> Result<()> {
        let now = room.now;
        let is_silent = |heard: u64| now.saturating_sub(heard) as i64 >= SILENCE;
        for position in room.leave_queue(|position| is_silent(position.last_heartbeat)) {
            let payload = PositionExpiredV1::new(PositionExpiredV1Required {
                position_id: position.id,
                reason: PositionExpiredV1Reason::HeartbeatTimeout,
                wait_time_seconds: room.seconds_since(position.joined),
                queue_length_after: room.queue_length(),
            });
            self.events.send(payload).await?;
        }
        Ok(())
    }

    async fn expire_sessions(&mut self, room: &mut Room) -> Result<()> {
        let now = room.now;
        let by_clock = [Ending::Idle, Ending::TimeIsUp];
        let expired =
            room.leave_room(|session| session.ends <= now && by_clock.contains(&session.ending));
        for session in expired {
            let (reason, page_views) = match session.ending {
                Ending::TimeIsUp => (SessionExpiredV1Reason::MaxDuration, 2),
                _ => (SessionExpiredV1Reason::IdleTimeout, 1),
            };
            let payload = SessionExpiredV1::new(SessionExpiredV1Required {
                session_id: session.id,
                position_id: session.position_id,
                duration_seconds: room.seconds_since(session.started),
                page_views,
                reason,
            });
            self.events.send(payload).await?;
        }
        Ok(())
    }
}
