//! What a service's probes answer.

use std::time::{Duration, Instant};

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;
use wr_events::{
    CATALOGUE, Event, PositionAdmittedV1, PositionCancelledV1, PositionEnqueuedV1,
    PositionExpiredV1,
};
use wr_runtime::{
    ConnectOptions, Connection, Delivery, ErrorKind, Handled, Handlers, Health, HealthCheck,
    Metrics, Overrides, Permission, Publisher, PublisherOptions, Reconciler, Subscriber,
    SubscriberOptions, Topology,
};
use wr_testkit::{Cluster, ServerOptions};

use crate::support::{apply, ask, connect, drain_all, server, until};

const STREAM: &str = "POSITION_EVENTS";
const CONSUMER: &str = "analytics-processor";

async fn ignore<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

async fn subscriber(connection: &Connection) -> Subscriber {
    let handlers = Handlers::new(&CATALOGUE)
        .on::<PositionEnqueuedV1>(ignore)
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionCancelledV1>(ignore);
    Subscriber::start(connection, CONSUMER, handlers, SubscriberOptions::new()).await.unwrap()
}

fn check(subscriber: &Subscriber) -> HealthCheck {
    HealthCheck::new(&CATALOGUE).subscriber(subscriber.pulse())
}

async fn until_ready(check: &HealthCheck, connection: &Connection) -> Health {
    until("it is ready", || async { check.run(connection).await.ready }).await;
    check.run(connection).await
}

