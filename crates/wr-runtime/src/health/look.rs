//! What is asked of the server for a health check, and what its answers mean.

use std::time::Instant;

use async_nats::connection::State as Connected;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wr_core::chrono::{DateTime, Utc};

use super::shares::{Held, Limits, Shares, State};
use super::{ConnectionHealth, ConsumerHealth, Needs, StreamHealth, SubscriberHealth};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::pulse::Pulse;

#[derive(Debug, Default, Deserialize)]
struct Config {
    /// Of a stream.
    #[serde(default)]
    retention: Option<String>,
    /// Of a consumer; no limit where it is negative.
    #[serde(default)]
    max_ack_pending: Option<i64>,
    #[serde(flatten)]
    limits: Limits,
}

/// The part of a stream's or consumer's information that is looked at.
#[derive(Debug, Default, Deserialize)]
struct Info {
    /// Left out by a single server.
    #[serde(default)]
    cluster: Option<Cluster>,
    #[serde(default)]
    num_pending: u64,
    #[serde(default)]
    num_ack_pending: u64,
    #[serde(default)]
    num_redelivered: u64,
    #[serde(default)]
    num_waiting: u64,
    #[serde(default)]
    paused: bool,
    /// Of a consumer.
    #[serde(default)]
    delivered: Option<Delivered>,
    /// Of a stream.
    #[serde(default)]
    state: Option<State>,
    #[serde(default)]
    config: Config,
}

#[derive(Debug, Deserialize)]
struct Delivered {
    /// The last message that was delivered or passed over.
    stream_seq: u64,
}

/// What was seen of a stream.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether there was a connection to look through.
    is_asked: bool,
    /// What it holds, where only its limits delete any of it.
    pub(super) held: Option<Held>,
}

/// Where a consumer stands in its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// The last message that it got, or that it passed over.
    delivered: u64,
    /// When the next one was stored, where that was read.
    next_stored_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Stored {
    message: StoredAt,
}

#[derive(Deserialize)]
struct StoredAt {
    time: DateTime<Utc>,
}

#[derive(Debug, Default, Deserialize)]
struct Cluster {
    #[serde(default)]
    leader: Option<String>,
    #[serde(default)]
    replicas: Vec<Peer>,
}

#[derive(Debug, Deserialize)]
struct Peer {
    #[serde(default)]
    current: bool,
    #[serde(default)]
    offline: bool,
}

impl Needs {
    /// What is unknown keeps the value that it had; but who has no connection does not know whether
    /// a stream is well, and says nothing of it. Whether a consumer is read, only a process that reads
    /// it knows.
    pub(super) fn tell(
        &self,
        streams: &[StreamHealth],
        seen: &[Seen],
        consumers: &[ConsumerHealth],
        now: DateTime<Utc>,
    ) {
        let Some(metrics) = &self.metrics else { return };
        for (stream, seen) in streams.iter().zip(seen) {
            match stream.ok {
                _ if !seen.is_asked => metrics.stream_unseen(&stream.name),
                Some(ok) => metrics.stream_ok(&stream.name, ok),
                None => {}
            }
            if let Some(held) = &seen.held {
                metrics.stream_holds(&stream.name, held.state.messages, &held.used(now));
            }
        }
        for consumer in consumers.iter().filter(|consumer| consumer.subscriber.is_some()) {
            if let Some(ok) = consumer.ok {
                metrics.consumer_ok(&consumer.stream, &consumer.name, ok);
            }
        }
    }

    pub(super) async fn connection(&self, connection: &Connection) -> ConnectionHealth {
        let server = connection.client().server_info();
        let started = Instant::now();
        let answer: Result<Value> = self.ask(connection, "INFO").await;
        let round_trip = started.elapsed().as_secs_f64() * 1000.0;
        let reason = match answer {
            // Whoever may not ask is connected all the same.
            Ok(_) => None,
            Err(error) if is_forbidden(&error) => None,
            Err(error) => Some(error.to_string()),
        };
        ConnectionHealth {
            ok: reason.is_none(),
            server_name: server.server_name,
            server_version: server.version,
            round_trip_ms: reason.is_none().then_some(round_trip),
            reason,
        }
    }

