//! A folder in a repository: its histories, and what was published of it.

use std::fs;
use std::process::Command;

use serde_json::json;
use xtask::Exit;

use super::fixture::{ENQUEUED, EXPIRED, Repository, copy, git, ours};
use super::xtask;

#[test]
fn a_clean_repository() {
    let repository = Repository::new();
    repository.compat(&[]).is(Exit::Clean).says("the commits that first brought each file");
    repository.git("tag v0.1.0");
    repository.compat(&[]).is(Exit::Clean).says("the release `v0.1.0`");
    repository.git("checkout --quiet -b work");
    repository.commit("nothing");
    repository.compat(&[]).is(Exit::Clean).says("where this branch leaves `main`");
    let object = repository.compat(&["--format", "json"]).is(Exit::Clean).json();
    assert_eq!(object["verdict"], "compatible");
    assert_eq!(object["findings"], json!([]));
}

#[test]
fn an_optional_field_that_becomes_required() {
    let repository = Repository::new();
    let file = repository.file(ENQUEUED, "1.1");
    repository.edit(&file, "\"queue_length\"\n", "\"queue_length\", \"estimated_wait_seconds\"\n");
    // Two examples have become wrong, which the lint says too.
    let done = repository.compat(&["--no-against"]).is(Exit::Findings);
    let done =
        done.says("position_id").says("`required` refuses the root: `estimated_wait_seconds`");
    done.says("cargo xtask new major position.enqueued");
    repository.compat(&[]).is(Exit::Findings).says("position_id");
    let findings = repository.findings(&["--no-against"]);
    let broken = findings.iter().find(|finding| finding["kind"] == "B").unwrap();
    assert!(broken["witness"]["position_id"].is_string());
    assert_eq!(broken["waivable"], false);
}

#[test]
fn a_published_file_that_is_edited_in_place() {
    let repository = Repository::new();
    repository.edit_published();
    let frozen = "schemas/waitingroom.queue.created.v1/1.0.json`";
    let done = repository.compat(&[]).is(Exit::Findings).says("frozen_file_changed").says(frozen);
    done.says("git checkout ").says("cargo xtask new minor queue.created");
    // On a branch, committed.
    repository.git("checkout --quiet -b work");
    repository.commit("edit");
    repository.compat(&[]).is(Exit::Findings).says(frozen);
    // On `main`, where it was pushed past everything.
    repository.git("checkout --quiet main");
    repository.git("merge --quiet work");
    repository.compat(&[]).is(Exit::Findings).says(frozen);
    repository.git("tag v0.1.0 HEAD~1");
    repository.compat(&[]).is(Exit::Findings).says("the release `v0.1.0`").says(frozen);
}

#[test]
fn what_only_people_read_may_change() {
    let repository = Repository::new();
    repository.edit(&repository.file(ENQUEUED, "1.0"), "User joined queue.", "A user joined.");
    repository.compat(&[]).is(Exit::Clean);
}

#[test]
fn a_value_of_an_open_enum_in_a_new_minor() {
    let repository = Repository::new();
    repository.git("checkout --quiet -b work");
    let schemas = repository.schemas();
    xtask(&["new", "minor", "position.expired", "--schemas", schemas.to_str().unwrap()])
        .is(Exit::Clean);
    let file = repository.file(EXPIRED, "1.1");
    repository.edit(&file, "\"admin_revoked\"\n", "\"admin_revoked\", \"queue_closed\"\n");
    repository.compat(&[]).is(Exit::Clean);
    repository.commit("minor");
    repository.compat(&[]).is(Exit::Clean).says("2 pairs of minors");
}

#[test]
fn a_comment_of_a_pull_request() {
    let repository = Repository::new();
    repository.git("checkout --quiet -b work");
    let comment = |exit| repository.compat(&["--format", "markdown"]).is(exit).out;
    assert!(comment(Exit::Clean).contains("No version is added, and none is edited."));
    let schemas = repository.schemas();
    let at = schemas.to_str().unwrap();
    for (step, event) in [("minor", "position.expired"), ("major", "position.enqueued")] {
        xtask(&["new", step, event, "--schemas", at]).is(Exit::Clean);
    }
    xtask(&["new", "event", "queue.renamed", "--schemas", at]).is(Exit::Clean);
    repository.edit(
        &repository.file(EXPIRED, "1.1"),
        "\"admin_revoked\"\n",
        "\"admin_revoked\", \"queue_closed\"\n",
    );
    repository.edit_published();
    let comment = comment(Exit::Findings);
    for part in [
        "## Event schemas: breaking\n\n",
        "### `position.expired` 1.0 to 1.1\n\n- ",
        "### `position.enqueued` 1.1 to 2.0\n\n",
        "### `queue.renamed` 1.0\n\nIt is new.\n",
        "### `queue.created` 1.0, edited in place\n\n- **breaking**: ",
        "\n```text\nerror[frozen_file_changed]: ",
    ] {
        assert!(comment.contains(part), "`{part}` is not in:\n{comment}");
    }
    // Two files that stand in no history.
    let (old, new) = (repository.file(ENQUEUED, "1.1"), repository.file(ENQUEUED, "1.0"));
    let args = [old.to_str().unwrap(), new.to_str().unwrap(), "--format", "markdown"];
    xtask(&[&["compat"], &args[..]].concat()).is(Exit::Findings).says("1.0.json`: breaking\n\n- ");
}

