//! `audit-logger`: records who did what to which queue, in order. It is slow.

use std::sync::Arc;
use std::time::Duration;

use wr_events::{
    CATALOGUE, Event, Payload, QueueCreatedV1, QueueMaintenanceV1, QueuePausedV1, QueueResumedV1,
    QueueUpdatedV1,
};
use wr_runtime::{Delivery, Handled, Handlers, Metrics, Subscriber, SubscriberOptions};

use crate::access::Access;
use crate::book::Done;
use crate::{Result, retry};

pub(crate) const CONSUMER: &str = "audit-logger";

/// How long the archive takes for one record.
const ARCHIVE: Duration = Duration::from_millis(150);

/// What was recorded.
#[derive(Default)]
pub(crate) struct Audit {
    pub(crate) done: Done,
}

/// Starts the service. While one event of a queue is recorded, or waits to be tried again, the
/// later ones of that queue wait; those of other queues do not.
pub(crate) async fn start(
    access: &Access,
    service: &Arc<Audit>,
    metrics: &Metrics,
) -> Result<Subscriber> {
    let connection = access.connect(CONSUMER).await?;
    let handlers = Handlers::new(&CATALOGUE)
        .on_with(service, Audit::record::<QueueCreatedV1>)
        .on_with(service, Audit::record::<QueueUpdatedV1>)
        .on_with(service, Audit::record::<QueuePausedV1>)
        .on_with(service, Audit::record::<QueueResumedV1>)
        .on_with(service, Audit::record::<QueueMaintenanceV1>)
        .ordered_by::<QueueCreatedV1>(|event| event.data.queue_id.clone())
        .ordered_by::<QueueUpdatedV1>(|event| event.data.queue_id.clone())
        .ordered_by::<QueuePausedV1>(|event| event.data.queue_id.clone())
        .ordered_by::<QueueResumedV1>(|event| event.data.queue_id.clone())
        .ordered_by::<QueueMaintenanceV1>(|event| event.data.queue_id.clone());
    let options = SubscriberOptions::new().retry(retry()).metrics(metrics.clone());
    Ok(Subscriber::start(&connection, CONSUMER, handlers, options).await?)
}

impl Audit {
    /// One handler for every event. However long it takes, the runtime tells the server that it is
    /// at work, up to the handler deadline.
    async fn record<T: Payload>(self: Arc<Self>, event: Event<T>, delivery: Delivery) -> Handled {
        tokio::time::sleep(ARCHIVE).await;
        self.done.insert(event.id, delivery.redriven);
        Ok(())
    }
}
