//! An incident from dead letters to redrive.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use wr_events::{
    CATALOGUE, Event, QueueCreatedV1, QueueMaintenanceV1, QueuePausedV1, QueueResumedV1,
    QueueUpdatedV1,
};
use wr_runtime::async_nats::HeaderMap;
use wr_runtime::{
    ConnectOptions, Delivery, Handled, HandlerError, Handlers, Subscriber, SubscriberOptions,
};

use crate::support::{Ran, Stage, interrupt, spawn, unheard, with_connection};

const CONSUMER: &str = "audit-logger";

async fn fails<T>(_: Event<T>, _: Delivery) -> Handled {
    Err(HandlerError::permanent("the disk is full"))
}

async fn works<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

/// Runs the consumer until nothing is left for it.
fn consume(stage: &Stage, handlers: Handlers) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = ConnectOptions::new("test").server(stage.server.url());
        let connection = options.connect().await.unwrap();
        let options = SubscriberOptions::new();
        let subscriber = Subscriber::start(&connection, CONSUMER, handlers, options).await.unwrap();
        let mut consumer = connection
            .jetstream()
            .get_consumer_from_stream::<wr_runtime::async_nats::jetstream::consumer::pull::Config, _, _>(
                CONSUMER,
                "QUEUE_EVENTS",
            )
            .await
            .unwrap();
        let end = std::time::Instant::now() + Duration::from_secs(30);
        loop {
            let info = consumer.info().await.unwrap();
            if info.num_pending == 0 && info.num_ack_pending == 0 {
                break;
            }
            assert!(std::time::Instant::now() < end, "{info:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let drained = subscriber.drain(Duration::from_secs(5)).await.unwrap();
        assert!(drained.returned.is_empty());
    });
}

fn ill() -> Handlers {
    Handlers::new(&CATALOGUE)
        .on(fails::<QueuePausedV1>)
        .on(works::<QueueCreatedV1>)
        .on(works::<QueueUpdatedV1>)
        .on(works::<QueueResumedV1>)
        .on(works::<QueueMaintenanceV1>)
}

fn well() -> Handlers {
    Handlers::new(&CATALOGUE)
        .on(works::<QueuePausedV1>)
        .on(works::<QueueCreatedV1>)
        .on(works::<QueueUpdatedV1>)
        .on(works::<QueueResumedV1>)
        .on(works::<QueueMaintenanceV1>)
}

fn paused(number: usize) -> Value {
    json!({ "queue_id": format!("q-{number}"), "reason": "incident", "paused_by": "ann@example.com" })
}

#[test]
fn an_incident() {
    let stage = Stage::start();
    assert_eq!(stage.wr(&["dlq", "list"]).expect(0).out, "no dead letters\n");
    let payloads: Vec<Value> = (0..5).map(paused).collect();
    stage.publish("queue.paused", &payloads).expect(0);
    consume(&stage, ill());

    let groups = stage.wr(&["dlq", "list", "--json"]).expect(0).json();
    assert_eq!(groups[0]["groups"][0]["count"], 5, "{groups:?}");
    assert_eq!(groups[0]["groups"][0]["consumer"], CONSUMER);
    assert_eq!(groups[0]["groups"][0]["reason"], "permanent_error");
    let text = stage.wr(&["dlq", "list"]).expect(0).out;
    assert!(text.contains("audit-logger  permanent_error"), "{text}");
    let each = stage.wr(&["dlq", "list", "--each", "--json", "--limit", "2"]).expect(0).json();
    assert_eq!(each.len(), 2);
    let sequence = each[0]["sequence"].to_string();

    let shown = stage.wr(&["dlq", "show", &sequence]).expect(0).out;
    for part in
        ["permanent_error: •••", "after 1 delivery", "QUEUE_EVENTS 5", "\"paused_by\": \"•••\""]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("ann@"), "{shown}");
    assert_eq!(each[0]["error"], "•••");
    let all = stage.wr(&["dlq", "show", &sequence, "--show-personal-data", "--json"]).expect(0);
    let all = all.json();
    assert_eq!(all[0]["message"]["data"]["paused_by"], "ann@example.com");
    assert_eq!(all[0]["error"], "the disk is full");
    stage.wr(&["dlq", "show", "99"]).expect(100);

    // Nobody can be asked here, and nothing is done.
    let ran = stage.wr(&["dlq", "redrive"]).expect(2);
    assert!(ran.err.contains("5 dead letters") && ran.err.contains("--dry-run"), "{}", ran.err);
    let dry = stage.wr(&["dlq", "redrive", "--dry-run"]).expect(0);
    assert_eq!(dry.out, "5 of 5 dead letters would be redriven\n");
    let one = stage.wr(&["dlq", "redrive", &sequence, "--yes"]).expect(0);
    assert_eq!(one.out, "1 of 1 dead letter redriven\n");
    // Its consumer reads it as what it was.
    let again = stage.wr(&["get", "QUEUE_EVENTS", "6", "--json"]).expect(0).json();
    let subject = "waitingroom.redrive.audit-logger.waitingroom.queue.paused.v1";
    assert_eq!((&again[0]["subject"], &again[0]["refused"]), (&json!(subject), &Value::Null));
    assert_eq!(again[0]["message"]["data"]["reason"], "incident");
    assert_eq!(again[0]["message"]["data"]["paused_by"], "•••");
    let rest =
        stage.wr(&["dlq", "redrive", "--consumer", CONSUMER, "--rate", "100", "--yes", "--json"]);
    let rest = rest.expect(0).json();
    assert_eq!((&rest[0]["redriven"], &rest[0]["selected"]), (&json!(4), &json!(4)));
    assert_eq!(
        stage.wr(&["dlq", "redrive", "--yes"]).expect(0).out,
        "no dead letters are selected\n"
    );
    consume(&stage, well());
    assert_eq!(stage.wr(&["dlq", "list"]).expect(0).out, "no dead letters\n");
}

