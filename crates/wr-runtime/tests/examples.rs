//! The examples as a user runs them: the demo adds up and leaves nothing behind, and the service of
//! README.md is the one that compiles and works.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env::{self, consts::EXE_SUFFIX};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use wr_events::CATALOGUE;
use wr_runtime::{ConnectOptions, Overrides, Permission, Topology};
use wr_testkit::Server;

/// An example, which `cargo test` builds with the tests of a package.
fn example(name: &str) -> Command {
    let tests = env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).unwrap();
    let path = profile.join("examples").join(format!("{name}{EXE_SUFFIX}"));
    assert!(path.is_file(), "no `{}`: cargo build -p wr-runtime --examples", path.display());
    Command::new(path)
}

/// The demo with a folder of its own for temporary files, which must be empty afterwards.
struct Demo {
    command: Command,
    temporary: PathBuf,
}

impl Demo {
    fn new(test: &str, seed: &str) -> Demo {
        let name = format!("demo-{test}-{}", std::process::id());
        let temporary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&temporary).unwrap();
        let mut command = example("demo");
        command.args(["--events", "300", "--seed", seed]).stdin(Stdio::null());
        for variable in ["TMPDIR", "TMP", "TEMP"] {
            command.env(variable, &temporary);
        }
        Demo { command, temporary }
    }

    /// The numbers at its end.
    fn sum(mut self) -> String {
        let done = self.command.output().unwrap();
        let shown = text(&done);
        assert_eq!(done.status.code(), Some(0), "{shown}");
        assert!(shown.contains("nothing is left behind"), "{shown}");
        self.assert_nothing_is_left();
        shown.split_once("\nThe sum\n").unwrap().1.to_owned()
    }

    fn assert_nothing_is_left(&self) {
        let left: Vec<_> = fs::read_dir(&self.temporary).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let folder = self.temporary.to_string_lossy().into_owned();
        assert_eq!(processes_with(&folder), Vec::<String>::new());
        fs::remove_dir(&self.temporary).unwrap();
    }
}

/// The command lines that hold a word, where the system shows them.
fn processes_with(word: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(word)).collect()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The numbers of the last line, left and right of the `=`.
fn both_sides(sum: &str) -> (u64, u64) {
    let line = sum.lines().find(|line| line.contains(" published + ")).unwrap();
    let side = |text: &str| {
        text.split(" + ")
            .map(|part| part.split_whitespace().next().unwrap().parse::<u64>().unwrap())
            .sum()
    };
    let (left, right) = line.split_once(" = ").unwrap();
    (side(left), side(right))
}

#[test]
fn the_demo_adds_up_leaves_nothing_and_can_be_run_again() {
    let sum = Demo::new("first", "7").sum();
    let (sent, accounted_for) = both_sides(&sum);
    assert!(sent > 250, "{sum}");
    assert_eq!(sent, accounted_for, "{sum}");
    assert!(sum.contains(" 0 missing"), "{sum}");
    for reason in ["unmarshal_error", "schema_violation", "envelope_mismatch"] {
        assert!(sum.contains(reason), "{reason}: {sum}");
    }
    assert!(!sum.contains(" 0 redriven") && !sum.contains(" 0 passed over"), "{sum}");
    assert_eq!(Demo::new("again", "7").sum(), sum);
    assert_ne!(Demo::new("other", "8").sum(), sum);
}

/// Reads what a child prints until a line holds a word; that line.
fn wait_for(child: &mut Child, word: &str) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines.by_ref().map_while(Result::ok).find(|line| line.contains(word));
    // Somebody has to read the rest.
    std::thread::spawn(move || lines.for_each(drop));
    assert!(found.is_some(), "it never said `{word}`");
    found.unwrap()
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -INT \"$1\"", "sh"]).arg(child.id().to_string());
    assert!(shell.status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_interrupted_demo_leaves_nothing() {
    let mut demo = Demo::new("interrupted", "7");
    let mut child = demo.command.stdout(Stdio::piped()).spawn().unwrap();
    wait_for(&mut child, "The waiting room opens");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    demo.assert_nothing_is_left();
}

#[cfg(unix)]
#[test]
fn a_held_demo_that_is_interrupted_leaves_nothing() {
    let mut demo = Demo::new("held", "7");
    demo.command.arg("--hold").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = demo.command.spawn().unwrap();
    wait_for(&mut child, "Enter deploys the services without their bugs");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    demo.assert_nothing_is_left();
}

/// Nobody is there to clear up, nor to press Enter.
#[test]
fn a_demo_that_is_held_for_nobody_ends() {
    let mut demo = Demo::new("nobody", "7");
    demo.command.arg("--hold");
    let sum = demo.sum();
    assert!(sum.contains(" 0 redriven + ") && sum.contains(" 0 missing"), "{sum}");
}

#[cfg(unix)]
#[test]
fn the_service_handles_what_it_publishes() {
    let server = Server::start().unwrap();
    let mut service = example("first_service");
    service.env("NATS_URL", server.url()).stdout(Stdio::piped());
    let mut child = service.spawn().unwrap();
    wait_for(&mut child, "pos-7f3a is number 1523 (attempt 1)");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A process that does not outlive its test, whatever that ends with.
#[cfg(unix)]
struct Running(Child);

#[cfg(unix)]
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An answer of a page: the code, the type, the text.
#[cfg(unix)]
fn get(address: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or("");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), kind.to_owned(), text.to_owned())
}

