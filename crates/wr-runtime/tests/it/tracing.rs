//! Spans by OpenTelemetry's conventions for messaging, one trace from the publisher through retries,
//! dead letter and redrive, and logs that hold no value of a payload.
//!
//! Every test runs on one thread, for which it collects what is traced and logged there.

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
use crate::support::{LONG, enqueued, messages, server, until};

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

#[tokio::test]
async fn what_is_sent_is_a_span_and_names_it() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let event = enqueued("p1", 1);
    let request = tracing::info_span!("request");
    publisher(&connection).publish(&event).instrument(request).await.unwrap();
    let (request, send) = (collected.one("request").await, collected.one(SEND).await);
    assert_eq!(send.parent_span_id, request.span_context.span_id());
    assert_eq!(send.span_context.trace_id(), request.span_context.trace_id());
    assert_eq!((&send.span_kind, &send.status), (&SpanKind::Producer, &Status::Unset));
    let id = event.id.to_string();
    let expected = [
        ("messaging.system", "nats"),
        ("messaging.operation.name", "send"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", SUBJECT),
        ("messaging.message.id", &id),
    ];
    has_attributes(&send, &expected);
    assert_eq!(attribute(&send, "error.type"), None);

    let stream = connection.jetstream().get_stream(STREAM).await.unwrap();
    let message = stream.get_raw_message(1).await.unwrap();
    assert_eq!(header(&message.headers, "traceparent"), parent_of(&send));
    let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(body["trace_id"], send.span_context.trace_id().to_string());
    assert_eq!(body["span_id"], send.span_context.span_id().to_string());
}

/// A service may export fewer spans than there are.
#[tokio::test]
async fn what_is_sent_in_no_span_of_its_own_is_of_the_span_around_it() {
    let (_server, connection) = server().await;
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let _default = listen(
        tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
            .with(LevelFilter::WARN),
    );
    let request = tracing::warn_span!("request");
    publisher(&connection).publish(&enqueued("p1", 1)).instrument(request).await.unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    let names = spans.iter().map(|span| span.name.as_ref());
    assert_eq!(names.collect::<Vec<_>>(), ["request"]);
    let sent = headers(&connection, STREAM, 1).await;
    assert_eq!(header(&sent, "traceparent"), parent_of(&spans[0]));
}

/// Who is not to be recorded is not recorded farther on either.
#[tokio::test]
async fn what_is_not_sampled_stays_so() {
    for exports in [true, false] {
        let collected = exports.then(Collected::new);
        let (_server, connection) = server().await;
        let sender = publisher(&connection);
        let handlers = handlers(false, move |_, _| {
            let sender = sender.clone();
            async move { publish_resumed(&sender).await }
        });
        let subscriber = subscribe(&connection, handlers).await;
        let body = enqueued("p1", 1).encode_traced("", "").unwrap();
        publish_raw(&connection, &PARENT.replace("-01", "-00"), "vendor=1", &body).await;
        until("it is handled", async || messages(&connection, "QUEUE_EVENTS").await == 1).await;
        subscriber.drain(LONG).await.unwrap();
        let resumed = header(&headers(&connection, "QUEUE_EVENTS", 1).await, "traceparent");
        assert!(resumed.contains(TRACE) && resumed.ends_with("-00"), "{resumed}");
        assert!(collected.is_none_or(|collected| collected.spans().is_empty()));
    }
}

#[tokio::test]
async fn what_is_not_sent_tells_why() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    publisher(&connection).publish(&enqueued("", 1)).await.unwrap_err();
    let send = collected.one(SEND).await;
    has_attributes(&send, &[("error.type", "refused")]);
    assert!(matches!(send.status, Status::Error { .. }), "{:?}", send.status);
}

