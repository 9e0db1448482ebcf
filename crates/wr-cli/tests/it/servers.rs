//! Topology, health, and the doctor.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wr_testkit::ServerOptions;

use crate::support::{Ran, Stage, wr};

#[test]
fn a_topology_is_planned_applied_and_verified() {
    let server = wr_testkit::Server::start().unwrap();
    let url = server.url();
    let run = |arguments: &[&str]| wr(&[("NATS_URL", &url)], arguments, "");
    let one: &[&str] = &["--replicas", "1"];
    let planned = run(&[&["topology", "plan"], one].concat()).expect(100);
    assert!(planned.out.contains("POSITION_EVENTS"), "{}", planned.out);
    // Three replicas cannot be had from one server.
    run(&["topology", "apply", "--yes"]).expect(1);
    // Nobody can be asked here.
    let ran = run(&[&["topology", "apply"], one].concat()).expect(2);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    let applied = run(&[&["topology", "apply", "--yes", "--json"], one].concat()).expect(0).json();
    assert!(applied[0]["created"].as_array().unwrap().len() > 10, "{applied:?}");
    run(&[&["topology", "plan"], one].concat()).expect(0);
    run(&[&["topology", "verify"], one].concat()).expect(0);
    let drift =
        run(&["topology", "verify", "--replicas", "1", "--max-bytes", "QUEUE_EVENTS=1048576"]);
    let drift = drift.expect(100);
    assert!(drift.out.starts_with("stream QUEUE_EVENTS: max_bytes"), "{}", drift.out);
    let ran = run(&["topology", "plan", "--max-bytes", "NOWHERE=1"]).expect(2);
    assert!(ran.err.contains("NOWHERE"), "{}", ran.err);
    run(&["topology", "plan", "--replicas", "6"]).expect(2);
}

#[test]
fn health_tells_what_is_missing() {
    let stage = Stage::start();
    let health = stage.wr(&["health", "--json"]).expect(0).json();
    assert_eq!(health[0]["ready"], true);
    assert_eq!(health[0]["consumers"].as_array().unwrap().len(), 4);
    let text = stage.wr(&["health"]).expect(0).out;
    assert!(text.ends_with("\nready\n"), "{text}");
    let server = wr_testkit::Server::start().unwrap();
    let ran = wr(&[("NATS_URL", &server.url())], &["health"], "").expect(100);
    assert!(ran.out.ends_with("\nnot ready\n"), "{}", ran.out);
    assert!(ran.out.contains("`POSITION_EVENTS` does not exist"), "{}", ran.out);
}

fn findings(told: &[Value]) -> Vec<(String, String)> {
    let all = told[0]["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.iter().map(|it| (text(&it["look"]), text(&it["verdict"]))).collect()
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let stage = Stage::start();
    let told = stage.wr(&["doctor", "--replicas", "1", "--json"]).expect(0).json();
    let found = findings(&told);
    for look in [
        "server",
        "account",
        "clock",
        "max_payload",
        "topology",
        "catalogue",
        "health",
        "dead letters",
    ] {
        assert!(found.contains(&(look.to_owned(), "good".to_owned())), "{look}: {told:?}");
    }
    assert!(found.contains(&("reconciler".to_owned(), "warning".to_owned())), "{told:?}");
    // The catalogue asks for three.
    let told = stage.wr(&["doctor", "--json"]).expect(100).json();
    assert!(findings(&told).contains(&("topology".to_owned(), "bad".to_owned())), "{told:?}");
    let text = stage.wr(&["doctor"]).expect(100).out;
    assert!(text.contains("= help: see `wr topology plan`"), "{text}");
}

/// Sets the marks of a stream, as a `wr` of another build would.
fn mark(stage: &Stage, stream: &str, metadata: Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = wr_runtime::ConnectOptions::new("test").server(stage.server.url());
        let connection = options.connect().await.unwrap();
        let ask = async |subject: String, request: Value| -> Value {
            connection.jetstream().request(subject, &request).await.unwrap()
        };
        let mut info = ask(format!("STREAM.INFO.{stream}"), json!({})).await;
        let mut config = info["config"].take();
        config["metadata"] = metadata;
        let done = ask(format!("STREAM.UPDATE.{stream}"), config).await;
        assert_eq!(done.get("error"), None, "{done}");
    });
}

