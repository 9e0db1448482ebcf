//! The pull loop: asks for as many messages as there are free slots, and heals itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::{Message, RequestErrorKind, StatusCode, Subject};
use futures_util::{FutureExt, StreamExt};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::unconstrained;

use super::work::{Arrival, Job, Received, acknowledge, nak};
use super::workers::{Work, Workers};
use super::{Shared, SubscriberDrained, attach};
use crate::connection::{Denial, Mark, with_sources};
use crate::deliver::jittered;
use crate::error::{Error, ErrorKind, Result};

/// How long the server keeps one request for messages.
const EXPIRES: Duration = Duration::from_secs(20);
/// How often the server says that a request still stands.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// After so long without a word the request is taken to be lost.
const SILENCE: Duration = Duration::from_secs(5);
/// How often to look whether the server has said a word.
const TICK: Duration = Duration::from_secs(1);
/// Between attempts to find the consumer again; it doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After so long without a message, the server is not about to send one.
const QUIET: Duration = Duration::from_millis(100);
/// How long a server that answers may take to end a subscription, whatever the deadline of a drain.
const ROUND_TRIP: Duration = Duration::from_secs(2);
/// How long a handler that is told to end at the deadline of a drain may take for it. One that
/// blocks its thread does not hear of it.
const GRACE: Duration = Duration::from_secs(1);

/// Handles messages until it is told to drain; then drains.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut drained: oneshot::Receiver<Duration>,
) -> Result<SubscriberDrained> {
    let _ending = Ending(shared.clone());
    let mut pause = PAUSE;
    let deadline = loop {
        let started = Instant::now();
        let lost = match Session::open(&shared).await {
            Ok(mut session) => {
                let lost = tokio::select! {
                    lost = session.run() => Err(lost),
                    deadline = told(&mut drained) => Ok(deadline),
                };
                match lost {
                    Err(lost) => lost,
                    Ok(deadline) => {
                        shared.draining.send_replace(true);
                        session.close(deadline).await;
                        break deadline;
                    }
                }
            }
            Err(error) => error,
        };
        shared.pulse.lost(&lost);
        shared.metrics.pull_failures.inc();
        if started.elapsed() > LONGEST_PAUSE {
            pause = PAUSE;
        }
        tracing::warn!(consumer = shared.consumer.name, "asking for messages again: {lost}");
        tokio::select! {
            deadline = told(&mut drained) => {
                shared.draining.send_replace(true);
                break deadline;
            }
            () = find_again(&shared, &mut pause) => {}
        }
    };
    drain(&shared, deadline).await
}

async fn find_again(shared: &Shared, pause: &mut Duration) {
    loop {
        tokio::time::sleep(jittered(*pause)).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        match attach::again(shared).await {
            Ok(()) => return,
            Err(error) => {
                shared.pulse.lost(&error);
                tracing::warn!(consumer = shared.consumer.name, "not yet: {error}");
            }
        }
    }
}

/// However the loop ends: nobody takes it to run or knows how far it is behind, and what waits holds
/// on to nothing.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.pulse.stopped();
        self.0.metrics.forget();
        self.0.workers.close();
        self.0.order.clear();
    }
}

/// Until when to drain. Nobody who is dropped says so: it ends at once, and not by draining.
async fn told(drained: &mut oneshot::Receiver<Duration>) -> Instant {
    if !drained.is_terminated()
        && let Ok(deadline) = drained.await
    {
        return after(deadline);
    }
    std::future::pending().await
}

/// A deadline as a moment; one without end is a year from now.
fn after(deadline: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(deadline).unwrap_or(now + Duration::from_secs(365 * 86_400))
}

/// Lets the handlers end, at most until the deadline, and gives the rest back.
async fn drain(shared: &Arc<Shared>, deadline: Instant) -> Result<SubscriberDrained> {
    if tokio::time::timeout_at(deadline.into(), shared.workers.ended()).await.is_err() {
        shared.workers.close();
        let _ = tokio::time::timeout(GRACE, shared.workers.ended()).await;
    }
    shared.order.clear();
    let left = shared.in_flight.take();
    let timeout = shared.connection.request_timeout();
    let told = tokio::time::timeout(timeout, tell(shared, left)).await;
    told.unwrap_or_else(|_| Err(ErrorKind::TimedOut(timeout).into()))?;
    Ok(SubscriberDrained { returned: shared.in_flight.returned() })
}

