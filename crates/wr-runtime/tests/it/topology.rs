//! Plan, apply and verify, against real servers.

mod marks;
mod refused;

use serde_json::{Value, json};
use wr_events::CATALOGUE;
use wr_events::wr_core::Catalogue;
use wr_events::wr_core::topology::{
    Consumer, DeadLetters, Deduplication, Discard, Storage, Stream, Topology as Constants,
};
use wr_runtime::{
    Action, ConnectOptions, Connection, Effect, ErrorKind, HealthCheck, Overrides, Permission,
    Plan, Step, Topology,
};
use wr_testkit::{Binary, DEFAULT_VERSION, FLOOR_VERSION, Server, ServerOptions};

use crate::dead_letters::MOMENT;
use crate::support::{ask, connect, messages, until};

const SECOND: u64 = 1_000_000_000;

async fn start() -> (Server, Connection) {
    let server = Server::start().unwrap();
    let connection = connect(&server.url()).await;
    (server, connection)
}

async fn start_version(version: &str) -> (Server, Connection) {
    let binary = Binary::version(version).unwrap();
    let server = ServerOptions::new().binary(binary).start().unwrap();
    let connection = connect(&server.url()).await;
    (server, connection)
}

fn single() -> Overrides {
    Overrides::default().replicas(1)
}

fn topology() -> Topology {
    Topology::new(&CATALOGUE, single()).unwrap()
}

async fn applied() -> (Server, Connection, Topology) {
    let (server, connection) = start().await;
    let topology = topology();
    apply(&topology, &connection).await;
    (server, connection, topology)
}

async fn apply(topology: &Topology, connection: &Connection) {
    let plan = topology.plan(connection).await.unwrap();
    plan.apply(connection, Permission::default()).await.unwrap();
}

/// A catalogue of the same subjects with other streams and consumers.
fn catalogue(change: impl FnOnce(&mut Parts)) -> &'static Catalogue {
    let constants = CATALOGUE.topology.unwrap();
    let mut parts = Parts {
        streams: constants.streams.to_vec(),
        consumers: constants.consumers.to_vec(),
        dead_letters: constants.dead_letters,
        redrive_subject: constants.redrive_subject,
        advisories_stream: constants.advisories_stream,
    };
    change(&mut parts);
    let topology = Constants {
        streams: parts.streams.leak(),
        consumers: parts.consumers.leak(),
        dead_letters: parts.dead_letters,
        redrive_subject: parts.redrive_subject,
        advisories_stream: parts.advisories_stream,
    };
    Box::leak(Box::new(Catalogue {
        domain: CATALOGUE.domain,
        fingerprint: CATALOGUE.fingerprint,
        subjects: CATALOGUE.subjects,
        dead_letters: CATALOGUE.dead_letters,
        topology: Some(Box::leak(Box::new(topology))),
    }))
}

struct Parts {
    streams: Vec<Stream>,
    consumers: Vec<Consumer>,
    dead_letters: DeadLetters,
    redrive_subject: &'static str,
    advisories_stream: &'static str,
}

impl Parts {
    fn stream(&mut self, name: &str) -> &mut Stream {
        self.streams.iter_mut().find(|stream| stream.name == name).unwrap()
    }

    fn consumer(&mut self, name: &str) -> &mut Consumer {
        self.consumers.iter_mut().find(|consumer| consumer.name == name).unwrap()
    }

