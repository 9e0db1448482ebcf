//! A service of five minutes: it publishes an event, and handles those of others. README.md quotes
//! it; `cargo run -p wr-runtime --example first_service` runs it, on the server that `NATS_URL` names.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionEnqueuedV1Required, PositionExpiredV1,
};
use wr_runtime::{
    ConnectOptions, Delivery, Handled, Handlers, Overrides, Permission, Publisher,
    PublisherOptions, Result, Subscriber, SubscriberOptions, Topology,
};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    // Heard from here on, whatever the service is at.
    let stop = tokio::spawn(tokio::signal::ctrl_c());

    let url = env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
    let connection = ConnectOptions::new("my-service").server(url).connect().await?;

    // Streams and consumers as schemas/topology.json has them; a single server keeps one replica.
    // Usually a deployment does this, and not each service.
    let topology = Topology::new(&CATALOGUE, Overrides::default().replicas(1))?;
    topology.plan(&connection).await?.apply(&connection, Permission::default()).await?;

    // A handler for each event that the consumer is sent: with one too few, this does not start.
    let handlers = Handlers::new(&CATALOGUE)
        .on(joined)
        .on(ignored::<PositionAdmittedV1>)
        .on(ignored::<PositionExpiredV1>)
        .on(ignored::<PositionCancelledV1>);
    let options = SubscriberOptions::new();
    let subscriber =
        Subscriber::start(&connection, "analytics-processor", handlers, options).await?;

    // A required field that is forgotten does not compile; what breaks the schema is not sent.
    let options = PublisherOptions::new();
    let publisher = Publisher::new(&connection, &CATALOGUE, "my-service", options)?;
    let payload = PositionEnqueuedV1::new(PositionEnqueuedV1Required {
        position_id: "pos-7f3a".to_owned(),
        priority: 0,
        queue_length: 1523,
    });
    let event = publisher.event(payload).with_queue_id("concert-tickets");
    let receipt = publisher.publish(&event).await?;
    println!("published: message {} of {}", receipt.sequence, receipt.stream);

    // Until Ctrl-C; then what is being handled is finished, and nothing is lost.
    let handled = subscriber.run_until(stop, Duration::from_secs(10)).await;
    let published = publisher.drain(Duration::from_secs(10)).await;
    for event in published.unacknowledged.iter().chain(&published.unheard) {
        eprintln!("perhaps not published: {} on {}", event.id, event.subject);
    }
    println!("{} messages are left to another process", handled?.returned.len());
    Ok(if published.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An event may come more than once, and a handler must bear that. What it returns as an error is
/// tried again, as is a panic; what fails for good becomes a dead letter.
async fn joined(event: Event<PositionEnqueuedV1>, delivery: Delivery) -> Handled {
    let place = event.data.queue_length;
    println!("{} is number {place} (attempt {})", event.data.position_id, delivery.attempt);
    Ok(())
}

async fn ignored<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}
