//! What is to be on the server, in the words of JetStream's API.

use serde_json::{Map, Value, json};
use wr_core::topology::{
    AckPolicy, Consumer, Deduplication, DeliverPolicy, Discard, Retention, Storage, Stream,
};

use super::fields::{self, Field};
use super::plan::Target;
use super::{RECONCILER, Topology, mark};

/// One stream, bucket or consumer that is to be there.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) target: Target,
    pub(super) fields: &'static [Field],
    pub(super) config: Map<String, Value>,
}

/// The longest duplicate window of a bucket, in seconds: that of every client of NATS.
const BUCKET_WINDOW: u64 = 120;

/// How long the reconciler may take over one advisory, in seconds.
const RECONCILER_ACK_WAIT: u64 = 60;

impl Topology {
    /// Everything, in the order in which it can be made.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let constants = self.constants();
        let streams = constants.streams.iter().map(|stream| self.wanted_stream(stream));
        let buckets = constants.consumers.iter().filter_map(|consumer| {
            let bucket = consumer.deduplication?;
            Some(self.wanted_bucket(consumer, bucket))
        });
        let consumers = constants.consumers.iter().map(|consumer| self.wanted_consumer(consumer));
        streams.chain(buckets).chain(consumers).chain([self.wanted_reconciler()]).collect()
    }

    fn wanted_stream(&self, stream: &Stream) -> Wanted {
        // Direct: tools read a message by its sequence from any replica. The runtime itself asks the
        // leader (`STREAM.MSG.GET`): a replica that is behind would say that an original is gone.
        let config = json!({
            "name": stream.name,
            "description": stream.description,
            "subjects": stream.subjects,
            "retention": retention(stream.retention),
            "storage": self.storage(stream.storage),
            "discard": discard(stream.discard),
            "max_msgs": stream.max_messages,
            "max_bytes": self.overrides.bytes_of(stream.name, stream.max_bytes),
            "max_age": nanoseconds(stream.max_age_seconds),
            "duplicate_window": nanoseconds(stream.duplicate_window_seconds),
            "num_replicas": self.overrides.replicas.unwrap_or(stream.replicas),
            "allow_direct": true,
            mark::METADATA: mark::of(self.catalogue),
        });
        Wanted::new(Target::Stream { name: stream.name.to_owned() }, fields::STREAM, config)
    }

    /// A bucket as every client of NATS makes it, with one value a key.
    fn wanted_bucket(&self, consumer: &Consumer, memory: Deduplication) -> Wanted {
        let bucket = memory.bucket;
        let replicas = self.stream(consumer.stream).map_or(1, |stream| stream.replicas);
        let window = memory.max_age_seconds.min(BUCKET_WINDOW);
        let config = json!({
            "name": format!("KV_{bucket}"),
            "description": format!("Events that `{}` has handled.", consumer.name),
            "subjects": [format!("$KV.{bucket}.>")],
            "retention": "limits",
            "storage": self.storage(Storage::File),
            "discard": "new",
            "max_msgs_per_subject": 1,
            "max_bytes": self.overrides.max_bytes.get(bucket).copied().unwrap_or(-1),
            "max_age": nanoseconds(memory.max_age_seconds),
            "duplicate_window": nanoseconds(window),
            "num_replicas": self.overrides.replicas.unwrap_or(replicas),
            "allow_direct": true,
            "allow_rollup_hdrs": true,
            "deny_delete": true,
        });
        Wanted::new(Target::Bucket { name: bucket.to_owned() }, fields::STREAM, config)
    }

    fn wanted_consumer(&self, consumer: &Consumer) -> Wanted {
        let mut config = consumer_config(consumer);
        if let Some(sequence) = self.overrides.starts.get(consumer.name) {
            config.insert("deliver_policy".to_owned(), "by_start_sequence".into());
            config.insert("opt_start_seq".to_owned(), (*sequence).into());
        }
        let target =
            Target::Consumer { stream: consumer.stream.to_owned(), name: consumer.name.to_owned() };
        Wanted { target, fields: fields::CONSUMER, config }
    }

    /// Reads the advisories without end: what it cannot settle stays for it.
    fn wanted_reconciler(&self) -> Wanted {
        let stream = self.constants().advisories_stream;
        let subjects = self.stream(stream).map_or(&[][..], |stream| stream.subjects);
        let config = json!({
            "durable_name": RECONCILER,
            "name": RECONCILER,
            "description": "Makes dead letters of messages that the server gave up.",
            "deliver_policy": "all",
            "ack_policy": "explicit",
            "replay_policy": "instant",
            "filter_subjects": subjects,
            "ack_wait": nanoseconds(RECONCILER_ACK_WAIT),
            "max_deliver": -1,
            "max_ack_pending": 1000,
        });
        let target = Target::Consumer { stream: stream.to_owned(), name: RECONCILER.to_owned() };
        Wanted::new(target, fields::CONSUMER, config)
    }

    fn storage(&self, storage: Storage) -> &'static str {
        match self.overrides.storage.unwrap_or(storage) {
            Storage::File => "file",
            Storage::Memory => "memory",
            _ => "unknown",
        }
    }
}

/// Without `backoff`: it does not apply to a Nak, and would override `ack_wait`.
pub(crate) fn consumer_config(consumer: &Consumer) -> Map<String, Value> {
    let config = json!({
        "durable_name": consumer.name,
        "name": consumer.name,
        "description": consumer.description,
        "deliver_policy": deliver_policy(consumer.deliver_policy),
        "ack_policy": ack_policy(consumer.ack_policy),
        "replay_policy": "instant",
        "filter_subjects": consumer.filter_subjects,
        "ack_wait": nanoseconds(consumer.ack_wait_seconds),
        "max_deliver": consumer.max_deliver,
        "max_ack_pending": consumer.max_ack_pending,
    });
    object(config)
}

impl Wanted {
    fn new(target: Target, fields: &'static [Field], config: Value) -> Wanted {
        Wanted { target, fields, config: object(config) }
    }

    /// The subjects of a stream; none of a consumer.
    pub(super) fn subjects(&self) -> Vec<&str> {
        self.texts("subjects")
    }

    /// The filters of a consumer; none of a stream.
    pub(super) fn filters(&self) -> Vec<&str> {
        self.texts("filter_subjects")
    }

    fn texts(&self, setting: &str) -> Vec<&str> {
        let texts = self.config.get(setting).and_then(Value::as_array);
        texts.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn nanoseconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000_000_000)
}

// The words of the enums have one place each; what a later catalogue may add is not known here.

fn retention(retention: Retention) -> &'static str {
    match retention {
        Retention::Limits => "limits",
        _ => "unknown",
    }
}

fn discard(discard: Discard) -> &'static str {
    match discard {
        Discard::Old => "old",
        Discard::New => "new",
        _ => "unknown",
    }
}

fn deliver_policy(policy: DeliverPolicy) -> &'static str {
    match policy {
        DeliverPolicy::All => "all",
        DeliverPolicy::Last => "last",
        DeliverPolicy::New => "new",
        _ => "unknown",
    }
}

fn ack_policy(policy: AckPolicy) -> &'static str {
    match policy {
        AckPolicy::Explicit => "explicit",
        _ => "unknown",
    }
}
