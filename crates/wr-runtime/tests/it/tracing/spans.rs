//! What is a span, what it says, and which follows which.

use super::*;

#[tokio::test]
async fn what_is_sent_is_a_span_and_names_it() {
    let (server, connection) = server().await;
    let collected = Collected::new();
    let event = enqueued("p1", 1);
    let request = tracing::info_span!("request");
    publisher(&connection).publish(&event).instrument(request).await.unwrap();
    let (request, send) = (collected.one("request").await, collected.one(SEND).await);
    assert_eq!(send.parent_span_id, request.span_context.span_id());
    assert_eq!(send.span_context.trace_id(), request.span_context.trace_id());
    assert_eq!((&send.span_kind, &send.status), (&SpanKind::Producer, &Status::Unset));
    let id = event.id.to_string();
    let port = server.port().to_string();
    let expected = [
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
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
    let (server, connection) = server().await;
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
    until_dead(&connection).await;
    let letter = headers(&connection, QUEUE, 1).await;
    redrive(&connection).await;
    until_resumed(&connection, 1).await;
    drain_all(subscriber).await;

    let send = collected.one(SEND).await;
    let processes = collected.named(PROCESS, 3).await;
    let (id, port) = (event.id.to_string(), server.port().to_string());
    for process in &processes {
        assert_eq!(process.span_kind, SpanKind::Consumer);
        let expected = [
            ("server.address", "127.0.0.1"),
            ("server.port", &port),
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
    until_dead(&connection).await;
    drain_all(subscriber).await;
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
    drain_all(subscriber).await;
}