#[test]
fn what_cannot_be_redriven_is_left_and_can_be_purged() {
    let stage = Stage::start();
    stage.publish("queue.paused", &[paused(1)]).expect(0);
    consume(&stage, ill());
    let ran = stage.wr(&["dlq", "redrive", "--to", "nobody", "--yes"]).expect(2);
    assert!(ran.err.contains("no consumer `nobody`"), "{}", ran.err);
    let ran = stage.wr(&["dlq", "redrive", "--to", "analytics-processor", "--yes"]).expect(100);
    assert!(ran.out.contains("0 of 1 dead letter redriven"), "{}", ran.out);
    assert!(ran.out.contains("does not read `waitingroom.queue.paused.v1`"), "{}", ran.out);
    assert!(stage.wr(&["dlq", "purge", "--dry-run"]).expect(0).out.contains("1 of 1"));
    stage.wr(&["dlq", "purge"]).expect(2);
    assert_eq!(
        stage.wr(&["dlq", "purge", "--reason", "unmarshal_error", "--yes"]).expect(0).out,
        "0 of 0 dead letters deleted\n"
    );
    assert_eq!(stage.wr(&["dlq", "purge", "--yes"]).expect(0).out, "1 of 1 dead letter deleted\n");
    assert_eq!(stage.wr(&["dlq", "list"]).expect(0).out, "no dead letters\n");
}

#[test]
fn a_redrive_that_is_interrupted_reports_what_it_did() {
    let stage = Stage::start();
    stage.publish("queue.paused", &(0..5).map(paused).collect::<Vec<_>>()).expect(0);
    consume(&stage, ill());
    let url = stage.server.url();
    let redrive = ["dlq", "redrive", "--rate", "1", "--yes", "--json"];
    let child = with_connection(&url, async |connection| {
        let mut sent = connection.client().subscribe("waitingroom.redrive.>").await.unwrap();
        connection.client().flush().await.unwrap();
        let child = spawn(&[("NATS_URL", &url)], &redrive);
        sent.next().await.unwrap();
        child
    });
    interrupt(&child);
    let ran = Ran::of(child).expect(130);
    let report = &ran.json()[0];
    assert_eq!(report["interrupted"], true, "{ran:?}");
    let sent = report["redriven"].as_u64().unwrap();
    assert!((1..5).contains(&sent) && report["selected"] == sent, "{report}");
    assert_eq!((&report["left"], &report["failed"]), (&json!([]), &json!([])));
    assert_eq!(stage.messages("DEAD_LETTER_QUEUE"), 5 - sent);
    assert!(ran.err.contains("once more aborts"), "{}", ran.err);
}

