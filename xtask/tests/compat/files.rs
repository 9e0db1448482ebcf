//! Two files, and many pairs of them.

use std::fs;

use serde_json::{Value, json};
use xtask::Exit;

use super::{Done, xtask};

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
