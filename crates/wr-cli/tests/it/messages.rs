//! Events published, followed, and looked at.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use wr_runtime::async_nats::HeaderMap;

use crate::support::{Ran, Stage, enqueued, spawn, with_connection, wr};

#[test]
fn what_is_published_is_seen_masked() {
    let stage = Stage::start();
    let ran = stage.publish("position.enqueued", &[enqueued("pos-1"), enqueued("pos-2")]).expect(0);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    assert!(ran.out.contains("as POSITION_EVENTS 2"), "{}", ran.out);

    let came = stage.wr(&["tail", "--no-follow", "--json"]).expect(0).json();
    assert_eq!(came.len(), 2);
    assert_eq!(came[0]["refused"], Value::Null);
    assert_eq!(came[0]["message"]["data"]["position_id"], "pos-1");
    assert_eq!(came[0]["message"]["data"]["ip_address"], "•••");
    assert_eq!(came[0]["message"]["queue_id"], "concert-tickets");

    let shown = stage.wr(&["get", "POSITION_EVENTS", "2"]).expect(0);
    for part in
        ["waitingroom.position.enqueued.v1", "POSITION_EVENTS 2, stored", "a consumer reads it"]
    {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    assert!(!shown.out.contains("192.0.2"), "{}", shown.out);
    let shown = stage.wr(&["get", "POSITION_EVENTS", "2", "--show-personal-data"]).expect(0);
    assert!(shown.out.contains("192.0.2.***"), "{}", shown.out);
    let body = stage.wr(&["get", "POSITION_EVENTS", "2", "--show-personal-data", "--body"]);
    let body: Value = serde_json::from_str(&body.expect(0).out).unwrap();
    assert_eq!(body["data"]["user_agent"], "Mozilla/5.0");
    stage.wr(&["get", "POSITION_EVENTS", "2", "--body"]).expect(2);
    assert!(stage.wr(&["get", "POSITION_EVENTS", "9"]).expect(100).err.contains("message 9"));
    assert!(stage.wr(&["get", "NOWHERE", "1"]).expect(2).err.contains("`NOWHERE`"));
}

#[test]
fn a_tail_shows_what_is_asked_for() {
    let stage = Stage::start();
    stage.publish("position.enqueued", &[enqueued("pos-1"), enqueued("pos-2")]).expect(0);
    let paused = json!({ "queue_id": "concert-tickets", "paused_by": "ann", "reason": "incident" });
    stage.publish("queue.paused", &[paused]).expect(0);
    let count = |arguments: &[&str]| {
        let told = [&["tail", "--no-follow", "--json"], arguments].concat();
        stage.wr(&told).expect(0).json().len()
    };
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["waitingroom.position.*.v1"]), 2);
    assert_eq!(count(&["waitingroom.>"]), 3);
    assert_eq!(count(&["--position", "pos-2"]), 1);
    assert_eq!(count(&["--field", "queue_length=3"]), 2);
    assert_eq!(count(&["--queue", "concert-tickets"]), 3);
    assert_eq!(count(&["--queue", "another"]), 0);
    assert_eq!(count(&["--type", "queue.paused", "--type", "position.admitted"]), 1);
    assert_eq!(count(&["--since", "1h"]), 3);
    assert_eq!(count(&["-n", "1"]), 1);
    assert!(stage.wr(&["tail", "elsewhere.>"]).expect(2).err.contains("no stream"));
    assert!(stage.wr(&["tail", "a..b"]).expect(2).err.contains("no filter"));
    assert!(stage.wr(&["tail", "waitingroom.dlq.>"]).expect(2).err.contains("wr dlq list"));
}