#[test]
fn a_published_file_that_is_gone() {
    let repository = Repository::new();
    fs::remove_file(repository.file(ENQUEUED, "1.1")).unwrap();
    let done = repository.compat(&[]).is(Exit::Findings).says("frozen_file_removed");
    done.says("git checkout ").says("1.1.json");
    repository.commit("remove");
    repository.compat(&[]).is(Exit::Findings).says("frozen_file_removed");
}

#[test]
fn a_folder_younger_than_the_base_is_not_frozen() {
    let repository = Repository { temp: tempfile::tempdir().unwrap() };
    repository.git("init --quiet --initial-branch main .");
    repository.commit("nothing");
    copy(&ours(), &repository.schemas());
    repository.compat(&[]).is(Exit::Clean).says("0 published files");
    repository.git("checkout --quiet -b work");
    repository.commit("schemas");
    repository.compat(&[]).is(Exit::Clean).says("0 published files");
}

#[test]
fn a_worktree_a_subfolder_and_a_repository_that_is_the_folder() {
    let repository = Repository::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let tree = elsewhere.path().join("tree");
    repository.git(&format!("worktree add --quiet -b work {}", tree.display()));
    let schemas = tree.join("schemas");
    let file = schemas.join(ENQUEUED).join("1.0.json");
    repository.edit(&file, r#""maximum": 100"#, r#""maximum": 99"#);
    let args = ["compat", "--schemas", schemas.to_str().unwrap()];
    xtask(&args).is(Exit::Findings).says("frozen_file_changed");
    // As a user in a subfolder types it.
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["compat", "--schemas", "../schemas"])
        .current_dir(schemas.join("../schemas").join(ENQUEUED).join(".."))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(100), "{}", String::from_utf8_lossy(&output.stderr));

    let whole = tempfile::tempdir().unwrap();
    copy(&ours(), &whole.path().join("all"));
    let top = whole.path().join("all");
    git(&top, "init --quiet --initial-branch main .");
    git(&top, "add --all");
    git(&top, "commit --quiet --message schemas");
    let args = ["compat", "--schemas", top.to_str().unwrap()];
    xtask(&args).is(Exit::Clean).says("21 published files");
    repository.edit(&top.join(ENQUEUED).join("1.0.json"), r#""maximum": 100"#, r#""maximum": 99"#);
    xtask(&args).is(Exit::Findings);
}

#[test]
fn no_git_and_no_repository() {
    let temp = tempfile::tempdir().unwrap();
    let schemas = temp.path().join("schemas");
    copy(&ours(), &schemas);
    let at = schemas.to_str().unwrap();
    let done = xtask(&["compat", "--schemas", at]).is(Exit::Failed);
    done.says("is in no repository").says("--no-against");
    xtask(&["compat", "--schemas", at, "--no-against"]).is(Exit::Clean);
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["compat", "--schemas", at])
        .env("PATH", temp.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("cannot start `git`") && err.contains("install git"), "{err}");
    git(temp.path(), "init --quiet --initial-branch main .");
    xtask(&["compat", "--schemas", at]).is(Exit::Failed).says("no commit yet");
}

#[test]
fn a_shallow_clone_and_one_without_main() {
    let repository = Repository::new();
    repository.commit("second");
    let temp = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.at().display());
    git(temp.path(), &format!("clone --quiet --depth 1 {from} shallow"));
    let schemas = temp.path().join("shallow/schemas");
    let at = schemas.to_str().unwrap();
    let done = xtask(&["compat", "--schemas", at]).is(Exit::Failed);
    done.says("git fetch --unshallow --tags").says("fetch-depth: 0");
    xtask(&["compat", "--schemas", at, "--against", "HEAD"]).is(Exit::Clean);
    xtask(&["compat", "--schemas", at, "--no-against"]).is(Exit::Clean);

    // As CI checks out a pull request: no branch but the server's.
    git(temp.path(), &format!("clone --quiet {from} whole"));
    let whole = temp.path().join("whole");
    git(&whole, "checkout --quiet --detach");
    git(&whole, "branch --quiet -D main");
    let schemas = whole.join("schemas");
    let at = schemas.to_str().unwrap();
    xtask(&["compat", "--schemas", at]).is(Exit::Clean);
    git(&whole, "remote remove origin");
    let done = xtask(&["compat", "--schemas", at]).is(Exit::Failed);
    done.says("there is no branch `main`").says("git fetch origin main:main");
}

#[test]
fn another_base() {
    let repository = Repository::new();
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("published");
    copy(&ours(), &folder);
    repository.edit_published();
    repository.commit("edit");
    repository.compat(&["--against", "HEAD"]).is(Exit::Clean);
    repository.compat(&["--against", "HEAD~1"]).is(Exit::Findings).says("git checkout HEAD~1 --");
    let done = repository.compat(&["--against", folder.to_str().unwrap()]).is(Exit::Findings);
    done.says("published");
    let done = repository.compat(&["--against", "v9.9.9"]).is(Exit::Failed);
    done.says("neither a folder nor a commit").says("git rev-parse v9.9.9");
    repository.compat(&["--against", "--help"]).is(Exit::Usage);
}

#[test]
fn a_folder_with_findings_of_the_lint() {
    let repository = Repository::new();
    fs::write(repository.file(ENQUEUED, "1.2"), "{").unwrap();
    repository.compat(&[]).is(Exit::Findings).says("invalid_json");
    fs::write(repository.file(ENQUEUED, "1.0"), "{").unwrap();
    repository.compat(&[]).is(Exit::Findings).says("1.0.json:1:1");
}