/// Gives messages back, in their order, and waits until the server has these and all earlier
/// answers.
async fn tell(shared: &Shared, mut left: Vec<Subject>) -> Result<()> {
    let client = shared.connection.client();
    // Of a worker that was cut off.
    acknowledge(shared).await;
    let last = left.pop();
    for reply in left {
        let told = client.publish(reply, nak(Duration::ZERO)).await;
        told.map_err(|error| ErrorKind::from(&error))?;
    }
    match last {
        Some(reply) => {
            let told = client.request(reply, nak(Duration::ZERO)).await;
            told.map(drop).map_err(|error| match error.kind() {
                RequestErrorKind::TimedOut => {
                    ErrorKind::TimedOut(shared.connection.request_timeout()).into()
                }
                RequestErrorKind::NoResponders => ErrorKind::NoJetStream.into(),
                _ => ErrorKind::Nats(with_sources(&error)).into(),
            })
        }
        None => attach::info(&shared.connection, shared.consumer).await.map(drop),
    }
}

/// One subscription, and the requests that the server answers on it.
struct Session<'a> {
    shared: &'a Arc<Shared>,
    inbox: String,
    messages: async_nats::Subscriber,
    /// What came and is not held yet.
    arrived: Vec<Arrival>,
    /// What is to be handed over to the workers.
    work: Vec<Work>,
    /// Messages that were asked for and neither came nor were declined.
    outstanding: usize,
    heard: Instant,
    /// Whether the server has answered a request.
    is_answered: bool,
    /// Before the subscription.
    mark: Mark,
}

