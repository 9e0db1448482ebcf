//! Streams and consumers: the Rust type of `topology.json`, whose own schema is derived from it.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::Node;

/// The streams and consumers on which the events of a catalogue travel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// The schema of this file, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The streams; every subject of the catalogue lies in exactly one.
    pub streams: Vec<Stream>,
    /// The durable consumers.
    pub consumers: Vec<Consumer>,
    /// Where a message goes that no attempt could handle.
    pub dead_letters: DeadLetters,
    /// Where a dead letter goes to be handled again by the one consumer that failed.
    pub redrive: Redrive,
    /// Where the server's own reports of exhausted deliveries are kept.
    pub advisories: Advisories,
    /// The services by name, which is the `source` of their events; without this, nothing is known
    /// of who publishes and who consumes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, Service>,
}

/// A JetStream stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Its name: upper-case letters, digits and `_`.
    #[schemars(regex(pattern = "^[A-Z][A-Z0-9_]*$"))]
    pub name: String,
    /// What it carries, for an operator, in one line.
    #[schemars(regex(pattern = "^[^\\x00-\\x1f\\x7f]*$"))]
    pub description: String,
    /// The subjects it stores; no two streams may overlap.
    #[schemars(length(min = 1))]
    pub subjects: Vec<String>,
    /// When messages go.
    #[serde(default)]
    pub retention: Retention,
    /// Where messages are kept.
    #[serde(default)]
    pub storage: Storage,
    /// What gives way when a limit is reached.
    #[serde(default)]
    pub discard: Discard,
    /// The most messages kept.
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_i64))]
    pub max_messages: i64,
    /// The most bytes kept.
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_i64))]
    pub max_bytes: i64,
    /// How long a message is kept, in seconds.
    #[schemars(range(min = 1, max = 3_153_600_000_u64))]
    pub max_age_seconds: u64,
    /// How long the server remembers a `Nats-Msg-Id`, in seconds; at most the maximum age.
    #[schemars(range(min = 1, max = 3_153_600_000_u64))]
    pub duplicate_window_seconds: u64,
    /// On how many servers the stream is kept.
    #[schemars(range(min = 1, max = 5))]
    pub replicas: u8,
}

/// When the messages of a stream go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// When a limit is reached.
    #[default]
    Limits,
}

/// Where the messages of a stream are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// On disk.
    #[default]
    File,
    /// In memory: gone with the server.
    Memory,
}

/// What gives way when a limit of a stream is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discard {
    /// The oldest message.
    #[default]
    Old,
    /// The new one: its publisher is refused.
    New,
}

/// A durable consumer of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// Its durable name.
    #[schemars(regex(pattern = "^[A-Za-z0-9_-]+$"))]
    pub name: String,
    /// The stream it reads.
    pub stream: String,
    /// What it does, for an operator, in one line.
    #[schemars(regex(pattern = "^[^\\x00-\\x1f\\x7f]*$"))]
    pub description: String,
    /// Where a new consumer starts.
    #[serde(default)]
    pub deliver_policy: DeliverPolicy,
    /// What settles a message.
    #[serde(default)]
    pub ack_policy: AckPolicy,
    /// The subjects it reads; each lies within its stream.
    #[schemars(length(min = 1))]
    pub filter_subjects: Vec<String>,
    /// How long the server waits for an ack before it delivers again, in seconds.
    #[schemars(range(min = 1, max = 86_400))]
    pub ack_wait_seconds: u64,
    /// How often the runtime tries a message before it becomes a dead letter.
    #[schemars(range(min = 1, max = 1_000))]
    pub attempts: u32,
    /// How often the server delivers a message: a safety net, above `attempts`.
    #[schemars(range(min = 2, max = 10_000))]
    pub max_deliver: u32,
    /// The most messages that may be unsettled at once: the handlers' slots and the delayed
    /// retries.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_ack_pending: u32,
    /// Where the ids of handled events are remembered, so that a redelivery is not handled twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deduplication: Option<Deduplication>,
}

/// Where a new consumer starts in its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliverPolicy {
    /// With the oldest message.
    #[default]
    All,
    /// With the last message.
    Last,
    /// With the next message.
    New,
}

/// What settles a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AckPolicy {
    /// An ack of its own.
    #[default]
    Explicit,
}

