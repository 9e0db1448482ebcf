//! The context of a trace, in and out.

use super::*;
use crate::dead_letters::MOMENT;

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
        publish_in(&connection, &PARENT.replace("-01", "-00"), "vendor=1").await;
        until_resumed(&connection, 1).await;
        drain_all(subscriber).await;
        let resumed = header(&headers(&connection, "QUEUE_EVENTS", 1).await, "traceparent");
        assert!(resumed.contains(TRACE) && resumed.ends_with("-00"), "{resumed}");
        assert!(collected.is_none_or(|collected| collected.spans().is_empty()));
    }
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
        publish_in(&connection, PARENT, "vendor=1").await;
        until_dead(&connection).await;
        let dead = headers(&connection, QUEUE, 1).await;
        redrive(&connection).await;
        until_resumed(&connection, 2).await;
        drain_all(subscriber).await;
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
    publish_in(&connection, PARENT, "one=1,two=2").await;
    until_dead(&connection).await;
    let resumed = headers(&connection, "QUEUE_EVENTS", 1).await;
    let dead = headers(&connection, QUEUE, 1).await;
    redrive(&connection).await;
    until("it was redriven", async || messages(&connection, STREAM).await == 2).await;
    let resent = headers(&connection, STREAM, 2).await;
    drain_all(subscriber).await;
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
        publish_in(&connection, parent, "vendor=1").await;
    }
    let processes = collected.named(PROCESS, parents.len()).await;
    drain_all(subscriber).await;
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
    let mut batch = consumer.batch().max_messages(1).expires(MOMENT).messages().await.unwrap();
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