    /// What it holds too.
    pub(super) async fn stream(&self, connection: &Connection, name: &str) -> (StreamHealth, Seen) {
        let mut seen = Seen { is_asked: true, held: None };
        let mut health = StreamHealth { name: name.to_owned(), ..Default::default() };
        match self.ask::<Info>(connection, &format!("STREAM.INFO.{name}")).await {
            Ok(info) => {
                let peers = info.peers();
                let is_current = |peer: &&Peer| peer.current && !peer.offline;
                health.replicas = 1 + peers.len();
                health.replicas_current = 1 + peers.iter().filter(is_current).count();
                health.reason = info.trouble();
                health.ok = Some(health.reason.is_none());
                seen.held = info.held();
                health.leader = info.leader(connection);
            }
            Err(error) => {
                seen.is_asked = !matches!(error.kind(), ErrorKind::Disconnected);
                health.ok = (!is_forbidden(&error)).then_some(false);
                health.reason = Some(error.to_string());
            }
        }
        (health, seen)
    }

    /// Where it stands in its stream too.
    pub(super) async fn consumer(
        &self,
        connection: &Connection,
        stream: &str,
        name: &str,
    ) -> (ConsumerHealth, Option<Standing>) {
        let started = Instant::now();
        let mut delivered = None;
        let mut health = ConsumerHealth {
            name: name.to_owned(),
            stream: stream.to_owned(),
            ..Default::default()
        };
        let subject = format!("CONSUMER.INFO.{stream}.{name}");
        match self.ask::<Info>(connection, &subject).await {
            Ok(info) => {
                health.exists = Some(true);
                health.lag = Some(info.num_pending);
                health.ack_pending = Some(info.num_ack_pending);
                health.max_ack_pending =
                    info.config.max_ack_pending.and_then(|it| u64::try_from(it).ok());
                health.redelivered = Some(info.num_redelivered);
                health.pulls = Some(info.num_waiting);
                health.paused = info.paused;
                delivered = info.delivered.as_ref().map(|delivered| delivered.stream_seq);
                health.reason = info.trouble();
                health.ok = Some(health.reason.is_none());
                health.leader = info.leader(connection);
            }
            Err(error) => {
                health.exists = is_missing(&error).then_some(false);
                health.ok = (!is_forbidden(&error)).then_some(false);
                health.reason = Some(error.to_string());
            }
        }
        if let Some((subscriber, trouble)) = self.subscriber(stream, name) {
            health.subscriber = Some(subscriber);
            if let (Some(trouble), None | Some(true)) = (trouble, health.ok) {
                (health.ok, health.reason) = (Some(false), Some(trouble));
            }
        }
        let standing = match delivered {
            Some(delivered) => {
                let is_behind = self.reads && health.lag.is_some_and(|lag| lag > 0);
                // Both questions together take no longer than the deadline.
                let left = self.deadline.saturating_sub(started.elapsed());
                let read = self.stored_at(connection, stream, delivered + 1);
                let next_stored_at = match is_behind {
                    true => tokio::time::timeout(left, read).await.ok().flatten(),
                    false => None,
                };
                Some(Standing { delivered, next_stored_at })
            }
            None => None,
        };
        (health, standing)
    }

    /// When the first message from here on was stored; one that the consumer does not ask for may
    /// stand before its own.
    async fn stored_at(
        &self,
        connection: &Connection,
        stream: &str,
        from: u64,
    ) -> Option<DateTime<Utc>> {
        let request = json!({ "seq": from, "next_by_subj": ">" });
        let subject = format!("STREAM.MSG.GET.{stream}");
        let stored: Result<Stored> = self.ask_for(connection, &subject, &request).await;
        stored.ok().map(|stored| stored.message.time)
    }

