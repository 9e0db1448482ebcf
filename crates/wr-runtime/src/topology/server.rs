//! What is on the server.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wr_core::chrono::DateTime;

use super::plan::Target;
use super::subjects::stored;
use super::wanted::Wanted;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::standing::Standing;

/// A stream or consumer as the server has it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Actual {
    pub(super) config: Map<String, Value>,
    /// Of a stream.
    #[serde(default)]
    pub(super) state: State,
    /// Of a consumer: everything up to here is settled.
    #[serde(default)]
    ack_floor: Position,
    /// Of a consumer: how far it delivered.
    #[serde(default)]
    delivered: Position,
    /// Of a consumer: messages not yet delivered.
    #[serde(default)]
    pub(super) num_pending: u64,
    /// Of a consumer: messages delivered and not settled.
    #[serde(default)]
    pub(super) num_ack_pending: u64,
    /// The time on the server.
    #[serde(default)]
    ts: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct State {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    #[serde(default)]
    first_ts: String,
    /// How many messages lie under each subject, where that was asked for.
    #[serde(default)]
    subjects: Option<BTreeMap<String, u64>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Position {
    #[serde(default)]
    consumer_seq: u64,
    #[serde(default)]
    stream_seq: u64,
}

impl Actual {
    /// Reads it, where it is there.
    pub(super) async fn read(connection: &Connection, target: &Target) -> Result<Option<Actual>> {
        let mut actual: Actual = match connection.api(&target.info(), &json!({})).await {
            Ok(actual) => actual,
            Err(error) => {
                return match error.kind() {
                    ErrorKind::StreamMissing(_) | ErrorKind::ConsumerMissing { .. } => Ok(None),
                    _ => Err(error),
                };
            }
        };
        actual.one_filter();
        Ok(Some(actual))
    }

    /// A consumer with one filter may say so in another setting.
    fn one_filter(&mut self) {
        if let Some(filter) = self.config.remove("filter_subject") {
            self.config.insert("filter_subjects".to_owned(), json!([filter]));
        }
    }

    /// Of a consumer: the last message before those that one in its place must get.
    pub(super) fn settled(&self) -> u64 {
        let standing = Standing {
            ack_floor: self.ack_floor.stream_seq,
            deliveries: self.delivered.consumer_seq,
            delivered: self.delivered.stream_seq,
            start: self.config.get("opt_start_seq").and_then(Value::as_u64),
        };
        standing.settled()
    }

    /// The age of the oldest message, in nanoseconds, by the server's clock.
    pub(super) fn oldest(&self) -> Option<u64> {
        let now = DateTime::parse_from_rfc3339(&self.ts).ok()?;
        let first = DateTime::parse_from_rfc3339(&self.state.first_ts).ok()?;
        let age = (self.state.messages > 0).then(|| (now - first).num_nanoseconds())??;
        u64::try_from(age).ok()
    }

    /// The subjects that the stream stores now.
    pub(super) fn subjects(&self) -> Vec<&str> {
        let subjects = self.config.get("subjects").and_then(Value::as_array);
        subjects.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// How many messages lie under subjects that a stream is to store no more.
    pub(super) async fn stranded(&self, connection: &Connection, wanted: &Wanted) -> Result<u64> {
        let kept = &wanted.subjects();
        let gone = self.subjects().into_iter().filter(|subject| !stored(kept, subject));
        let counts = gone.map(|subject| async move {
            let request = json!({ "subjects_filter": subject });
            let actual: Actual = connection.api(&wanted.target.info(), &request).await?;
            let all = actual.state.subjects.unwrap_or_default();
            let left = all.iter().filter(|(subject, _)| !stored(kept, subject));
            Ok::<u64, Error>(left.map(|(_, count)| *count).sum())
        });
        Ok(try_join_all(counts).await?.into_iter().sum())
    }
}

/// How many messages of a stream lie under filters; none where it is not there.
pub(super) async fn waiting(
    connection: &Connection,
    stream: &Target,
    filters: &[&str],
) -> Result<u64> {
    let counts = filters.iter().map(|filter| async move {
        let request = json!({ "subjects_filter": filter });
        match connection.api::<_, Actual>(&stream.info(), &request).await {
            Ok(actual) => Ok(actual.state.subjects.unwrap_or_default().into_values().sum::<u64>()),
            Err(error) if matches!(error.kind(), ErrorKind::StreamMissing(_)) => Ok(0),
            Err(error) => Err(error),
        }
    });
    Ok(try_join_all(counts).await?.into_iter().sum())
}

/// The streams of the server whose subjects overlap a subject.
pub(super) async fn streams_of(connection: &Connection, subject: &str) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Names {
        #[serde(default)]
        streams: Option<Vec<String>>,
    }
    let names: Names = connection.api("STREAM.NAMES", &json!({ "subject": subject })).await?;
    Ok(names.streams.unwrap_or_default())
}
