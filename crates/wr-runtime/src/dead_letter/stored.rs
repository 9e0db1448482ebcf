//! Messages of a stream by their sequence numbers: read from its leader, and deleted.

use async_nats::HeaderMap;
use async_nats::jetstream::ErrorCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use wr_core::chrono::{DateTime, Utc};

use super::block;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};

/// A message as its stream has it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Its subject.
    pub subject: String,
    /// Its headers; none that NATS could not carry.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// When the stream stored it.
    pub stored_at: DateTime<Utc>,
}

impl Connection {
    /// The message at a sequence number of a stream; none where the stream has it no more.
    ///
    /// # Errors
    /// [`ErrorKind::StreamMissing`], or the stream cannot be read.
    pub async fn stored(&self, stream: &str, sequence: u64) -> Result<Option<StoredMessage>> {
        get(self, stream, sequence).await
    }
}

/// What the server answers.
#[derive(Deserialize)]
struct Answer {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    subject: String,
    #[serde(default)]
    hdrs: Option<String>,
    #[serde(default)]
    data: Option<String>,
    time: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Deleted {
    success: bool,
}

/// The message of a sequence number; none where the stream has it no more.
pub(crate) async fn get(
    connection: &Connection,
    stream: &str,
    sequence: u64,
) -> Result<Option<StoredMessage>> {
    let subject = format!("STREAM.MSG.GET.{stream}");
    let answer = connection.api::<_, Answer>(&subject, &json!({ "seq": sequence })).await;
    let message = match answer {
        Ok(answer) => answer.message,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let headers = decoded(message.hdrs)?;
    Ok(Some(StoredMessage {
        subject: message.subject,
        headers: block::decode(&headers),
        body: decoded(message.data)?.into(),
        stored_at: message.time,
    }))
}

/// Deletes a message; false where the stream has it no more.
pub(crate) async fn delete(connection: &Connection, stream: &str, sequence: u64) -> Result<bool> {
    let subject = format!("STREAM.MSG.DELETE.{stream}");
    let request = json!({ "seq": sequence, "no_erase": true });
    match connection.api::<_, Deleted>(&subject, &request).await {
        Ok(deleted) => Ok(deleted.success),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// To a look-up the server says `no message found`, to a deletion `sequence not found`; before 2.11
/// a deletion fails with the text of the former.
fn is_gone(error: &Error) -> bool {
    let gone = [ErrorCode::NO_MESSAGE_FOUND, ErrorCode::SEQUENCE_NOT_FOUND];
    let failed = ErrorCode::STREAM_MESSAGE_DELETE_FAILED;
    match error.kind() {
        ErrorKind::Server { code, description, .. } => {
            gone.iter().any(|gone| gone.0 == *code)
                || (failed.0 == *code && description.contains("no message found"))
        }
        _ => false,
    }
}

fn decoded(text: Option<String>) -> Result<Vec<u8>> {
    let decoded = STANDARD.decode(text.unwrap_or_default());
    decoded.map_err(|_| ErrorKind::Nats("a stored message is not base64".to_owned()).into())
}
