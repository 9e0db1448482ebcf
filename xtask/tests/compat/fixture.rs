//! A repository of git, made for a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Done, xtask};

/// A repository of git with the schemas of this one, on a branch `main` with one commit.
pub(crate) struct Repository {
    pub(crate) temp: TempDir,
}

pub(crate) const ENQUEUED: &str = "waitingroom.position.enqueued.v1";
pub(crate) const CREATED: &str = "waitingroom.queue.created.v1";
pub(crate) const EXPIRED: &str = "waitingroom.position.expired.v1";

impl Repository {
    pub(crate) fn new() -> Repository {
        let repository = Repository { temp: tempfile::tempdir().unwrap() };
        repository.git("init --quiet --initial-branch main .");
        copy(&ours(), &repository.schemas());
        repository.commit("schemas");
        repository
    }

    pub(crate) fn at(&self) -> &Path {
        self.temp.path()
    }

    pub(crate) fn schemas(&self) -> PathBuf {
        self.at().join("schemas")
    }

    pub(crate) fn file(&self, subject: &str, version: &str) -> PathBuf {
        self.schemas().join(subject).join(format!("{version}.json"))
    }

    pub(crate) fn git(&self, args: &str) {
        git(self.at(), args);
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --allow-empty --message {message}"));
    }

    /// Replaces text in a file, which has to be there.
    #[track_caller]
    pub(crate) fn edit(&self, path: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// A bound of a published file.
    pub(crate) fn edit_published(&self) {
        self.edit(&self.file(CREATED, "1.0"), r#""maximum": 1000000"#, r#""maximum": 999999"#);
    }

    pub(crate) fn compat(&self, args: &[&str]) -> Done {
        let schemas = self.schemas();
        xtask(&[&["compat", "--schemas", schemas.to_str().unwrap()], args].concat())
    }

    pub(crate) fn findings(&self, args: &[&str]) -> Vec<Value> {
        let done = self.compat(&[&["--format", "json"], args].concat());
        done.json()["findings"].as_array().unwrap().clone()
    }

    pub(crate) fn waive(&self, fingerprint: &str, reason: &str) {
        let waivers = json!({"waivers": [{"fingerprint": fingerprint, "reason": reason}]});
        fs::write(self.schemas().join("waivers.json"), waivers.to_string()).unwrap();
    }
}

pub(crate) fn ours() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("schemas")
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true if entry.file_name() == "generated" => {}
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

pub(crate) fn git(folder: &Path, args: &str) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(args.split_whitespace())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(["AUTHOR", "COMMITTER"].iter().flat_map(|who| {
            [(format!("GIT_{who}_NAME"), "a"), (format!("GIT_{who}_EMAIL"), "a@example.com")]
        }))
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args}: {}", String::from_utf8_lossy(&output.stderr));
}