#[test]
fn nothing_is_sent_where_one_message_is_refused() {
    let stage = Stage::start();
    let mut wrong = enqueued("pos-2");
    wrong["priority"] = json!(101);
    let ran = stage.publish("position.enqueued", &[enqueued("pos-1"), wrong]).expect(100);
    let expected = "message 2 of standard input is refused\n  \
                    `/priority` must be at most 100 (`maximum`)\n";
    assert_eq!(ran.out, expected);
    assert_eq!(
        ran.err,
        "nothing was sent\n  = help: correct standard input, then judge it again with `--dry-run`\n"
    );
    let mut several = json!({
        "id": "x", "version": "1.0", "type": "queue.paused", "timestamp": "2026-01-01T12:00:00Z",
        "source": "ops", "data": { "queue_id": "q", "secret-name": "secret-value" },
    });
    let path = stage.file("paused.json", &several.to_string());
    let ran = stage.wr(&["publish", &path]).expect(100);
    let expected = format!(
        "message 1 of `{path}` is refused\n  \
         `/data` must have `reason`, `paused_by` (`required`)\n  \
         `/data` must not have `secret-name` (`additionalProperties`)\n  \
         `/id` must be a `uuid` (`format`)\n"
    );
    assert_eq!(ran.out, expected);
    assert!(!format!("{ran:?}").contains("secret-value"), "{ran:?}");
    several["data"] = json!({});
    let path = stage.file("paused.json", &several.to_string());
    let told = stage.wr(&["publish", &path, "--json"]).expect(100).json();
    let expected = json!({ "pointer": "/id", "keyword": "format", "demand": "must be a `uuid`" });
    assert!(told[0]["broken"].as_array().unwrap().contains(&expected), "{told:?}");
    assert_eq!(stage.wr(&["tail", "--no-follow", "--json"]).expect(0).out, "");

    for (text, code, part) in [
        ("", 2, "empty"),
        ("{", 2, "no JSON"),
        ("{\"a\": 1}", 100, "no `type`"),
        (r#"{"type": "position.teleported", "version": "1.0"}"#, 100, "no event of this type"),
        (r#"{"type": "position.enqueued", "version": "7.0"}"#, 100, "this major"),
    ] {
        let ran = stage.wr(&["publish", &stage.file("message.json", text)]).expect(code);
        assert!(format!("{}{}", ran.out, ran.err).contains(part), "{text}: {ran:?}");
    }
    assert!(stage.wr(&["publish", "nowhere.json"]).expect(1).err.contains("`nowhere.json`"));
}

#[test]
fn the_same_message_is_stored_once() {
    let stage = Stage::start();
    let message = json!({
        "id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a", "version": "1.1", "type": "position.enqueued",
        "timestamp": "2024-01-01T12:00:00Z", "source": "ops", "data": enqueued("pos-1"),
    });
    let file = stage.file("message.json", &message.to_string());
    assert!(stage.wr(&["publish", &file, "--dry-run"]).expect(0).out.contains("1 message would"));
    assert!(stage.wr(&["publish", &file]).expect(0).out.starts_with("published"));
    assert!(stage.wr(&["publish", &file]).expect(0).out.starts_with("was there already"));
    assert_eq!(stage.wr(&["tail", "--no-follow", "--json"]).expect(0).json().len(), 1);
}

/// What a stranger publishes is shown with what is wrong with it, and cannot write to the terminal.
#[test]
fn what_a_consumer_refuses_is_shown_as_such() {
    let stage = Stage::start();
    let url = stage.server.url();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connection =
            wr_runtime::ConnectOptions::new("test").server(url).connect().await.unwrap();
        let subject = "waitingroom.position.enqueued.v1";
        for body in
            ["no json \u{1b}[2J", "{\"type\": \"position.enqueued\", \"data\": {\"secret\": 1}}"]
        {
            let sent = connection.jetstream().publish(subject, body.into()).await.unwrap();
            sent.await.unwrap();
        }
    });
    let ran = stage.wr(&["tail", "--no-follow"]).expect(0);
    assert!(ran.out.contains("no JSON: 12 bytes"), "{}", ran.out);
    assert!(ran.out.contains("a consumer refuses it: not JSON"), "{}", ran.out);
    assert!(ran.out.contains(r#"{"secret":"•••"}"#), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'));
    let coloured = stage.wr(&["tail", "--no-follow", "--color", "always"]).expect(0);
    assert!(coloured.out.contains('\u{1b}'));
    // A flag goes before a variable.
    let environment = [("NATS_URL", stage.server.url()), ("NO_COLOR", "1".to_owned())];
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(!wr(&environment, &["tail", "--no-follow"], "").out.contains('\u{1b}'));
    let always = wr(&environment, &["tail", "--no-follow", "--color", "always"], "");
    assert!(always.out.contains('\u{1b}'));
    let help = wr(&[], &["tail", "--help"], "").out;
    assert!(help.contains("`auto` does on a terminal, unless `NO_COLOR` is set"), "{help}");
    assert!(help.contains("not by time"), "{help}");
}

#[test]
fn what_a_stranger_wrote_is_masked_and_cannot_move_the_cursor() {
    let stage = Stage::start();
    with_connection(&stage.server.url(), async |connection| {
        let mut headers = HeaderMap::new();
        for (name, value) in [("Content-Type", "application/json"), ("X-Client", "203.0.113.7")] {
            headers.insert(name, value);
        }
        let body = json!({
            "id": { "mail": "ann@example.com" }, "source": "a\u{9b}2J\u{202e}b",
            "data": [{ "ip_address": "203.0.113.7" }],
        });
        let body = body.to_string().into_bytes().into();
        let subject = "waitingroom.position.enqueued.v1";
        let limit = std::time::Duration::from_secs(15);
        connection.deliver(subject, headers, body, limit).await.unwrap();
    });
    let get = ["get", "POSITION_EVENTS", "1"];
    for more in [None, Some("--json")] {
        let shown = stage.wr(&get.into_iter().chain(more).collect::<Vec<_>>()).expect(0).out;
        assert!(!shown.contains("203.0.113.7") && !shown.contains("ann@"), "{shown}");
        assert!(!shown.contains(['\u{9b}', '\u{202e}']), "{shown}");
        assert!(shown.contains("application/json"), "{shown}");
    }
    let all = stage.wr(&[&get[..], &["--show-personal-data", "--json"]].concat()).expect(0).json();
    assert_eq!(all[0]["headers"]["X-Client"], "203.0.113.7");
    assert_eq!(all[0]["message"]["source"], "a\u{9b}2J\u{202e}b");
}

/// As a server does it that starts again.
#[test]
fn who_tails_from_now_on_sees_no_past_when_the_consumer_is_lost() {
    let stage = Stage::start();
    stage.publish("position.enqueued", &[enqueued("pos-1")]).expect(0);
    let url = stage.server.url();
    let tail = ["tail", "waitingroom.position.>", "-n", "2", "--json"];
    let child = with_connection(&url, async |connection| {
        let stream = connection.jetstream().get_stream("POSITION_EVENTS").await.unwrap();
        let names =
            async || -> BTreeSet<String> { stream.consumer_names().try_collect().await.unwrap() };
        let before = names().await;
        let child = spawn(&[("NATS_URL", &url)], &tail);
        let mut known = before.clone();
        for number in 2..4 {
            let name = loop {
                let now = names().await;
                if let Some(name) = now.difference(&known).next() {
                    break name.clone();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            };
            stream.delete_consumer(&name).await.unwrap();
            known.insert(name);
            let sent = [enqueued(&format!("pos-{number}"))];
            stage.publish("position.enqueued", &sent).expect(0);
        }
        child
    });
    let ran = Ran::of(child).expect(0);
    let sequences: Vec<Value> = ran.json().iter().map(|came| came["sequence"].clone()).collect();
    assert_eq!(sequences, [json!(2), json!(3)], "{ran:?}");
    assert!(ran.err.contains("broke off, and goes on where it was"), "{}", ran.err);
}
