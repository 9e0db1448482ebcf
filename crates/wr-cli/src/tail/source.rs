//! The messages of a stream in their order: none twice and none left out, whatever becomes of the
//! server's consumer.
//!
//! The client has consumers that it makes anew by itself; where no message has come yet, it begins
//! them with the oldest of the stream.

use std::fmt::Display;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use serde_json::json;
use wr_core::chrono::{DateTime, Utc};
use wr_runtime::Connection;
use wr_runtime::async_nats::jetstream::ErrorCode;
use wr_runtime::async_nats::jetstream::Message;
use wr_runtime::async_nats::jetstream::consumer::pull::{self, Config};
use wr_runtime::async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use wr_runtime::async_nats::jetstream::context::GetStreamErrorKind;

use crate::arguments::TailArguments;
use crate::error::{Error, Result};

/// How long the server keeps a consumer that nobody reads.
const KEPT: Duration = Duration::from_secs(30);
/// How often the server says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Before the first attempt to go on; it doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two attempts to go on.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What comes of a stream.
pub(super) enum News {
    Message(Box<Message>),
    /// For whoever watches.
    Note(String),
}

/// A stream that is read.
pub(super) struct Source {
    connection: Connection,
    name: &'static str,
    filters: Vec<String>,
    follows: bool,
    /// Where to begin, or to go on.
    from: DeliverPolicy,
    /// Of the consumer that is there now; none where another is to be made.
    open: Option<pull::Stream>,
    /// How many that consumer has delivered.
    delivered: u64,
    pause: Duration,
    has_ended: bool,
}

/// Why a stream cannot be read.
struct Failure {
    /// Whether time may mend it.
    passes: bool,
    text: String,
}

impl Source {
    pub(super) async fn new(
        connection: &Connection,
        name: &'static str,
        filters: Vec<String>,
        options: &TailArguments,
    ) -> Result<Source> {
        let mut source = Source {
            connection: connection.clone(),
            name,
            filters,
            follows: options.follows(),
            from: match options.since {
                Some(since) => from_moment(since)?,
                None if !options.follows() => DeliverPolicy::All,
                None => DeliverPolicy::New,
            },
            open: None,
            delivered: 0,
            pause: PAUSE,
            has_ended: false,
        };
        match source.open().await {
            Ok(()) => Ok(source),
            Err(failure) => Err(source.failed(&failure)),
        }
    }

    /// Its messages; they end where no more is there, if asked to.
    pub(super) fn messages(self) -> impl Stream<Item = Result<News>> {
        stream::unfold(self, |mut source| async move { Some((source.next().await?, source)) })
    }

    /// Makes a consumer behind what was seen.
    async fn open(&mut self) -> Result<(), Failure> {
        let jetstream = self.connection.jetstream();
        let stream = jetstream.get_stream(self.name).await.map_err(|error| {
            let is_gone = match error.kind() {
                GetStreamErrorKind::JetStream(error) => {
                    error.error_code() == ErrorCode::STREAM_NOT_FOUND
                }
                _ => false,
            };
            Failure { passes: !is_gone, text: error.to_string() }
        })?;
        if self.from == DeliverPolicy::New {
            // What is new to a consumer that is made later is not what was new at the begin.
            let start_sequence = stream.cached_info().state.last_sequence + 1;
            self.from = DeliverPolicy::ByStartSequence { start_sequence };
        }
        // Only a request that names a new consumer in its subject is permitted to an operator.
        let inbox = self.connection.client().new_inbox();
        let config = Config {
            name: inbox.rsplit('.').next().map(str::to_owned),
            filter_subjects: self.filters.clone(),
            deliver_policy: self.from,
            ack_policy: AckPolicy::None,
            inactive_threshold: KEPT,
            memory_storage: true,
            num_replicas: 1,
            ..Config::default()
        };
        let passing = |error: &dyn Display| Failure { passes: true, text: error.to_string() };
        let consumer = stream.create_consumer(config).await.map_err(|error| passing(&error))?;
        self.delivered = 0;
        self.has_ended = !self.follows && consumer.cached_info().num_pending == 0;
        let messages = consumer.stream().heartbeat(HEARTBEAT).expires(KEPT).messages().await;
        self.open = Some(messages.map_err(|error| passing(&error))?);
        Ok(())
    }

    async fn next(&mut self) -> Option<Result<News>> {
        loop {
            if self.has_ended {
                return None;
            }
            let Some(open) = &mut self.open else {
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                match self.open().await {
                    Ok(()) => continue,
                    Err(failure) if failure.passes => continue,
                    Err(failure) => {
                        self.has_ended = true;
                        return Some(Err(self.failed(&failure)));
                    }
                }
            };
            let why = match open.next().await {
                Some(Ok(message)) => match self.is_next(&message) {
                    true => return Some(Ok(News::Message(Box::new(message)))),
                    false => "messages were lost on their way".to_owned(),
                },
                Some(Err(error)) => error.to_string(),
                None => "no more came".to_owned(),
            };
            self.open = None;
            let name = self.name;
            let note =
                format!("reading stream `{name}` broke off, and goes on where it was: {why}");
            return Some(Ok(News::Note(note)));
        }
    }

    /// Whether it is the one behind the last; the next consumer begins behind it.
    fn is_next(&mut self, message: &Message) -> bool {
        let Ok(info) = message.info() else { return false };
        if info.consumer_sequence != self.delivered + 1 {
            return false;
        }
        self.delivered += 1;
        self.from = DeliverPolicy::ByStartSequence { start_sequence: info.stream_sequence + 1 };
        self.pause = PAUSE;
        self.has_ended = !self.follows && info.pending == 0;
        true
    }

    fn failed(&self, failure: &Failure) -> Error {
        let what = format!("cannot read stream `{}`: {}", self.name, failure.text);
        Error::failed(what, "`wr doctor` looks at the streams and permissions")
    }
}

/// Begins with what was stored at a moment: the client's type for it is another crate's, but it
/// reads what the server is told.
fn from_moment(since: DateTime<Utc>) -> Result<DeliverPolicy> {
    let told = json!({ "deliver_policy": "by_start_time", "opt_start_time": since.to_rfc3339() });
    serde_json::from_value(told).map_err(|_| {
        Error::usage("`--since` is before any message", "give a later time, or a duration")
    })
}