#[test]
fn the_doctor_tells_whose_catalogue_the_streams_are_of() {
    let stage = Stage::start();
    let one = ["--replicas", "1"];
    let marked = |versions: &str| json!({ "wr-events.catalogue": "0123456789abcdef", "wr-events.versions": versions });
    for (metadata, part, next) in [
        (json!({}), "not said for which schemas", "`wr topology apply` marks them"),
        (
            marked("queue.created 1.0"),
            "older schemas: `QUEUE_EVENTS` (dead-letter none there, 1.0 here; ",
            "; and ",
        ),
        (
            marked(&format!("{}, queue.closed 1.0", versions())),
            "newer schemas: `QUEUE_EVENTS` (queue.closed 1.0 there, none here)",
            "do not apply with this one",
        ),
        (
            marked(&versions()),
            "other schemas: `QUEUE_EVENTS` (the same versions, but 0123456789abcdef there",
            "cargo xtask compat",
        ),
    ] {
        mark(&stage, "QUEUE_EVENTS", metadata);
        let told = stage.wr(&[&["doctor"], &one[..]].concat()).expect(0).out;
        let line = told.lines().find(|line| line.starts_with("warn catalogue: ")).unwrap();
        assert!(line.contains("`QUEUE_EVENTS`") && line.contains(part), "{told}");
        assert!(told.contains(next), "{told}");
        // It is drift to nobody, and `apply` changes the mark alone.
        let verified = stage.wr(&[&["topology", "verify"], &one[..]].concat()).expect(0).out;
        assert!(verified.contains("stream QUEUE_EVENTS is marked as of "), "{verified}");
        stage.wr(&[&["topology", "plan"], &one[..]].concat()).expect(100);
        let apply = [&["topology", "apply", "--yes"], &one[..]].concat();
        let mut done = stage.wr(&apply).expect(0);
        if part.starts_with("newer") {
            let kept = "left the mark of a newer catalogue on stream QUEUE_EVENTS\n";
            assert!(done.out.contains(kept), "{}", done.out);
            assert!(done.err.contains("`--allow-older-mark`"), "{}", done.err);
            done = stage.wr(&[&apply[..], &["--allow-older-mark"]].concat()).expect(0);
        }
        assert!(done.out.contains("marked stream QUEUE_EVENTS\n"), "{}", done.out);
        stage.wr(&[&["topology", "plan"], &one[..]].concat()).expect(0);
    }
}

#[test]
fn the_doctor_explains_each_catalogue_by_itself() {
    let stage = Stage::start();
    for (stream, fingerprint, event) in
        [("QUEUE_EVENTS", "aaaa", "queue.closed"), ("POSITION_EVENTS", "bbbb", "position.left")]
    {
        let versions = format!("{}, {event} 1.0", versions());
        let marks = json!({ "wr-events.catalogue": fingerprint, "wr-events.versions": versions });
        mark(&stage, stream, marks);
    }
    let told = stage.wr(&["doctor", "--replicas", "1"]).expect(0).out;
    for part in [
        "newer schemas: `QUEUE_EVENTS` (queue.closed 1.0 there, none here)",
        "newer schemas: `POSITION_EVENTS` (position.left 1.0 there, none here)",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

/// The versions that the streams are marked with.
fn versions() -> String {
    let catalogue = &wr_events::CATALOGUE;
    let events = catalogue.subjects.iter().map(|it| (it.event_type, it.major, it.minors));
    let letters = catalogue.dead_letters.iter().map(|it| ("dead-letter", it.major, it.minors));
    let all = events.chain(letters);
    let all =
        all.map(|(name, major, minors)| format!("{name} {major}.{}", minors.last().unwrap().minor));
    all.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_doctor_says_what_it_may_not_ask() {
    let config = r#"authorization { users = [ { user: ann, password: s, permissions: {
        publish: ["$JS.API.INFO"], subscribe: ["_INBOX.>"] } } ] }"#;
    let server = ServerOptions::new().config(config).start().unwrap();
    let url = server.url();
    let arguments =
        ["doctor", "--server", &url, "--user", "ann", "--password", "s", "--timeout", "1s"];
    let ran = wr(&[], &arguments, "");
    assert!(ran.out.contains("permission denied: publish on `$JS.API.STREAM.INFO"), "{ran:?}");
}

