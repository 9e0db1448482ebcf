//! The settings that are compared, and what becomes of the messages when one is changed.
//!
//! Measured on nats-server 2.10.26 and 2.15.1; a test asks the server again for every row.
//! Settings without a row are the operator's: `placement`, `compression`, `metadata` (of which the
//! server's own begins with `_nats.`), `republish`, `consumer_limits`, `deny_delete`, `deny_purge`,
//! `persist_mode`, and of consumers `max_waiting`, `sample_freq` and `pause_until`.

use serde_json::Value;

/// A setting of a stream or consumer, named as JetStream's API names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) change: Change,
}

/// What a setting holds, and its value where none is said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text(&'static str),
    Number(i64),
    Bytes(i64),
    /// Nanoseconds; shown in seconds.
    Duration,
    Flag,
    /// Texts or durations, in any order.
    List,
    /// Something else; nothing is the default.
    Other,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The server takes it over, and what is stored stays.
    Free,
    /// The server takes it over; messages beyond a lower limit go.
    Limit(Limit),
    /// The server takes it over; fewer copies may be lost together.
    Copies,
    /// The server takes it over; what is stored under a subject that goes stays, and nobody adds
    /// to it.
    Subjects,
    /// The server takes it over; what waits under a filter that goes is not delivered.
    Filters,
    /// The server refuses the change to or from `workqueue`, and takes over any other.
    Retention,
    /// A supported server refuses it, or takes it over without doing it.
    Refused,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Messages,
    MessagesOfSubject,
    Bytes,
    Age,
}

const fn row(name: &'static str, kind: Kind, change: Change) -> Field {
    Field { name, kind, change }
}

/// The settings of a stream, and of the stream behind a bucket.
pub(super) const STREAM: &[Field] = &[
    row("description", Kind::Text(""), Change::Free),
    row("subjects", Kind::List, Change::Subjects),
    row("retention", Kind::Text("limits"), Change::Retention),
    row("storage", Kind::Text("file"), Change::Refused),
    row("discard", Kind::Text("old"), Change::Free),
    row("max_msgs", Kind::Number(-1), Change::Limit(Limit::Messages)),
    row("max_bytes", Kind::Bytes(-1), Change::Limit(Limit::Bytes)),
    row("max_age", Kind::Duration, Change::Limit(Limit::Age)),
    row("duplicate_window", Kind::Duration, Change::Free),
    row("num_replicas", Kind::Number(1), Change::Copies),
    row("allow_direct", Kind::Flag, Change::Free),
    row("max_msgs_per_subject", Kind::Number(-1), Change::Limit(Limit::MessagesOfSubject)),
    row("max_msg_size", Kind::Bytes(-1), Change::Free),
    row("max_consumers", Kind::Number(-1), Change::Refused),
    row("no_ack", Kind::Flag, Change::Free),
    row("sealed", Kind::Flag, Change::Refused),
    row("allow_rollup_hdrs", Kind::Flag, Change::Free),
    row("discard_new_per_subject", Kind::Flag, Change::Free),
    row("subject_transform", Kind::Other, Change::Free),
    row("sources", Kind::Other, Change::Free),
    row("mirror", Kind::Other, Change::Refused),
];

/// The settings of a consumer.
pub(super) const CONSUMER: &[Field] = &[
    row("description", Kind::Text(""), Change::Free),
    row("filter_subjects", Kind::List, Change::Filters),
    row("deliver_policy", Kind::Text("all"), Change::Refused),
    row("ack_policy", Kind::Text("none"), Change::Refused),
    row("ack_wait", Kind::Duration, Change::Free),
    row("max_deliver", Kind::Number(-1), Change::Free),
    row("max_ack_pending", Kind::Number(-1), Change::Free),
    row("backoff", Kind::List, Change::Free),
    row("headers_only", Kind::Flag, Change::Free),
    row("max_batch", Kind::Number(0), Change::Free),
    row("max_bytes", Kind::Bytes(0), Change::Free),
    row("max_expires", Kind::Duration, Change::Free),
    row("inactive_threshold", Kind::Duration, Change::Free),
    row("num_replicas", Kind::Number(0), Change::Free),
    row("priority_policy", Kind::Text("none"), Change::Free),
    row("replay_policy", Kind::Text("instant"), Change::Refused),
    row("mem_storage", Kind::Flag, Change::Refused),
    row("deliver_subject", Kind::Text(""), Change::Refused),
];

impl Field {
    /// A value as it is compared: what is not said is the default, and lists are in order.
    pub(super) fn value(&self, said: Option<&Value>) -> Value {
        match said {
            None | Some(Value::Null) => self.default(),
            Some(Value::Array(items)) if matches!(self.kind, Kind::List) => {
                let mut items = items.clone();
                items.sort_by_key(Value::to_string);
                Value::Array(items)
            }
            Some(value) => value.clone(),
        }
    }

    pub(super) fn default(&self) -> Value {
        match self.kind {
            Kind::Text(text) => text.into(),
            Kind::Number(number) | Kind::Bytes(number) => number.into(),
            Kind::Duration => 0.into(),
            Kind::Flag => false.into(),
            Kind::List => Value::Array(Vec::new()),
            Kind::Other => Value::Null,
        }
    }

    /// A value with its unit.
    pub(super) fn show(&self, value: &Value) -> String {
        match (self.kind, value) {
            (Kind::Duration, value) => {
                let nanoseconds = value.as_i64().unwrap_or_default();
                match nanoseconds % 1_000_000_000 {
                    0 => format!("{} s", nanoseconds / 1_000_000_000),
                    _ => format!("{nanoseconds} ns"),
                }
            }
            (Kind::Bytes(_), value) => format!("{value} bytes"),
            (Kind::List, Value::Array(items)) if items.is_empty() => "none".to_owned(),
            (Kind::List, Value::Array(items)) => {
                let text = |item: &Value| item.as_str().map_or(item.to_string(), str::to_owned);
                items.iter().map(text).collect::<Vec<_>>().join(", ")
            }
            (_, Value::String(text)) if text.is_empty() => "none".to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Null) => "none".to_owned(),
            (_, value) => value.to_string(),
        }
    }
}