    /// Moves what one stream stores under a subject to another.
    fn move_subject(&mut self, subject: &'static str, from: &str, to: &str) {
        let without = |all: &[&'static str]| -> Vec<&'static str> {
            all.iter().copied().filter(|it| *it != subject).collect()
        };
        let from = self.stream(from);
        from.subjects = without(from.subjects).leak();
        let name = from.name;
        for consumer in self.consumers.iter_mut().filter(|it| it.stream == name) {
            consumer.filter_subjects = without(consumer.filter_subjects).leak();
        }
        let to = self.stream(to);
        to.subjects = [to.subjects, &[subject]].concat().leak();
    }
}

fn changed(change: impl FnOnce(&mut Parts)) -> Topology {
    Topology::new(catalogue(change), single()).unwrap()
}

/// The steps that are not `Unchanged`.
fn open(plan: &Plan) -> Vec<&Step> {
    plan.steps.iter().filter(|step| step.action != Action::Unchanged).collect()
}

/// The settings that differ, of all steps.
fn fields(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().flat_map(|step| &step.differences).map(|it| it.field).collect()
}

async fn publish(connection: &Connection, subject: &str, count: usize) {
    for _ in 0..count {
        let sent = connection.jetstream().publish(subject.to_owned(), "{}".into());
        sent.await.unwrap().await.unwrap();
    }
}

/// Changes settings of a stream behind the topology's back.
async fn update_stream(connection: &Connection, name: &str, settings: Value) {
    let mut config = ask(connection, &format!("STREAM.INFO.{name}"), json!({})).await;
    let config = merge(&mut config, settings);
    ask(connection, &format!("STREAM.UPDATE.{name}"), config).await;
}

async fn update_consumer(connection: &Connection, stream: &str, name: &str, settings: Value) {
    let mut config = ask(connection, &format!("CONSUMER.INFO.{stream}.{name}"), json!({})).await;
    let config = merge(&mut config, settings);
    create_consumer(connection, stream, config, "update").await;
}

/// Makes a consumer anew with settings that cannot be changed.
async fn replace_consumer(connection: &Connection, stream: &str, name: &str, settings: Value) {
    let mut config = ask(connection, &format!("CONSUMER.INFO.{stream}.{name}"), json!({})).await;
    let config = merge(&mut config, settings);
    ask(connection, &format!("CONSUMER.DELETE.{stream}.{name}"), json!({})).await;
    create_consumer(connection, stream, config, "create").await;
}

async fn create_consumer(connection: &Connection, stream: &str, config: Value, action: &str) {
    let subject = format!("CONSUMER.CREATE.{stream}.{}", config["name"].as_str().unwrap());
    let request = json!({ "stream_name": stream, "config": config, "action": action });
    ask(connection, &subject, request).await;
}

fn merge(info: &mut Value, settings: Value) -> Value {
    let mut config = info["config"].take();
    for (name, value) in settings.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

#[tokio::test]
async fn an_empty_server_gets_everything_once() {
    for version in [FLOOR_VERSION, DEFAULT_VERSION] {
        let (_server, connection) = start_version(version).await;
        let topology = topology();
        let plan = topology.plan(&connection).await.unwrap();
        assert!(plan.steps.iter().all(|step| step.action == Action::Create), "{plan}");
        let constants = topology.constants();
        // One bucket, and the reconciler.
        let all = constants.streams.len() + constants.consumers.len() + 2;
        let same = topology.plan(&connection).await.unwrap();
        let applied = plan.apply(&connection, Permission::default()).await.unwrap();
        assert_eq!(applied.created.len(), all, "{version}");
        // Another instance had the same plan.
        let applied = same.apply(&connection, Permission::default()).await.unwrap();
        assert_eq!(applied.unchanged.len(), all, "{version}");

        topology.verify(&connection).await.unwrap();
        let again = topology.plan(&connection).await.unwrap();
        assert!(again.is_empty(), "{version}: {again}");
        let applied = again.apply(&connection, Permission::default()).await.unwrap();
        assert_eq!(applied.unchanged.len(), all, "{version}");
    }
}

#[tokio::test]
async fn every_subject_lands_in_its_stream() {
    let (_server, connection, topology) = applied().await;
    for entry in CATALOGUE.subjects {
        let sent = connection.jetstream().publish(entry.subject, "{}".into()).await.unwrap();
        let stream = topology.stream_of(entry.subject).unwrap();
        assert_eq!(sent.await.unwrap().stream, stream.name, "{}", entry.subject);
    }
}

#[tokio::test]
async fn a_changed_stream_is_found_setting_by_setting() {
    let (_server, connection, topology) = applied().await;
    let name = "QUEUE_EVENTS";
    for settings in [
        json!({ "description": "another" }),
        json!({ "discard": "new" }),
        json!({ "max_msgs": 7 }),
        json!({ "max_bytes": 7000 }),
        json!({ "max_age": 4000 * SECOND }),
        json!({ "duplicate_window": SECOND }),
        json!({ "allow_direct": false }),
        json!({ "max_msgs_per_subject": 1 }),
        json!({ "max_msg_size": 100 }),
        json!({ "no_ack": true }),
        json!({ "allow_rollup_hdrs": true }),
        json!({ "subjects": ["waitingroom.queue.created.v1"] }),
    ] {
        update_stream(&connection, name, settings.clone()).await;
        let plan = topology.plan(&connection).await.unwrap();
        let field = settings.as_object().unwrap().keys().next().unwrap();
        assert_eq!(fields(&plan), [field], "{plan}");
        assert_eq!(open(&plan)[0].action, Action::Update, "{plan}");
        let error = topology.verify(&connection).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Drift(lines) if lines.len() == 1), "{error}");
        apply(&topology, &connection).await;
    }
}

