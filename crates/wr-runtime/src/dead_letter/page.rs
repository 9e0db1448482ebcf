//! A page of a stream: the headers of some messages in a row, without their bodies.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::{HeaderMap, Message, StatusCode};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use wr_core::chrono::{DateTime, Utc};

use crate::connection::{Connection, Denial};
use crate::error::{ErrorKind, Result};

/// A message without its body.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) stored_at: DateTime<Utc>,
    /// Bytes of the body.
    pub(super) size: usize,
}

/// What a stream holds now.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct State {
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
}

#[derive(Deserialize)]
struct Info {
    state: State,
}

#[derive(Deserialize)]
struct Created {
    name: String,
    num_pending: usize,
}

/// The header in which the server tells the size of a body that it leaves out.
const SIZE: &str = "Nats-Msg-Size";

/// How often a page is asked for before its failure is reported.
const ATTEMPTS: u32 = 3;
/// How long the server keeps a consumer that is not deleted.
const INACTIVE: Duration = Duration::from_secs(30);

/// Where a stream begins and ends.
pub(super) async fn state(connection: &Connection, stream: &str) -> Result<State> {
    let info: Info = connection.api(&format!("STREAM.INFO.{stream}"), &json!({})).await?;
    Ok(info.state)
}

/// At most `limit` messages from a sequence number on, in order.
pub(super) async fn read(
    connection: &Connection,
    stream: &str,
    from: u64,
    limit: usize,
) -> Result<Vec<Outline>> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match try_read(connection, stream, from, limit).await {
            Err(error) if error.is_retryable() && attempts < ATTEMPTS => {
                tracing::debug!(%error, "reading a page again");
            }
            done => return done,
        }
    }
}

/// Through a consumer that is nobody else's, and acknowledges nothing.
async fn try_read(
    connection: &Connection,
    stream: &str,
    from: u64,
    limit: usize,
) -> Result<Vec<Outline>> {
    // Without a name in the subject of the request, one in its body could be anybody's.
    let inbox = connection.client().new_inbox();
    let name = inbox.rsplit('.').next().unwrap_or_default();
    let config = json!({
        "name": name,
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": from.max(1),
        "ack_policy": "none",
        "headers_only": true,
        "mem_storage": true,
        "num_replicas": 1,
        "inactive_threshold": u64::try_from(INACTIVE.as_nanos()).unwrap_or(u64::MAX),
    });
    let request = json!({ "stream_name": stream, "config": config });
    let created: Created =
        connection.api(&format!("CONSUMER.CREATE.{stream}.{name}"), &request).await?;
    let count = limit.min(created.num_pending);
    let page = match count {
        0 => Ok(Vec::new()),
        _ => pull(connection, stream, &created.name, count).await,
    };
    let delete = format!("CONSUMER.DELETE.{stream}.{}", created.name);
    if let Err(error) = connection.api::<_, serde_json::Value>(&delete, &json!({})).await {
        tracing::debug!(%error, "a consumer is left to the server");
    }
    page
}

async fn pull(
    connection: &Connection,
    stream: &str,
    consumer: &str,
    count: usize,
) -> Result<Vec<Outline>> {
    let client = connection.client();
    let inbox = client.new_inbox();
    let messages = client.subscribe(inbox.clone()).await;
    let mut messages = messages.map_err(|error| ErrorKind::from(&error))?;
    let next = connection.api_subject(&format!("CONSUMER.MSG.NEXT.{stream}.{consumer}"));
    let request = json!({ "batch": count, "no_wait": true }).to_string();
    let mark = connection.mark();
    let asked = client.publish_with_reply(next.clone(), inbox.clone(), request.into()).await;
    asked.map_err(|error| ErrorKind::from(&error))?;
    let is_ours = |denial: &Denial| denial.subject == next || denial.subject == inbox;
    let mut page = Vec::with_capacity(count);
    while page.len() < count {
        let silence = connection.request_timeout();
        let message = tokio::time::timeout(silence, messages.next());
        let message = connection.unless_denied(mark, is_ours, message).await?;
        let message = message.map_err(|_| ErrorKind::TimedOut(silence))?;
        let message = message.ok_or(ErrorKind::Disconnected)?;
        if message.reply.is_none() {
            match message.status {
                // What was counted before is gone since.
                Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT) => break,
                _ => {
                    let text = message.description.unwrap_or_default().to_string();
                    return Err(ErrorKind::Nats(format!("reading the stream ended: {text}")).into());
                }
            }
        }
        page.push(outline(connection, message, page.len())?);
    }
    Ok(page)
}

/// A message of the page, of which so many came before; one that was lost on the way is noticed.
fn outline(connection: &Connection, message: Message, before: usize) -> Result<Outline> {
    let message = jetstream::Message { message, context: connection.jetstream().clone() };
    let no_delivery = |_| ErrorKind::Nats("a message without a position".to_owned());
    let info = message.info().map_err(no_delivery)?;
    if info.consumer_sequence != before as u64 + 1 {
        return Err(ErrorKind::Nats("a message was lost on the way".to_owned()).into());
    }
    let nanos = i64::try_from(info.published.unix_timestamp_nanos()).unwrap_or(i64::MAX);
    let (sequence, stored_at) = (info.stream_sequence, DateTime::from_timestamp_nanos(nanos));
    let message = message.message;
    let headers = message.headers.unwrap_or_default();
    let size = headers.get(SIZE).and_then(|size| size.as_str().parse().ok()).unwrap_or(0);
    Ok(Outline { sequence, subject: message.subject.to_string(), headers, stored_at, size })
}
