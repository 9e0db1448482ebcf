//! Spans by OpenTelemetry's conventions for messaging, one trace from the publisher through retries,
//! dead letter and redrive, and logs that hold no value of a payload.
//!
//! Every test runs on one thread, for which it collects what is traced and logged there.

mod carried;
mod spans;
mod values;

use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_nats::HeaderMap;
use futures_util::TryStreamExt;
use opentelemetry::trace::{SpanId, SpanKind, Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::dispatcher::DefaultGuard;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Instrument};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1, QueueResumedV1, QueueResumedV1Reason, QueueResumedV1Required,
};
use wr_runtime::{
    Connection, DeadLetter, DeadLetterQueue, Delivery, Handled, HandlerError, Handlers, Keeper,
    ListOrder, Publisher, PublisherOptions, Reason, RedriveOptions, RetryPolicy, Selection,
    Subscriber, SubscriberOptions, TraceContext,
};

use crate::dead_letters::{CONSUMER, STREAM, SUBJECT};
use crate::support::{drain_all, enqueued, messages, server, until};

const QUEUE: &str = "DEAD_LETTER_QUEUE";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const SEND: &str = "send waitingroom.position.enqueued.v1";
const PROCESS: &str = "process waitingroom.position.enqueued.v1";
const SEND_RESUMED: &str = "send waitingroom.queue.resumed.v1";
const DEAD: &str = "send waitingroom.dlq.POSITION_EVENTS.analytics-processor";
const REDRIVE: &str =
    "send waitingroom.redrive.analytics-processor.waitingroom.position.enqueued.v1";

/// What this thread traces and logs, until it is dropped.
struct Collected {
    exporter: InMemorySpanExporter,
    log: Log,
    _provider: SdkTracerProvider,
    _default: DefaultGuard,
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

/// Listens on this thread.
fn listen(subscriber: impl Into<Dispatch>) -> DefaultGuard {
    // Where there is but one, tracing asks the thread that comes to a place first whether anybody
    // listens there, and that may be a thread of another test.
    static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
    ANOTHER.get_or_init(|| tracing_subscriber::registry().into());
    tracing::dispatcher::set_default(&subscriber.into())
}

impl Collected {
    fn new() -> Collected {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let log = Log::default();
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
            .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone()))
            // async-nats logs every message, whole, at the level below.
            .with(LevelFilter::DEBUG);
        Collected { exporter, log, _provider: provider, _default: listen(subscriber) }
    }

    fn spans(&self) -> Vec<SpanData> {
        let ours = |span: &SpanData| !span.name.starts_with("nats");
        let mut spans = self.exporter.get_finished_spans().unwrap();
        spans.retain(ours);
        spans.sort_by_key(|span| span.start_time);
        spans
    }

    /// The spans of a name, in the order in which they began, once there are so many.
    async fn named(&self, name: &str, count: usize) -> Vec<SpanData> {
        let named = || {
            let spans = self.spans().into_iter();
            spans.filter(|span| span.name == name).collect::<Vec<_>>()
        };
        until(name, async || named().len() >= count).await;
        assert_eq!(named().len(), count, "{name}");
        named()
    }

    async fn one(&self, name: &str) -> SpanData {
        self.named(name, 1).await.remove(0)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

/// The header of a span.
fn parent_of(span: &SpanData) -> String {
    let context = &span.span_context;
    format!("00-{}-{}-01", context.trace_id(), context.span_id())
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let mut attributes = span.attributes.iter();
    let found = attributes.find(|attribute| attribute.key.as_str() == name)?;
    Some(found.value.to_string())
}

#[track_caller]
fn has_attributes(span: &SpanData, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(attribute(span, name).as_deref(), Some(*value), "`{name}` of {}", span.name);
    }
}

/// Whether a span is part of the other's trace, as its child, and linked to it.
#[track_caller]
fn follows(span: &SpanData, before: &SpanData) {
    assert_eq!(span.span_context.trace_id(), before.span_context.trace_id(), "{}", span.name);
    assert_eq!(span.parent_span_id, before.span_context.span_id(), "{}", span.name);
    let links = span.links.links.iter().map(|link| link.span_context.span_id());
    assert_eq!(links.collect::<Vec<_>>(), [before.span_context.span_id()], "{}", span.name);
}

/// The headers of a message of a stream.
async fn headers(connection: &Connection, stream: &str, sequence: u64) -> HeaderMap {
    let stream = connection.jetstream().get_stream(stream).await.unwrap();
    stream.get_raw_message(sequence).await.unwrap().headers
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(ToString::to_string).unwrap_or_default()
}

fn publisher(connection: &Connection) -> Publisher {
    Publisher::new(connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap()
}

fn queue(connection: &Connection) -> DeadLetterQueue {
    DeadLetterQueue::new(connection, &CATALOGUE).unwrap()
}

async fn redrive(connection: &Connection) {
    let options = RedriveOptions::new();
    let report = queue(connection).redrive(&Selection::all(), &options, |_, _| ()).await.unwrap();
    assert_eq!((report.selected, report.redriven), (1, 1));
}

/// Publishes what is given, whatever it is.
async fn publish_raw(connection: &Connection, parent: &str, state: &str, body: &[u8]) {
    let mut headers = HeaderMap::new();
    headers.insert("TraceParent", parent);
    headers.insert("TraceState", state);
    let sent = connection.jetstream().publish_with_headers(SUBJECT, headers, body.to_vec().into());
    sent.await.unwrap().await.unwrap();
}

/// Publishes an event whose publisher is in a trace of its own.
async fn publish_in(connection: &Connection, parent: &str, state: &str) {
    let body = enqueued("p1", 1).encode_traced("", "").unwrap();
    publish_raw(connection, parent, state, &body).await;
}

async fn until_dead(connection: &Connection) {
    until("it is dead", async || messages(connection, QUEUE).await == 1).await;
}

/// Waits until handlers have published so many.
async fn until_resumed(connection: &Connection, count: u64) {
    until("it is handled", async || messages(connection, "QUEUE_EVENTS").await == count).await;
}

async fn ignore<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

/// Handlers with one for `position.enqueued`; in an order, if so told.
fn handlers<F>(
    ordered: bool,
    handler: impl Fn(Event<PositionEnqueuedV1>, Delivery) -> F + Send + Sync + 'static,
) -> Handlers
where
    F: Future<Output = Handled> + Send + 'static,
{
    let handlers = Handlers::new(&CATALOGUE)
        .on(handler)
        .on(ignore::<PositionAdmittedV1>)
        .on(ignore::<PositionExpiredV1>)
        .on(ignore::<PositionCancelledV1>);
    match ordered {
        true => handlers.ordered_by(|event: &Event<PositionEnqueuedV1>| event.source.clone()),
        false => handlers,
    }
}

async fn subscribe(connection: &Connection, handlers: Handlers) -> Subscriber {
    let pause = Duration::from_millis(20);
    let options = SubscriberOptions::new().retry(RetryPolicy::new(pause, pause));
    Subscriber::start(connection, CONSUMER, handlers, options).await.unwrap()
}

/// What a handler publishes.
async fn publish_resumed(publisher: &Publisher) -> Handled {
    let required = QueueResumedV1Required {
        queue_id: "concert".to_owned(),
        reason: QueueResumedV1Reason::Manual,
        paused_seconds: 1,
        resumed_by: "admin".to_owned(),
    };
    let sent = publisher.publish(&publisher.event(QueueResumedV1::new(required))).await;
    sent.map(drop).map_err(|error| HandlerError::permanent(error.to_string()))
}