#[tokio::test]
async fn a_changed_consumer_is_found_setting_by_setting() {
    let (_server, connection, topology) = applied().await;
    let (stream, name) = ("QUEUE_EVENTS", "audit-logger");
    for settings in [
        json!({ "description": "another" }),
        json!({ "filter_subjects": ["waitingroom.queue.created.v1"] }),
        json!({ "ack_wait": SECOND }),
        json!({ "max_deliver": 3 }),
        json!({ "max_ack_pending": 1 }),
        json!({ "backoff": [SECOND, 2 * SECOND] }),
        json!({ "headers_only": true }),
        json!({ "max_expires": SECOND }),
        json!({ "inactive_threshold": 3600 * SECOND }),
    ] {
        update_consumer(&connection, stream, name, settings.clone()).await;
        let plan = topology.plan(&connection).await.unwrap();
        let field = settings.as_object().unwrap().keys().next().unwrap();
        // The server sets `ack_wait` to the first `backoff`.
        let found = fields(&plan);
        let found: Vec<_> = found.iter().filter(|it| field != "backoff" || **it == field).collect();
        assert_eq!(found, [field], "{plan}");
        apply(&topology, &connection).await;
    }
}

#[tokio::test]
async fn a_changed_bucket_is_found() {
    let (_server, connection, topology) = applied().await;
    update_stream(
        &connection,
        "KV_notification-service-handled",
        json!({ "max_age": SECOND * 200 }),
    )
    .await;
    let plan = topology.plan(&connection).await.unwrap();
    assert_eq!(fields(&plan), ["max_age"], "{plan}");
    apply(&topology, &connection).await;
    let bucket =
        connection.jetstream().get_key_value("notification-service-handled").await.unwrap();
    assert_eq!(bucket.status().await.unwrap().history(), 1);
    bucket.put("id", "".into()).await.unwrap();
}

#[tokio::test]
async fn what_is_gone_is_made_again() {
    let (_server, connection, topology) = applied().await;
    ask(&connection, "STREAM.DELETE.QUEUE_EVENTS", json!({})).await;
    let plan = topology.plan(&connection).await.unwrap();
    assert_eq!(
        plan.drift(),
        [
            "stream QUEUE_EVENTS does not exist",
            "consumer audit-logger of QUEUE_EVENTS does not exist"
        ]
    );
    apply(&topology, &connection).await;
}

#[tokio::test]
async fn a_lower_limit_needs_permission_where_it_drops_messages() {
    let (_server, connection, _) = applied().await;
    let subject = "waitingroom.queue.created.v1";
    publish(&connection, subject, 5).await;

    let roomy = changed(|parts| parts.stream("QUEUE_EVENTS").max_messages = 5);
    let plan = roomy.plan(&connection).await.unwrap();
    assert!(!plan.is_destructive(), "{plan}");
    apply(&roomy, &connection).await;

    let small = changed(|parts| parts.stream("QUEUE_EVENTS").max_messages = 2);
    let plan = small.plan(&connection).await.unwrap();
    assert!(plan.is_destructive(), "{plan}");
    let error = plan.apply(&connection, Permission::default()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unpermitted(lines) if lines.len() == 1), "{error}");
    assert_eq!(messages(&connection, "QUEUE_EVENTS").await, 5);

    let permission = Permission::default().allow_destructive();
    let applied = plan.apply(&connection, permission).await.unwrap();
    assert_eq!(applied.updated.len(), 1);
    assert_eq!(messages(&connection, "QUEUE_EVENTS").await, 2);

    let bytes = changed(|parts| {
        parts.stream("QUEUE_EVENTS").max_messages = 2;
        parts.stream("QUEUE_EVENTS").max_bytes = 20;
    });
    assert!(bytes.plan(&connection).await.unwrap().is_destructive());
}

