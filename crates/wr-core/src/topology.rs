//! Streams and consumers as constants.

/// The streams and consumers on which the events of a catalogue travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topology {
    /// The streams; every subject of the catalogue lies in exactly one.
    pub streams: &'static [Stream],
    /// The durable consumers.
    pub consumers: &'static [Consumer],
    /// Where a message goes that no attempt could handle.
    pub dead_letters: DeadLetters,
    /// The subject of dead letters that are to be handled again; `{consumer}` and `{subject}`
    /// stand for the consumer and the original subject.
    pub redrive_subject: &'static str,
    /// The stream that captures the server's advisories.
    pub advisories_stream: &'static str,
}

/// A JetStream stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name.
    pub name: &'static str,
    /// What it carries.
    pub description: &'static str,
    /// The subjects it stores.
    pub subjects: &'static [&'static str],
    /// When messages go.
    pub retention: Retention,
    /// Where messages are kept.
    pub storage: Storage,
    /// What gives way when a limit is reached.
    pub discard: Discard,
    /// The most messages kept.
    pub max_messages: i64,
    /// The most bytes kept.
    pub max_bytes: i64,
    /// How long a message is kept, in seconds.
    pub max_age_seconds: u64,
    /// How long the server remembers a `Nats-Msg-Id`, in seconds.
    pub duplicate_window_seconds: u64,
    /// On how many servers the stream is kept.
    pub replicas: u8,
}

/// When the messages of a stream go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retention {
    /// When a limit is reached.
    Limits,
}

/// Where the messages of a stream are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// On disk.
    File,
    /// In memory: gone with the server.
    Memory,
}

/// What gives way when a limit of a stream is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discard {
    /// The oldest message.
    Old,
    /// The new one: its publisher is refused.
    New,
}

/// A durable consumer of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its durable name.
    pub name: &'static str,
    /// The stream it reads.
    pub stream: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Where a new consumer starts.
    pub deliver_policy: DeliverPolicy,
    /// What settles a message.
    pub ack_policy: AckPolicy,
    /// The subjects it reads.
    pub filter_subjects: &'static [&'static str],
    /// How long the server waits for an ack before it delivers again, in seconds.
    pub ack_wait_seconds: u64,
    /// How often the runtime tries a message before it becomes a dead letter.
    pub attempts: u32,
    /// How often the server delivers a message: a safety net, above `attempts`.
    pub max_deliver: u32,
    /// The most messages that may be unsettled at once.
    pub max_ack_pending: u32,
    /// Where the ids of handled events are remembered.
    pub deduplication: Option<Deduplication>,
}

/// Where a new consumer starts in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliverPolicy {
    /// With the oldest message.
    All,
    /// With the last message.
    Last,
    /// With the next message.
    New,
}

/// What settles a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckPolicy {
    /// An ack of its own.
    Explicit,
}

/// A JetStream key-value bucket that remembers handled events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deduplication {
    /// The bucket.
    pub bucket: &'static str,
    /// How long an id is remembered, in seconds.
    pub max_age_seconds: u64,
}

/// Where dead letters go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// The stream that keeps them.
    pub stream: &'static str,
    /// Their subject; `{stream}` and `{consumer}` stand for the failed consumer's.
    pub subject: &'static str,
}