/// Publish, two attempts, dead letter, redrive, and what the handler publishes then.
#[tokio::test]
async fn one_trace_goes_all_the_way() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let sender = publisher(&connection);
    let handlers = handlers(false, move |_, delivery| {
        let sender = sender.clone();
        async move {
            match (delivery.redriven, delivery.attempt) {
                (false, 1) => Err(HandlerError::retryable("not yet")),
                (false, _) => Err(HandlerError::permanent("no use")),
                (true, _) => publish_resumed(&sender).await,
            }
        }
    });
    let subscriber = subscribe(&connection, handlers).await;
    let event = enqueued("p1", 1);
    publisher(&connection).publish(&event).await.unwrap();
    until("it is dead", async || messages(&connection, QUEUE).await == 1).await;
    let letter = headers(&connection, QUEUE, 1).await;
    redrive(&connection).await;
    until("it is handled", async || messages(&connection, "QUEUE_EVENTS").await == 1).await;
    subscriber.drain(LONG).await.unwrap();

    let send = collected.one(SEND).await;
    let processes = collected.named(PROCESS, 3).await;
    let id = event.id.to_string();
    for process in &processes {
        assert_eq!(process.span_kind, SpanKind::Consumer);
        let expected = [
            ("messaging.system", "nats"),
            ("messaging.operation.name", "process"),
            ("messaging.operation.type", "process"),
            ("messaging.destination.name", SUBJECT),
            ("messaging.consumer.group.name", CONSUMER),
            ("messaging.message.id", &id),
        ];
        has_attributes(process, &expected);
    }
    let [first, second, redriven] = &processes[..] else { panic!("{processes:?}") };
    follows(first, &send);
    follows(second, &send);
    has_attributes(first, &[("error.type", "retry"), ("messaging.nats.deliveries", "1")]);
    has_attributes(
        second,
        &[("error.type", "permanent_error"), ("messaging.nats.deliveries", "2")],
    );
    assert!(matches!(first.status, Status::Error { .. }), "{:?}", first.status);
    assert!(matches!(second.status, Status::Error { .. }), "{:?}", second.status);

    let dead = collected.one(DEAD).await;
    follows(&dead, second);
    assert_eq!(dead.span_kind, SpanKind::Producer);
    assert_eq!(header(&letter, "traceparent"), parent_of(&dead));
    has_attributes(&dead, &[("messaging.operation.name", "send"), ("messaging.system", "nats")]);

    let redrive = collected.one(REDRIVE).await;
    follows(&redrive, &dead);
    assert_eq!(redrive.span_kind, SpanKind::Producer);
    let resent = headers(&connection, STREAM, 2).await;
    assert_eq!(header(&resent, "traceparent"), parent_of(&redrive));
    follows(redriven, &redrive);
    assert_eq!((&redriven.status, attribute(redriven, "error.type")), (&Status::Unset, None));
    let resumed = collected.one(SEND_RESUMED).await;
    assert_eq!(resumed.parent_span_id, redriven.span_context.span_id());
    assert_eq!(resumed.span_context.trace_id(), send.span_context.trace_id());
}

/// In an order a message is tried again in its place, without a new delivery.
#[tokio::test]
async fn every_attempt_in_an_order_is_a_span() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let handlers = handlers(true, |_, _| std::future::ready(Err(HandlerError::retryable("no"))));
    let subscriber = subscribe(&connection, handlers).await;
    publisher(&connection).publish(&enqueued("p1", 1)).await.unwrap();
    until("it is dead", async || messages(&connection, QUEUE).await == 1).await;
    subscriber.drain(LONG).await.unwrap();
    let send = collected.one(SEND).await;
    let processes = collected.named(PROCESS, 3).await;
    for process in &processes {
        follows(process, &send);
        assert!(matches!(process.status, Status::Error { .. }), "{:?}", process.status);
    }
    let errors = processes.iter().map(|process| attribute(process, "error.type").unwrap());
    assert_eq!(errors.collect::<Vec<_>>(), ["retry", "retry", "max_retries_exceeded"]);
    follows(&collected.one(DEAD).await, &processes[2]);
}

