//! Dead letters: messages that a consumer gave up, kept with the circumstances.
//!
//! A dead letter travels in one of three forms, the first that fits the server's `max_payload`:
//!
//! - `document`: the specification's `DLQMessage` as JSON, the original in base64. Other services
//!   read it.
//! - `raw`: the body and the headers of the original as they were, but that `Wr-Dead-Letter-Original-`
//!   stands before the names of those that the dead letter has as well.
//! - `part`: headers and body of the original, cut into numbered messages.
//!
//! In every form the circumstances stand in headers as well, so that a queue can be listed without
//! its bodies. `Nats-*` headers of the original, which tell a server what to do, are dropped.

mod block;
mod circumstances;
mod document;
mod form;
mod keep;
mod page;
mod queue;
mod redrive;
mod selection;
mod stored;
#[cfg(test)]
mod tests;

use async_nats::jetstream;
use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;
use wr_core::chrono::{DateTime, Utc};

use crate::error::{ErrorKind, Result, Violation};

pub(crate) use keep::topology;
pub use keep::{Keeper, Kept};
pub use queue::{DeadLetterQueue, Entry, Group, ListOrder, PurgeReport};
pub use redrive::{RedriveOptions, RedriveOutcome, RedriveReport, Skip};
pub use selection::Selection;
pub use stored::StoredMessage;
pub(crate) use stored::get;

/// The most bytes that the circumstances add to a message in the form `raw`, where the names of
/// stream, consumer and subject take no more than 1,000: what the publisher leaves free, so that
/// each of its events fits into one dead letter.
pub(crate) const ROOM: usize = 4_096;

/// A message that a consumer gave up, with the circumstances (the specification's `DLQMessage`, and
/// more). What is optional is always there in a dead letter of ours, and may lack in another's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The subject that the original was published on; never that of a redrive.
    pub original_subject: String,
    /// The body of the original.
    pub body: Bytes,
    /// Why it was given up.
    pub reason: Reason,
    /// The error in words, without any value of the message; empty where there was none.
    pub error: String,
    /// When it was given up.
    pub timestamp: DateTime<Utc>,
    /// The stream that holds the original.
    pub stream: Option<String>,
    /// The durable consumer that gave it up.
    pub consumer: Option<String>,
    /// The sequence number of the original in its stream.
    pub stream_sequence: Option<u64>,
    /// When the stream stored the original.
    pub stored_at: Option<DateTime<Utc>>,
    /// How often the server had delivered the original to the consumer.
    pub deliveries: Option<i64>,
    /// The headers of the original, except `Nats-*`.
    pub original_headers: HeaderMap,
    /// What the schema refused: places and rules, no values.
    pub schema_errors: Vec<Violation>,
}

/// Why a message was given up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It is not JSON.
    UnmarshalError,
    /// The schema refuses it.
    SchemaViolation,
    /// The consumer does not know the event type.
    UnknownType,
    /// The consumer knows the event type, but not this major.
    UnknownMajor,
    /// Its type or version disagrees with the subject.
    EnvelopeMismatch,
    /// The handler said that no retry will help.
    PermanentError,
    /// The handler failed at its last attempt.
    MaxRetriesExceeded,
    /// The server stopped delivering it, and the reconciler found it.
    MaxDeliveriesExceeded,
    /// A reason that a newer version brought: it can be read and not be written.
    Unknown(String),
}

impl Reason {
    /// Every reason that this version knows.
    pub const ALL: [Reason; 8] = [
        Reason::UnmarshalError,
        Reason::SchemaViolation,
        Reason::UnknownType,
        Reason::UnknownMajor,
        Reason::EnvelopeMismatch,
        Reason::PermanentError,
        Reason::MaxRetriesExceeded,
        Reason::MaxDeliveriesExceeded,
    ];

    /// Whether the reconciler gives it, and no subscriber.
    pub(crate) fn is_of_reconciler(&self) -> bool {
        *self == Reason::MaxDeliveriesExceeded
    }
}