impl<'a> Session<'a> {
    async fn open(shared: &'a Arc<Shared>) -> Result<Session<'a>> {
        let client = shared.connection.client();
        let inbox = client.new_inbox();
        let mark = shared.connection.mark();
        let messages = client.subscribe(inbox.clone()).await;
        let messages = messages.map_err(|error| ErrorKind::from(&error))?;
        Ok(Session {
            shared,
            inbox,
            messages,
            arrived: Vec::new(),
            work: Vec::new(),
            outstanding: 0,
            heard: Instant::now(),
            is_answered: false,
            mark,
        })
    }

    /// Handles messages until something goes wrong.
    async fn run(&mut self) -> Error {
        let connection = self.shared.connection.clone();
        let (next, inbox, mark) = (self.next(), self.inbox.clone(), self.mark);
        let consumer = self.shared.consumer;
        let place = format!(".{}.{}.", consumer.stream, consumer.name);
        let is_ours = move |denial: &Denial| {
            let subject = &denial.subject;
            let is_ack = subject.starts_with("$JS.ACK.") && subject.contains(&place);
            *subject == next || *subject == inbox || is_ack
        };
        let (Ok(lost) | Err(lost)) =
            connection.unless_denied(mark, is_ours, self.ask_and_receive()).await;
        self.receive_rest().await;
        lost
    }

    async fn ask_and_receive(&mut self) -> Error {
        let mut reconnected = self.shared.connection.reconnected();
        let mut ticks = tokio::time::interval(TICK);
        let mut ticked = Instant::now();
        loop {
            if let Err(error) = self.ask().await {
                return error;
            }
            tokio::select! {
                message = self.messages.next() => {
                    let received = match message {
                        Some(message) => self.receive(message, Received::now()),
                        None => Err(ErrorKind::Disconnected.into()),
                    };
                    if let Err(error) = received.and_then(|()| self.receive_ready()) {
                        return error;
                    }
                }
                () = self.shared.workers.freed() => {}
                Ok(()) = reconnected.changed() => {
                    if let Err(error) = self.receive_ready() {
                        return error;
                    }
                    // The server forgot what was asked before.
                    self.outstanding = 0;
                }
                _ = ticks.tick() => {
                    // Who was held up knows nothing of the server.
                    if ticked.elapsed() > 2 * TICK {
                        self.heard = Instant::now();
                    }
                    ticked = Instant::now();
                    if let Err(error) = self.receive_ready().and_then(|()| self.feel()) {
                        return error;
                    }
                }
            }
            self.hand_over();
        }
    }

    /// Whether there is still an answer, where one is to be expected.
    fn feel(&self) -> Result<()> {
        let is_silent = self.heard.elapsed() > SILENCE;
        match (self.is_connected(), self.outstanding) {
            (true, 1..) if is_silent => Err(ErrorKind::TimedOut(SILENCE).into()),
            (false, _) if is_silent => Err(ErrorKind::Disconnected.into()),
            // With every slot taken there is nothing to ask for.
            (true, outstanding) if self.is_answered || outstanding == 0 => {
                self.shared.pulse.beat();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn is_connected(&self) -> bool {
        self.shared.connection.client().connection_state() == State::Connected
    }

    /// Asks for as many messages as there are free slots, as soon as that is a third of all: seldom,
    /// and while the server has something to send still.
    async fn ask(&mut self) -> Result<()> {
        let enough = match self.outstanding {
            0 => 1,
            _ => self.shared.options.concurrency.div_ceil(3),
        };
        // Set before the slots are looked at, so that one that is freed meanwhile is heard of.
        let free = self.shared.workers.free_slots(self.outstanding + enough);
        let free = free.saturating_sub(self.outstanding);
        // What is asked meanwhile would be asked again after the connection is made anew.
        if free < enough || !self.is_connected() {
            return Ok(());
        }
        if self.outstanding == 0 {
            self.heard = Instant::now();
        }
        let limits = self.shared.position.limits();
        let mut left = free;
        while left > 0 {
            let batch = left.min(limits.batch);
            self.ask_for(batch, EXPIRES.min(limits.expires)).await?;
            self.outstanding += batch;
            left -= batch;
        }
        Ok(())
    }

    async fn ask_for(&self, batch: usize, expires: Duration) -> Result<()> {
        // The server refuses a heartbeat that is longer than half of the time.
        let heartbeat = HEARTBEAT.min(expires / 3);
        let request = json!({
            "batch": batch,
            "expires": nanoseconds(expires),
            "idle_heartbeat": nanoseconds(heartbeat),
        });
        let client = self.shared.connection.client();
        let asked =
            client.publish_with_reply(self.next(), self.inbox.clone(), request.to_string().into());
        asked.await.map_err(|error| ErrorKind::from(&error).into())
    }

    fn receive(&mut self, message: Message, now: Received) -> Result<()> {
        self.heard = now.at;
        // What comes from a stream has a reply subject, whatever its headers say.
        if message.reply.is_some() {
            self.outstanding = self.outstanding.saturating_sub(1);
            self.answered();
            self.arrived.extend(Arrival::new(self.shared, message, now));
            return Ok(());
        }
        self.outstanding = self.outstanding.saturating_sub(word(&message)?);
        self.answered();
        Ok(())
    }

    /// Receives what is here already.
    fn receive_ready(&mut self) -> Result<()> {
        let now = Received::now();
        // Bounded, so that the loop also hears of everything else.
        for _ in 0..256 {
            // Unconstrained, or tokio says at times that nothing is here.
            match unconstrained(self.messages.next()).now_or_never() {
                Some(Some(message)) => self.receive(message, now)?,
                Some(None) => return Err(ErrorKind::Disconnected.into()),
                None => break,
            }
        }
        Ok(())
    }

    /// Ends the subscription of a session that is lost, and receives what the server has sent on
    /// it: it would come again after the ack wait, behind what came later.
    async fn receive_rest(&mut self) {
        self.hand_over();
        let is_connected = self.is_connected();
        let receiving = async {
            if is_connected && self.messages.drain().await.is_ok() {
                while let Some(message) = self.messages.next().await {
                    // What goes wrong now is no news.
                    let _ = self.receive(message, Received::now());
                    self.hand_over();
                }
            }
        };
        let _ = tokio::time::timeout(ROUND_TRIP, receiving).await;
        while let Some(Some(message)) = unconstrained(self.messages.next()).now_or_never() {
            let _ = self.receive(message, Received::now());
        }
        self.hand_over();
    }

    fn answered(&mut self) {
        if !self.is_answered {
            self.is_answered = true;
            self.shared.pulse.beat();
        }
    }

    /// Hands over what has arrived.
    fn hand_over(&mut self) {
        if self.arrived.is_empty() {
            return;
        }
        let shared = self.shared;
        Arrival::hold(shared, &mut self.arrived);
        for arrival in self.arrived.drain(..) {
            // What is in no order needs nothing of the event to take its turn.
            let prepared = arrival.is_ordered(shared).then(|| arrival.prepare(shared));
            match prepared {
                Some(Ok(prepared)) => {
                    if let Some(key) = prepared.key.clone()
                        && shared.order.add(&key, arrival, prepared)
                    {
                        self.work.push(Work::Key(key));
                    }
                }
                Some(Err(_)) | None => self.work.push(Work::Message(arrival)),
            }
        }
        Workers::hand_over(shared, &mut self.work);
    }

    /// Asks for nothing more, and gives back what comes all the same.
    async fn close(mut self, deadline: Instant) {
        // A subscription on a connection that is gone is gone, too.
        if !self.is_connected() {
            return;
        }
        let mut waiting = Vec::new();
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = left.clamp(ROUND_TRIP, SILENCE);
        let until = Instant::now() + timeout;
        let _ = tokio::time::timeout_at(until.into(), self.end(&mut waiting)).await;
        // Not before the end, or they would come again on the requests that still stand. What there
        // is no time for is given back with what is left at the end.
        let giving_back = async {
            for arrival in waiting {
                Job::new(self.shared, &arrival).give_back().await;
            }
        };
        let _ = tokio::time::timeout_at(until.into(), giving_back).await;
    }

    /// Ends the subscription. What the server sends while it ends is lost, and comes again after
    /// the ack wait, behind what came later: so the requests are let run out first, which takes no
    /// time while there are messages.
    async fn end(&mut self, waiting: &mut Vec<Arrival>) {
        while self.outstanding > 0 {
            match tokio::time::timeout(QUIET, self.messages.next()).await {
                Ok(Some(message)) => self.set_aside(message, waiting),
                Ok(None) => return,
                Err(_) => break,
            }
        }
        if self.messages.drain().await.is_ok() {
            while let Some(message) = self.messages.next().await {
                self.set_aside(message, waiting);
            }
        }
    }

    fn set_aside(&mut self, message: Message, waiting: &mut Vec<Arrival>) {
        let met = if message.reply.is_some() { 1 } else { declined(&message) };
        self.outstanding = self.outstanding.saturating_sub(met);
        let mut arrived = Vec::from_iter(Arrival::new(self.shared, message, Received::now()));
        Arrival::hold(self.shared, &mut arrived);
        waiting.append(&mut arrived);
    }

    fn next(&self) -> String {
        let consumer = self.shared.consumer;
        let next = format!("CONSUMER.MSG.NEXT.{}.{}", consumer.stream, consumer.name);
        self.shared.connection.api_subject(&next)
    }
}

/// How many messages the server says that it will not send; none in a heartbeat.
fn word(message: &Message) -> Result<usize> {
    match message.status {
        Some(StatusCode::IDLE_HEARTBEAT) => Ok(0),
        Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT) => Ok(declined(message)),
        Some(StatusCode::NO_RESPONDERS) => {
            Err(ErrorKind::Nats("nobody answers for the consumer".to_owned()).into())
        }
        // Deleted, or its leader has changed or goes away; or what was asked for is refused.
        Some(status) => {
            let description = message.description.as_deref().unwrap_or("no reason was given");
            Err(ErrorKind::Nats(format!("the server said {status}: {description}")).into())
        }
        None => Err(ErrorKind::Nats("the server said something unknown".to_owned()).into()),
    }
}

/// How many messages of a request the server will not send.
fn declined(message: &Message) -> usize {
    let headers = message.headers.as_ref();
    let pending = headers.and_then(|headers| headers.get("Nats-Pending-Messages"));
    pending.and_then(|pending| pending.as_str().parse().ok()).unwrap_or(0)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_but_a_heartbeat_and_an_end_is_an_error_with_its_reason() {
        let message = |status, description: Option<&str>| Message {
            subject: "inbox".into(),
            reply: None,
            payload: "".into(),
            headers: None,
            status,
            description: description.map(str::to_owned),
            length: 0,
        };
        let status = |code| Some(StatusCode::from_u16(code).unwrap());
        for code in [100, 404, 408] {
            assert_eq!(word(&message(status(code), None)).unwrap(), 0, "{code}");
        }
        for code in [400, 409, 423, 503, 599] {
            assert!(word(&message(status(code), None)).is_err(), "{code}");
        }
        assert!(word(&message(None, None)).is_err());
        let refused = word(&message(status(400), Some("Bad Request"))).unwrap_err();
        assert!(refused.to_string().contains("400: Bad Request"), "{refused}");
    }
}