/// Each form of a dead letter, and what its redrive says.
#[tokio::test]
async fn every_form_of_a_dead_letter_leads_on() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let handlers = handlers(false, |_, _| std::future::ready(Ok(())));
    let subscriber = subscribe(&connection, handlers).await;
    let largest = connection.client().max_payload() - 400;
    for (size, form) in [(10, "document"), (800_000, "raw"), (largest, "part")] {
        collected.exporter.reset();
        publish_raw(&connection, PARENT, "vendor=1", &vec![b'x'; size]).await;
        let dead = collected.one(DEAD).await;
        let queue = queue(&connection);
        let entries = queue.list(&Selection::all(), ListOrder::OldestFirst);
        let entry = entries.try_collect::<Vec<_>>().await.unwrap().remove(0);
        let kept = headers(&connection, QUEUE, entry.sequence).await;
        assert_eq!(header(&kept, "Wr-Dead-Letter-Form"), form);
        assert_eq!(header(&kept, "traceparent"), parent_of(&dead), "{form}");
        let letter = queue.get(entry.sequence).await.unwrap().unwrap();
        let mut original = HeaderMap::new();
        original.insert("TraceParent", PARENT);
        original.insert("TraceState", "vendor=1");
        assert_eq!(letter.original_headers, original, "{form}");

        redrive(&connection).await;
        let redrive = collected.one(REDRIVE).await;
        follows(&redrive, &dead);
        let process = collected.named(PROCESS, 2).await.remove(1);
        follows(&process, &redrive);
        assert_eq!(process.span_context.trace_id().to_string(), TRACE);
        until("it is dead again", async || collected.named(DEAD, 2).await.len() == 2).await;
        queue.purge(&Selection::all(), false).await.unwrap();
    }
    subscriber.drain(LONG).await.unwrap();
}

/// Where no spans are exported, and where nothing listens at all.
#[tokio::test]
async fn a_trace_is_carried_on_without_an_exporter() {
    for listens in [false, true] {
        let _default = listens.then(|| {
            let log = tracing_subscriber::fmt::layer().with_writer(Log::default());
            listen(tracing_subscriber::registry().with(log))
        });
        let (_server, connection) = server().await;
        let sender = publisher(&connection);
        let handlers = handlers(false, move |_, delivery| {
            let sender = sender.clone();
            async move {
                publish_resumed(&sender).await?;
                match delivery.redriven {
                    true => Ok(()),
                    false => Err(HandlerError::permanent("no")),
                }
            }
        });
        let subscriber = subscribe(&connection, handlers).await;
        publish_raw(
            &connection,
            PARENT,
            "vendor=1",
            &enqueued("p1", 1).encode_traced("", "").unwrap(),
        )
        .await;
        until("it is dead", async || messages(&connection, QUEUE).await == 1).await;
        let dead = headers(&connection, QUEUE, 1).await;
        redrive(&connection).await;
        until("it is handled", async || messages(&connection, "QUEUE_EVENTS").await == 2).await;
        subscriber.drain(LONG).await.unwrap();
        let resent = headers(&connection, STREAM, 2).await;
        let mut seen = vec![PARENT.to_owned()];
        let first = headers(&connection, "QUEUE_EVENTS", 1).await;
        let second = headers(&connection, "QUEUE_EVENTS", 2).await;
        for headers in [first, dead, resent, second] {
            let parent = header(&headers, "traceparent");
            assert!(parent.starts_with(&PARENT[..36]) && !seen.contains(&parent), "{parent}");
            seen.push(parent);
            assert_eq!(header(&headers, "tracestate"), "vendor=1");
            assert_eq!(headers.get("TraceParent"), None);
        }
    }
}

