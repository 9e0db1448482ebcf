//! What a service would write by hand and check nothing with: structs with serde's derive, owned,
//! borrowed, and borrowed with free-form values that are left unread.
//!
//! The types of the fields are those of the generated types. The envelope's `type` is a field, for
//! who writes such a struct has to write it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sonic_rs::LazyValue;
use uuid::Uuid;

/// The envelope.
#[derive(Deserialize, Serialize)]
pub(crate) struct Plain<T> {
    id: Uuid,
    version: String,
    #[serde(rename = "type")]
    event_type: String,
    timestamp: DateTime<Utc>,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    data: T,
}

/// The envelope, borrowed: what has an escape in it is an error.
#[derive(Deserialize, Serialize)]
pub(crate) struct Borrowed<'a, T> {
    id: Uuid,
    version: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    timestamp: DateTime<Utc>,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<&'a str>,
    data: T,
}

/// `position.enqueued`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Enqueued {
    position_id: String,
    priority: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<BTreeMap<String, Value>>,
    queue_length: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait_seconds: Option<i64>,
}

/// `position.enqueued`, borrowed.
#[derive(Deserialize, Serialize)]
pub(crate) struct EnqueuedBorrowed<'a> {
    position_id: &'a str,
    priority: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    metadata: Option<BTreeMap<&'a str, Value>>,
    queue_length: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait_seconds: Option<i64>,
}

/// `position.heartbeat`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Heartbeat {
    position_id: String,
    place: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait_seconds: Option<i64>,
}

/// `position.heartbeat`, borrowed.
#[derive(Deserialize, Serialize)]
pub(crate) struct HeartbeatBorrowed<'a> {
    position_id: &'a str,
    place: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait_seconds: Option<i64>,
}

/// `queue.updated`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Updated {
    queue_id: String,
    changes: BTreeMap<String, Change>,
    updated_by: String,
}

/// A change.
#[derive(Deserialize, Serialize)]
pub(crate) struct Change {
    old_value: Value,
    new_value: Value,
}

/// `queue.updated`, borrowed.
#[derive(Deserialize, Serialize)]
pub(crate) struct UpdatedBorrowed<'a> {
    queue_id: &'a str,
    #[serde(borrow)]
    changes: BTreeMap<&'a str, Change>,
    updated_by: &'a str,
}

/// `queue.updated`, borrowed, the values left as they stand in the message.
#[derive(Deserialize, Serialize)]
pub(crate) struct UpdatedLazy<'a> {
    queue_id: &'a str,
    #[serde(borrow)]
    changes: BTreeMap<&'a str, ChangeLazy<'a>>,
    updated_by: &'a str,
}

/// A change, left as it stands in the message.
#[derive(Deserialize, Serialize)]
pub(crate) struct ChangeLazy<'a> {
    #[serde(borrow)]
    old_value: LazyValue<'a>,
    #[serde(borrow)]
    new_value: LazyValue<'a>,
}
