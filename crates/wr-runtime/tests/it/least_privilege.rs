//! The generated authorization on a real server: who may do what, for every user and every subject.
//!
//! What everybody needs works is shown by the demo, which runs under this file, and by `wr`'s tests.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, Event, ServerError};
use serde_json::{Value, json};
use wr_events::CATALOGUE;
use wr_runtime::{
    ConnectOptions, HealthCheck, Publisher, PublisherOptions, Subscriber, SubscriberOptions,
};
use wr_testkit::{Server, ServerOptions};

use crate::connection::{session, session_handlers};
use crate::support::{apply, ask, drain_all, messages, until};

const AUTHORIZATION: &str = include_str!("../../../../schemas/generated/nats-authorization.conf");
const TOPOLOGY: &str = include_str!("../../../../schemas/topology.json");

/// The permissions are the server's own, with or without JetStream: without it no request that is
/// permitted has an effect.
fn server(options: ServerOptions) -> Server {
    server_with(options, AUTHORIZATION)
}

fn server_with(options: ServerOptions, authorization: &str) -> Server {
    let mut passwords = String::new();
    for rest in AUTHORIZATION.split("$NATS_PASSWORD_").skip(1) {
        let name = rest.split_whitespace().next().unwrap();
        passwords += &format!("NATS_PASSWORD_{name}: secret\n");
    }
    options.config(passwords).config(authorization).start().unwrap()
}

/// A user of the server, and what it was refused.
struct User {
    client: Client,
    refused: Arc<Mutex<BTreeSet<String>>>,
}

impl User {
    async fn connect(server: &Server, name: &str) -> User {
        let refused = Arc::new(Mutex::new(BTreeSet::new()));
        let note = refused.clone();
        let client = async_nats::ConnectOptions::new()
            .user_and_password(name.to_owned(), "secret".to_owned())
            .custom_inbox_prefix(format!("_INBOX_{name}"))
            .event_callback(move |event| {
                if let Event::ServerError(ServerError::Other(text)) = event {
                    let subject = text.split('"').nth(1).unwrap().to_owned();
                    note.lock().unwrap().insert(subject);
                }
                std::future::ready(())
            })
            .connect(server.url())
            .await
            .unwrap();
        User { client, refused }
    }

    /// Which of these subjects the server refuses to take.
    async fn refused_to_publish(&self, subjects: &BTreeSet<String>) -> BTreeSet<String> {
        let all: Vec<&String> = subjects.iter().collect();
        for some in all.chunks(FEW) {
            for subject in some {
                self.client.publish((*subject).clone(), "".into()).await.unwrap();
            }
            self.settled().await;
        }
        std::mem::take(&mut *self.refused.lock().unwrap())
    }

    /// Which of these subjects the server refuses to send.
    async fn refused_to_hear(&self, subjects: &BTreeSet<String>) -> BTreeSet<String> {
        let mut heard = Vec::new();
        for subject in subjects {
            heard.push(self.client.subscribe(subject.clone()).await.unwrap());
            self.settled().await;
        }
        std::mem::take(&mut *self.refused.lock().unwrap())
    }