impl DeadLetter {
    /// Of a message that a consumer was delivered, given up now.
    ///
    /// # Errors
    /// [`ErrorKind::DeadLetter`]: the message is not one that a consumer was delivered.
    pub fn of(
        message: &jetstream::Message,
        reason: Reason,
        error: impl Into<String>,
    ) -> Result<DeadLetter> {
        let no_delivery = |_| ErrorKind::DeadLetter("its reply subject is no consumer's".into());
        let info = message.info().map_err(no_delivery)?;
        let nanos = i64::try_from(info.published.unix_timestamp_nanos()).unwrap_or(i64::MAX);
        Ok(DeadLetter {
            original_subject: message.subject.to_string(),
            body: message.payload.clone(),
            reason,
            error: error.into(),
            timestamp: Utc::now(),
            stream: Some(info.stream.to_owned()),
            consumer: Some(info.consumer.to_owned()),
            stream_sequence: Some(info.stream_sequence),
            stored_at: Some(DateTime::from_timestamp_nanos(nanos)),
            deliveries: Some(info.delivered),
            original_headers: block::without_control(message.headers.as_ref()),
            schema_errors: Vec::new(),
        })
    }

    /// Reads what a message of a dead-letter queue says, whoever wrote it.
    ///
    /// # Errors
    /// [`ErrorKind::DeadLetter`]: it is no dead letter, or only a part of one, which
    /// [`DeadLetterQueue::get`](crate::DeadLetterQueue::get) puts together.
    pub fn read(headers: &HeaderMap, body: Bytes) -> Result<DeadLetter> {
        match form::read(headers, body)? {
            form::Stored::Whole(letter) => Ok(*letter),
            form::Stored::First(_) | form::Stored::Later => {
                Err(ErrorKind::DeadLetter("it is a part of one".to_owned()).into())
            }
        }
    }

    /// What a stream knows it by, however often it is kept: the original's place and consumer.
    pub(crate) fn id(&self) -> Result<String> {
        let lack = |what: &str| ErrorKind::DeadLetter(format!("it does not say its {what}"));
        let stream = self.stream.as_deref().ok_or_else(|| lack("stream"))?;
        let consumer = self.consumer.as_deref().ok_or_else(|| lack("consumer"))?;
        let sequence = self.stream_sequence.ok_or_else(|| lack("sequence number"))?;
        let stored_at = self.stored_at.and_then(|at| at.timestamp_nanos_opt());
        let stored_at = stored_at.ok_or_else(|| lack("time"))?;
        let id = format!("dl.{stream}.{sequence}.{stored_at}.{consumer}");
        // Without an id, each attempt to keep it would be another dead letter.
        let uncarried =
            |_| ErrorKind::DeadLetter("no header can hold its stream and consumer".into());
        id.parse::<HeaderValue>().map_err(uncarried)?;
        Ok(id)
    }
}

impl Reason {
    /// As it stands in a dead letter, for example `schema_violation`.
    pub fn as_str(&self) -> &str {
        match self {
            Reason::Unknown(text) => text,
            known => known.label(),
        }
    }

    /// Of what stands in a dead letter.
    pub fn parse(text: &str) -> Reason {
        match text {
            "unmarshal_error" => Reason::UnmarshalError,
            "schema_violation" => Reason::SchemaViolation,
            "unknown_type" => Reason::UnknownType,
            "unknown_major" => Reason::UnknownMajor,
            "envelope_mismatch" => Reason::EnvelopeMismatch,
            "permanent_error" => Reason::PermanentError,
            "max_retries_exceeded" => Reason::MaxRetriesExceeded,
            "max_deliveries_exceeded" => Reason::MaxDeliveriesExceeded,
            other => Reason::Unknown(other.to_owned()),
        }
    }

    /// As the label of a metric: what is unknown is `unknown`.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Reason::UnmarshalError => "unmarshal_error",
            Reason::SchemaViolation => "schema_violation",
            Reason::UnknownType => "unknown_type",
            Reason::UnknownMajor => "unknown_major",
            Reason::EnvelopeMismatch => "envelope_mismatch",
            Reason::PermanentError => "permanent_error",
            Reason::MaxRetriesExceeded => "max_retries_exceeded",
            Reason::MaxDeliveriesExceeded => "max_deliveries_exceeded",
            Reason::Unknown(_) => "unknown",
        }
    }
}