#[test]
fn the_doctor_asks_in_the_domain_and_says_so() {
    let options = ServerOptions::new().config("jetstream { domain: hub }");
    let server = options.start().unwrap();
    let told =
        wr(&[("NATS_URL", &server.url())], &["doctor", "--js-domain", "hub"], "").expect(100);
    let name = wr_events::CATALOGUE.topology.unwrap().streams[0].name;
    assert!(told.out.contains(&format!("`$JS.hub.API.STREAM.INFO.{name}`")), "{}", told.out);
    assert!(!told.out.contains("$JS.API"), "{}", told.out);
}

/// What may not be asked is unknown, and not ill.
#[test]
fn the_doctor_calls_nothing_ill_that_it_may_not_look_at() {
    let config = r#"authorization { users = [
        { user: all, password: s }
        { user: few, password: s, permissions: { publish: { deny: [
            "$JS.API.STREAM.INFO.QUEUE_EVENTS", "$JS.API.CONSUMER.INFO.QUEUE_EVENTS.>"
        ] } } } ] }"#;
    let server = ServerOptions::new().config(config).start().unwrap();
    let url = server.url();
    let as_user = |user: &str, arguments: &[&str]| {
        wr(&[("NATS_URL", &url), ("NATS_USER", user), ("NATS_PASSWORD", "s")], arguments, "")
    };
    as_user("all", &["topology", "apply", "--replicas", "1", "--yes"]).expect(0);
    let told = as_user("few", &["doctor", "--replicas", "1", "--json"]).expect(0).json();
    for look in ["stream", "consumer"] {
        let found = findings(&told);
        assert!(found.contains(&(look.to_owned(), "warning".to_owned())), "{look}: {told:?}");
    }
    let text = as_user("few", &["doctor", "--replicas", "1"]).out;
    assert!(text.contains("warn stream: `QUEUE_EVENTS` is unknown"), "{text}");

    // What is missing nobody can be permitted to ask about.
    let server = wr_testkit::Server::start().unwrap();
    let told = wr(&[("NATS_URL", &server.url())], &["doctor", "--json"], "").expect(100).json();
    let is_clock = |it: &&Value| it["look"] == "clock";
    let clock = told[0]["findings"].as_array().unwrap().iter().find(is_clock).unwrap();
    assert_eq!(clock["next"], "see to that first", "{clock}");
}

/// Runs what follows a server's address on a terminal, presses a key at the question, and ends with
/// its exit code.
const ON_A_TERMINAL: &str = r#"
import os, pty, sys
key, server, *command = sys.argv[1:]
process, terminal = pty.fork()
if process == 0:
    os.execve(command[0], command, {"NATS_URL": server})
shown, is_asked, is_open = b"", False, True
while is_open:
    try:
        read = os.read(terminal, 4096)
    except OSError:  # Linux says so where nobody has the terminal any more.
        read = b""
    shown, is_open = shown + read, bool(read)
    if not is_asked and b"[y/N] " in shown:
        is_asked = True
        os.write(terminal, key.encode())
sys.stdout.buffer.write(shown)
sys.stdout.flush()
_, status = os.waitpid(process, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
"#;

#[test]
fn a_question_on_a_terminal_can_be_answered_and_interrupted() {
    let server = wr_testkit::Server::start().unwrap();
    let url = server.url();
    let apply = ["topology", "apply", "--replicas", "1", "--color", "never"];
    let pressed = |key: &str| {
        let mut python = Command::new("python3");
        python.args(["-c", ON_A_TERMINAL, key, &url, env!("CARGO_BIN_EXE_wr")]).args(apply);
        Ran::of(python.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    // Ctrl-C.
    let ran = pressed("\u{3}").expect(130);
    assert!(ran.out.contains("error: interrupted"), "{ran:?}");
    assert!(pressed("n\n").expect(100).out.contains("nothing was changed"));
    wr(&[("NATS_URL", &url)], &["topology", "plan", "--replicas", "1"], "").expect(100);
    pressed("y\n").expect(0);
    wr(&[("NATS_URL", &url)], &["topology", "plan", "--replicas", "1"], "").expect(0);
}