/// A JetStream key-value bucket that remembers handled events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deduplication {
    /// The bucket.
    #[schemars(regex(pattern = "^[A-Za-z0-9_-]+$"))]
    pub bucket: String,
    /// How long an id is remembered, in seconds: longer than the last possible redelivery.
    #[schemars(range(min = 1, max = 3_153_600_000_u64))]
    pub max_age_seconds: u64,
}

/// Where dead letters go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetters {
    /// The stream that keeps them.
    pub stream: String,
    /// Their subject; `{stream}` and `{consumer}` stand for the failed consumer's.
    pub subject: String,
}

/// Where dead letters are sent to be handled again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// The subject; `{consumer}` and `{subject}` stand for the consumer and the original subject.
    pub subject: String,
}

/// Where the server's advisories are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advisories {
    /// The stream that captures them.
    pub stream: String,
}

/// A service, and all that it may do with events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What it does, for an operator, in one line.
    #[schemars(regex(pattern = "^[^\\x00-\\x1f\\x7f]*$"))]
    pub description: String,
    /// The subjects of the events that it publishes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes: Vec<String>,
    /// The names of the consumers that it runs; each is run by one service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumes: Vec<String>,
}

/// The users of a NATS server that are no services: who makes dead letters of what the server gave
/// up, who applies the topology, and the person on call.
pub const ROLES: [&str; 3] = ["reconciler", "provisioner", "operator"];

impl Topology {
    /// The JSON Schema of `topology.json`, with the keys of every object in alphabetical order.
    pub fn json_schema() -> serde_json::Value {
        let settings = schemars::generate::SchemaSettings::draft07();
        settings.into_generator().into_root_schema_for::<Topology>().to_value()
    }

    /// The topology that a file holds, where it holds one.
    pub fn of(node: &Node) -> Option<Topology> {
        serde_json::from_value(node.to_value()).ok()
    }

    /// Which streams store a subject.
    pub fn streams_of<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a Stream> {
        self.streams
            .iter()
            .filter(move |stream| stream.subjects.iter().any(|filter| covers(filter, subject)))
    }

    /// The stream of a name.
    pub fn stream(&self, name: &str) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.name == name)
    }

    /// The consumers that are delivered a subject, in the order of the file.
    pub fn consumers_of<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a Consumer> {
        self.consumers.iter().filter(move |consumer| {
            consumer.filter_subjects.iter().any(|filter| covers(filter, subject))
        })
    }

    /// The names of the services that publish a subject, in alphabetical order.
    pub fn publishers_of<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a str> {
        self.services
            .iter()
            .filter(move |(_, service)| service.publishes.iter().any(|own| own == subject))
            .map(|(name, _)| name.as_str())
    }

    /// The name of the service that runs a consumer.
    pub fn service_of(&self, consumer: &str) -> Option<&str> {
        self.services
            .iter()
            .find(|(_, service)| service.consumes.iter().any(|own| own == consumer))
            .map(|(name, _)| name.as_str())
    }

    /// The names that stand more than once among streams and among consumers.
    pub fn repeated_names(&self) -> Vec<&str> {
        let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
        let streams = self.streams.iter().map(|stream| (true, stream.name.as_str()));
        let consumers = self.consumers.iter().map(|consumer| (false, consumer.name.as_str()));
        for name in streams.chain(consumers) {
            *counts.entry(name).or_default() += 1;
        }
        counts.into_iter().filter(|(_, count)| *count > 1).map(|((_, name), _)| name).collect()
    }
}

/// The most filters with `*` or `>` that a topology may have: each is compared with all others.
pub const MAX_WILDCARDS: usize = 1000;

impl DeadLetters {
    /// The subject of a consumer's dead letters.
    pub fn subject_of(&self, consumer: &Consumer) -> String {
        fill(&self.subject, &[("{stream}", &consumer.stream), ("{consumer}", &consumer.name)])
    }
}

