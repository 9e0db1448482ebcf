//! `notification-service`: tells users that their session starts, is about to end, or has ended.
//! Its mail provider is busy at times, and it has a bug.

use std::sync::Arc;
use std::time::Duration;

use wr_events::{
    CATALOGUE, Event, SessionActiveV1, SessionExpiredV1, SessionStartedV1, SessionTerminatedV1,
    SessionTerminatedV1Reason,
};
use wr_runtime::{
    Delivery, Handled, HandlerError, Handlers, Metrics, Subscriber, SubscriberOptions,
};

use crate::access::Access;
use crate::book::Done;
use crate::{Release, Result, retry};

pub(crate) const CONSUMER: &str = "notification-service";

/// One release of the service.
struct Notification {
    release: Release,
    sent: Arc<Done>,
}

/// Starts the service. `topology.json` gives its consumer a deduplication bucket: a mail is not
/// sent again for an event that was handled, not even where a publisher sends the event twice.
pub(crate) async fn start(
    access: &Access,
    release: Release,
    sent: &Arc<Done>,
    metrics: &Metrics,
) -> Result<Subscriber> {
    let connection = access.connect(CONSUMER).await?;
    let service = Arc::new(Notification { release, sent: sent.clone() });
    let handlers = Handlers::new(&CATALOGUE)
        .on_with(&service, Notification::started)
        .on_with(&service, Notification::active)
        .on_with(&service, Notification::expired)
        .on_with(&service, Notification::terminated);
    let options = SubscriberOptions::new().retry(retry()).metrics(metrics.clone());
    Ok(Subscriber::start(&connection, CONSUMER, handlers, options).await?)
}

impl Notification {
    async fn started(
        self: Arc<Self>,
        event: Event<SessionStartedV1>,
        delivery: Delivery,
    ) -> Handled {
        self.mail(&event.data.session_id, &delivery)?;
        self.sent.insert(event.id, delivery.redriven);
        Ok(())
    }

    async fn active(self: Arc<Self>, event: Event<SessionActiveV1>, delivery: Delivery) -> Handled {
        self.mail(&event.data.session_id, &delivery)?;
        self.sent.insert(event.id, delivery.redriven);
        Ok(())
    }

    async fn expired(
        self: Arc<Self>,
        event: Event<SessionExpiredV1>,
        delivery: Delivery,
    ) -> Handled {
        self.mail(&event.data.session_id, &delivery)?;
        self.sent.insert(event.id, delivery.redriven);
        Ok(())
    }

    /// A failure that no other attempt can mend is a dead letter at once, not after three attempts.
    /// Its text stands in the dead letter, so it holds no value of the event.
    async fn terminated(
        self: Arc<Self>,
        event: Event<SessionTerminatedV1>,
        delivery: Delivery,
    ) -> Handled {
        let has_text = self.release == Release::Fixed
            || event.data.reason == SessionTerminatedV1Reason::Completed;
        if !has_text {
            return Err(HandlerError::permanent("there is no text for users who left"));
        }
        self.mail(&event.data.session_id, &delivery)?;
        self.sent.insert(event.id, delivery.redriven);
        Ok(())
    }

    /// The mail provider asks some to come again, and takes the mail then.
    fn mail(&self, session_id: &str, delivery: &Delivery) -> Handled {
        if delivery.attempt == 1 && session_id.ends_with('3') {
            let later = Duration::from_millis(100);
            return Err(HandlerError::retry_after(later, "the mail provider is busy"));
        }
        Ok(())
    }
}
