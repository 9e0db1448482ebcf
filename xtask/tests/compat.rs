//! `compat` and `diff` as a user calls them: files, pairs, repositories of git.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::Exit;

/// What a verb did.
struct Done {
    exit: Exit,
    out: String,
    err: String,
}

fn xtask(args: &[&str]) -> Done {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = xtask::run(std::iter::once("xtask").chain(args.iter().copied()), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { exit, out: text(out), err: text(err) }
}

impl Done {
    #[track_caller]
    fn is(self, exit: Exit) -> Done {
        assert_eq!(self.exit, exit, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Done {
        let all = format!("{}\n{}", self.out, self.err);
        assert!(all.contains(text), "`{text}` is not in:\n{all}");
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Two files.
fn pair(old: &str, new: &str, args: &[&str]) -> Done {
    let temp = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = temp.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (old, new) = (file("old.json", old), file("new.json", new));
    xtask(&[&["compat", &old, &new], args].concat())
}

const OLD: &str =
    r#"{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}"#;

#[test]
fn a_legal_minor() {
    let new = OLD.replace(r#""}}"#, r#""}, "b": {"type": "integer"}}"#);
    pair(OLD, &new, &[]).is(Exit::Clean).says("is a legal minor after");
    let answer = pair(OLD, &new, &["--format", "json"]).is(Exit::Clean).json();
    assert_eq!(answer["verdict"], "compatible");
    assert_eq!(answer["required_bump"], "minor");
    let same = pair(OLD, OLD, &["--format", "json"]).is(Exit::Clean).json();
    assert_eq!(same["required_bump"], "none");
    let none = json!({"verdict": "compatible", "witness": null});
    let expected = json!({"verdict": "compatible", "required_bump": "none", "backward": none,
        "forward": none, "findings": []});
    assert_eq!(same, expected);
}

#[test]
fn a_breaking_change_in_every_format() {
    let new = OLD.replace(r#"["a"]"#, r#"["a", "b"]"#);
    pair(OLD, &new, &[]).is(Exit::Findings).says(r#"{"a":""}"#).says("`required` refuses");
    let answer = pair(OLD, &new, &["--format", "json"]).is(Exit::Findings).json();
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["backward", "findings", "forward", "required_bump", "verdict"]);
    assert_eq!(answer["verdict"], "breaking");
    assert_eq!(answer["required_bump"], "major");
    assert_eq!(answer["backward"], json!({"verdict": "breaking", "witness": {"a": ""}}));
    assert_eq!(answer["forward"], json!({"verdict": "compatible", "witness": null}));
    let finding = answer["findings"][0].as_object().unwrap();
    let keys: Vec<&String> = finding.keys().collect();
    assert_eq!(keys, ["help", "kind", "message", "new_span", "old_span", "pointer", "rule"]);
    assert_eq!(finding["kind"], "B");
    let span = finding["new_span"].as_object().unwrap();
    assert!(span["path"].as_str().unwrap().ends_with("new.json"));
    for end in ["start", "end"] {
        let keys: Vec<&String> = span[end].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["column", "line", "offset"]);
    }
    pair(OLD, &new, &["--format", "github"]).is(Exit::Findings).says("::error file=");
    let sarif = pair(OLD, &new, &["--format", "sarif"]).is(Exit::Findings).json();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], finding["rule"]);
}

#[test]
fn what_cannot_be_told_is_not_passed() {
    let old = r#"{"$ref": "https://example.com/elsewhere.json"}"#;
    let answer = pair(old, OLD, &["--format", "json"]).is(Exit::Unproven).json();
    assert_eq!(answer["verdict"], "unproven");
    let findings = answer["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["kind"] == "unproven"), "{answer}");
    assert_eq!(Exit::Unproven.code(), 102);
}

#[test]
fn raw_sets_are_something_else() {
    let new = OLD.replace(r#""}}"#, r#""}, "b": {"type": "integer"}}"#);
    pair(OLD, &new, &["--raw"]).is(Exit::Findings).says("a document of the old version");
}

#[test]
fn booleans_are_schemas_and_other_files_are_none() {
    pair("true", "true", &[]).is(Exit::Clean);
    pair("{", "{}", &[]).is(Exit::Failed).says("old.json:1:1` is no JSON");
    pair("{}", "{\n\"a\": b}", &[]).is(Exit::Failed).says("new.json:2:6` is no JSON");
    pair("[]", "{}", &[]).is(Exit::Failed).says("a schema is an object");
    pair(&"[".repeat(100_000), "{}", &[]).is(Exit::Failed);
    xtask(&["compat", "no.json", "no.json"]).is(Exit::Failed).says("cannot read `no.json`");
    xtask(&["compat", "/", "no.json"]).is(Exit::Usage).says("--against DIR");
}

/// `--pairs` on the lines of a file.
fn pairs(lines: &[u8]) -> (Done, Vec<Value>) {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("pairs.jsonl");
    fs::write(&path, lines).unwrap();
    let done = xtask(&["compat", "--pairs", path.to_str().unwrap()]);
    let answers = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (done, answers)
}

#[test]
fn every_line_has_its_answer() {
    let old: Value = serde_json::from_str(OLD).unwrap();
    let good = json!({"name": "same", "old": old, "new": old}).to_string();
    let deep = format!(r#"{{"old": {}{}, "new": {{}}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    let nested = r#"{"not":"#.repeat(120);
    let nested = format!(r#"{{"old": {nested}{{}}{}, "new": {{}}}}"#, "}".repeat(120));
    let lines: Vec<Vec<u8>> = vec![
        good.clone().into_bytes(),
        b"garbage".to_vec(),
        Vec::new(),
        vec![0xff, 0xfe],
        deep.into_bytes(),
        nested.into_bytes(),
        vec![b' '; 9 * 1024 * 1024],
        br#"{"old": {}}"#.to_vec(),
        br#"{"old": 1, "new": {}}"#.to_vec(),
        br##"{"old": {"$ref": "#"}, "new": {"$ref": "#/a"}}"##.to_vec(),
        br##"{"old": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, "new": {"not": {"$ref": "#"}}}"##
            .to_vec(),
        br#"{"old": {"type": 5, "pattern": "("}, "new": {"enum": {}}}"#.to_vec(),
        good.into_bytes(),
    ];
    let text = lines.join(&b"\n"[..]);
    let (done, answers) = pairs(&text);
    assert_eq!(done.exit, Exit::Clean, "{}", done.err);
    assert_eq!(answers.len(), lines.len());
    for (index, answer) in answers.iter().enumerate() {
        let is_error = matches!(index, 1..=4 | 6..=8);
        assert!(!is_error || answer["error"].is_string(), "{index}: {answer}");
        let told = answer["error"].is_string() || answer["verdict"].is_string();
        assert!(told, "{index}: {answer}");
    }
    assert_eq!(answers[0], answers[12]);
    assert_eq!(answers[0]["verdict"], "compatible");
    assert!(answers[1]["error"].as_str().unwrap().starts_with("line 2, column 1: no JSON"));
    assert!(pairs(b"").1.is_empty());
    xtask(&["compat", "--pairs", "no.jsonl"]).is(Exit::Failed).says("no.jsonl");
}

#[test]
fn a_span_of_a_pair_lies_in_its_line() {
    let line = r#"{"old": {"type": "string"}, "new": {"type": "integer"}}"#;
    let text = format!("{line}\n{line}\n");
    let (_, answers) = pairs(text.as_bytes());
    let span = &answers[1]["findings"][0]["new_span"];
    assert_eq!(span["start"]["line"], 2);
    let offset = usize::try_from(span["start"]["offset"].as_u64().unwrap()).unwrap();
    assert!(offset > line.len() && offset < text.len());
}

/// A repository of git with the schemas of this one, on a branch `main` with one commit.
struct Repository {
    temp: TempDir,
}

const ENQUEUED: &str = "waitingroom.position.enqueued.v1";
const CREATED: &str = "waitingroom.queue.created.v1";
const EXPIRED: &str = "waitingroom.position.expired.v1";

impl Repository {
    fn new() -> Repository {
        let repository = Repository { temp: tempfile::tempdir().unwrap() };
        repository.git("init --quiet --initial-branch main .");
        copy(&ours(), &repository.schemas());
        repository.commit("schemas");
        repository
    }

    fn at(&self) -> &Path {
        self.temp.path()
    }

    fn schemas(&self) -> PathBuf {
        self.at().join("schemas")
    }

    fn file(&self, subject: &str, version: &str) -> PathBuf {
        self.schemas().join(subject).join(format!("{version}.json"))
    }

    fn git(&self, args: &str) {
        git(self.at(), args);
    }

    fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --allow-empty --message {message}"));
    }

    /// Replaces text in a file, which has to be there.
    #[track_caller]
    fn edit(&self, path: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// A bound of a published file.
    fn edit_published(&self) {
        self.edit(&self.file(CREATED, "1.0"), r#""maximum": 1000000"#, r#""maximum": 999999"#);
    }

    fn compat(&self, args: &[&str]) -> Done {
        let schemas = self.schemas();
        xtask(&[&["compat", "--schemas", schemas.to_str().unwrap()], args].concat())
    }

    fn findings(&self, args: &[&str]) -> Vec<Value> {
        let done = self.compat(&[&["--format", "json"], args].concat());
        done.json()["findings"].as_array().unwrap().clone()
    }

    fn waive(&self, fingerprint: &str, reason: &str) {
        let waivers = json!({"waivers": [{"fingerprint": fingerprint, "reason": reason}]});
        fs::write(self.schemas().join("waivers.json"), waivers.to_string()).unwrap();
    }
}

fn ours() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("schemas")
}

fn copy(from: &Path, to: &Path) {
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

fn git(folder: &Path, args: &str) {
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
    // The examples without the field are no examples any more, which the lint would say.
    let text = fs::read_to_string(&file).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    for example in schema["examples"].as_array_mut().unwrap() {
        example["estimated_wait_seconds"] = json!(1);
    }
    fs::write(&file, serde_json::to_string_pretty(&schema).unwrap()).unwrap();
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
fn a_folder_with_findings_is_not_compared() {
    let repository = Repository::new();
    fs::write(repository.file(ENQUEUED, "1.2"), "{").unwrap();
    repository.compat(&[]).is(Exit::Findings).says("invalid_json").says("nothing was compared");
}

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
    let mut waivers = Vec::new();
    for finding in &findings {
        assert_eq!(finding["waivable"], true, "{finding}");
        repository.compat(&[]).is(Exit::Findings).says(finding["fingerprint"].as_str().unwrap());
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

#[test]
fn a_diff_in_words() {
    let repository = Repository::new();
    let schemas = repository.schemas();
    let at = schemas.to_str().unwrap();
    xtask(&["new", "major", "position.enqueued", "--schemas", at]).is(Exit::Clean);
    for subject in ["position.enqueued", "waitingroom.position.enqueued", ENQUEUED] {
        for versions in [["1.0", "1.1"], ["1.1", "1.0"], ["1.0", "2.0"]] {
            let args = [&["diff", subject], &versions[..], &["--schemas", at]].concat();
            xtask(&args).is(Exit::Clean).says(versions[1]);
        }
    }
    let args = ["diff", "position.enqueued", "1.0", "1.1", "--format", "markdown", "--schemas", at];
    xtask(&args).is(Exit::Clean).says("### `position.enqueued` 1.0 to 1.1");
    for (args, help) in [
        (["position.enqueud", "1.0", "1.1"], "did you mean `position.enqueued`"),
        (["position.enqueued", "1.0", "1.7"], "it has `1.0`, `1.1`, `2.0`"),
        (["position.enqueued", "1", "1.1"], "name it as in `1.0`"),
    ] {
        let args = [&["diff"], &args[..], &["--schemas", at]].concat();
        xtask(&args).is(Exit::Usage).says(help);
    }
}