impl Redrive {
    /// Everything that is redriven to a consumer, as a filter.
    pub fn filter_of(&self, consumer: &Consumer) -> String {
        fill(&self.subject, &[("{consumer}", &consumer.name), ("{subject}", ">")])
    }
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// Whether a text is a filter of subjects: tokens, of which some may be `*` and the last `>`.
pub fn is_filter(text: &str) -> bool {
    let last = text.split('.').count();
    let is_token = |(at, token): (usize, &str)| match token {
        ">" => at + 1 == last,
        "*" => true,
        _ => {
            let is_odd = |c: char| c.is_whitespace() || c.is_control() || "*>{}".contains(c);
            !token.is_empty() && !token.contains(is_odd)
        }
    };
    text.split('.').enumerate().all(is_token)
}

/// Whether a filter has `*` or `>`.
pub fn has_wildcard(filter: &str) -> bool {
    filter.split('.').any(|token| token == "*" || token == ">")
}

/// Filters of subjects, of which most are plain subjects.
#[derive(Clone, Debug, Default)]
pub struct Filters<'a> {
    plain: HashSet<&'a str>,
    wild: Vec<&'a str>,
}

impl<'a> Filters<'a> {
    /// Adds a filter.
    pub fn add(&mut self, filter: &'a str) {
        if has_wildcard(filter) {
            self.wild.push(filter);
        } else {
            self.plain.insert(filter);
        }
    }

    /// Whether one of the filters matches everything that this one does.
    pub fn covers(&self, inner: &str) -> bool {
        self.plain.contains(inner) || self.wild.iter().any(|outer| covers(outer, inner))
    }

    /// One of the filters that matches something that this one matches too.
    pub fn overlapping(&self, other: &str) -> Option<&'a str> {
        let wild = || self.wild.iter().find(|filter| overlap(filter, other)).copied();
        if has_wildcard(other) {
            wild()
                .or_else(|| self.plain.iter().filter(|plain| overlap(plain, other)).min().copied())
        } else {
            self.plain.get(other).copied().or_else(wild)
        }
    }
}

impl<'a> FromIterator<&'a str> for Filters<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(filters: I) -> Filters<'a> {
        let mut all = Filters::default();
        filters.into_iter().for_each(|filter| all.add(filter));
        all
    }
}

/// Whether every subject that `inner` matches is matched by `outer` too; both may hold `*` and a
/// final `>`.
pub fn covers(outer: &str, inner: &str) -> bool {
    let mut inner = inner.split('.');
    let mut outer = outer.split('.').peekable();
    loop {
        match (outer.next(), inner.next()) {
            (Some(">"), Some(_)) if outer.peek().is_none() => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(a), Some(b)) if a == b && a != ">" => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether some subject is matched by both filters.
pub fn overlap(a: &str, b: &str) -> bool {
    let mut a = a.split('.');
    let mut b = b.split('.');
    loop {
        match (a.next(), b.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (Some(x), Some(y)) if x == y || x == "*" || y == "*" => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covering() {
        for (outer, inner, expected) in [
            ("a.b", "a.b", true),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.>", "a.>", true),
            ("a.*", "a.>", false),
            ("a.*.c", "a.*.c", true),
            ("a.b", "a.*", false),
            (">", "a", true),
        ] {
            assert_eq!(covers(outer, inner), expected, "{outer} {inner}");
        }
    }

    #[test]
    fn filters() {
        for text in ["a", "a.*.b", "a.>", ">", "$JS.EVENT.>"] {
            assert!(is_filter(text), "{text}");
        }
        for text in ["", "a.", ".a", "a.>.b", "a b", "a.{c}", "a*"] {
            assert!(!is_filter(text), "{text}");
        }
        let all: Filters<'_> = ["a.b", "c.*"].into_iter().collect();
        assert!(all.covers("a.b") && all.covers("c.d") && !all.covers("a.*"));
        assert_eq!(all.overlapping("a.*"), Some("a.b"));
        assert_eq!(all.overlapping("c.d"), Some("c.*"));
        assert_eq!(all.overlapping("d.d"), None);
    }

    #[test]
    fn overlapping() {
        for (a, b, expected) in [
            ("a.*", "*.b", true),
            ("a.>", "a.b.c", true),
            ("a.b", "a.c", false),
            ("a.b", "a.b.c", false),
            ("a.>", "*.b", true),
            ("a", "a.>", false),
        ] {
            assert_eq!(overlap(a, b), expected, "{a} {b}");
            assert_eq!(overlap(b, a), expected, "{b} {a}");
        }
    }
}