/// Waits until a page answers so.
#[cfg(unix)]
fn until(address: &str, path: &str, code: u16, part: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let (told, _, text) = get(address, path);
        if told == code && text.contains(part) {
            return;
        }
        assert!(Instant::now() < end, "{path} is never {code} with `{part}`: {told} {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_probes_tell_how_the_service_is() {
    let server = Server::start().unwrap();
    let connection = ConnectOptions::new("test").server(server.url()).connect().await.unwrap();
    let apply = async || {
        let topology = Topology::new(&CATALOGUE, Overrides::default().replicas(1)).unwrap();
        let plan = topology.plan(&connection).await.unwrap();
        plan.apply(&connection, Permission::default()).await.unwrap();
    };
    apply().await;
    let mut service = example("probes");
    service.env("NATS_URL", server.url()).env("LISTEN", "127.0.0.1:0").stdout(Stdio::piped());
    let mut child = Running(service.spawn().unwrap());
    let address = wait_for(&mut child.0, "pages on http://");
    let address = address.split_once("http://").unwrap().1;
    until(address, "/ready", 200, "\"ready\":true");
    assert_eq!(get(address, "/live").0, 200);

    let body = r#"{"id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a", "version": "1.0", "type": "queue.paused", "timestamp": "2026-01-01T12:00:00Z", "source": "test", "data": {"queue_id": "q", "reason": "r", "paused_by": "p"}}"#;
    let sent = connection.jetstream().publish("waitingroom.queue.paused.v1", body.into());
    sent.await.unwrap().await.unwrap();
    let handled =
        "waitingroom_events_processed_total{event_type=\"queue.paused\",status=\"success\"} 1\n";
    until(address, "/metrics", 200, handled);
    let (_, kind, page) = get(address, "/metrics");
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(page.ends_with("\n# EOF\n"), "{page}");
    let families = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families: Vec<&str> = families.collect();
    // What the spec asks for by name, and one of each part that tells something.
    for family in [
        "waitingroom_events_processed counter",
        "waitingroom_event_latency_seconds histogram",
        "waitingroom_handler_duration_seconds histogram",
        "waitingroom_consumer_lag gauge",
        "waitingroom_stream_ok gauge",
        "waitingroom_dead_letters counter",
    ] {
        assert!(families.contains(&family), "`{family}` is not among {families:?}");
    }

    let consumer = "$JS.API.CONSUMER.DELETE.QUEUE_EVENTS.audit-logger";
    let _ = connection.client().request(consumer, "".into()).await.unwrap();
    until(
        address,
        "/ready",
        503,
        "consumer `audit-logger` of stream `QUEUE_EVENTS` does not exist",
    );
    let (_, kind, _) = get(address, "/ready");
    assert_eq!(kind, "application/json");
    assert!(get(address, "/metrics").2.contains(
        "waitingroom_consumer_ok{stream=\"QUEUE_EVENTS\",consumer=\"audit-logger\"} 0\n"
    ));
    assert_eq!(get(address, "/live").0, 200);
    apply().await;
    until(address, "/ready", 200, "\"ready\":true");

    interrupt(&child.0);
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}

fn read(path: &str) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(repository.join(path)).unwrap()
}

#[test]
fn the_readme_quotes_the_service() {
    let service = read("crates/wr-runtime/examples/first_service.rs");
    // But for the first comment, which is about the file.
    let code = service.split_once("\n\n").unwrap().1;
    let quote = format!("```rust\n{code}```\n");
    assert!(
        read("README.md").contains(&quote),
        "README.md does not quote crates/wr-runtime/examples/first_service.rs as it is; copy it there"
    );
}

#[test]
fn the_readme_shows_the_demo() {
    let readme = read("README.md");
    let quote = readme.split_once("## See it run").unwrap().1.split("```").nth(1).unwrap();
    let done = example("demo").args(["--seed", "42"]).output().unwrap();
    let shown = text(&done);
    for line in quote.lines() {
        let is_timed = line.contains(" s: ") || line.trim() == "...";
        assert!(is_timed || shown.lines().any(|it| it == line), "README.md: {line}\n{shown}");
    }
}
