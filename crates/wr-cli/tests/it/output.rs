//! Where what is said goes: pipes that nobody reads, disks that are full.

use std::fs::OpenOptions;
use std::process::Command;

use serde_json::json;
use wr_testkit::Server;

use crate::support::{Stage, enqueued, unheard, wr};

/// As `wr publish big.jsonl | head` and `wr topology apply --yes 2>&1 | head -1` do.
#[test]
fn what_nobody_hears_is_done_to_its_end() {
    let server = Server::start().unwrap();
    let url = server.url();
    let environment = [("NATS_URL", url.as_str())];
    let apply = ["topology", "apply", "--replicas", "1", "--yes"];
    assert_eq!(unheard(&environment, &apply, ""), 1);
    wr(&environment, &["topology", "verify", "--replicas", "1"], "").expect(0);

    let payloads: Vec<String> =
        (0..200).map(|number| enqueued(&format!("pos-{number}")).to_string()).collect();
    let publish = ["publish", "-", "--type", "position.enqueued"];
    assert_eq!(unheard(&environment, &publish, &payloads.join("\n")), 1);
    let came = wr(&environment, &["tail", "--no-follow", "--json"], "").expect(0).json();
    assert_eq!(came.len(), 200);
    assert_eq!(came[199]["message"]["data"]["position_id"], json!("pos-199"));
}

/// As `wr tail | head` does: the answer is what counts.
#[test]
fn who_only_asks_has_heard_enough() {
    let stage = Stage::start();
    stage.publish("position.enqueued", &[enqueued("pos-1")]).expect(0);
    let url = stage.server.url();
    let environment = [("NATS_URL", url.as_str())];
    for (code, arguments) in [
        (0, vec!["tail", "--since", "1h"]),
        (0, vec!["get", "POSITION_EVENTS", "1"]),
        (0, vec!["dlq", "list", "--each"]),
        (0, vec!["health"]),
        (100, vec!["topology", "verify"]),
    ] {
        assert_eq!(unheard(&environment, &arguments, ""), code, "{arguments:?}");
    }
    assert_eq!(unheard(&[], &["completion", "bash"], ""), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_of() {
    let stage = Stage::start();
    stage.publish("position.enqueued", &[enqueued("pos-1")]).expect(0);
    for arguments in [
        vec!["get", "POSITION_EVENTS", "1", "--show-personal-data", "--body"],
        vec!["tail", "--since", "1h", "-n", "1"],
        vec!["health"],
        vec!["completion", "bash"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = Command::new(env!("CARGO_BIN_EXE_wr"))
            .args(&arguments)
            .env_clear()
            .env("NATS_URL", stage.server.url())
            .stdout(full)
            .output()
            .unwrap();
        let told = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.starts_with("error: cannot write the output: No space left"), "{told}");
    }
}