#[tokio::test]
async fn vendors_states_are_carried_on() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let sender = publisher(&connection);
    let handlers = handlers(false, move |_, delivery| {
        let sender = sender.clone();
        async move {
            assert_eq!(delivery.trace.trace_id(), TRACE);
            publish_resumed(&sender).await?;
            Err(HandlerError::permanent("no"))
        }
    });
    let subscriber = subscribe(&connection, handlers).await;
    let body = enqueued("p1", 1).encode_traced("", "").unwrap();
    publish_raw(&connection, PARENT, "one=1,two=2", &body).await;
    until("it is dead", async || messages(&connection, QUEUE).await == 1).await;
    let resumed = headers(&connection, "QUEUE_EVENTS", 1).await;
    let dead = headers(&connection, QUEUE, 1).await;
    redrive(&connection).await;
    until("it was redriven", async || messages(&connection, STREAM).await == 2).await;
    let resent = headers(&connection, STREAM, 2).await;
    subscriber.drain(LONG).await.unwrap();
    for headers in [resumed, dead, resent] {
        assert_eq!(header(&headers, "tracestate"), "one=1,two=2");
        assert!(header(&headers, "traceparent").contains(TRACE));
    }
    for resumed in collected.named(SEND_RESUMED, 2).await {
        assert_eq!(resumed.span_context.trace_id().to_string(), TRACE);
    }
}

#[tokio::test]
async fn a_trace_that_is_none_is_not_gone_on_with() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let traces = Arc::new(Mutex::new(Vec::new()));
    let seen = traces.clone();
    let handlers = handlers(false, move |_, delivery| {
        seen.lock().unwrap().push(delivery.trace.trace_id());
        std::future::ready(Ok(()))
    });
    let subscriber = subscribe(&connection, handlers).await;
    let parents = ["00-nonsense-01", "", &PARENT.replace("4bf9", "0xf9"), &PARENT.to_uppercase()];
    for parent in parents {
        let body = enqueued("p1", 1).encode_traced("", "").unwrap();
        publish_raw(&connection, parent, "vendor=1", &body).await;
    }
    let processes = collected.named(PROCESS, parents.len()).await;
    subscriber.drain(LONG).await.unwrap();
    let mut ids = traces.lock().unwrap().clone();
    for process in &processes {
        assert_eq!(process.parent_span_id, SpanId::INVALID);
        assert!(process.links.links.is_empty());
        assert!(process.span_context.trace_state().header().is_empty());
        // What the handler is told is the span's.
        assert!(ids.contains(&process.span_context.trace_id().to_string()));
    }
    ids.dedup();
    assert_eq!(ids.len(), parents.len());
}

/// What the server gave up is in the trace of the original.
#[tokio::test]
async fn a_letter_of_nobodys_span_is_in_the_trace_of_its_original() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    publish_raw(&connection, PARENT, "vendor=1", b"{").await;
    let consumer = connection.jetstream().get_consumer_from_stream(CONSUMER, STREAM).await;
    let consumer: async_nats::jetstream::consumer::PullConsumer = consumer.unwrap();
    let mut batch = consumer.fetch().max_messages(1).messages().await.unwrap();
    let message = batch.try_next().await.unwrap().unwrap();
    let letter = DeadLetter::of(&message, Reason::UnmarshalError, "").unwrap();
    let trace = TraceContext::from_headers(&letter.original_headers).unwrap();
    let keeper = Keeper::new(&connection, &CATALOGUE).unwrap();
    let _ = keeper.keep(&letter, None).await.unwrap();
    let dead = collected.one(DEAD).await;
    assert_eq!(dead.span_context.trace_id().to_string(), TRACE);
    assert_eq!(dead.parent_span_id.to_string(), trace.span_id());
    assert_eq!(dead.links.links[0].span_context.span_id().to_string(), trace.span_id());
}

/// What stands in payloads, and must stand nowhere else.
const VALUE: &str = "MARKED-VALUE";

