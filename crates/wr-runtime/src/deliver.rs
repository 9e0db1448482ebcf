//! A message into a stream: sent until the stream says that it has it, under one id.

use std::time::{Duration, Instant};

use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::subject::SubjectError;
use async_nats::{HeaderMap, Subject, client, jetstream};
use bytes::Bytes;

use crate::connection::{Connection, Denial, Mark, with_sources};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{self, Headers};

/// A message for a stream; its headers hold the id that makes a second try no second message.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) subject: Subject,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
}

/// How often and how long to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Persistence {
    /// From the first attempt; no attempt begins after it.
    pub(crate) deadline: Duration,
    /// Before the second attempt; it doubles, up to [`LONGEST_PAUSE`], and is jittered.
    pub(crate) pause: Duration,
}

/// Between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A message that a stream has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivered {
    pub(crate) ack: PublishAck,
    pub(crate) attempts: u32,
}

impl Delivered {
    /// Of the first attempt, heard after others were made: to none of ours the stream said that it
    /// had it from somebody else.
    pub(crate) fn after(mut self, attempts: u32) -> Delivered {
        self.attempts = attempts;
        self.ack.duplicate &= attempts == 1;
        self
    }
}

impl Outgoing {
    /// Sends once, without waiting for the stream's answer; never later: what is kept until there is
    /// a connection again could arrive after the duplicate window, as a second message.
    async fn send(&self, connection: &Connection) -> Result<Sent> {
        connection.require_connected()?;
        let message =
            PublishMessage::build().payload(self.body.clone()).headers(self.headers.map());
        let mark = connection.mark();
        let sent = connection.jetstream().send_publish(self.subject.clone(), message).await;
        match sent {
            Ok(answer) => Ok(Sent { answer, mark }),
            Err(error) => Err(self.error(&error, connection)),
        }
    }

    /// As the first attempt of a publisher, which hears the answers of all it sends in one place. It
    /// asks for a connection before.
    pub(crate) async fn send_for_answer(
        self,
        connection: &Connection,
        answer: String,
    ) -> Result<()> {
        let Outgoing { subject, headers, body } = self;
        let (client, length, map) = (connection.client(), body.len(), headers.map());
        let sent = client.publish_with_reply_and_headers(subject, answer, map, body).await;
        Ok(sent.map_err(|error| match error.kind() {
            client::PublishErrorKind::MaxPayloadExceeded => {
                let size = length + headers::size(&headers.map());
                ErrorKind::TooLarge { size, limit: client.max_payload() }
            }
            _ => ErrorKind::from(&error),
        })?)
    }

    /// Sends again after an error, for as long as that may help; `on_retry` is told of every attempt.
    pub(crate) async fn persist(
        &self,
        connection: &Connection,
        mut error: Error,
        started: Instant,
        persistence: Persistence,
        mut on_retry: impl FnMut(&Error),
    ) -> Result<Delivered> {
        let mut attempts = 1;
        let mut pause = persistence.pause;
        loop {
            let wait = jittered(pause);
            if !error.is_retryable() || started.elapsed() + wait >= persistence.deadline {
                return Err(error.at(format!("publish on `{}`", self.subject)));
            }
            tokio::time::sleep(wait).await;
            on_retry(&error);
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempts += 1;
            match self.attempt(connection).await {
                Ok(ack) => return Ok(Delivered { ack, attempts }),
                Err(again) => error = again.uncertain(error.is_uncertain()),
            }
        }
    }

    /// Sends, and waits until the stream has it.
    pub(crate) async fn deliver(
        &self,
        connection: &Connection,
        persistence: Persistence,
    ) -> Result<Delivered> {
        let started = Instant::now();
        match self.attempt(connection).await {
            Ok(ack) => Ok(Delivered { ack, attempts: 1 }),
            Err(error) => self.persist(connection, error, started, persistence, |_| {}).await,
        }
    }

    async fn attempt(&self, connection: &Connection) -> Result<PublishAck> {
        let sent = self.send(connection).await?;
        self.answer(connection, sent).await
    }

    async fn answer(&self, connection: &Connection, sent: Sent) -> Result<PublishAck> {
        let is_ours =
            |denial: &Denial| denial.subject == self.subject.as_str() || connection.deafens(denial);
        let answer = sent.answer.into_future();
        let answer = connection.unless_denied(sent.mark, is_ours, answer).await?;
        let ack = answer.map_err(|error| self.error(&error, connection))?;
        require_place(&ack.stream, ack.sequence)?;
        Ok(ack)
    }

