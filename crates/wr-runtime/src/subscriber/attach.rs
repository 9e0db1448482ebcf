//! The consumer on the server: whether it is as the topology says, and where it stands.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::consumer::{self, DeliverPolicy};
use async_nats::jetstream::stream;
use serde_json::json;
use wr_core::topology::{Consumer, Topology};

use super::Shared;
use crate::connection::Connection;
use crate::error::{ErrorKind, Result};
use crate::handlers::Handlers;
use crate::standing::Standing;
use crate::topology::{self, redriven};

/// Refuses handlers that are not exactly those of the consumer's filter.
pub(super) fn require_handlers(
    handlers: &Handlers,
    topology: &Topology,
    consumer: &Consumer,
) -> Result<()> {
    let is_new = |subject: &&str| redriven(topology, consumer.name, subject).is_none();
    let asked: BTreeSet<&str> = consumer.filter_subjects.iter().copied().filter(is_new).collect();
    let handled = handlers.subjects();
    let missing: Vec<String> = asked.difference(&handled).map(|name| (*name).to_owned()).collect();
    let unasked: Vec<String> = handled.difference(&asked).map(|name| (*name).to_owned()).collect();
    match missing.is_empty() && unasked.is_empty() {
        true => Ok(()),
        false => Err(ErrorKind::Handlers { missing, unasked }.into()),
    }
}

/// What the server says of the consumer.
pub(super) async fn info(connection: &Connection, consumer: &Consumer) -> Result<consumer::Info> {
    let subject = format!("CONSUMER.INFO.{}.{}", consumer.stream, consumer.name);
    connection.api(&subject, &json!({})).await
}

/// How far the consumer was when the server was last asked.
#[derive(Debug)]
pub(super) struct Position(Mutex<Known>);

#[derive(Clone, Copy, Debug)]
struct Known {
    /// Every message of the stream up to this one is settled.
    settled: u64,
    /// When the stream was made, in nanoseconds: another one begins anew.
    stream: i128,
    limits: Limits,
}

/// What the consumer permits a request to ask for, by its own or the account's limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) batch: usize,
    pub(super) expires: Duration,
}

impl Limits {
    fn of(config: &consumer::Config) -> Limits {
        let batch = usize::try_from(config.max_batch).unwrap_or(0);
        Limits {
            batch: if batch == 0 { usize::MAX } else { batch },
            expires: if config.max_expires.is_zero() { Duration::MAX } else { config.max_expires },
        }
    }
}

impl Position {
    /// Asks the server, and refuses a consumer that is not as the topology says.
    pub(super) async fn read(connection: &Connection, consumer: &Consumer) -> Result<Position> {
        let info = info(connection, consumer).await?;
        require_same(&info.config, consumer)?;
        let stream = stream_of(connection, consumer).await?;
        let (settled, limits) = (settled(&info), Limits::of(&info.config));
        Ok(Position(Mutex::new(Known { settled, stream, limits })))
    }

    /// What may be asked for.
    pub(super) fn limits(&self) -> Limits {
        self.lock().limits
    }

    /// Remembers how far the consumer is.
    pub(super) fn learn(&self, info: &consumer::Info) {
        let mut known = self.lock();
        known.settled = settled(info);
        known.limits = Limits::of(&info.config);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the consumer again after it was lost; where it was deleted, makes it anew if that is
/// permitted, behind the last message known to be settled.
pub(super) async fn again(shared: &Shared) -> Result<()> {
    let Shared { connection, consumer, .. } = shared;
    match info(connection, consumer).await {
        Ok(info) => {
            require_same(&info.config, consumer)?;
            // The stream may be another one by now.
            let stream = stream_of(connection, consumer).await?;
            let (settled, limits) = (settled(&info), Limits::of(&info.config));
            *shared.position.lock() = Known { settled, stream, limits };
            Ok(())
        }
        Err(error) => match error.kind() {
            ErrorKind::ConsumerMissing { .. } if shared.options.recreate => recreate(shared).await,
            // Whoever makes it anew needs to know where it stood.
            ErrorKind::ConsumerMissing { .. } => {
                let known = *shared.position.lock();
                let stream = stream_of(connection, consumer).await?;
                Err(match stream == known.stream {
                    true => error.at(format!("settled up to message {}", known.settled)),
                    false => error.at("another stream is there, of which nothing is settled"),
                })
            }
            _ => Err(error),
        },
    }
}

fn settled(info: &consumer::Info) -> u64 {
    let start = match info.config.deliver_policy {
        DeliverPolicy::ByStartSequence { start_sequence } => Some(start_sequence),
        _ => None,
    };
    let standing = Standing {
        ack_floor: info.ack_floor.stream_sequence,
        deliveries: info.delivered.consumer_sequence,
        delivered: info.delivered.stream_sequence,
        start,
    };
    standing.settled()
}

async fn recreate(shared: &Shared) -> Result<()> {
    let Shared { connection, consumer, .. } = shared;
    let stream = stream_of(connection, consumer).await?;
    let known = *shared.position.lock();
    let mut config = topology::consumer_config(consumer);
    if stream == known.stream {
        config.insert("deliver_policy".to_owned(), json!("by_start_sequence"));
        config.insert("opt_start_seq".to_owned(), json!(known.settled + 1));
    } else {
        // Every message of a new stream is unseen.
        config.insert("deliver_policy".to_owned(), json!("all"));
    }
    // One that somebody else made meanwhile is not changed, but found by the next attempt.
    let subject = format!("CONSUMER.CREATE.{}.{}", consumer.stream, consumer.name);
    let request = json!({ "stream_name": consumer.stream, "config": config, "action": "create" });
    let info: consumer::Info = connection.api(&subject, &request).await?;
    tracing::warn!(consumer = consumer.name, after = known.settled, "made the consumer anew");
    require_same(&info.config, consumer)?;
    let (settled, limits) = (settled(&info), Limits::of(&info.config));
    *shared.position.lock() = Known { settled, stream, limits };
    Ok(())
}

/// What decides which messages come, and how often. The rest is for the topology to verify.
fn require_same(actual: &consumer::Config, consumer: &Consumer) -> Result<()> {
    let mut drift = Vec::new();
    let mut same = |field: &str, actual: String, wanted: String| {
        if actual != wanted {
            drift.push(format!("`{field}` is {actual}, not {wanted}"));
        }
    };
    let mut filters = actual.filter_subjects.clone();
    if !actual.filter_subject.is_empty() {
        filters.push(actual.filter_subject.clone());
    }
    let actual_filters: BTreeSet<&str> = filters.iter().map(String::as_str).collect();
    let wanted_filters: BTreeSet<&str> = consumer.filter_subjects.iter().copied().collect();
    same("filter_subjects", format!("{actual_filters:?}"), format!("{wanted_filters:?}"));
    let ack_wait = Duration::from_secs(consumer.ack_wait_seconds);
    if actual.ack_wait != ack_wait {
        same("ack_wait", format!("{:?}", actual.ack_wait), format!("{ack_wait:?}"));
    }
    same("max_deliver", actual.max_deliver.to_string(), consumer.max_deliver.to_string());
    match drift.is_empty() {
        true => Ok(()),
        false => Err(ErrorKind::Drift(drift).into()),
    }
}

async fn stream_of(connection: &Connection, consumer: &Consumer) -> Result<i128> {
    let subject = format!("STREAM.INFO.{}", consumer.stream);
    let info: stream::Info = connection.api(&subject, &json!({})).await?;
    Ok(info.created.unix_timestamp_nanos())
}