    /// Tells what went between the last message that was delivered and the first that is left, and
    /// what is about to go.
    pub(super) fn compare(
        &self,
        health: &mut ConsumerHealth,
        held: &Held,
        standing: Standing,
        now: DateTime<Utc>,
    ) {
        let Standing { delivered, next_stored_at } = standing;
        let evicted = held.state.first_seq.saturating_sub(1).saturating_sub(delivered);
        health.evicted = Some(evicted);
        if evicted > 0 && health.reason.is_none() {
            health.reason = Some(format!(
                "its stream is ahead of it: up to {evicted} messages went before it got them"
            ));
        }
        if let Some(metrics) = &self.metrics {
            metrics.evicted(&health.stream, &health.name, evicted);
            let unread = match health.lag {
                Some(0) => Shares::default(),
                _ => held.unread(delivered, next_stored_at, now),
            };
            metrics.unread(&health.stream, &health.name, &unread);
        }
    }

    /// The subscriber of a consumer, and why it is not at work; of several the one that is not.
    fn subscriber(&self, stream: &str, name: &str) -> Option<(SubscriberHealth, Option<String>)> {
        let ours = self.pulses.iter();
        let ours = ours.filter(|pulse| pulse.stream() == stream && pulse.consumer() == name);
        ours.map(|pulse| self.pulse(pulse)).max_by_key(|(_, trouble)| trouble.is_some())
    }

    fn pulse(&self, pulse: &Pulse) -> (SubscriberHealth, Option<String>) {
        let last = pulse.last_beat();
        let health = SubscriberHealth {
            running: pulse.is_running(),
            last_pull_seconds_ago: last.map(|ago| ago.as_secs_f64()),
            trouble: pulse.trouble(),
        };
        let trouble = match (last, &health.trouble) {
            _ if !health.running => Some("its subscriber has ended".to_owned()),
            (_, Some(trouble)) => Some(format!("its subscriber cannot ask: {trouble}")),
            (None, None) => Some("its subscriber has asked for nothing yet".to_owned()),
            (Some(ago), None) if ago > self.silence => {
                Some(format!("its subscriber has asked for nothing for {} s", ago.as_secs()))
            }
            (Some(_), None) => None,
        };
        (health, trouble)
    }

    async fn ask<A: DeserializeOwned>(&self, connection: &Connection, subject: &str) -> Result<A> {
        self.ask_for(connection, subject, &json!({})).await
    }

    /// Asks JetStream, unless there is no connection or no time.
    async fn ask_for<A: DeserializeOwned>(
        &self,
        connection: &Connection,
        subject: &str,
        request: &Value,
    ) -> Result<A> {
        if connection.client().connection_state() != Connected::Connected {
            return Err(ErrorKind::Disconnected.into());
        }
        let answer = connection.api(subject, request);
        let late = |_| Error::from(ErrorKind::TimedOut(self.deadline));
        tokio::time::timeout(self.deadline, answer).await.map_err(late)?
    }
}

/// Whether the user may not ask, which says nothing of what was asked about. Who may not even hear
/// answers cannot work.
fn is_forbidden(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied { operation: "publish on", .. })
}

fn is_missing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConsumerMissing { .. } | ErrorKind::StreamMissing(_))
}

impl Info {
    fn peers(&self) -> &[Peer] {
        self.cluster.as_ref().map_or(&[], |cluster| &cluster.replicas)
    }

    /// What a stream holds, where only its limits delete any.
    fn held(&self) -> Option<Held> {
        let is_limited = self.config.retention.as_deref() == Some("limits");
        let state = self.state.clone().filter(|_| is_limited)?;
        Some(Held { state, limits: self.config.limits.clone() })
    }

    /// The leader; a single server leads what it has.
    fn leader(self, connection: &Connection) -> Option<String> {
        match self.cluster {
            Some(cluster) => cluster.leader.filter(|leader| !leader.is_empty()),
            None => Some(connection.client().server_info().server_name),
        }
    }

    /// What lacks: a leader, or more than half of the servers.
    fn trouble(&self) -> Option<String> {
        let cluster = self.cluster.as_ref()?;
        if cluster.leader.as_ref().is_none_or(String::is_empty) {
            return Some("it has no leader".to_owned());
        }
        let all = 1 + cluster.replicas.len();
        let online = 1 + cluster.replicas.iter().filter(|peer| !peer.offline).count();
        (online * 2 <= all)
            .then(|| format!("it has no quorum: {online} of its {all} servers are there"))
    }
}