#[tokio::test]
async fn a_lower_age_needs_permission_once_a_message_is_older() {
    let (_server, connection, _) = applied().await;
    publish(&connection, "waitingroom.queue.created.v1", 1).await;
    let age = |seconds| {
        changed(move |parts| {
            parts.stream("QUEUE_EVENTS").duplicate_window_seconds = 1;
            parts.stream("QUEUE_EVENTS").max_age_seconds = seconds;
        })
    };
    assert!(!age(3600).plan(&connection).await.unwrap().is_destructive());
    let short = age(1);
    until("a message is older than a second", || async {
        short.plan(&connection).await.unwrap().is_destructive()
    })
    .await;
}

#[tokio::test]
async fn a_subject_that_goes_needs_permission_where_it_has_messages() {
    let (_server, connection, _) = applied().await;
    let without = |subject: &'static str| {
        changed(move |parts| parts.move_subject(subject, "QUEUE_EVENTS", "SYSTEM_EVENTS"))
    };
    publish(&connection, "waitingroom.queue.created.v1", 3).await;
    let plan = without("waitingroom.queue.created.v1").plan(&connection).await.unwrap();
    assert!(plan.is_destructive() && plan.conflicts().count() == 0, "{plan}");
    let effects = plan.steps.iter().flat_map(|step| &step.differences).map(|it| &it.effect);
    let texts: Vec<&str> = effects
        .filter_map(|effect| match effect {
            Effect::Destructive(why) => Some(why.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        texts,
        [
            "3 messages lie under subjects that would be stored no more",
            "3 messages wait, and those under a filter that goes would not be delivered",
        ]
    );

    // One without messages, but the consumer still has others to read.
    let moved = without("waitingroom.queue.paused.v1");
    let plan = moved.plan(&connection).await.unwrap();
    let stream = plan.steps.iter().find(|step| step.target.to_string() == "stream QUEUE_EVENTS");
    assert_eq!(stream.unwrap().differences[0].effect, Effect::Harmless, "{plan}");
    let permission = Permission::default().allow_destructive();
    plan.apply(&connection, permission).await.unwrap();
    let sent = connection.jetstream().publish("waitingroom.queue.paused.v1", "{}".into());
    assert_eq!(sent.await.unwrap().await.unwrap().stream, "SYSTEM_EVENTS");
}

#[tokio::test]
async fn what_the_server_does_not_change_is_a_conflict() {
    let (_server, connection, _) = applied().await;
    let overrides = single().storage(Storage::Memory);
    let topology = Topology::new(&CATALOGUE, overrides).unwrap();
    let plan = topology.plan(&connection).await.unwrap();
    assert_eq!(plan.conflicts().count(), 8, "{plan}");
    let permission = Permission::default().allow_destructive().allow_recreate();
    let error = plan.apply(&connection, permission).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unpermitted(lines) if lines.len() == 8), "{error}");
}

#[tokio::test]
async fn a_new_consumer_of_an_old_stream_is_told_what_it_will_be_handed() {
    let (_server, connection, topology) = applied().await;
    let (stream, name) = ("QUEUE_EVENTS", "audit-logger");
    publish(&connection, "waitingroom.queue.created.v1", 3).await;
    ask(&connection, &format!("CONSUMER.DELETE.{stream}.{name}"), json!({})).await;

    let effects = |plan: &Plan| -> Vec<Effect> {
        let differences = open(plan).into_iter().flat_map(|step| step.differences.clone());
        let effects = differences.map(|difference| difference.effect);
        effects.filter(|effect| *effect != Effect::Harmless).collect()
    };
    let plan = topology.plan(&connection).await.unwrap();
    let [Effect::Notable(note)] = &effects(&plan)[..] else { panic!("{plan}") };
    assert!(note.contains("3 messages, from the first on"), "{note}");
    assert!(plan.to_string().contains(note.as_str()) && !plan.is_destructive(), "{plan}");

    // The operator knows that two were settled.
    let moved = Topology::new(&CATALOGUE, single().start(name, 3)).unwrap();
    let plan = moved.plan(&connection).await.unwrap();
    let [Effect::Notable(note)] = &effects(&plan)[..] else { panic!("{plan}") };
    assert!(note.contains("from message 3 on"), "{note}");
    plan.apply(&connection, Permission::default()).await.unwrap();
    assert_eq!(pull(&connection, stream, name, 1).await, [3]);
    for topology in [&topology, &moved] {
        assert!(topology.plan(&connection).await.unwrap().is_empty());
    }

    // One that is there stays where it is.
    let from_the_first = json!({ "deliver_policy": "all", "opt_start_seq": null });
    replace_consumer(&connection, stream, name, from_the_first).await;
    assert!(topology.plan(&connection).await.unwrap().is_empty());
    assert_eq!(moved.plan(&connection).await.unwrap().conflicts().count(), 1);
    for refused in [single().start("nobody", 3), single().start(name, 0)] {
        let error = Topology::new(&CATALOGUE, refused).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Option(_)), "{error}");
    }
}