/// Everything fails that can; nothing of what is told about it is a value of a payload.
#[tokio::test]
async fn no_value_is_told() {
    let (_server, connection) = server().await;
    let collected = Collected::new();
    let told = Arc::new(Mutex::new(Vec::<String>::new()));
    let tell =
        |what: &dyn Debug, text: String| told.lock().unwrap().push(format!("{text} {what:?}"));
    let handlers = handlers(false, |_, delivery| async move {
        match delivery.attempt {
            1 => Err(HandlerError::retryable("not yet")),
            2 => panic!("on purpose"),
            _ => Err(HandlerError::permanent("no use")),
        }
    });
    let subscriber = subscribe(&connection, handlers).await;
    let publisher = publisher(&connection);
    let marked = |address: &str| {
        let mut event = enqueued("p1", 1);
        event.data.ip_address = Some(address.to_owned());
        event.data.user_agent = Some(VALUE.to_owned());
        event.data.metadata = Some([("key".to_owned(), VALUE.into())].into());
        event
    };
    let refused = publisher.publish(&marked(VALUE)).await.unwrap_err();
    tell(&refused, refused.to_string());
    let mut large = marked("192.168.1.***");
    large.data.metadata = Some([("key".to_owned(), VALUE.repeat(100_000).into())].into());
    let refused = publisher.publish(&large).await.unwrap_err();
    tell(&refused, refused.to_string());

    // One that fails in the handler, and those that are no events.
    publisher.publish(&marked("192.168.1.***")).await.unwrap();
    let good = marked("192.168.1.***").encode_traced("", "").unwrap();
    let good = String::from_utf8(good).unwrap();
    let bad = [
        good.replace("192.168.1.***", VALUE),
        good.replace("\"priority\":0", &format!("\"priority\":\"{VALUE}\"")),
        good.replace("position.enqueued", VALUE),
        good.replace("\"version\":\"1", &format!("\"version\":\"{VALUE}")),
        good.replace("\"id\":\"", &format!("\"id\":\"{VALUE}")),
        good.replace("\"timestamp\":\"", &format!("\"timestamp\":\"{VALUE}")),
        good.replace("\"metadata\":{", &format!("\"metadata\":\"{VALUE}\",\"m\":{{")),
        good[..good.len() - 10].to_owned(),
        format!("{good}{VALUE}"),
        format!("\"{VALUE}\""),
        VALUE.to_owned(),
    ];
    for body in &bad {
        publish_raw(&connection, PARENT, "vendor=1", body.as_bytes()).await;
    }
    let dead = bad.len() as u64 + 1;
    until("all are dead", async || messages(&connection, QUEUE).await == dead).await;
    let queue = queue(&connection);
    let entries = queue.list(&Selection::all(), ListOrder::OldestFirst);
    for entry in entries.try_collect::<Vec<_>>().await.unwrap() {
        let letter = queue.get(entry.sequence).await.unwrap().unwrap();
        tell(&entry.letter, letter.error);
        tell(&letter.schema_errors, entry.subject);
        tell(&headers(&connection, QUEUE, entry.sequence).await, String::new());
    }
    let no_letter = format!("{{\"original_data\":\"{VALUE}\"}}");
    let subject = "waitingroom.dlq.event";
    let sent = connection.jetstream().publish(subject, no_letter.into()).await.unwrap();
    let error = queue.get(sent.await.unwrap().sequence).await.unwrap_err();
    tell(&error, error.to_string());
    let report = queue.redrive(&Selection::all(), &RedriveOptions::new(), |_, _| ()).await;
    let report = report.unwrap();
    assert_eq!((report.redriven, report.skipped.len()), (dead, 1));
    tell(&report, String::new());
    until("all are dead again", async || messages(&connection, QUEUE).await == dead + 1).await;
    subscriber.drain(LONG).await.unwrap();

    let spans = format!("{:?}", collected.spans());
    let log = String::from_utf8(collected.log.0.lock().unwrap().clone()).unwrap();
    let told = told.lock().unwrap().join("\n");
    assert!(log.contains("gave up") && log.contains("trying again") && spans.contains(PROCESS));
    for text in [spans, log, told] {
        let line = text.lines().find(|line| line.contains(VALUE));
        assert_eq!(line, None);
    }
}
