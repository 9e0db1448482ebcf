//! What may be waived, and until when.

use std::fs;

use serde_json::json;
use xtask::Exit;

use super::fixture::{ENQUEUED, EXPIRED, Repository};
use super::xtask;

#[test]
fn an_edit_before_the_first_release_can_be_waived() {
    let repository = Repository::new();
    repository.git("checkout --quiet -b work");
    repository.edit(&repository.file(ENQUEUED, "1.0"), r#""maximum": 100"#, r#""maximum": 50"#);
    repository.edit(&repository.file(ENQUEUED, "1.1"), r#""maximum": 100"#, r#""maximum": 50"#);
    fs::remove_file(repository.file(EXPIRED, "1.0")).unwrap();
    fs::remove_dir(repository.schemas().join(EXPIRED)).unwrap();
    let topology = repository.schemas().join("topology.json");
    let text = fs::read_to_string(&topology).unwrap();
    fs::remove_file(&topology).unwrap();
    let findings = repository.findings(&[]);
    assert!(findings.len() >= 3, "{findings:?}");
    let shown = repository.compat(&[]).is(Exit::Findings).out;
    let mut waivers = Vec::new();
    for finding in &findings {
        assert_eq!(finding["waivable"], true, "{finding}");
        assert!(shown.contains(finding["fingerprint"].as_str().unwrap()), "{shown}");
        waivers.push(
            json!({"fingerprint": finding["fingerprint"], "reason": "no service is built yet"}),
        );
    }
    let path = repository.schemas().join("waivers.json");
    fs::write(&path, json!({"waivers": waivers}).to_string()).unwrap();
    repository.compat(&[]).is(Exit::Clean).says("waived");
    assert!(repository.findings(&[]).iter().all(|finding| finding["waived"].is_string()));
    // It is as well once `main` has it, and for the next branch, though nothing changes there.
    repository.commit("edit");
    repository.compat(&[]).is(Exit::Clean);
    repository.git("checkout --quiet main");
    repository.git("merge --quiet work");
    repository.compat(&[]).is(Exit::Clean).says("waived");
    repository.git("checkout --quiet -b next");
    repository.commit("next");
    repository.compat(&[]).is(Exit::Clean);
    // A release takes the waivers' ground away.
    repository.git("tag v0.1.0");
    repository.compat(&[]).is(Exit::Findings).says("this waiver covers nothing");
    fs::remove_file(&path).unwrap();
    fs::write(&topology, text).unwrap();
}

#[test]
fn an_edit_after_the_first_release_is_never_waived() {
    let repository = Repository::new();
    repository.git("tag v0.1.0");
    repository.edit_published();
    let finding = repository.findings(&[]).into_iter().next().unwrap();
    assert_eq!(finding["waivable"], false);
    let fingerprint = finding["fingerprint"].as_str().unwrap();
    repository.waive(fingerprint, "it was a mistake");
    let done = repository.compat(&[]).is(Exit::Findings).says("no waiver may cover an edit of");
    done.says("frozen_file_changed");
}

#[test]
fn what_was_shown_is_never_waived() {
    let repository = Repository::new();
    let schemas = repository.schemas();
    xtask(&["new", "minor", "position.expired", "--schemas", schemas.to_str().unwrap()])
        .is(Exit::Clean);
    let file = repository.file(EXPIRED, "1.1");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"reason\",", "").replace("position.cancelled.", "")).unwrap();
    let findings = repository.findings(&[]);
    let shown = findings.iter().find(|finding| finding["kind"] == "F").unwrap();
    repository.waive(shown["fingerprint"].as_str().unwrap(), "nobody looks at it");
    repository.compat(&[]).is(Exit::Findings).says("no waiver may cover");
}

#[test]
fn a_waiver_that_is_none() {
    let repository = Repository::new();
    repository.waive("0123456789abcdef", "because");
    repository.compat(&[]).is(Exit::Findings).says("a reason of 3 words").says("waivers.json:1:");
    repository.waive("0123456789abcdef", "nobody reads it yet");
    repository.compat(&[]).is(Exit::Findings).says("this waiver covers nothing");
    // Without the base that guards `main` it cannot be known.
    repository.compat(&["--no-against"]).is(Exit::Clean);
}