/// Where the stream does not take what is redriven, and one is tried again and again.
#[test]
fn a_second_interrupt_aborts() {
    let stage = Stage::start();
    stage.publish("queue.paused", &[paused(1)]).expect(0);
    consume(&stage, ill());
    let url = stage.server.url();
    let mut child = with_connection(&url, async |connection| {
        let stream = connection.jetstream().get_stream("QUEUE_EVENTS").await.unwrap();
        let mut config = stream.cached_info().config.clone();
        config.subjects.retain(|subject| !subject.contains(".redrive."));
        connection.jetstream().update_stream(config).await.unwrap();
        let mut sent = connection.client().subscribe("waitingroom.redrive.>").await.unwrap();
        connection.client().flush().await.unwrap();
        let child = spawn(&[("NATS_URL", &url)], &["dlq", "redrive", "--yes"]);
        sent.next().await.unwrap();
        child
    });
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    for part in ["ending behind this one", "aborted: one may have been sent"] {
        interrupt(&child);
        let line = told.next().unwrap().unwrap();
        assert!(line.starts_with(part), "{line}");
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(stage.messages("DEAD_LETTER_QUEUE"), 1);
}

#[test]
fn what_stays_can_be_passed_over() {
    let stage = Stage::start();
    stage.publish("queue.paused", &[paused(1), paused(2)]).expect(0);
    consume(&stage, ill());
    let redrive = ["dlq", "redrive", "--to", "analytics-processor", "--limit", "1", "--yes"];
    for (after, last) in [("0", "1"), ("1", "2")] {
        let ran = stage.wr(&[&redrive[..], &["--after", after]].concat()).expect(100);
        assert!(ran.err.contains(&format!("`--after {last}`")), "{}", ran.err);
    }
    let redrive = ["dlq", "redrive", "--after", "1", "--limit", "1", "--yes"];
    assert_eq!(stage.wr(&redrive).expect(0).out, "1 of 1 dead letter redriven\n");
}

/// Nobody reads the reports, and all is done.
#[test]
fn what_nobody_hears_is_redriven_and_purged() {
    let stage = Stage::start();
    stage.publish("queue.paused", &[paused(1), paused(2)]).expect(0);
    consume(&stage, ill());
    let url = stage.server.url();
    for (verb, rest) in [("redrive", 1), ("purge", 0)] {
        let arguments = ["dlq", verb, "--limit", "1", "--yes"];
        assert_eq!(unheard(&[("NATS_URL", &url)], &arguments, ""), 1);
        assert_eq!(stage.messages("DEAD_LETTER_QUEUE"), rest);
    }
}

#[test]
fn a_purge_that_is_interrupted_reports_what_it_did() {
    const LETTERS: u64 = 2_000;
    let stage = Stage::start();
    let url = stage.server.url();
    let purge = ["dlq", "purge", "--yes", "--json"];
    let child = with_connection(&url, async |connection| {
        let letter = json!({
            "original_subject": "a", "original_data": "e30=", "reason": "permanent_error",
            "error": "", "timestamp": "2026-01-01T00:00:00Z",
        });
        let mut kept = Vec::new();
        for _ in 0..LETTERS {
            let subject = "waitingroom.dlq.QUEUE_EVENTS.audit-logger";
            let sent = connection.jetstream().publish(subject, letter.to_string().into()).await;
            kept.push(sent.unwrap());
        }
        for kept in kept {
            kept.await.unwrap();
        }
        let mut deleted = connection.client().subscribe("$JS.API.STREAM.MSG.DELETE.>").await;
        connection.client().flush().await.unwrap();
        let child = spawn(&[("NATS_URL", &url)], &purge);
        deleted.as_mut().unwrap().next().await.unwrap();
        child
    });
    interrupt(&child);
    let ran = Ran::of(child).expect(130);
    let report = &ran.json()[0];
    assert_eq!(report["interrupted"], true, "{ran:?}");
    let purged = report["purged"].as_u64().unwrap();
    assert!((1..LETTERS).contains(&purged) && report["selected"] == purged, "{report}");
    assert_eq!(stage.messages("DEAD_LETTER_QUEUE"), LETTERS - purged);
    assert!(ran.err.contains("once more aborts"), "{}", ran.err);
}

#[test]
fn places_in_a_dead_letter_show_names_of_the_schema_alone() {
    let stage = Stage::start();
    let letter = json!({
        "original_subject": "waitingroom.queue.updated.v1", "original_data": "e30=",
        "reason": "schema_violation",
        "error": "`/data/changes/limit/ann@example.com`: `type` asks for an object",
        "timestamp": "2026-01-01T00:00:00Z", "stream": "QUEUE_EVENTS", "consumer": CONSUMER,
        "stream_sequence": 1, "stored_at": "2026-01-01T00:00:00Z", "deliveries": 1,
        "schema_errors": [{ "pointer": "/data/changes/limit/ann@example.com", "keyword": "type" }],
    });
    with_connection(&stage.server.url(), async |connection| {
        let subject = format!("waitingroom.dlq.QUEUE_EVENTS.{CONSUMER}");
        let limit = Duration::from_secs(15);
        let body = letter.to_string().into_bytes().into();
        connection.deliver(subject.as_str(), HeaderMap::new(), body, limit).await.unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("Wr-Dead-Letter-Violation", "type /data/ann@example.com");
        connection.deliver(subject.as_str(), headers, "{}".into(), limit).await.unwrap();
    });
    for arguments in [
        vec!["dlq", "show", "1"],
        vec!["dlq", "show", "1", "--json"],
        vec!["dlq", "list", "--each"],
        vec!["dlq", "list", "--each", "--json"],
        vec!["get", "DEAD_LETTER_QUEUE", "2"],
    ] {
        let shown = stage.wr(&arguments).expect(0).out;
        assert!(shown.contains("•••") && !shown.contains("ann@"), "{arguments:?}: {shown}");
        let all = stage.wr(&[&arguments[..], &["--show-personal-data"]].concat()).expect(0).out;
        assert!(all.contains("ann@"), "{arguments:?}: {all}");
    }
    let shown = stage.wr(&["dlq", "show", "1"]).expect(0).out;
    assert!(shown.contains("`/data/changes/limit/•••`: `type` asks for an object"), "{shown}");
    assert!(shown.contains("`/data/changes/limit/•••` breaks `type`"), "{shown}");
}
