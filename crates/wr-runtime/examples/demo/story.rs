//! The story, from an empty server to a sum.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wr_events::{CATALOGUE, PositionHeartbeatV1, PositionHeartbeatV1Required};
use wr_runtime::{
    Applied, DeadLetter, Metrics, Overrides, Permission, Reason, Reconciler, Subscriber, Topology,
};

use crate::access::Access;
use crate::admin::{self, Admin};
use crate::api::{self, Api};
use crate::board::Board;
use crate::book::Book;
use crate::cleanup::{self, Cleanup};
use crate::meter::{Meter, Meters};
use crate::operator::Operator;
use crate::poison::ForeignService;
use crate::room::Room;
use crate::sender::Sender;
use crate::sum::{Accounts, Sum};
use crate::{Release, Result, analytics, audit, hold, notification};

/// How long 3,000 events take to be sent, about.
const SENDING: Duration = Duration::from_secs(8);
/// About how many events a second in the room brings.
const EVENTS_A_TICK: u32 = 7;
/// When the foreign service has its bad moment, in seconds of the room.
const POISON_AT: u64 = 20;
/// How long the consumers may go without a single message while they have to catch up.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How many events the foreign service copies.
const COPIES: usize = 3;
/// How long a service may take to finish what it is at when it is stopped.
const DRAIN: Duration = Duration::from_secs(10);

/// What every part of the story needs.
struct Stage<'a> {
    access: &'a Access,
    board: &'a mut Board,
    meters: Meters,
    book: Book,
    accounts: Accounts,
    operator: Operator,
}

/// The services that consume events.
struct Consumers {
    analytics: Subscriber,
    notification: Subscriber,
    audit: Subscriber,
}

/// Tells the story; it ends by itself, for every wait in it has a deadline, but for those for a
/// person: with a login for `hold`, the part of the operator is theirs.
pub(crate) async fn tell(
    access: &Access,
    seed: u64,
    events: u64,
    hold: Option<PathBuf>,
    board: &mut Board,
) -> Result<Sum> {
    board.step("The topology");
    let applied = apply_topology(access).await?;
    board.say(format!("{} streams, buckets and consumers made", applied.created.len()));

    let book = Book::default();
    let meters = Meters {
        publishers: Meter::new("publishers"),
        analytics: Meter::new(analytics::CONSUMER),
        notification: Meter::new(notification::CONSUMER),
        audit: Meter::new(audit::CONSUMER),
    };
    let accounts = Accounts::new(&book);
    let operator = Operator::connect(access).await?;
    let mut stage = Stage { access, board, meters, book, accounts, operator };
    let reconciler = start_reconciler(access).await?;
    let consumers = stage.start_consumers().await?;
    match stage.operator.is_ready().await {
        true => stage.board.say("every stream and every consumer is ready"),
        false => return Err("a stream or a consumer is not ready".into()),
    }

    stage.board.step("The waiting room opens");
    stage.send_events(seed, events).await?;
    stage.board.step("The consumers catch up");
    stage.catch_up().await?;
    stage.board.say("every message is handled, or a dead letter, or in a stream that nobody reads");
    stage.board.step("A foreign script sends copies, and a service what is another's");
    stage.send_copies().await?;
    stage.board.step("The operator looks at the dead letters");
    stage.show_dead_letters().await?;
    let consumers = match hold {
        Some(login) => stage.hold(consumers, &login).await?,
        None => stage.clear_up(consumers).await?,
    };
    stage.board.step("The services stop");
    stage.stop(consumers).await?;
    reconciler.drain(DRAIN).await?;

    stage.board.step("The sum");
    let sum = stage.sum().await?;
    sum.show(stage.board);
    Ok(sum)
}

/// Makes the streams and consumers of `schemas/topology.json`: the plan is compared with the server
/// field by field, carried out, and read back. A single server keeps one replica of everything.
async fn apply_topology(access: &Access) -> Result<Applied> {
    let connection = access.connect("provisioner").await?;
    let topology = Topology::new(&CATALOGUE, Overrides::default().replicas(1))?;
    let plan = topology.plan(&connection).await?;
    Ok(plan.apply(&connection, Permission::default()).await?)
}

/// Starts what makes dead letters of messages that the server gave up, because a consumer's process
/// died at the last attempt. One is enough for all consumers.
async fn start_reconciler(access: &Access) -> Result<Reconciler> {
    let connection = access.connect("reconciler").await?;
    Ok(Reconciler::start(&connection, &CATALOGUE, Metrics::new()).await?)
}

