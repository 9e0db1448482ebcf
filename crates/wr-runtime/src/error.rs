//! Why the runtime refuses something: where, and what kind; never a value of a message.

use std::fmt;
use std::time::Duration;

use async_nats::client::{PublishError, PublishErrorKind, SubscribeError, SubscribeErrorKind};
use async_nats::jetstream::ErrorCode;

/// Why the runtime refuses something.
///
/// Its `Debug` is its text, since that is what `main` and `unwrap` show.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The call that failed, for example ``publish on `waitingroom.queue.paused.v1` ``; before it,
    /// separated by `: `, the calls that it was part of.
    place: Option<String>,
    kind: ErrorKind,
    /// Whether an earlier attempt may have done what the last one could not.
    is_uncertain: bool,
}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not JSON, or nest deeper than 127.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1.
        column: usize,
    },
    /// No event of the catalogue has this type.
    #[error("no event of this type is known")]
    UnknownType,
    /// The catalogue has the event type, in other majors only.
    #[error("this major of the event is not known")]
    UnknownMajor,
    /// What is to be published names a minor that the catalogue does not have.
    #[error("this minor of the event is not known, so it cannot be published")]
    UnknownMinor,
    /// The version is not of the form `{major}.{minor}`.
    #[error("the version is not of the form `{{major}}.{{minor}}`")]
    InvalidVersion,
    /// The envelope's `type` is not the event type of the subject.
    #[error("`/type`: not the event type that the subject carries")]
    TypeMismatch,
    /// The major of the envelope's `version` is not the major of the subject.
    #[error("`/version`: not the major that the subject carries")]
    MajorMismatch,
    /// Rules of the schema are broken; at least one.
    #[error("{}", Violations(.0))]
    Violations(Vec<Violation>),
    /// A schema of the catalogue does not compile, or the catalogue lacks what is asked of it; the
    /// text says what.
    #[error("the catalogue is wrong: {0}")]
    Catalogue(String),
    /// An option has a value that cannot be; the text says which and why.
    #[error("{0}")]
    Option(String),
    /// The event is not in the writer language, and was not sent.
    #[error("the event breaks its schema: {0}")]
    Refused(wr_core::Error),
    /// The event would leave no room for the circumstances of a dead letter, and was not sent.
    #[error("{size} bytes are more than the {limit} that leave room for a dead letter")]
    TooLarge {
        /// Bytes of the body and its headers.
        size: usize,
        /// The most bytes, which follows from the server's `max_payload`.
        limit: usize,
    },
    /// No server could be reached; the text says why.
    #[error("no connection: {0}")]
    Connect(String),
    /// The server did not let us in, or we did not trust it: a wrong login, or TLS that fails; the
    /// text says why.
    #[error("the login failed: {0}")]
    Login(String),
    /// The server is older than 2.10.
    #[error("the server is version {0}; at least 2.10 is needed, and 2.12 is recommended")]
    ServerTooOld(String),
    /// JetStream is off on the server or for the account.
    #[error("JetStream is off {0}: start the server with `-js`, or enable it in its configuration")]
    JetStreamOff(&'static str),
    /// Nobody answers for JetStream: it has no leader now, or is off.
    #[error("JetStream does not answer: it has no leader now, or was turned off")]
    NoJetStream,
    /// The server's authorization forbids it.
    #[error("permission denied: {operation} `{subject}`; the user's permissions lack it")]
    PermissionDenied {
        /// `publish on` or `subscribe to`.
        operation: &'static str,
        /// The subject, which may be one of the server's own, such as `$JS.API.INFO`.
        subject: String,
    },
    /// A subject is empty or has a space in it; a name of a stream or a consumer may be the reason.
    #[error("the subject is not valid")]
    InvalidSubject,
    /// No answer in time.
    #[error("no answer within {:.1} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// No stream takes the subject, or its leader is gone.
    #[error("no stream took the message: none has the subject, or its leader is gone")]
    NoStream,
    /// The connection went away during the call.
    #[error("the connection is gone")]
    Disconnected,
    /// The server refused a request.
    #[error("the server refused: {description} ({code})")]
    Server {
        /// The status, as of HTTP: 503 is "not now" (no leader, no quorum, a server that starts).
        status: usize,
        /// JetStream's error code.
        code: u64,
        /// The server's words.
        description: String,
    },
    /// A stream that the topology has is not on the server.
    #[error("stream `{0}` does not exist; apply the topology")]
    StreamMissing(String),
    /// A consumer that the topology has is not on the server.
    #[error("consumer `{consumer}` of stream `{stream}` does not exist; apply the topology")]
    ConsumerMissing {
        /// The stream.
        stream: String,
        /// The durable name.
        consumer: String,
    },
    /// What is on the server is not what the topology says; one line a difference.
    #[error("the server disagrees with the topology: {}", .0.join("; "))]
    Drift(Vec<String>),
    /// Steps of a plan lose messages, or cannot be done, and were not permitted; one line each.
    #[error("not permitted: {}", .0.join("; "))]
    Unpermitted(Vec<String>),
    /// The handlers are not exactly those that the consumer's filter asks for.
    #[error("{}", Handlers(.missing, .unasked))]
    Handlers {
        /// Subjects of the filter without a handler.
        missing: Vec<String>,
        /// Subjects with a handler, outside the filter.
        unasked: Vec<String>,
    },
    /// A dead letter cannot be read; the text says why.
    #[error("not a dead letter: {0}")]
    DeadLetter(String),
    /// It is draining, or has ended.
    #[error("it is draining, and takes nothing new")]
    Draining,
    /// A task of the runtime did not come to its end: it panicked, or its tokio runtime has ended; the
    /// text says which.
    #[error("a task of the runtime is gone: {0}")]
    Gone(String),
    /// Anything else that NATS reports.
    #[error("{0}")]
    Nats(String),
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the document, as a JSON pointer; empty for the whole of it.
    pub pointer: String,
    /// The keyword of JSON Schema that sets the rule.
    pub keyword: String,
}