#[tokio::test]
async fn a_consumer_made_anew_goes_on_where_the_old_one_stood() {
    let (_server, connection, topology) = applied().await;
    let (stream, name) = ("QUEUE_EVENTS", "audit-logger");
    let permission = Permission::default().allow_recreate();
    publish(&connection, "waitingroom.queue.created.v1", 2).await;
    replace_consumer(&connection, stream, name, json!({ "deliver_policy": "new" })).await;
    publish(&connection, "waitingroom.queue.created.v1", 3).await;

    let plan = topology.plan(&connection).await.unwrap();
    assert_eq!(fields(&plan), ["deliver_policy"], "{plan}");
    let error = plan.apply(&connection, Permission::default()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unpermitted(_)), "{error}");

    // One that settled nothing stands where it began, which is not the start of the stream.
    let applied = plan.apply(&connection, permission).await.unwrap();
    assert_eq!(applied.recreated.len(), 1);
    assert_eq!(pull(&connection, stream, name, 2).await, [3, 4]);
    settled(&connection, stream, name, 4).await;

    let settings = json!({ "replay_policy": "original" });
    replace_consumer(&connection, stream, name, settings).await;
    assert_eq!(pull(&connection, stream, name, 1).await, [3]);
    settled(&connection, stream, name, 3).await;
    let plan = topology.plan(&connection).await.unwrap();
    assert_eq!(fields(&plan), ["replay_policy"], "{plan}");
    plan.apply(&connection, permission).await.unwrap();
    assert_eq!(pull(&connection, stream, name, 9).await, [4, 5]);
}

/// Pulls what there is, acknowledges it, and gives the sequences.
async fn pull(connection: &Connection, stream: &str, name: &str, most: usize) -> Vec<u64> {
    use futures_util::StreamExt;
    let consumer: async_nats::jetstream::consumer::PullConsumer =
        connection.jetstream().get_consumer_from_stream(name, stream).await.unwrap();
    let mut batch = consumer.batch().max_messages(most).expires(MOMENT).messages().await.unwrap();
    let mut sequences = Vec::new();
    while let Some(message) = batch.next().await {
        let message = message.unwrap();
        sequences.push(message.info().unwrap().stream_sequence);
        message.ack().await.unwrap();
    }
    sequences
}

async fn settled(connection: &Connection, stream: &str, name: &str, floor: u64) {
    until("the acks have come", || async {
        let info = ask(connection, &format!("CONSUMER.INFO.{stream}.{name}"), json!({})).await;
        info["ack_floor"]["stream_seq"].as_u64() == Some(floor)
    })
    .await;
}

#[tokio::test]
async fn a_consumer_reads_its_filters_and_nothing_else() {
    let (_server, connection) = start().await;
    let topology = changed(|parts| {
        parts.consumer("audit-logger").filter_subjects = &[
            "waitingroom.queue.created.v1",
            "waitingroom.queue.paused.v1",
            "waitingroom.redrive.audit-logger.>",
        ];
    });
    apply(&topology, &connection).await;
    for subject in ["created.v1", "updated.v1", "paused.v1", "resumed.v1"] {
        publish(&connection, &format!("waitingroom.queue.{subject}"), 1).await;
    }
    publish(&connection, "waitingroom.redrive.audit-logger.again", 1).await;
    assert_eq!(pull(&connection, "QUEUE_EVENTS", "audit-logger", 9).await, [1, 3, 5]);
}
