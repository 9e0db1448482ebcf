//! A server with the topology applied, and `wr` run against it.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use wr_runtime::{ConnectOptions, Connection};
use wr_testkit::Server;

/// What a run of `wr` ended with.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Waits for its end.
    pub(crate) fn of(child: Child) -> Ran {
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The lines of JSON on standard output.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// Runs `wr` with nothing in its environment but what is given.
pub(crate) fn wr(environment: &[(&str, &str)], arguments: &[&str], input: &str) -> Ran {
    let mut child = spawn(environment, arguments);
    // Who is refused before it reads has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Ran::of(child)
}

/// As [`wr`], while it runs.
pub(crate) fn spawn(environment: &[(&str, &str)], arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_wr"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// As [`wr`], where nobody reads what it says from its begin on.
pub(crate) fn unheard(environment: &[(&str, &str)], arguments: &[&str], input: &str) -> i32 {
    let mut child = spawn(environment, arguments);
    drop((child.stdout.take(), child.stderr.take()));
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait().unwrap().code().unwrap_or(-1)
}

/// As Ctrl-C does it.
pub(crate) fn interrupt(child: &Child) {
    let interrupt = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
}

/// Does something with a connection of its own.
pub(crate) fn with_connection<T>(url: &str, work: impl AsyncFnOnce(Connection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let options = ConnectOptions::new("test").server(url);
    runtime.block_on(async { work(options.connect().await.unwrap()).await })
}

/// A server with the topology of the catalogue.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

impl Stage {
    pub(crate) fn start() -> Stage {
        let stage = Stage { server: Server::start().unwrap(), folder: TempDir::new().unwrap() };
        stage.wr(&["topology", "apply", "--replicas", "1", "--yes"]).expect(0);
        stage
    }

    pub(crate) fn wr(&self, arguments: &[&str]) -> Ran {
        wr(&[("NATS_URL", &self.server.url())], arguments, "")
    }

    /// How many messages a stream has.
    pub(crate) fn messages(&self, stream: &str) -> u64 {
        with_connection(&self.server.url(), async |connection| {
            connection.jetstream().get_stream(stream).await.unwrap().cached_info().state.messages
        })
    }

    /// Publishes payloads of an event type.
    pub(crate) fn publish(&self, event_type: &str, payloads: &[Value]) -> Ran {
        let text: String = payloads.iter().map(|payload| format!("{payload}\n")).collect();
        let arguments = ["publish", "-", "--type", event_type, "--queue", "concert-tickets"];
        wr(&[("NATS_URL", &self.server.url())], &arguments, &text)
    }

    /// A file with this text.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// A payload of `position.enqueued`, with personal data in it.
pub(crate) fn enqueued(position: &str) -> Value {
    json!({
        "position_id": position,
        "priority": 0,
        "ip_address": "192.0.2.***",
        "user_agent": "Mozilla/5.0",
        "queue_length": 3,
    })
}