async fn until_not_ready(check: &HealthCheck, connection: &Connection) -> Health {
    until("it is not ready", || async { !check.run(connection).await.ready }).await;
    check.run(connection).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_at_work_is_ready() {
    let (_server, connection) = server().await;
    let subscriber = subscriber(&connection).await;
    let check = check(&subscriber).publishes("waitingroom.queue.paused.v1").unwrap();
    let health = until_ready(&check, &connection).await;
    assert!(health.live);
    assert!(health.connection.ok && health.connection.round_trip_ms.is_some());
    let names: Vec<&str> = health.streams.iter().map(|stream| stream.name.as_str()).collect();
    assert_eq!(names, ["DEAD_LETTER_QUEUE", STREAM, "QUEUE_EVENTS"]);
    assert!(health.streams.iter().all(|stream| stream.leader.is_some()));
    let consumer = &health.consumers[0];
    assert_eq!((consumer.exists, consumer.lag), (Some(true), Some(0)));
    assert!(consumer.subscriber.as_ref().unwrap().last_pull_seconds_ago.is_some());
    let json = serde_json::to_value(&health).unwrap();
    assert_eq!(json["ready"], true);
    assert_eq!(json["consumers"][0]["subscriber"]["running"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_told_and_is_no_illness() {
    let (_server, connection) = server().await;
    let sent = connection.jetstream().publish("waitingroom.queue.paused.v1", "{}".into());
    sent.await.unwrap().await.unwrap();
    let check = HealthCheck::new(&CATALOGUE).everything();
    let health = check.run(&connection).await;
    assert!(health.live && health.ready, "{health:?}");
    // The reconciler's consumer is one of them.
    assert_eq!(health.consumers.len(), 4);
    let consumer = health.consumers.iter().find(|it| it.name == "audit-logger").unwrap();
    assert_eq!((consumer.lag, consumer.ack_pending), (Some(1), Some(0)));
    assert_eq!((consumer.pulls, consumer.max_ack_pending), (Some(0), Some(1_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_overtakes_a_consumer_is_told() {
    let (_server, connection) = server().await;
    let info = ask(&connection, &format!("STREAM.INFO.{STREAM}"), json!({})).await;
    let mut config = info["config"].clone();
    config["max_msgs"] = json!(5);
    ask(&connection, &format!("STREAM.UPDATE.{STREAM}"), config).await;
    let metrics = Metrics::new();
    let check = HealthCheck::new(&CATALOGUE).everything().metrics(metrics.clone());
    let look = async || {
        let health = check.run(&connection).await;
        assert!(health.ready, "{health:?}");
        health.consumers.into_iter().find(|consumer| consumer.name == CONSUMER).unwrap()
    };
    for (count, lag, evicted) in [(5, 5, 0), (3, 5, 3)] {
        for number in 0..count {
            let body = format!("{number}").into();
            let sent = connection.jetstream().publish("waitingroom.position.enqueued.v1", body);
            sent.await.unwrap().await.unwrap();
        }
        let consumer = look().await;
        assert_eq!((consumer.lag, consumer.evicted), (Some(lag), Some(evicted)));
        assert_eq!(consumer.reason.is_some(), evicted > 0, "{consumer:?}");
    }
    let text = told(&metrics);
    let gauge = "waitingroom_consumer_evicted{stream=\"POSITION_EVENTS\",\
                 consumer=\"analytics-processor\"} 3";
    assert!(text.lines().any(|line| line == gauge), "{text}");
    assert_eq!(text.matches("waitingroom_stream_ok{").count(), 7, "{text}");
    assert_eq!(text.matches("waitingroom_stream_looked_timestamp_seconds{").count(), 7, "{text}");
    // Who reads no consumer does not know whether one is read.
    assert_eq!(text.matches("waitingroom_consumer_ok{").count(), 0, "{text}");
    for gauge in [
        "stream_messages{stream=\"POSITION_EVENTS\"} 5",
        "stream_used_ratio{stream=\"POSITION_EVENTS\",limit=\"messages\"} 1.0",
        "consumer_unread_ratio{stream=\"POSITION_EVENTS\",consumer=\"analytics-processor\",\
         limit=\"messages\"} 1.0",
        "consumer_unread_ratio{stream=\"QUEUE_EVENTS\",consumer=\"audit-logger\",\
         limit=\"messages\"} 0.0",
    ] {
        let gauge = format!("waitingroom_{gauge}");
        assert!(text.lines().any(|line| line == gauge), "{gauge}\n{text}");
    }

    // What is left is delivered, and what went is no longer ahead.
    let subscriber = subscriber(&connection).await;
    until("it is not behind", || async { look().await.evicted == Some(0) }).await;
    assert_eq!(look().await.reason, None);
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_it_is_alive_and_not_ready() {
    let (mut server, connection) = server().await;
    let subscriber = subscriber(&connection).await;
    let check = check(&subscriber);
    until_ready(&check, &connection).await;
    server.kill();
    let health = until_not_ready(&check, &connection).await;
    assert!(health.live);
    assert!(!health.connection.ok && health.connection.reason.is_some());
    assert!(health.streams.iter().all(|stream| stream.ok == Some(false)));
    assert_eq!(health.consumers[0].exists, None);
    server.restart().unwrap();
    until_ready(&check, &connection).await;
}

fn told(metrics: &Metrics) -> String {
    let mut registry = Registry::default();
    metrics.register(&mut registry, &CATALOGUE);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

/// Else one service that lost its connection would raise the alarm for every stream, and nobody would
/// hear that nobody looks.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_connection_nothing_is_told_of_streams() {
    let (mut server, connection) = server().await;
    let metrics = Metrics::new();
    let check = HealthCheck::new(&CATALOGUE).everything().metrics(metrics.clone());
    until_ready(&check, &connection).await;
    let looked = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("waitingroom_stream_looked"));
        lines.map(str::to_owned).collect()
    };
    let before = told(&metrics);
    assert_eq!(before.matches("waitingroom_stream_ok{").count(), 7, "{before}");
    assert_eq!(looked(&before).len(), 7, "{before}");
    server.kill();
    until("it is disconnected", || async {
        let health = check.run(&connection).await;
        health.streams.iter().all(|stream| stream.ok == Some(false))
            && !told(&metrics).contains("waitingroom_stream_ok{")
    })
    .await;
    let at_once = looked(&told(&metrics));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let health = check.run(&connection).await;
    assert!(!health.ready);
    assert_eq!(looked(&told(&metrics)), at_once);
    server.restart().unwrap();
    until_ready(&check, &connection).await;
    let after = told(&metrics);
    assert_eq!(after.matches("waitingroom_stream_ok{").count(), 7, "{after}");
}

/// Of a series that begins above 0, nobody sees that it rose.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_fail_is_counted_from_0_on() {
    let (_server, connection) = server().await;
    let metrics = Metrics::new();
    let options = PublisherOptions::new().metrics(metrics.clone());
    let _publisher = Publisher::new(&connection, &CATALOGUE, "test", options).unwrap();
    let handlers = Handlers::new(&CATALOGUE)
        .on::<PositionEnqueuedV1>(ignore)
        .on::<PositionAdmittedV1>(ignore)
        .on::<PositionExpiredV1>(ignore)
        .on::<PositionCancelledV1>(ignore);
    let options = SubscriberOptions::new().metrics(metrics.clone());
    let subscriber = Subscriber::start(&connection, CONSUMER, handlers, options).await.unwrap();
    let reconciler = Metrics::new();
    let _reconciler = Reconciler::start(&connection, &CATALOGUE, reconciler.clone()).await.unwrap();
    let count = |text: &str, series: &str| {
        text.lines().filter(|line| line.starts_with(series) && line.ends_with("} 0")).count()
    };
    let (text, theirs) = (told(&metrics), told(&reconciler));
    let consumer = "stream=\"POSITION_EVENTS\",consumer=\"analytics-processor\"";
    for (text, series, expected) in [
        (&text, "waitingroom_publish_failures_total{".to_owned(), CATALOGUE.subjects.len() * 8),
        (&text, format!("waitingroom_dead_letters_total{{{consumer},reason="), 7),
        (&text, format!("waitingroom_dead_letter_failures_total{{{consumer}"), 1),
        (&text, format!("waitingroom_pull_failures_total{{{consumer}"), 1),
        (&theirs, format!("waitingroom_dead_letters_total{{{consumer},reason="), 1),
        (&theirs, "waitingroom_dead_letter_failures_total{".to_owned(), 4),
    ] {
        assert_eq!(count(text, &series), expected, "{series}\n{text}");
    }
    drain_all(subscriber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_does_not_hang_the_check() {
    let (mut server, connection) = server().await;
    let check = HealthCheck::new(&CATALOGUE).everything().deadline(Duration::from_millis(300));
    server.pause().unwrap();
    let started = Instant::now();
    let health = check.run(&connection).await;
    // Thirteen questions at once, not one after the other.
    assert!(started.elapsed() < Duration::from_millis(13 * 300), "{:?}", started.elapsed());
    assert!(health.live && !health.ready);
    assert!(health.streams.iter().all(|stream| stream.reason.is_some()));
    server.resume().unwrap();
    until_ready(&HealthCheck::new(&CATALOGUE).everything(), &connection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_gone_is_named() {
    let (_server, connection) = server().await;
    let subscriber = subscriber(&connection).await;
    let check = check(&subscriber);
    until_ready(&check, &connection).await;
    ask(&connection, &format!("STREAM.DELETE.{STREAM}"), json!({})).await;
    let health = check.run(&connection).await;
    assert!(health.live && !health.ready && health.connection.ok);
    let stream = health.streams.iter().find(|stream| stream.name == STREAM).unwrap();
    assert_eq!(stream.ok, Some(false));
    assert!(stream.reason.as_ref().unwrap().contains("does not exist"), "{stream:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_is_gone_is_named() {
    let (_server, connection) = server().await;
    let subscriber = subscriber(&connection).await;
    let check = check(&subscriber);
    until_ready(&check, &connection).await;
    ask(&connection, &format!("CONSUMER.DELETE.{STREAM}.{CONSUMER}"), json!({})).await;
    let health = check.run(&connection).await;
    assert!(health.live && !health.ready && health.connection.ok);
    assert!(health.streams.iter().all(|stream| stream.ok == Some(true)));
    assert_eq!(health.consumers[0].exists, Some(false));
    // The subscriber notices too, and says why.
    until("the subscriber notices", || async {
        let health = check.run(&connection).await;
        health.consumers[0].subscriber.as_ref().unwrap().trouble.is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_has_ended_is_not_alive() {
    let (_server, connection) = server().await;
    let subscriber = subscriber(&connection).await;
    let check = check(&subscriber);
    until_ready(&check, &connection).await;
    let silent = check.clone().silence(Duration::ZERO);
    let health = silent.run(&connection).await;
    assert!(health.live && !health.ready, "{health:?}");
    drain_all(subscriber).await;
    let health = check.run(&connection).await;
    assert!(!health.live && !health.ready);
    assert!(!health.consumers[0].subscriber.as_ref().unwrap().running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_a_quorum_is_not_ready() {
    let mut cluster = Cluster::start(3).unwrap();
    let connection = connect(&cluster.urls()[0]).await;
    let topology = Topology::new(&CATALOGUE, Overrides::default()).unwrap();
    let plan = topology.plan(&connection).await.unwrap();
    plan.apply(&connection, Permission::default()).await.unwrap();
    let check = HealthCheck::new(&CATALOGUE).everything();
    until("every replica is up to date", || async {
        let health = check.run(&connection).await;
        health.ready && health.streams.iter().all(|stream| stream.replicas_current == 3)
    })
    .await;

    // Fewer copies may be lost together.
    let fewer = Topology::new(&CATALOGUE, Overrides::default().replicas(1)).unwrap();
    assert!(fewer.plan(&connection).await.unwrap().is_destructive());

    cluster.kill(1).unwrap();
    until("two of three lead and are enough", || async {
        let health = check.run(&connection).await;
        health.ready && health.streams.iter().all(|stream| stream.replicas_current == 2)
    })
    .await;
    cluster.kill(2).unwrap();
    let health = until_not_ready(&check, &connection).await;
    assert!(health.live);
    until("no stream has a quorum", || async {
        let health = check.run(&connection).await;
        health.streams.iter().all(|stream| stream.ok == Some(false))
    })
    .await;
}

/// A service that may ask about its own consumer and stream, and about nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_asked_is_unknown_and_no_illness() {
    let denied = "\"$JS.API.INFO\", \"$JS.API.STREAM.INFO.DEAD_LETTER_QUEUE\", \
                  \"$JS.API.STREAM.INFO.QUEUE_EVENTS\"";
    let users = format!(
        "authorization {{ users = [ {{ user: admin, password: p }}, {{ user: service, password: p, \
         permissions: {{ publish: {{ deny: [{denied}] }} }} }} ] }}"
    );
    let server = ServerOptions::new().config(users).start().unwrap();
    let connect = |user: &str| ConnectOptions::new("test").server(server.url()).user(user, "p");
    let admin = connect("admin").connect().await.unwrap();
    apply(&admin).await;
    let connection = connect("service").connect().await.unwrap();
    let subscriber = subscriber(&connection).await;
    let check = check(&subscriber).publishes("waitingroom.queue.paused.v1").unwrap();
    let health = until_ready(&check, &connection).await;
    let known: Vec<_> =
        health.streams.iter().map(|stream| (stream.name.as_str(), stream.ok)).collect();
    assert_eq!(known, [("DEAD_LETTER_QUEUE", None), (STREAM, Some(true)), ("QUEUE_EVENTS", None)]);
    assert!(health.streams[0].reason.as_ref().unwrap().contains("permission denied"));
    assert_eq!(serde_json::to_value(&health).unwrap()["streams"][0]["ok"], json!(null));

    // What it may ask counts.
    ask(&admin, &format!("STREAM.DELETE.{STREAM}"), json!({})).await;
    let health = check.run(&connection).await;
    assert!(health.live && !health.ready);
    assert_eq!(health.consumers[0].ok, Some(false));
    let everything = HealthCheck::new(&CATALOGUE).everything().run(&connection).await;
    assert!(!everything.ready);
}

#[test]
fn a_subject_without_a_stream_is_refused() {
    let error = HealthCheck::new(&CATALOGUE).publishes("elsewhere.a.b.v1").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Catalogue(_)), "{error}");
}
