//! The answers of the streams: one subscription and one task for all that a publisher sends.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::publish::PublishAck;
use async_nats::{Message, StatusCode, Subscriber, jetstream};
use futures_util::{FutureExt, StreamExt};
use serde::Deserialize;
use tokio::task::unconstrained;

use super::flight::{Flight, abandon, forget, try_again};
use super::{Inner, LARGEST_WINDOW};
use crate::connection::Denied;
use crate::deliver::{Delivered, require_place};
use crate::error::{Error, ErrorKind, Result};

/// Where the answers come to: what stands before the number of a flight. There is nothing to hear
/// before the first event is sent, and nobody hears once the listener has ended.
#[derive(Debug, Default)]
pub(super) struct Answers {
    inbox: Mutex<Option<Arc<str>>>,
    opening: tokio::sync::Mutex<()>,
}

impl Answers {
    pub(super) async fn inbox(&self, publisher: &Arc<Inner>) -> Result<Arc<str>> {
        if let Some(inbox) = self.open() {
            return Ok(inbox);
        }
        let _alone = self.opening.lock().await;
        if let Some(inbox) = self.open() {
            return Ok(inbox);
        }
        let client = publisher.connection.client();
        let inbox: Arc<str> = format!("{}.", client.new_inbox()).into();
        let denied = publisher.connection.denied();
        let messages = client.subscribe(format!("{inbox}*")).await;
        let messages = messages.map_err(|error| ErrorKind::from(&error))?;
        let listener =
            Listener { publisher: publisher.clone(), inbox: inbox.clone(), heard: Vec::new() };
        *self.lock() = Some(inbox.clone());
        // It is to outlive the caller's runtime, if that is another.
        publisher.connection.runtime().spawn(listener.run(messages, denied));
        Ok(inbox)
    }

    /// Whether what is sent for an answer there is heard.
    pub(super) fn is_open(&self, inbox: &Arc<str>) -> bool {
        self.lock().as_ref().is_some_and(|open| Arc::ptr_eq(open, inbox))
    }

    fn open(&self) -> Option<Arc<str>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Listener {
    publisher: Arc<Inner>,
    inbox: Arc<str>,
    /// What streams have, by the number of its flight.
    heard: Vec<(u64, Delivered)>,
}

impl Listener {
    /// Listens, and fails what is left unanswered: also where somebody else ends the client's
    /// subscriptions, and where what watches the spans panics. The next event has another listener.
    async fn run(mut self, messages: Subscriber, denied: Denied) {
        let listening = AssertUnwindSafe(self.listen(messages, denied)).catch_unwind().await;
        self.close();
        if listening.is_err() {
            tracing::error!("the listener of a publisher panicked; it is begun anew");
        }
        abandon(&self.publisher);
    }

    /// From here on nobody sends for an answer here, or learns that it was too late.
    fn close(&self) {
        let mut open = self.publisher.answers.lock();
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, &self.inbox)) {
            *open = None;
        }
    }

    /// Listens until nobody can send any more.
    async fn listen(&mut self, mut messages: Subscriber, mut denied: Denied) {
        let (prefix, own) = (self.inbox.len(), format!("{}*", self.inbox));
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
                        let is_own = denial.is_of_subscription() && denial.subject == own;
                        let is_its = |flight: &Flight| {
                            let is_subject = denial.subject == flight.subject;
                            !denial.is_of_subscription()
                                && is_subject
                                && flight.mark.is_before(number)
                        };
                        let denied =
                            self.publisher.flights.first(|flight| is_own || is_its(flight));
                        self.fail(denied, || denial.error());
                        // The next event asks again, and is told again.
                        if is_own {
                            return;
                        }
                    }
                }
                _ = looks.tick() => is_time = true,
            }
            // Bounded, so that it also hears of everything else; who is to be late must not have
            // answered already. Unconstrained, or tokio says at times that nothing is here.
            let most = if is_time { LARGEST_WINDOW } else { 256 };
            for _ in 0..most {
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
    /// Where the tokio runtime ends, nothing can be told any more.
    fn drop(&mut self) {
        self.close();
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
        None => {
            require_place(&said.stream, said.seq)?;
            Ok(PublishAck {
                stream: said.stream.into_owned(),
                sequence: said.seq,
                duplicate: said.duplicate,
                ..PublishAck::default()
            })
        }
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
        // An earlier attempt is not stored yet, and there is too much to store.
        for (code, err_code) in [(409, 10_158), (429, 10_167)] {
            let text = format!(r#"{{"error":{{"code":{code},"err_code":{err_code}}},"seq":0}}"#);
            assert!(said(None, text.leak()).unwrap_err().is_retryable(), "{code}");
        }
        let error = said(None, r#"{"error":{"code":400,"err_code":10071},"seq":0}"#).unwrap_err();
        assert!(!error.is_retryable());
        for text in ["", "{}", r#"{"stream":"S"}"#, r#"{"stream":1,"seq":7}"#] {
            assert!(said(None, text).unwrap_err().is_retryable(), "{text}");
        }
    }
}
