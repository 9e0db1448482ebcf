//! Publishing that does not go well.

use std::io::{BufRead, BufReader, Write};
use std::process::Child;
use std::thread;

use futures_util::StreamExt;
use serde_json::json;
use wr_testkit::{Server, ServerOptions};

use crate::support::{Stage, enqueued, interrupt, spawn, with_connection, wr};

const APPLY: [&str; 5] = ["topology", "apply", "--replicas", "1", "--yes"];

#[test]
fn a_run_goes_on_where_another_stopped() {
    let stage = Stage::start();
    let text = (1..=3).map(|number| enqueued(&format!("pos-{number}")).to_string());
    let file = stage.file("payloads.jsonl", &text.collect::<Vec<_>>().join("\n"));
    let publish = ["publish", &file, "--type", "position.enqueued", "--from"];
    let dry = stage.wr(&[&publish[..], &["2", "--dry-run"]].concat()).expect(0);
    assert_eq!(dry.out, "2 messages would be sent\n");
    let sent = stage.wr(&[&publish[..], &["3", "--json"]].concat()).expect(0).json();
    assert_eq!((sent.len(), &sent[0]["number"]), (1, &json!(3)));
    assert_eq!(stage.messages("POSITION_EVENTS"), 1);
    let ran = stage.wr(&[&publish[..], &["4"]].concat()).expect(2);
    assert!(ran.err.contains("the file has 3 messages"), "{}", ran.err);
    stage.wr(&[&publish[..], &["0"]].concat()).expect(2);
}

/// While a stream has no leader, nobody answers for it, as where it is not there yet.
#[test]
fn who_does_not_answer_yet_is_asked_again() {
    let server = Server::start().unwrap();
    let url = server.url();
    let environment = [("NATS_URL", url.as_str())];
    let publish = ["publish", "-", "--type", "position.enqueued"];
    let sent = thread::scope(|scope| {
        let sent = with_connection(&url, async |connection| {
            let mut attempts = connection.client().subscribe("waitingroom.>").await.unwrap();
            connection.client().flush().await.unwrap();
            let payload = enqueued("pos-1").to_string();
            let sent = scope.spawn(move || wr(&environment, &publish, &payload));
            attempts.next().await.unwrap();
            sent
        });
        wr(&environment, &APPLY, "").expect(0);
        sent.join().unwrap()
    });
    assert!(sent.expect(0).out.contains("as POSITION_EVENTS 1"));
}

#[test]
fn what_is_forbidden_is_named() {
    let config = r#"authorization { users = [
        { user: all, password: s }
        { user: few, password: s, permissions: {
            publish: ["$JS.API.INFO", "$JS.API.STREAM.INFO.>"], subscribe: ["_INBOX.>"] } } ] }"#;
    let server = ServerOptions::new().config(config).start().unwrap();
    let url = server.url();
    let as_user = |user: &str, arguments: &[&str], input: &str| {
        let login = [("NATS_URL", url.as_str()), ("NATS_USER", user), ("NATS_PASSWORD", "s")];
        wr(&login, arguments, input)
    };
    as_user("all", &APPLY, "").expect(0);
    let payloads = format!("{}\n{}", enqueued("pos-1"), enqueued("pos-2"));
    let publish = ["publish", "-", "--type", "position.enqueued"];
    let ran = as_user("few", &publish, &payloads).expect(1);
    let told = "message 1 of 2, and those behind it, were not sent";
    assert!(ran.err.contains(told), "{}", ran.err);
    assert!(ran.err.contains("permission denied: publish on `waitingroom."), "{}", ran.err);
    assert!(ran.err.contains("`--from 1`") && !ran.err.contains("has its id"), "{}", ran.err);

    let sent = as_user("all", &publish, &payloads).expect(0);
    assert_eq!(sent.out.lines().count(), 2);
    for (arguments, denied) in [
        (vec!["get", "POSITION_EVENTS", "1"], "$JS.API.STREAM.MSG.GET.POSITION_EVENTS"),
        (vec!["tail", "--since", "1h"], "$JS.API.CONSUMER.CREATE."),
    ] {
        let ran = as_user("few", &arguments, "").expect(1);
        let told = format!("permission denied: publish on `{denied}");
        assert!(ran.err.contains(&told), "{}", ran.err);
    }
}

/// Publishes two payloads, and gives back the run once it tries in vain to send the first.
fn stuck(server: &Server) -> Child {
    let url = server.url();
    with_connection(&url, async |connection| {
        let mut attempts = connection.client().subscribe("waitingroom.>").await.unwrap();
        connection.client().flush().await.unwrap();
        let publish = ["publish", "-", "--type", "position.enqueued"];
        let mut child = spawn(&[("NATS_URL", url.as_str())], &publish);
        let payloads = format!("{}\n{}", enqueued("pos-1"), enqueued("pos-2"));
        child.stdin.take().unwrap().write_all(payloads.as_bytes()).unwrap();
        attempts.next().await.unwrap();
        child
    })
}

#[test]
fn who_interrupts_payloads_is_told_where_to_go_on() {
    let server = Server::start().unwrap();
    let url = server.url();
    let mut child = stuck(&server);
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut line = || told.next().unwrap().unwrap();
    interrupt(&child);
    assert!(line().starts_with("ending behind this one"));
    wr(&[("NATS_URL", &url)], &APPLY, "").expect(0);
    let line = [line(), line()].concat();
    assert!(line.contains("interrupted: message 1 of 2 is stored"), "{line}");
    assert!(line.contains("`--from 2`"), "{line}");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let out = String::from_utf8(ended.stdout).unwrap();
    assert!(out.starts_with("published message 1: waitingroom."), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
}

#[test]
fn a_second_interrupt_tells_what_nobody_knows() {
    let server = Server::start().unwrap();
    let mut child = stuck(&server);
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut line = || told.next().unwrap().unwrap();
    interrupt(&child);
    assert!(line().starts_with("ending behind this one"));
    interrupt(&child);
    let line = [line(), line()].concat();
    assert!(line.contains("aborted: message 1 of 2 may be stored"), "{line}");
    assert!(line.contains("`--from 1`") && line.contains("`--from 2`"), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