impl Stage<'_> {
    /// Starts the services that consume; each would be a process of its own.
    async fn start_consumers(&self) -> Result<Consumers> {
        let metrics = &self.meters.audit.metrics;
        Ok(Consumers {
            analytics: self.start_analytics(Release::WithBugs).await?,
            notification: self.start_notification(Release::WithBugs).await?,
            audit: audit::start(self.access, &self.accounts.readers.audit, metrics).await?,
        })
    }

    async fn start_analytics(&self, release: Release) -> Result<Subscriber> {
        let (figures, metrics) = (&self.accounts.readers.analytics, &self.meters.analytics.metrics);
        analytics::start(self.access, release, figures, metrics).await
    }

    async fn start_notification(&self, release: Release) -> Result<Subscriber> {
        let (sent, meter) = (&self.accounts.readers.notification, &self.meters.notification);
        notification::start(self.access, release, sent, &meter.metrics).await
    }

    /// Lets the room live until it has brought so many events and the last visitor has left.
    async fn send_events(&mut self, seed: u64, events: u64) -> Result<()> {
        let sender = async |service| {
            Sender::connect(self.access, service, &self.meters.publishers.metrics, &self.book).await
        };
        let mut admin = Admin { events: sender(admin::SERVICE).await? };
        let mut api = Api::new(sender(api::SERVICE).await?, seed);
        let mut cleanup = Cleanup { events: sender(cleanup::SERVICE).await? };
        let foreign = ForeignService::connect(self.access, &self.book).await?;

        let mut room = Room::new();
        let mut clock = tokio::time::interval(tick(events));
        while room.is_open || !room.is_empty() {
            clock.tick().await;
            admin.tick(&mut room).await?;
            api.tick(&mut room).await?;
            cleanup.tick(&mut room).await?;
            if room.now == POISON_AT {
                foreign.send_poison().await?;
            }
            room.is_open = self.book.len() + room.events_to_come() < events;
            room.now += 1;
            let inside = room.sessions.len();
            let text = format!("{} waiting, {inside} inside", room.waiting.len());
            self.board.live(&text, &self.meters);
        }
        for events in [&admin.events, &api.events, &cleanup.events] {
            events.drain().await?;
        }
        let published = self.meters.publishers.published();
        self.board.say(format!(
            "it closes after {} s of its time: {published} events are in their streams, and {} \
             foreign messages that are none",
            room.now,
            self.book.len() - published,
        ));
        Ok(())
    }

    /// A copy of an event is a second message to its stream, but not to a consumer with a
    /// deduplication bucket. What a service does
    /// not publish by the topology is refused.
    async fn send_copies(&mut self) -> Result<()> {
        let foreign = ForeignService::connect(self.access, &self.book).await?;
        let copies = foreign.send_copies(COPIES).await?;
        let metrics = &self.meters.publishers.metrics;
        let mut cleanup =
            Sender::connect(self.access, cleanup::SERVICE, metrics, &self.book).await?;
        let heartbeat = PositionHeartbeatV1::new(PositionHeartbeatV1Required {
            position_id: "pos-forged".to_owned(),
            place: 1,
        });
        if !cleanup.is_refused(heartbeat).await? {
            return Err("a service published what it does not publish by topology.json".into());
        }
        let service = cleanup::SERVICE;
        self.board.say(format!("the server refuses heartbeats of {service}, which sends none"));
        self.catch_up().await?;
        let passed_over = self.meters.notification.passed_over();
        self.board.say(format!(
            "{copies} copies are in their stream, and {passed_over} are passed over by {}",
            notification::CONSUMER,
        ));
        Ok(())
    }

    /// Waits until it is known of every message what became of it.
    async fn catch_up(&mut self) -> Result<()> {
        let (mut fewest, mut since) = (usize::MAX, Instant::now());
        loop {
            let sum = self.sum().await?;
            if sum.adds_up() {
                return Ok(());
            }
            if sum.missing() < fewest {
                (fewest, since) = (sum.missing(), Instant::now());
            }
            if since.elapsed() > PATIENCE {
                let missing = sum.missing_text();
                return Err(format!("after {PATIENCE:?} still missing:\n{missing}").into());
            }
            let text = format!("{} to come", sum.missing());
            self.board.live(&text, &self.meters);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn sum(&mut self) -> Result<Sum> {
        let passed_over = self.meters.consumers().into_iter().map(Meter::passed_over).sum();
        self.accounts.add_up(&self.operator, passed_over).await
    }

    async fn show_dead_letters(&mut self) -> Result<()> {
        let letters = self.operator.letters().await?;
        for group in self.operator.groups().await? {
            let is_one = |letter: &&DeadLetter| {
                letter.consumer == group.consumer && Some(&letter.reason) == group.reason.as_ref()
            };
            let Some(letter) = letters.values().find(is_one) else { continue };
            let consumer = group.consumer.as_deref().unwrap_or_default();
            let (reason, count) = (letter.reason.as_str(), group.count);
            self.board.say(format!("{consumer:<22}{reason:<22}{count:>4}  {}", letter.error));
        }
        Ok(())
    }

    /// The operator of the demo clears up.
    async fn clear_up(&mut self, consumers: Consumers) -> Result<Consumers> {
        self.board.step("The bugs are fixed, and what they cost is handled after all");
        let consumers = self.deploy_the_fix(consumers).await?;
        self.redrive().await?;
        self.board.step("What is no event at all is purged");
        self.purge().await?;
        Ok(consumers)
    }

    /// Somebody else clears up, for as long as it takes; the sum says what came of it.
    async fn hold(&mut self, consumers: Consumers, login: &Path) -> Result<Consumers> {
        self.board.step("The incident is yours");
        self.board.say("in another terminal:");
        self.board.say("");
        self.board.say("unset NATS_URL NATS_USER NATS_PASSWORD NATS_CREDS NATS_NKEY NATS_TOKEN");
        self.board.say(format!("export NATS_CONTEXT={}", login.display()));
        self.board.say("alias wr='cargo run --quiet --package wr-cli --'");
        self.board.say("wr dlq list");
        self.board.say("");
        self.board.say(format!("the server is {}; you are its operator,", self.access.url()));
        self.board.say("and with provisioner.json beside that file who may change its streams");
        self.board.say("crates/wr-cli/RUNBOOK.md tells what to do");
        self.board.say("Enter deploys the services without their bugs; Ctrl-C ends everything");
        hold::enter().await;
        let consumers = self.deploy_the_fix(consumers).await?;
        self.board.say("");
        self.board.say("the services run without their bugs: redrive what these cost");
        self.board.say("Enter ends the demo, and adds up");
        hold::enter().await;
        // What is gone from the queue was handled after all, or else somebody has purged it.
        let letters = self.operator.letters().await?;
        let gone = self.accounts.seen.keys().filter(|place| !letters.contains_key(*place));
        self.accounts.purged.extend(gone.cloned());
        self.catch_up().await?;
        Ok(consumers)
    }

    /// Another release of two services: the old one finishes what it is at, and the new one goes on
    /// where it stopped, for the server keeps the place of a durable consumer. What is given back
    /// is the new one's.
    async fn deploy_the_fix(&mut self, old: Consumers) -> Result<Consumers> {
        let _ = old.analytics.drain(DRAIN).await?;
        let _ = old.notification.drain(DRAIN).await?;
        Ok(Consumers {
            analytics: self.start_analytics(Release::Fixed).await?,
            notification: self.start_notification(Release::Fixed).await?,
            audit: old.audit,
        })
    }

    /// Sends back what the bugs made dead letters of, each to the consumer that gave it up.
    async fn redrive(&mut self) -> Result<()> {
        for (consumer, reason) in [
            (analytics::CONSUMER, Reason::MaxRetriesExceeded),
            (notification::CONSUMER, Reason::PermanentError),
        ] {
            let report = self.operator.redrive(consumer, reason).await?;
            let count = report.redriven;
            self.board.say(format!("{count} redriven to {consumer}, as the dry run had said"));
        }
        self.catch_up().await?;
        self.board.say("all of them are handled");
        Ok(())
    }

    /// Half a message helps nobody. What has the wrong shape stays, for those who sent it.
    async fn purge(&mut self) -> Result<()> {
        let letters = self.operator.letters().await?;
        let malformed = letters.iter().filter(|(_, it)| it.reason == Reason::UnmarshalError);
        let places: Vec<_> = malformed.map(|(place, _)| place.clone()).collect();
        let purged = self.operator.purge(Reason::UnmarshalError).await?;
        self.accounts.purged.extend(places);
        let left = self.operator.letters().await?.len();
        self.board.say(format!("{purged} purged, {left} dead letters are left to be looked into"));
        Ok(())
    }

    /// Stops the services that consume. What a deadline would cut off is given back to the server,
    /// for the next process.
    async fn stop(&mut self, consumers: Consumers) -> Result<()> {
        let Consumers { analytics, notification, audit } = consumers;
        for (subscriber, meter) in
            [analytics, notification, audit].into_iter().zip(self.meters.consumers())
        {
            let returned = subscriber.drain(DRAIN).await?.returned.len();
            self.board.say(format!(
                "{} is drained: {} handled, {} retried, {returned} given back",
                meter.service,
                meter.handled(),
                meter.retried(),
            ));
        }
        self.board.say(format!("analytics: {}", self.accounts.readers.analytics.report()));
        Ok(())
    }
}

/// How long a second of the room takes: a larger run is denser, and not much longer.
fn tick(events: u64) -> Duration {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    let tick = SENDING * EVENTS_A_TICK / events;
    tick.clamp(Duration::from_millis(1), Duration::from_millis(20))
}