    /// Waits until all that was refused is known: the server answers in order.
    async fn settled(&self) {
        const LAST: &str = "nobody.may.do.this";
        self.client.publish(LAST, "".into()).await.unwrap();
        let end = tokio::time::Instant::now() + Duration::from_secs(30);
        while !self.refused.lock().unwrap().remove(LAST) {
            assert!(tokio::time::Instant::now() < end, "the server never refused `{LAST}`");
            self.client.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
    }
}

/// So many refusals at a time: the client forgets what its callback is too slow for.
const FEW: usize = 20;

/// Every durable consumer, with its stream.
fn durables() -> Vec<(&'static str, &'static str)> {
    let topology = CATALOGUE.topology.unwrap();
    let consumers = topology.consumers.iter().map(|it| (it.stream, it.name));
    consumers.chain([(topology.advisories_stream, "reconciler")]).collect()
}

/// Every subject that somebody may want: events, dead letters, redrives, answers to deliveries,
/// buckets, and the calls of JetStream's API on everything there is.
fn subjects() -> BTreeSet<String> {
    let topology = CATALOGUE.topology.unwrap();
    let mut all: BTreeSet<String> =
        CATALOGUE.subjects.iter().map(|subject| subject.subject.to_owned()).collect();
    all.insert("waitingroom.position.enqueued.v2".to_owned());
    all.insert("waitingroom.dlq.anything".to_owned());
    let mut streams: Vec<String> = topology.streams.iter().map(|it| it.name.to_owned()).collect();
    streams.push("ELSEWHERE".to_owned());
    for (stream, consumer) in durables() {
        all.insert(format!("$JS.ACK.{stream}.{consumer}.1.1.1.1700000000000000000.0"));
        all.insert(format!("waitingroom.dlq.{stream}.{consumer}"));
        all.insert(format!("waitingroom.redrive.{consumer}.waitingroom.queue.paused.v1"));
        for call in ["INFO", "CREATE", "DELETE", "MSG.NEXT", "PAUSE", "UNPIN", "DURABLE.CREATE"] {
            all.insert(format!("$JS.API.CONSUMER.{call}.{stream}.{consumer}"));
        }
    }
    for memory in topology.consumers.iter().filter_map(|it| Some((it.name, it.deduplication?))) {
        let (consumer, bucket) = (memory.0, memory.1.bucket);
        streams.push(format!("KV_{bucket}"));
        all.insert(format!("$KV.{bucket}.{consumer}.id"));
        all.insert(format!("$KV.{bucket}.another.id"));
        all.insert(format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.{consumer}.id"));
        all.insert(format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.another.id"));
    }
    for stream in &streams {
        for call in [
            "INFO",
            "CREATE",
            "UPDATE",
            "DELETE",
            "PURGE",
            "MSG.GET",
            "MSG.DELETE",
            "SNAPSHOT",
            "RESTORE",
            "LEADER.STEPDOWN",
        ] {
            all.insert(format!("$JS.API.STREAM.{call}.{stream}"));
        }
        all.insert(format!("$JS.API.CONSUMER.CREATE.{stream}"));
        all.insert(format!("$JS.API.CONSUMER.CREATE.{stream}.mine.waitingroom.queue.paused.v1"));
        all.insert(format!("$JS.API.CONSUMER.DELETE.{stream}.mine"));
        all.insert(format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.mine"));
        all.insert(format!("$JS.API.DIRECT.GET.{stream}"));
    }
    for call in ["INFO", "STREAM.NAMES", "STREAM.LIST", "ACCOUNT.PURGE.A", "META.LEADER.STEPDOWN"] {
        all.insert(format!("$JS.API.{call}"));
    }
    all
}

/// What a service may publish, said anew from topology.json, and not from what is generated of it.
fn permitted(service: &Value, subject: &str) -> bool {
    let topology = CATALOGUE.topology.unwrap();
    let list = |name: &str| -> Vec<&str> {
        let items = service.get(name).and_then(Value::as_array).into_iter().flatten();
        items.map(|item| item.as_str().unwrap()).collect()
    };
    let (publishes, consumes) = (list("publishes"), list("consumes"));
    if subject == "$JS.API.INFO" || publishes.contains(&subject) {
        return true;
    }
    let own = |name: &str| subject == format!("$JS.API.STREAM.INFO.{name}");
    let publishes_into = topology.streams.iter().any(|stream| {
        own(stream.name) && stream.subjects.iter().any(|subject| publishes.contains(subject))
    });
    let run = topology.consumers.iter().filter(|it| consumes.contains(&it.name));
    let consuming = |consumer: &wr_events::wr_core::topology::Consumer| {
        let (stream, name) = (consumer.stream, consumer.name);
        let bucket = consumer.deduplication.map_or("", |memory| memory.bucket);
        own(stream)
            || subject.starts_with(&format!("$JS.ACK.{stream}.{name}."))
            || subject == format!("$JS.API.CONSUMER.INFO.{stream}.{name}")
            || subject == format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}")
            || subject == format!("waitingroom.dlq.{stream}.{name}")
            || own(topology.dead_letters.stream)
            || !bucket.is_empty()
                && (own(&format!("KV_{bucket}"))
                    || subject == format!("$KV.{bucket}.{name}.id")
                    || subject == format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.{name}.id"))
    };
    publishes_into || run.into_iter().any(consuming)
}

#[tokio::test]
async fn a_service_may_do_what_the_topology_says_and_nothing_else() {
    let server = server(ServerOptions::new().without_jetstream());
    let topology: Value = serde_json::from_str(TOPOLOGY).unwrap();
    let services: BTreeMap<String, Value> =
        serde_json::from_value(topology["services"].clone()).unwrap();
    assert!(services.len() >= 6);
    let subjects = subjects();
    for (name, service) in &services {
        let user = User::connect(&server, name).await;
        let refused = user.refused_to_publish(&subjects).await;
        let expected: BTreeSet<String> =
            subjects.iter().filter(|subject| !permitted(service, subject)).cloned().collect();
        assert!(expected.len() < subjects.len() && expected.len() > 100);
        assert_eq!(refused, expected, "{name}");
    }
}

/// Who hears the answers to others could read what they are delivered.
#[tokio::test]
async fn a_user_hears_the_answers_to_itself_alone() {
    let server = server(ServerOptions::new().without_jetstream());
    let users: Vec<&str> = AUTHORIZATION
        .split("user: \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(users.len() >= 9, "{users:?}");
    let others = [">", "_INBOX.>", "waitingroom.>", "$JS.>", "$KV.>", "_INBOX_*.>"];
    for name in &users {
        let user = User::connect(&server, name).await;
        let mut asked: BTreeSet<String> = others.iter().map(|it| (*it).to_owned()).collect();
        asked.extend(users.iter().map(|it| format!("_INBOX_{it}.x")));
        let own = BTreeSet::from([format!("_INBOX_{name}.x")]);
        let expected: BTreeSet<String> = asked.difference(&own).cloned().collect();
        assert_eq!(user.refused_to_hear(&asked).await, expected, "{name}");
    }
}

/// The three roles that are no services.
#[tokio::test]
async fn nobody_may_destroy_what_holds_events() {
    let server = server(ServerOptions::new().without_jetstream());
    let subjects = subjects();
    for name in ["reconciler", "provisioner", "operator"] {
        let refused = User::connect(&server, name).await.refused_to_publish(&subjects).await;
        let permitted: BTreeSet<&String> = subjects.difference(&refused).collect();
        let may = |part: &str| permitted.iter().any(|subject| subject.contains(part));
        for part in
            ["STREAM.DELETE", "STREAM.PURGE", "SNAPSHOT", "RESTORE", "STEPDOWN", "ELSEWHERE"]
        {
            assert!(!may(part), "{name}: {part}");
        }
        let is_event = |subject: &&&String| {
            CATALOGUE.subjects.iter().any(|event| event.subject == subject.as_str())
        };
        let events = permitted.iter().filter(is_event).count();
        assert_eq!(events, if name == "operator" { CATALOGUE.subjects.len() } else { 0 }, "{name}");
        assert_eq!(may("STREAM.CREATE."), name == "provisioner", "{name}");
        assert_eq!(may("MSG.DELETE.DEAD_LETTER_QUEUE"), name == "operator", "{name}");
        assert!(!may("MSG.DELETE.POSITION_EVENTS"), "{name}");
        assert_eq!(may("waitingroom.redrive."), name == "operator", "{name}");
        assert_eq!(may("waitingroom.dlq."), name == "reconciler", "{name}");
        assert_eq!(may("$JS.ACK."), name == "reconciler", "{name}");
        // What the services read is neither changed nor emptied by who has consumers of their own.
        for (stream, consumer) in durables() {
            let of = |call: &str| may(&format!("CONSUMER.{call}.{stream}.{consumer}"));
            assert_eq!(of("CREATE"), name == "provisioner", "{name}: {consumer}");
            assert_eq!(of("DELETE"), name == "provisioner", "{name}: {consumer}");
            assert_eq!(of("MSG.NEXT"), (name, consumer) == ("reconciler", "reconciler"), "{name}");
            assert!(of("INFO"), "{name}: {consumer}");
            // There the name stands in the body, and may be anybody's.
            assert!(!permitted.contains(&format!("$JS.API.CONSUMER.CREATE.{stream}")), "{name}");
            let mine = may(&format!("CONSUMER.CREATE.{stream}.mine."));
            assert_eq!(mine, name == "operator", "{name}: {stream}");
        }
    }
}

fn login(server: &Server, name: &str) -> ConnectOptions {
    let options = ConnectOptions::new("test").server(server.url()).user(name, "secret");
    options.inbox_prefix(format!("_INBOX_{name}")).request_timeout(Duration::from_secs(2))
}

/// Nor by a request that says one name in its subject and another in its body.
#[tokio::test]
async fn the_operator_cannot_change_a_consumer_of_a_service() {
    let server = server(ServerOptions::new());
    apply(&login(&server, "provisioner").connect().await.unwrap()).await;
    let operator = login(&server, "operator").connect().await.unwrap();
    let (stream, consumer) = ("POSITION_EVENTS", "analytics-processor");
    for name in ["name", "durable_name"] {
        let mut config = json!({ "ack_policy": "explicit", "filter_subject": "waitingroom.x" });
        config[name] = json!(consumer);
        let request = json!({ "stream_name": stream, "config": config });
        let call = format!("CONSUMER.CREATE.{stream}.mine");
        let answer = operator.jetstream().request(call, &request).await;
        let answer: Value = answer.unwrap();
        assert_ne!(answer["name"], consumer, "{name}: {answer}");
    }
    let info = format!("CONSUMER.INFO.{stream}.{consumer}");
    let info = ask(&operator, &info, json!({})).await;
    assert_eq!(info["config"]["durable_name"], consumer, "{info}");
    assert!(info["config"]["filter_subjects"].as_array().unwrap().len() > 1, "{info}");
}

/// What the head of the file says to do with it makes it one for a leaf node of a domain.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_leaf_a_service_works_with_the_file_that_is_made_for_its_domain() {
    let script = AUTHORIZATION.lines().find_map(|line| line.strip_prefix("# sed '")).unwrap();
    let mut sed = Command::new("sed");
    sed.arg(script.trim_end_matches('\'')).arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/generated/nats-authorization.conf"
    ));
    let authorization = String::from_utf8(sed.output().unwrap().stdout).unwrap();
    let hub = ServerOptions::new().config("jetstream { domain: hub }\nleafnodes { port: -1 }");
    let hub = hub.start().unwrap();
    let about: Value = serde_json::from_str(&hub.monitor("/varz").unwrap()).unwrap();
    let remote = format!("nats://127.0.0.1:{}", about["leaf"]["port"]);
    let options = ServerOptions::new().without_jetstream();
    let leaf = options.config(format!("leafnodes {{ remotes: [ {{ url: \"{remote}\" }} ] }}"));
    let server = server_with(leaf, &authorization);
    let leaves = || hub.monitor("/leafz").unwrap().contains("\"leafnodes\": 1");
    until("the leaf is there", async || leaves()).await;
    let connect = async |name: &str| login(&server, name).domain("hub").connect().await.unwrap();
    apply(&connect("provisioner").await).await;
    let connection = connect("notification-service").await;
    let options = SubscriberOptions::new();
    let handlers = session_handlers();
    let subscriber = Subscriber::start(&connection, "notification-service", handlers, options);
    let subscriber = subscriber.await.unwrap();
    let options = PublisherOptions::new();
    let publisher = Publisher::new(&connect("waitingroom-api").await, &CATALOGUE, "api", options);
    let publisher = publisher.unwrap();
    for session_id in ["good", "bad"] {
        publisher.publish(&session(session_id)).await.unwrap();
    }
    let operator = connect("operator").await;
    for stream in ["DEAD_LETTER_QUEUE", "KV_notification-service-handled"] {
        until("it is kept", async || messages(&operator, stream).await == 1).await;
    }
    let check = HealthCheck::new(&CATALOGUE).subscriber(subscriber.pulse());
    let check = check.publishes("waitingroom.system.health.v1").unwrap();
    // It may ask all that it is asked for.
    until("it is well", async || {
        let health = check.run(&connection).await;
        health.ready && health.streams.iter().all(|stream| stream.ok == Some(true))
    })
    .await;
    drain_all(subscriber).await;
}
