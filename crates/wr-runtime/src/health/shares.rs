//! How much of the limits of a stream is used: by all that it holds, and by what a consumer did not
//! get. What reaches 1 is evicted next.

use serde::Deserialize;
use wr_core::chrono::{DateTime, Utc};

/// What a stream holds, and how much it may.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) state: State,
    pub(super) limits: Limits,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct State {
    pub(super) messages: u64,
    bytes: u64,
    pub(super) first_seq: u64,
    last_seq: u64,
    /// When the first was stored; long ago where there is none.
    first_ts: DateTime<Utc>,
}

/// The limits of a stream as the server has them, which an environment may have changed; none where
/// it is not positive.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Limits {
    #[serde(default)]
    max_msgs: i64,
    #[serde(default)]
    max_bytes: i64,
    /// Nanoseconds.
    #[serde(default)]
    max_age: i64,
    /// Whether the newest gives way to what is full, and so no other.
    #[serde(default)]
    discard: Discard,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Discard {
    #[default]
    Old,
    New,
}

/// The share of each limit, from 0; the age is unknown where nobody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shares {
    messages: f64,
    bytes: f64,
    age: f64,
}

impl Shares {
    /// The limits by name.
    pub(crate) fn all(&self) -> [(&'static str, f64); 3] {
        [("messages", self.messages), ("bytes", self.bytes), ("age", self.age)]
    }
}

impl Held {
    /// What is used by all that it holds.
    pub(super) fn used(&self, now: DateTime<Utc>) -> Shares {
        let State { messages, bytes, first_ts, .. } = self.state;
        let oldest = (messages > 0).then_some(first_ts);
        Shares {
            messages: share(messages as f64, self.limits.max_msgs),
            bytes: share(bytes as f64, self.limits.max_bytes),
            age: self.aged(oldest, now),
        }
    }

    /// What is used by the messages behind the last one that a consumer got, those outside its
    /// filter among them: they push it out all the same. Bytes are taken to be spread evenly.
    pub(super) fn unread(
        &self,
        delivered: u64,
        oldest: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Shares {
        let State { bytes, first_seq, last_seq, .. } = self.state;
        let before = first_seq.saturating_sub(1);
        let all = last_seq.saturating_sub(before);
        let unread = last_seq.saturating_sub(delivered.max(before)) as f64;
        let bytes = if all == 0 { 0.0 } else { bytes as f64 * (unread / all as f64) };
        let age = self.aged(oldest, now);
        match self.limits.discard {
            Discard::Old => Shares {
                messages: share(unread, self.limits.max_msgs),
                bytes: share(bytes, self.limits.max_bytes),
                age,
            },
            Discard::New => Shares { age, ..Shares::default() },
        }
    }

    fn aged(&self, oldest: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
        let age = oldest.and_then(|oldest| (now - oldest).num_nanoseconds()).unwrap_or(0);
        share(age.max(0) as f64, self.limits.max_age)
    }
}

fn share(used: f64, limit: i64) -> f64 {
    if limit > 0 { used / limit as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use wr_core::chrono::TimeDelta;

    use super::*;

    fn held(limits: &str) -> (Held, DateTime<Utc>) {
        let now = Utc::now();
        let first_ts = now - TimeDelta::seconds(45);
        let state =
            State { messages: 900, bytes: 1_800, first_seq: 101, last_seq: 1_000, first_ts };
        (Held { state, limits: serde_json::from_str(limits).unwrap() }, now)
    }

    const LIMITS: &str = r#"{"max_msgs": 1000, "max_bytes": 2000, "max_age": 60000000000}"#;

    #[test]
    fn a_stream_uses_its_limits() {
        let (held, now) = held(LIMITS);
        assert_eq!(held.used(now), Shares { messages: 0.9, bytes: 0.9, age: 0.75 });
        let mut empty = held.clone();
        (empty.state.messages, empty.state.bytes) = (0, 0);
        assert_eq!(empty.used(now), Shares::default());
    }

    #[test]
    fn what_is_unread_uses_them_too() {
        let (held, now) = held(LIMITS);
        let oldest = Some(now - TimeDelta::seconds(30));
        let half = Shares { messages: 0.45, bytes: 0.45, age: 0.5 };
        assert_eq!(held.unread(550, oldest, now), half);
        // What went before it was read is used no more.
        let all = Shares { messages: 0.9, bytes: 0.9, age: 0.0 };
        assert_eq!(held.unread(7, None, now), all);
        assert_eq!(held.unread(1_000, None, now), Shares::default());
    }

    #[test]
    fn what_has_no_limit_is_never_full() {
        let (mut unlimited, now) = held(r#"{"max_msgs": -1, "max_bytes": -1, "max_age": 0}"#);
        let oldest = Some(now - TimeDelta::days(400));
        assert_eq!(unlimited.used(now), Shares::default());
        assert_eq!(unlimited.unread(0, oldest, now), Shares::default());
        // Nor is anything pushed out of a stream that refuses what is new.
        unlimited.limits = held(LIMITS).0.limits;
        unlimited.limits.discard = Discard::New;
        assert_eq!(unlimited.unread(0, None, now), Shares::default());
    }
}
