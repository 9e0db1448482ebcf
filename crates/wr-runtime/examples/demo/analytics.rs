//! `analytics-processor`: counts who joins, is admitted, gives up and times out. It has a bug.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1,
};
use wr_runtime::{Delivery, Handled, Handlers, Metrics, Subscriber, SubscriberOptions};

use crate::access::Access;
use crate::book::Done;
use crate::{Release, Result, retry};

/// The durable consumer, as `topology.json` names it.
pub(crate) const CONSUMER: &str = "analytics-processor";

/// The classes of tickets, by their priority. Someone has begun to sell a fourth.
const CLASSES: usize = 3;

/// What the service counts; it outlives a deployment.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) done: Done,
    pub(crate) joined: [AtomicU64; CLASSES],
    pub(crate) admitted: AtomicU64,
    pub(crate) waited_seconds: AtomicU64,
    pub(crate) lost: AtomicU64,
}

/// One release of the service.
struct Analytics {
    release: Release,
    figures: Arc<Figures>,
}

/// Starts the service. Its handlers are exactly the events that its consumer is sent: one that is
/// missing, or one too many, is an error here and not a surprise later.
pub(crate) async fn start(
    access: &Access,
    release: Release,
    figures: &Arc<Figures>,
    metrics: &Metrics,
) -> Result<Subscriber> {
    let connection = access.connect(CONSUMER).await?;
    let service = Arc::new(Analytics { release, figures: figures.clone() });
    let handlers = Handlers::new(&CATALOGUE)
        .on_with(&service, Analytics::enqueued)
        .on_with(&service, Analytics::admitted)
        .on_with(&service, Analytics::expired)
        .on_with(&service, Analytics::cancelled);
    let options = SubscriberOptions::new().retry(retry()).metrics(metrics.clone());
    Ok(Subscriber::start(&connection, CONSUMER, handlers, options).await?)
}

impl Analytics {
    /// The bug panics. To the runtime that is a failed attempt like another; the process lives on.
    async fn enqueued(
        self: Arc<Self>,
        event: Event<PositionEnqueuedV1>,
        delivery: Delivery,
    ) -> Handled {
        let class = usize::try_from(event.data.priority)?;
        #[expect(clippy::indexing_slicing, reason = "the bug of this demo")]
        let joined = match self.release {
            Release::WithBugs => &self.figures.joined[class],
            Release::Fixed => &self.figures.joined[class.min(CLASSES - 1)],
        };
        if self.figures.done.insert(event.id, delivery.redriven) {
            joined.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn admitted(
        self: Arc<Self>,
        event: Event<PositionAdmittedV1>,
        delivery: Delivery,
    ) -> Handled {
        let waited = u64::try_from(event.data.wait_time_seconds)?;
        if self.figures.done.insert(event.id, delivery.redriven) {
            self.figures.admitted.fetch_add(1, Ordering::Relaxed);
            self.figures.waited_seconds.fetch_add(waited, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn expired(
        self: Arc<Self>,
        event: Event<PositionExpiredV1>,
        delivery: Delivery,
    ) -> Handled {
        if self.figures.done.insert(event.id, delivery.redriven) {
            self.figures.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn cancelled(
        self: Arc<Self>,
        event: Event<PositionCancelledV1>,
        delivery: Delivery,
    ) -> Handled {
        if self.figures.done.insert(event.id, delivery.redriven) {
            self.figures.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Figures {
    /// The report that the service exists for.
    pub(crate) fn report(&self) -> String {
        let joined: u64 = self.joined.iter().map(|joined| joined.load(Ordering::Relaxed)).sum();
        let admitted = self.admitted.load(Ordering::Relaxed);
        let waited = self.waited_seconds.load(Ordering::Relaxed) / admitted.max(1);
        let lost = self.lost.load(Ordering::Relaxed);
        format!(
            "{joined} joined, {admitted} were admitted after {waited} s on average, {lost} left \
             before"
        )
    }
}

/// Keeps the panics of the bug off the screen, where they would look like the demo's own.
pub(crate) fn hush_the_bug() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.location().is_none_or(|location| location.file() != file!()) {
            others(panic);
        }
    }));
}
