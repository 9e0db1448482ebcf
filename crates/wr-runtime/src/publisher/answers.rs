//! The answers of the streams: one subscription and one task for all that a publisher sends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::publish::PublishAck;
use async_nats::{Message, StatusCode, Subscriber, jetstream};
use futures_util::{FutureExt, StreamExt};
use serde::Deserialize;
use tokio::sync::OnceCell;
use tokio::task::unconstrained;

use super::Inner;
use super::flight::{forget, try_again};
use crate::connection::Denied;
use crate::deliver::Delivered;
use crate::error::{Error, ErrorKind, Result};

/// Where the answers come to: what stands before the number of a flight. There is nothing to hear
/// before the first event is sent.
#[derive(Debug, Default)]
pub(super) struct Answers(OnceCell<String>);

impl Answers {
    pub(super) async fn inbox(&self, publisher: &Arc<Inner>) -> Result<&str> {
        let open = async || {
            let client = publisher.connection.client();
            let inbox = format!("{}.", client.new_inbox());
            let denied = publisher.connection.denied();
            let messages = client.subscribe(format!("{inbox}*")).await;
            let messages = messages.map_err(|error| ErrorKind::Nats(error.to_string()))?;
            let listener = Listener { publisher: publisher.clone(), heard: Vec::new() };
            // It is to outlive the caller's runtime, if that is another.
            publisher.connection.runtime().spawn(listener.listen(messages, denied, inbox.len()));
            Ok::<String, Error>(inbox)
        };
        self.0.get_or_try_init(open).await.map(String::as_str)
    }
}

struct Listener {
    publisher: Arc<Inner>,
    /// What streams have, by the number of its flight.
    heard: Vec<(u64, Delivered)>,
}

impl Listener {
    /// Listens until nobody can send any more.
    async fn listen(mut self, mut messages: Subscriber, mut denied: Denied, prefix: usize) {
        let timeout = self.publisher.connection.request_timeout();
        let period = (timeout / 10).clamp(Duration::from_millis(10), Duration::from_millis(500));
        let mut looks = tokio::time::interval(period);
        loop {
            let mut is_time = false;
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.hear(&message, prefix),
                    None => return,
                },
                denials = denied.next() => {
                    for (number, denial) in denials {
                        let is_ours = self.publisher.connection.deafens(&denial);
                        let denied = self.publisher.flights.first(|flight| {
                            let is_ours = is_ours || denial.subject == flight.subject;
                            is_ours && flight.mark.is_before(number)
                        });
                        self.fail(denied, || denial.error());
                    }
                }
                _ = looks.tick() => is_time = true,
            }
            // Bounded, so that it also hears of everything else; unconstrained, or tokio says at
            // times that nothing is here.
            for _ in 0..256 {
                match unconstrained(messages.next()).now_or_never() {
                    Some(Some(message)) => self.hear(&message, prefix),
                    Some(None) => return,
                    None => break,
                }
            }
            self.land();
            if is_time {
                if let Some(latest) = Instant::now().checked_sub(timeout) {
                    let late = self.publisher.flights.begun_before(latest);
                    self.fail(late, || ErrorKind::TimedOut(timeout).into());
                }
                if Arc::strong_count(&self.publisher) == 1 && self.publisher.flights.is_empty() {
                    return;
                }
            }
        }
    }

    fn hear(&mut self, message: &Message, prefix: usize) {
        let number = message.subject.get(prefix..).and_then(|number| number.parse().ok());
        let Some(number) = number else { return };
        match read(message) {
            Ok(ack) => self.heard.push((number, Delivered { ack, attempts: 1 })),
            Err(error) => try_again(&self.publisher, number, error),
        }
    }

    fn land(&mut self) {
        let landed = self.publisher.flights.land(&mut self.heard);
        let count = landed.len();
        for (number, flight, delivered) in landed {
            flight.end(&self.publisher, number, Ok(delivered));
        }
        if count > 0 {
            self.publisher.left(count);
        }
    }

    fn fail(&self, flights: Vec<u64>, why: impl Fn() -> Error) {
        for number in flights {
            try_again(&self.publisher, number, why());
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        forget(&self.publisher);
    }
}

/// What a stream says. async-nats reads more of it, in two passes.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<jetstream::Error>,
}

fn read(message: &Message) -> Result<PublishAck> {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(ErrorKind::NoStream.into());
    }
    let unread = |error: &dyn std::fmt::Display| {
        Error::from(ErrorKind::Nats(format!("an answer that is none: {error}")))
    };
    let said: Said<'_> =
        serde_json::from_slice(&message.payload).map_err(|error| unread(&error))?;
    match said.error {
        Some(error) => Err(Error::from(&error)),
        None if said.stream.is_empty() || said.seq == 0 => Err(unread(&"it names no place")),
        None => Ok(PublishAck {
            stream: said.stream.into_owned(),
            sequence: said.seq,
            duplicate: said.duplicate,
            ..PublishAck::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: Option<u16>, payload: &'static str) -> Result<PublishAck> {
        read(&Message {
            subject: "_INBOX.a.1".into(),
            reply: None,
            payload: payload.into(),
            headers: None,
            status: status.map(|status| StatusCode::from_u16(status).unwrap()),
            description: None,
            length: 0,
        })
    }

    #[test]
    fn an_answer_names_a_place_or_an_error() {
        let ack = said(None, r#"{"stream":"S","domain":"hub","seq":7,"duplicate":true}"#).unwrap();
        assert_eq!((ack.stream.as_str(), ack.sequence, ack.duplicate), ("S", 7, true));
        let ack = said(None, r#"{"stream":"S","seq":7}"#).unwrap();
        assert_eq!((ack.sequence, ack.duplicate), (7, false));
        assert_eq!(said(Some(503), "").unwrap_err().kind(), &ErrorKind::NoStream);
        let error =
            said(None, r#"{"error":{"code":503,"err_code":10077,"description":"full"},"seq":0}"#);
        assert!(matches!(error.unwrap_err().kind(), ErrorKind::Server { status: 503, .. }));
        for text in ["", "{}", r#"{"stream":"S"}"#, r#"{"stream":1,"seq":7}"#] {
            assert!(said(None, text).unwrap_err().is_retryable(), "{text}");
        }
    }
}
