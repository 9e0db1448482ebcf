//! The settings that are compared, and what becomes of the messages when one is changed.
//!
//! Measured on nats-server 2.10.26 and 2.15.1; a test asks the server again for every row.
//! Settings without a row are the operator's: `placement`, `compression`, `metadata` (but for our
//! marks of the catalogue, and the server's own, which begin with `_nats.`), `republish`, `consumer_limits`, `deny_delete`, `deny_purge`,
//! `persist_mode`, and of consumers `max_waiting`, `max_batch` (which a server's limits may set),
//! `sample_freq` and `pause_until`.

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
    row("max_bytes", Kind::Bytes(0), Change::Free),
    row("max_expires", Kind::Duration, Change::Free),
    row("inactive_threshold", Kind::Duration, Change::Free),
    row("num_replicas", Kind::Number(0), Change::Free),
    row("priority_policy", Kind::Text("none"), Change::Free),
    row("priority_groups", Kind::List, Change::Free),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wr_testkit::{Binary, DEFAULT_VERSION, FLOOR_VERSION, Server, ServerOptions};

    use super::*;
    use crate::connection::{ConnectOptions, Connection};

    const SECOND: u64 = 1_000_000_000;

    /// A setting that nobody asked for, and what must stand with it.
    fn odd_stream(name: &str) -> Value {
        match name {
            "description" => json!({ "description": "odd" }),
            "subjects" => json!({ "subjects": ["a.>", "b"] }),
            "retention" => json!({ "retention": "interest" }),
            "storage" => json!({ "storage": "memory" }),
            "discard" => json!({ "discard": "new" }),
            "max_msgs" => json!({ "max_msgs": 5 }),
            "max_bytes" => json!({ "max_bytes": 5000 }),
            "max_age" => json!({ "max_age": 60 * SECOND }),
            "duplicate_window" => json!({ "duplicate_window": SECOND }),
            "allow_direct" => json!({ "allow_direct": false }),
            "max_msgs_per_subject" => json!({ "max_msgs_per_subject": 1 }),
            "max_msg_size" => json!({ "max_msg_size": 100 }),
            "max_consumers" => json!({ "max_consumers": 5 }),
            "discard_new_per_subject" => json!({
                "discard_new_per_subject": true, "discard": "new", "max_msgs_per_subject": 1,
            }),
            "subject_transform" => json!({ "subject_transform": { "src": "a.>", "dest": "c.>" } }),
            "sources" => json!({ "sources": [{ "name": "OTHER" }] }),
            "mirror" => json!({ "mirror": { "name": "OTHER" }, "subjects": null }),
            flag => json!({ flag: true }),
        }
    }

    fn odd_consumer(name: &str) -> Value {
        match name {
            "description" => json!({ "description": "odd" }),
            "filter_subjects" => json!({ "filter_subjects": ["a.c", "a.d"] }),
            "deliver_policy" => json!({ "deliver_policy": "new" }),
            "ack_policy" => json!({ "ack_policy": "none" }),
            "ack_wait" => json!({ "ack_wait": 60 * SECOND }),
            "max_deliver" => json!({ "max_deliver": 5 }),
            "max_ack_pending" => json!({ "max_ack_pending": 5 }),
            "backoff" => json!({ "backoff": [SECOND, 2 * SECOND] }),
            "max_bytes" => json!({ "max_bytes": 5000 }),
            "max_expires" => json!({ "max_expires": SECOND }),
            "inactive_threshold" => json!({ "inactive_threshold": 60 * SECOND }),
            "num_replicas" => json!({ "num_replicas": 1 }),
            "priority_policy" | "priority_groups" => {
                json!({ "priority_policy": "overflow", "priority_groups": ["g"] })
            }
            "replay_policy" => json!({ "replay_policy": "original" }),
            "deliver_subject" => json!({ "deliver_subject": "deliver" }),
            flag => json!({ flag: true }),
        }
    }

    fn over(base: &Value, more: Value) -> Value {
        let mut all = base.clone();
        for (name, value) in more.as_object().unwrap() {
            match value {
                Value::Null => all.as_object_mut().unwrap().remove(name),
                value => all.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        all
    }

    fn stream() -> Value {
        json!({
            "name": "S", "subjects": ["a.>"], "retention": "limits", "storage": "file",
            "discard": "old", "max_msgs": 100, "max_bytes": 100_000, "max_age": 600 * SECOND,
            "duplicate_window": 2 * SECOND, "num_replicas": 1, "allow_direct": true,
        })
    }

    fn consumer() -> Value {
        json!({
            "name": "C", "durable_name": "C", "filter_subjects": ["a.b", "a.c"],
            "deliver_policy": "all", "ack_policy": "explicit", "ack_wait": 30 * SECOND,
            "max_deliver": 10, "max_ack_pending": 1000, "replay_policy": "instant",
        })
    }

    async fn servers() -> Vec<(Server, Connection)> {
        let mut all = Vec::new();
        for version in [FLOOR_VERSION, DEFAULT_VERSION] {
            let binary = Binary::version(version).unwrap();
            let server = ServerOptions::new().binary(binary).start().unwrap();
            let options = ConnectOptions::new("test").server(server.url());
            all.push((server, options.connect().await.unwrap()));
        }
        all
    }

    /// The value after a change from an odd setting to the one that is wanted, if it was taken.
    async fn stream_changed(connection: &Connection, field: &Field, odd: Value) -> bool {
        let _: Result<Value, _> = connection.api("STREAM.DELETE.S", &json!({})).await;
        let odd = over(&stream(), odd);
        let made: Result<Value, _> = connection.api("STREAM.CREATE.S", &odd).await;
        if made.is_err() {
            // Some settings are not for the beginning.
            let _: Value = connection.api("STREAM.CREATE.S", &stream()).await.unwrap();
            let _: Value = connection.api("STREAM.UPDATE.S", &odd).await.unwrap();
        }
        let answer: Result<Value, _> = connection.api("STREAM.UPDATE.S", &stream()).await;
        is_as_wanted(field, answer, &stream())
    }

    async fn consumer_changed(connection: &Connection, field: &Field, odd: Value) -> bool {
        let _: Result<Value, _> = connection.api("CONSUMER.DELETE.S.C", &json!({})).await;
        let create = |config| json!({ "stream_name": "S", "action": "create", "config": config });
        let update = |config| json!({ "stream_name": "S", "action": "update", "config": config });
        let request = create(over(&consumer(), odd));
        let _: Value = connection.api("CONSUMER.CREATE.S.C", &request).await.unwrap();
        let answer: Result<Value, _> =
            connection.api("CONSUMER.CREATE.S.C", &update(consumer())).await;
        is_as_wanted(field, answer, &consumer())
    }

    fn is_as_wanted(field: &Field, answer: crate::Result<Value>, wanted: &Value) -> bool {
        answer.is_ok_and(|answer| {
            field.value(answer["config"].get(field.name)) == field.value(wanted.get(field.name))
        })
    }

    /// Every row that says `Refused` is refused by one server at least, and no other by any.
    #[tokio::test]
    async fn the_servers_agree_with_the_table() {
        let servers = servers().await;
        for field in STREAM.iter().filter(|field| field.change != Change::Copies) {
            let mut is_taken = true;
            for (_, connection) in &servers {
                is_taken &= stream_changed(connection, field, odd_stream(field.name)).await;
            }
            assert_eq!(is_taken, field.change != Change::Refused, "{}", field.name);
        }
        for (_, connection) in &servers {
            let field = STREAM.iter().find(|field| field.name == "retention").unwrap();
            let odd = json!({ "retention": "workqueue" });
            assert!(!stream_changed(connection, field, odd).await);
            let _: Value = connection.api("STREAM.DELETE.S", &json!({})).await.unwrap();
            let _: Value = connection.api("STREAM.CREATE.S", &stream()).await.unwrap();
        }
        for field in CONSUMER {
            let mut is_taken = true;
            for (_, connection) in &servers {
                is_taken &= consumer_changed(connection, field, odd_consumer(field.name)).await;
            }
            assert_eq!(is_taken, field.change != Change::Refused, "{}", field.name);
        }
    }
}
