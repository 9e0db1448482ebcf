//! `waitingroom-admin`: creates the queue, changes it, pauses it and lets it go on.

use std::collections::BTreeMap;

use wr_events::definitions::{Change, ChangeRequired};
use wr_events::{
    QueueCreatedV1, QueueCreatedV1Required, QueuePausedV1, QueuePausedV1Reason,
    QueuePausedV1Required, QueueResumedV1, QueueResumedV1Reason, QueueResumedV1Required,
    QueueUpdatedV1, QueueUpdatedV1Required,
};

use crate::Result;
use crate::room::{QUEUE, Room};
use crate::sender::Sender;

pub(crate) const SERVICE: &str = "waitingroom-admin";

/// Who does it. An event names an account, never more of a person.
const ACTOR: &str = "admin@example.com";

pub(crate) struct Admin {
    pub(crate) events: Sender,
}

impl Admin {
    /// One second in the room: the day of an administrator, in eighty of them.
    pub(crate) async fn tick(&mut self, room: &mut Room) -> Result<()> {
        match (room.now, room.now % 80) {
            (0, _) => self.create(room).await?,
            (_, 50) => self.update(room, 3, 60).await?,
            (_, 25) => self.pause(room).await?,
            (_, 35) => self.resume(room).await?,
            (_, 79) => self.update(room, 1, 30).await?,
            _ => {}
        }
        self.events.acknowledged().await
    }

    async fn create(&mut self, room: &Room) -> Result<()> {
        let payload = QueueCreatedV1::new(QueueCreatedV1Required {
            queue_id: QUEUE.to_owned(),
            name: "Concert tickets".to_owned(),
            admission_rate: room.admission_rate as f64,
            max_active: room.max_active as i64,
            created_by: ACTOR.to_owned(),
        });
        self.events.send(payload).await
    }

    async fn update(&mut self, room: &mut Room, rate: usize, most: usize) -> Result<()> {
        let changes = BTreeMap::from([
            ("admission_rate".to_owned(), change(room.admission_rate, rate)),
            ("max_active".to_owned(), change(room.max_active, most)),
        ]);
        (room.admission_rate, room.max_active) = (rate, most);
        let payload = QueueUpdatedV1::new(QueueUpdatedV1Required {
            queue_id: QUEUE.to_owned(),
            changes,
            updated_by: ACTOR.to_owned(),
        });
        self.events.send(payload).await
    }

    async fn pause(&mut self, room: &mut Room) -> Result<()> {
        room.paused_since = Some(room.now);
        let payload = QueuePausedV1::new(QueuePausedV1Required {
            queue_id: QUEUE.to_owned(),
            reason: QueuePausedV1Reason::Overload,
            paused_by: ACTOR.to_owned(),
        })
        .with_note("the shop answers slowly");
        self.events.send(payload).await
    }

    async fn resume(&mut self, room: &mut Room) -> Result<()> {
        let Some(paused) = room.paused_since.take() else { return Ok(()) };
        let payload = QueueResumedV1::new(QueueResumedV1Required {
            queue_id: QUEUE.to_owned(),
            reason: QueueResumedV1Reason::Recovered,
            paused_seconds: room.seconds_since(paused),
            resumed_by: ACTOR.to_owned(),
        });
        self.events.send(payload).await
    }
}

fn change(old: usize, new: usize) -> Change {
    Change::new(ChangeRequired { old_value: old.into(), new_value: new.into() })
}
