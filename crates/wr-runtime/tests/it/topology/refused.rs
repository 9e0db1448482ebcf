//! Plans that are refused, and constants and overrides that cannot be.

use super::*;

#[tokio::test]
async fn three_replicas_need_three_servers() {
    let (_server, connection) = start().await;
    let topology = Topology::new(&CATALOGUE, Overrides::default()).unwrap();
    let plan = topology.plan(&connection).await.unwrap();
    assert_eq!(plan.conflicts().count(), 8, "{plan}");
    let line = "num_replicas 3 (impossible: 3 replicas need 3 servers; this is a single server: \
                override replicas)";
    let said = |step: &Step| step.differences.iter().any(|it| it.to_string() == line);
    assert!(plan.conflicts().all(said), "{plan}");
    let error = plan.apply(&connection, Permission::default()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unpermitted(_)), "{error}");
    let account = ask(&connection, "INFO", json!({})).await;
    assert_eq!(account["streams"], 0);
}

#[tokio::test]
async fn a_foreign_stream_in_the_way_is_named() {
    for version in [FLOOR_VERSION, DEFAULT_VERSION] {
        let (_server, connection) = start_version(version).await;
        let foreign = json!({
            "name": "OLD", "subjects": ["waitingroom.queue.*.v1"], "retention": "limits",
            "storage": "file", "discard": "old", "num_replicas": 1,
        });
        ask(&connection, "STREAM.CREATE.OLD", foreign).await;
        let plan = topology().plan(&connection).await.unwrap();
        let conflicts: Vec<&Step> = plan.conflicts().collect();
        assert_eq!(conflicts.len(), 1, "{plan}");
        assert!(conflicts[0].to_string().contains("stream `OLD` of the server holds it"), "{plan}");
        let error = plan.apply(&connection, Permission::default()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unpermitted(_)), "{error}");
    }
}

#[tokio::test]
async fn a_question_that_is_forbidden_is_named() {
    let text = r#"authorization { users: [{
        user: u, password: p, permissions: { publish: { deny: ["$JS.API.STREAM.INFO.>"] } }
    }] }"#;
    let server = ServerOptions::new().config(text).start().unwrap();
    let options = ConnectOptions::new("test").server(server.url()).user("u", "p");
    let connection = options.connect().await.unwrap();
    let error = topology().plan(&connection).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PermissionDenied { .. }), "{error}");
    let health = HealthCheck::new(&CATALOGUE).everything().run(&connection).await;
    assert!(health.connection.ok && !health.ready);
    let denied = |reason: &String| reason.contains("permission denied");
    assert!(health.streams.iter().all(|it| it.reason.as_ref().is_some_and(denied)), "{health:?}");
}

#[tokio::test]
async fn a_plan_that_is_out_of_date_is_not_applied() {
    let (_server, connection, _) = applied().await;
    let topology = changed(|parts| parts.stream("QUEUE_EVENTS").description = "another");
    let plan = topology.plan(&connection).await.unwrap();
    update_stream(&connection, "SYSTEM_EVENTS", json!({ "max_msgs": 1 })).await;
    let error = plan.apply(&connection, Permission::default()).await.unwrap_err();
    let lines = ["stream SYSTEM_EVENTS has changed since the plan: plan again".to_owned()];
    assert_eq!(*error.kind(), ErrorKind::Drift(lines.to_vec()));
}

#[tokio::test]
async fn settings_of_the_operator_stay() {
    let (_server, connection, _) = applied().await;
    let settings = json!({ "compression": "s2", "metadata": { "team": "a" } });
    update_stream(&connection, "QUEUE_EVENTS", settings).await;
    let topology = changed(|parts| parts.stream("QUEUE_EVENTS").description = "another");
    apply(&topology, &connection).await;
    let info = ask(&connection, "STREAM.INFO.QUEUE_EVENTS", json!({})).await;
    assert_eq!(info["config"]["compression"], "s2");
    assert_eq!(info["config"]["metadata"]["team"], "a");
    assert_eq!(info["config"]["description"], "another");
}

#[tokio::test]
async fn a_plan_reads_as_a_table_and_as_json() {
    let (_server, connection, _) = applied().await;
    publish(&connection, "waitingroom.queue.created.v1", 2).await;
    let topology = changed(|parts| {
        parts.stream("QUEUE_EVENTS").max_messages = 1;
        parts.consumer("audit-logger").ack_wait_seconds = 60;
    });
    let plan = topology.plan(&connection).await.unwrap();
    let text = plan.to_string();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("= ")).collect();
    assert_eq!(
        lines,
        [
            "~ change stream QUEUE_EVENTS",
            "    max_msgs  100000 -> 1 (destructive: 2 messages are stored, and the oldest would go)",
            "~ change consumer audit-logger of QUEUE_EVENTS",
            "    ack_wait  30 s -> 60 s",
            "0 to create, 2 to change, 0 in conflict, 10 as they should be",
        ]
    );
    let json = serde_json::to_value(&plan).unwrap();
    let steps = json["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["target"]["name"] == "audit-logger").unwrap();
    assert_eq!(step["action"], "update");
    assert_eq!(step["target"]["kind"], "consumer");
    let difference = json!({
        "field": "ack_wait", "actual": "30 s", "wanted": "60 s", "effect": "harmless",
    });
    assert_eq!(step["differences"], json!([difference]));
}