/// A result of the runtime.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a server answers that has not stored an earlier attempt yet, or has too much to store.
const NOT_YET: [u64; 2] =
    [ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT.0, ErrorCode::STREAM_TOO_MANY_REQUESTS.0];

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the same call may succeed later, with nothing changed but time.
    pub fn is_retryable(&self) -> bool {
        match &self.kind {
            ErrorKind::TimedOut(_)
            | ErrorKind::NoStream
            | ErrorKind::NoJetStream
            | ErrorKind::Disconnected
            | ErrorKind::Connect(_)
            | ErrorKind::Nats(_) => true,
            ErrorKind::Server { status, code, .. } => *status == 503 || NOT_YET.contains(code),
            ErrorKind::Syntax { .. }
            | ErrorKind::UnknownType
            | ErrorKind::UnknownMajor
            | ErrorKind::UnknownMinor
            | ErrorKind::InvalidVersion
            | ErrorKind::TypeMismatch
            | ErrorKind::MajorMismatch
            | ErrorKind::Violations(_)
            | ErrorKind::Catalogue(_)
            | ErrorKind::Option(_)
            | ErrorKind::Refused(_)
            | ErrorKind::TooLarge { .. }
            | ErrorKind::Login(_)
            | ErrorKind::InvalidSubject
            | ErrorKind::ServerTooOld(_)
            | ErrorKind::JetStreamOff(_)
            | ErrorKind::PermissionDenied { .. }
            | ErrorKind::StreamMissing(_)
            | ErrorKind::ConsumerMissing { .. }
            | ErrorKind::Drift(_)
            | ErrorKind::Unpermitted(_)
            | ErrorKind::Handlers { .. }
            | ErrorKind::DeadLetter(_)
            | ErrorKind::Draining
            | ErrorKind::Gone(_) => false,
        }
    }

    /// Whether what was asked for may have been done all the same: no answer came, or came to an
    /// earlier attempt of the same call.
    pub fn is_uncertain(&self) -> bool {
        // Where no stream takes a message, none has it.
        self.is_uncertain || (self.is_retryable() && self.kind != ErrorKind::NoStream)
    }

    /// After an attempt that may have done it.
    pub(crate) fn uncertain(mut self, is_uncertain: bool) -> Error {
        self.is_uncertain |= is_uncertain;
        self
    }

    /// Says which call failed, or which call around that.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Error {
        let outer = place.into();
        self.place = Some(match self.place.take() {
            Some(inner) => format!("{outer}: {inner}"),
            None => outer,
        });
        self
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Error {
        Error { place: None, kind, is_uncertain: false }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        ErrorKind::Syntax { line: error.line(), column: error.column() }.into()
    }
}

impl From<&tokio::task::JoinError> for ErrorKind {
    fn from(error: &tokio::task::JoinError) -> ErrorKind {
        ErrorKind::Gone(error.to_string())
    }
}

/// An error of the client, which sends only as long as it lives.
impl From<&PublishError> for ErrorKind {
    fn from(error: &PublishError) -> ErrorKind {
        match error.kind() {
            PublishErrorKind::Send => ErrorKind::Disconnected,
            PublishErrorKind::InvalidSubject => ErrorKind::InvalidSubject,
            PublishErrorKind::MaxPayloadExceeded => ErrorKind::Nats(error.to_string()),
        }
    }
}

impl From<&SubscribeError> for ErrorKind {
    fn from(error: &SubscribeError) -> ErrorKind {
        match error.kind() {
            SubscribeErrorKind::Other => ErrorKind::Disconnected,
            SubscribeErrorKind::InvalidSubject | SubscribeErrorKind::InvalidQueueName => {
                ErrorKind::InvalidSubject
            }
        }
    }
}

/// An error of JetStream's API.
impl From<&async_nats::jetstream::Error> for Error {
    fn from(error: &async_nats::jetstream::Error) -> Error {
        match error.error_code() {
            ErrorCode::JETSTREAM_NOT_ENABLED => ErrorKind::JetStreamOff("on the server"),
            ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
                ErrorKind::JetStreamOff("for the account")
            }
            code => ErrorKind::Server {
                status: error.code(),
                code: code.0,
                description: error.to_string(),
            },
        }
        .into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

struct Violations<'a>(&'a [Violation]);

impl fmt::Display for Violations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}`{}`: `{}`", violation.pointer, violation.keyword)?;
        }
        Ok(())
    }
}

/// Subjects without a handler, and handlers without a subject.
struct Handlers<'a>(&'a [String], &'a [String]);

impl fmt::Display for Handlers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handlers are not those of the consumer's `filter_subjects`:")?;
        if !self.0.is_empty() {
            write!(f, " none for {};", self.0.join(", "))?;
        }
        if !self.1.is_empty() {
            write!(f, " not asked for: {};", self.1.join(", "))?;
        }
        f.write_str(" add or remove handlers, or change `topology.json`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outer_place_stands_before_the_inner() {
        let error =
            Error::from(ErrorKind::Disconnected).at("publish on `a`").at("keep a dead letter");
        let text = "keep a dead letter: publish on `a`: the connection is gone";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn what_time_does_not_mend_is_not_retryable() {
        let gone = ErrorKind::Gone(String::new());
        for kind in [ErrorKind::Login(String::new()), ErrorKind::InvalidSubject, gone] {
            assert!(!Error::from(kind.clone()).is_retryable(), "{kind}");
        }
        assert!(Error::from(ErrorKind::NoJetStream).is_retryable());
    }
}