    fn error(&self, error: &PublishError, connection: &Connection) -> Error {
        let refused = std::error::Error::source(error)
            .and_then(|source| source.downcast_ref::<jetstream::Error>());
        match (error.kind(), refused) {
            (_, Some(refused)) => Error::from(refused),
            (PublishErrorKind::StreamNotFound, _) => ErrorKind::NoStream.into(),
            (PublishErrorKind::TimedOut, _) => {
                ErrorKind::TimedOut(connection.request_timeout()).into()
            }
            (PublishErrorKind::BrokenPipe, _) => ErrorKind::Disconnected.into(),
            (PublishErrorKind::MaxPayloadExceeded, _) => {
                let size = self.body.len() + headers::size(&self.headers.map());
                ErrorKind::TooLarge { size, limit: connection.client().max_payload() }.into()
            }
            _ if is_invalid_subject(error) => ErrorKind::InvalidSubject.into(),
            _ => ErrorKind::Nats(with_sources(error)).into(),
        }
    }
}

impl Connection {
    /// Sends a message that nobody judged into its stream, again and again until the stream has it
    /// or the deadline is over: for tools, where services have a
    /// [`Publisher`](crate::Publisher). Its headers have to hold a `Nats-Msg-Id`, without which a
    /// second attempt may be a second message. The acknowledgement says `duplicate` where the stream
    /// had the message before the call.
    ///
    /// # Errors
    /// The server refuses the message, or is not permitted to take it from this user; or it is not
    /// known whether a stream has it: those are [uncertain](Error::is_uncertain).
    pub async fn deliver(
        &self,
        subject: impl Into<Subject>,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Result<PublishAck> {
        let outgoing = Outgoing { subject: subject.into(), headers: headers.into(), body };
        let persistence = Persistence { deadline, pause: Duration::from_millis(50) };
        let Delivered { mut ack, attempts } = outgoing.deliver(self, persistence).await?;
        // An earlier attempt of ours is no duplicate.
        ack.duplicate &= attempts == 1;
        Ok(ack)
    }
}

/// Refuses an acknowledgement without a place: servers gave such a one to a duplicate whose original
/// they had not stored yet.
pub(crate) fn require_place(stream: &str, sequence: u64) -> Result<()> {
    match stream.is_empty() || sequence == 0 {
        true => Err(ErrorKind::Nats("an acknowledgement that names no place".to_owned()).into()),
        false => Ok(()),
    }
}

fn is_invalid_subject(error: &PublishError) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<SubjectError>())
}

/// A message on its way.
#[derive(Debug)]
struct Sent {
    answer: PublishAckFuture,
    mark: Mark,
}

/// Between a half and all of a pause, so that many who failed together do not return together.
pub(crate) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use wr_testkit::ServerOptions;

    use super::*;
    use crate::connection::ConnectOptions;

    /// The answer to the first attempt is lost, and the second is forbidden.
    #[tokio::test]
    async fn that_an_earlier_attempt_is_uncertain_is_kept() {
        let config = r#"authorization { users = [ { user: few, password: s, permissions: {
            publish: ["$JS.API.INFO"], subscribe: ["_INBOX.>"] } } ] }"#;
        let server = ServerOptions::new().config(config).start().unwrap();
        let options = ConnectOptions::new("test").server(server.url()).user("few", "s");
        let connection = options.connect().await.unwrap();
        let headers = HeaderMap::new().into();
        let outgoing = Outgoing { subject: "a".into(), headers, body: Bytes::new() };
        let pause = Duration::from_millis(1);
        let persistence = Persistence { deadline: Duration::from_secs(15), pause };
        for (first, is_uncertain) in
            [(ErrorKind::TimedOut(pause), true), (ErrorKind::NoStream, false)]
        {
            let (first, now) = (first.into(), Instant::now());
            let sent = outgoing.persist(&connection, first, now, persistence, |_| {}).await;
            let error = sent.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::PermissionDenied { .. }), "{error}");
            assert_eq!((error.is_retryable(), error.is_uncertain()), (false, is_uncertain));
        }
    }

    #[test]
    fn a_subject_that_is_not_valid_is_known() {
        let error = |source| PublishError::with_source(PublishErrorKind::Other, source);
        assert!(is_invalid_subject(&error(SubjectError::InvalidFormat)));
    }
}