#[test]
fn constants_that_would_lose_messages_are_refused() {
    type Change = fn(&mut Parts);
    let cases: [(&str, Change); 19] = [
        ("no stream stores `waitingroom.queue.paused.v1`", |parts| {
            let stream = parts.stream("QUEUE_EVENTS");
            stream.subjects = &["waitingroom.redrive.audit-logger.>"];
        }),
        ("overlaps", |parts| {
            parts.stream("SYSTEM_EVENTS").subjects = &["waitingroom.>"];
        }),
        ("it would be silent for ever", |parts| {
            parts.consumer("audit-logger").filter_subjects =
                &["waitingroom.session.started.v1", "waitingroom.redrive.audit-logger.>"];
        }),
        ("consumer `audit-logger` does not read", |parts| {
            parts.consumer("audit-logger").filter_subjects = &["waitingroom.queue.created.v1"];
        }),
        ("of consumer `audit-logger` overlap", |parts| {
            parts.consumer("audit-logger").filter_subjects = &[
                "waitingroom.queue.created.v1",
                "waitingroom.queue.created.v1",
                "waitingroom.redrive.audit-logger.>",
            ];
        }),
        ("remembers ids for", |parts| {
            parts.stream("QUEUE_EVENTS").duplicate_window_seconds = 9_000_000;
        }),
        ("is not above its", |parts| parts.consumer("audit-logger").max_deliver = 3),
        ("that is not there", |parts| parts.consumer("audit-logger").stream = "NONE"),
        ("for dead letters", |parts| parts.dead_letters.stream = "NONE"),
        ("does not store dead letters on", |parts| parts.dead_letters.subject = "else.{consumer}"),
        ("could keep the same dead letter twice", |parts| {
            parts.stream("DEAD_LETTER_QUEUE").duplicate_window_seconds = 60;
        }),
        ("has fewer replicas than", |parts| parts.stream("DEAD_LETTER_QUEUE").replicas = 1),
        ("is no name of a stream", |parts| parts.stream("QUEUE_EVENTS").name = "QUEUE.EVENTS"),
        ("more than one consumer `audit-logger`", |parts| {
            parts.consumer("notification-service").name = "audit-logger";
        }),
        ("`waitingroom.queue..v1` is no filter", |parts| {
            let stream = parts.stream("QUEUE_EVENTS");
            stream.subjects = [stream.subjects, &["waitingroom.queue..v1"]].concat().leak();
        }),
        ("would refuse a dead letter", |parts| {
            parts.stream("DEAD_LETTER_QUEUE").discard = Discard::New;
        }),
        ("for the server's advisories", |parts| parts.advisories_stream = "NONE"),
        ("does not name the consumer", |parts| {
            parts.redrive_subject = "waitingroom.redrive.{subject}"
        }),
        ("forgets handled events before", |parts| {
            let memory = Deduplication { bucket: "b", max_age_seconds: 1 };
            parts.consumer("audit-logger").deduplication = Some(memory);
        }),
    ];
    for (text, change) in cases {
        let error = Topology::new(catalogue(change), single()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Catalogue(why) if why.contains(text)), "{error}");
    }
    let none = Box::leak(Box::new(Catalogue {
        domain: "none",
        fingerprint: "none",
        subjects: &[],
        dead_letters: &[],
        topology: None,
    }));
    let error = Topology::new(none, single()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Catalogue(_)), "{error}");
}

#[test]
fn overrides_that_cannot_be_are_refused() {
    for overrides in [
        Overrides::default().replicas(0),
        Overrides::default().replicas(6),
        Overrides::default().max_bytes_percent(0),
        Overrides::default().max_bytes_percent(101),
        Overrides::default().max_bytes("NONE", 1),
        Overrides::default().max_bytes("QUEUE_EVENTS", 0),
    ] {
        let error = Topology::new(&CATALOGUE, overrides.clone()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Option(_)), "{overrides:?}");
    }
}

#[tokio::test]
async fn overrides_are_what_the_server_gets() {
    let (_server, connection) = start().await;
    let overrides = single()
        .storage(Storage::Memory)
        .max_bytes_percent(1)
        .max_bytes("DEAD_LETTER_QUEUE", 1_000_000)
        .max_bytes("notification-service-handled", 2_000_000);
    apply(&Topology::new(&CATALOGUE, overrides).unwrap(), &connection).await;
    for (name, bytes) in [
        ("SYSTEM_EVENTS", 1_048_576),
        ("DEAD_LETTER_QUEUE", 1_000_000),
        ("KV_notification-service-handled", 2_000_000),
    ] {
        let info = ask(&connection, &format!("STREAM.INFO.{name}"), json!({})).await;
        assert_eq!(info["config"]["max_bytes"], bytes, "{name}");
        assert_eq!(info["config"]["storage"], "memory", "{name}");
    }
}
