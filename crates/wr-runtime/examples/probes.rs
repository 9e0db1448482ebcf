//! A service that tells how it is: `/metrics` for Prometheus, `/live` and `/ready` for whatever
//! starts it. `cargo run -p wr-runtime --example probes` runs it, on the server that `NATS_URL` names
//! and with its pages where `LISTEN` says.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use wr_events::{
    CATALOGUE, Event, QueueCreatedV1, QueueMaintenanceV1, QueuePausedV1, QueueResumedV1,
    QueueUpdatedV1,
};
use wr_runtime::prometheus_client::encoding::text;
use wr_runtime::prometheus_client::registry::Registry;
use wr_runtime::{
    ConnectOptions, Connection, Delivery, Handled, Handlers, HealthCheck, Metrics, Pulse,
    Subscriber, SubscriberOptions,
};

/// What `prometheus_client` writes, and Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the pages are made from.
struct Told {
    connection: Connection,
    pulse: Pulse,
    check: HealthCheck,
    registry: Registry,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stop = tokio::spawn(tokio::signal::ctrl_c());
    let url = env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:9464".to_owned());
    let connection = ConnectOptions::new("audit-logger").server(url).connect().await?;

    // One set of metrics for everything in the process; the registry may hold others beside it.
    let (metrics, mut registry) = (Metrics::new(), Registry::default());
    metrics.register(&mut registry, &CATALOGUE);
    let handlers = Handlers::new(&CATALOGUE)
        .on(record::<QueueCreatedV1>)
        .on(record::<QueueUpdatedV1>)
        .on(record::<QueuePausedV1>)
        .on(record::<QueueResumedV1>)
        .on(record::<QueueMaintenanceV1>);
    let options = SubscriberOptions::new().metrics(metrics.clone());
    let subscriber = Subscriber::start(&connection, "audit-logger", handlers, options).await?;

    // Readiness is what this service needs, and no more: another's stream is another's alert. It is
    // told before whoever asks loses patience, which Kubernetes does after a second.
    let pulse = subscriber.pulse();
    let check = HealthCheck::new(&CATALOGUE)
        .subscriber(pulse.clone())
        .deadline(Duration::from_millis(800))
        .metrics(metrics);
    let pages = Router::new()
        .route("/metrics", get(metrics_page))
        .route("/live", get(live))
        .route("/ready", get(ready))
        .with_state(Arc::new(Told { connection, pulse, check, registry }));
    let listener = TcpListener::bind(listen).await?;
    println!("pages on http://{}", listener.local_addr()?);

    // The pages end last: until then somebody may ask why it takes so long.
    let (drained, until_drained) = tokio::sync::oneshot::channel();
    let until_drained = async { until_drained.await.unwrap_or_default() };
    let pages = axum::serve(listener, pages).with_graceful_shutdown(until_drained);
    let pages = tokio::spawn(pages.into_future());
    let done = subscriber.run_until(stop, Duration::from_secs(10)).await;
    let _ = drained.send(());
    pages.await??;
    println!("{} messages are left to another process", done?.returned.len());
    Ok(())
}

async fn record<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

async fn metrics_page(State(told): State<Arc<Told>>) -> Response {
    let mut page = String::new();
    match text::encode(&mut page, &told.registry) {
        Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// 503 where only a new start helps. NATS is not asked: that it is away is no reason for one.
async fn live(State(told): State<Arc<Told>>) -> StatusCode {
    code(told.pulse.is_running())
}

/// 503 where the service cannot do its work now; the page says why.
async fn ready(State(told): State<Arc<Told>>) -> Response {
    let health = told.check.run(&told.connection).await;
    let page = serde_json::to_string(&health).unwrap_or_default();
    (code(health.ready), [(CONTENT_TYPE, "application/json")], page).into_response()
}

fn code(is_well: bool) -> StatusCode {
    if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
