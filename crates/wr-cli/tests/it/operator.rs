//! What the generated authorization permits to the operator is enough for `wr`.

use serde_json::json;
use wr_runtime::ConnectOptions;
use wr_testkit::{Server, ServerOptions};

use crate::support::{Ran, enqueued, wr};

const AUTHORIZATION: &str = include_str!("../../../../schemas/generated/nats-authorization.conf");

fn server() -> Server {
    let mut passwords = String::new();
    for rest in AUTHORIZATION.split("$NATS_PASSWORD_").skip(1) {
        let name = rest.split_whitespace().next().unwrap();
        passwords += &format!("NATS_PASSWORD_{name}: secret\n");
    }
    ServerOptions::new().config(passwords).config(AUTHORIZATION).start().unwrap()
}

fn run(server: &Server, user: &str, arguments: &[&str], input: &str) -> Ran {
    let (url, inbox) = (server.url(), format!("_INBOX_{user}"));
    let environment = [
        ("NATS_URL", url.as_str()),
        ("NATS_USER", user),
        ("NATS_PASSWORD", "secret"),
        ("NATS_INBOX_PREFIX", inbox.as_str()),
    ];
    wr(&environment, arguments, input)
}

#[test]
fn the_operator_may_do_all_that_an_operator_does() {
    let server = server();
    run(&server, "provisioner", &["topology", "apply", "--replicas", "1", "--yes"], "").expect(0);
    let operator = |arguments: &[&str]| run(&server, "operator", arguments, "");
    let event = format!("{}\n", enqueued("p-1"));
    let publish = ["publish", "-", "--type", "position.enqueued", "--queue", "concert"];
    run(&server, "operator", &publish, &event).expect(0);
    operator(&["topology", "verify", "--replicas", "1"]).expect(0);
    operator(&["health"]).expect(0);
    let tail = operator(&["tail", "--no-follow", "--json"]).expect(0);
    assert_eq!(tail.json().len(), 1, "{tail:?}");
    operator(&["get", "POSITION_EVENTS", "1"]).expect(0);

    // Kept by its service, looked at and sent back by the operator, and purged.
    let letter = json!({
        "original_subject": "waitingroom.position.enqueued.v1",
        "original_data": "e30=",
        "reason": "permanent_error",
        "error": "the disk is full",
        "timestamp": "2026-01-01T00:00:00Z",
        "stream": "POSITION_EVENTS",
        "consumer": "analytics-processor",
        "stream_sequence": 1,
    });
    keep(&server, &letter.to_string());
    operator(&["dlq", "list"]).expect(0);
    let list = operator(&["dlq", "list", "--each", "--json"]).expect(0);
    assert_eq!(list.json().len(), 1, "{list:?}");
    operator(&["dlq", "show", "1"]).expect(0);
    operator(&["dlq", "redrive", "1", "--keep", "--yes"]).expect(0);
    operator(&["dlq", "purge", "1", "--yes"]).expect(0);
    let doctor = operator(&["doctor", "--replicas", "1"]);
    assert!(!doctor.out.contains("ermission"), "{doctor:?}");
}

fn keep(server: &Server, letter: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let user = "analytics-processor";
        let options = ConnectOptions::new("test").server(server.url()).user(user, "secret");
        let connection = options.inbox_prefix(format!("_INBOX_{user}")).connect().await.unwrap();
        let subject = "waitingroom.dlq.POSITION_EVENTS.analytics-processor";
        let sent = connection.jetstream().publish(subject, letter.to_owned().into()).await;
        sent.unwrap().await.unwrap();
    });
}
