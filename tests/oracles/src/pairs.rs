//! Pairs of schemas: known ones, and random ones of the fuzz engine.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Draft;
use serde_json::{Value, json};

use crate::oracles::draft;
use crate::process::spawn;

/// An old and a new schema; asked is what [`Pair::spelled`] makes of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) old: Value,
    pub(crate) new: Value,
}

impl Pair {
    fn of(name: String, pair: &Value) -> Option<Pair> {
        let schema = |side| pair.get(side).filter(|schema| schema.is_object()).cloned();
        Some(Pair { name, old: schema("old")?, new: schema("new")? })
    }

    /// The pair as it is read, and as draft 2020-12 reads it: another question, which everybody
    /// can answer.
    pub(crate) fn spelled(&self) -> Vec<Pair> {
        let draft = draft(&self.old);
        let drafts = [draft, Draft::Draft202012];
        let count = if draft == Draft::Draft202012 || draft == Draft::Draft4 { 1 } else { 2 };
        drafts.into_iter().take(count).map(|draft| self.named(draft)).collect()
    }

    /// The one place at which the two differ, as a pair of its own: where little is said, more is
    /// decided.
    pub(crate) fn part(&self) -> Option<Pair> {
        let (mut old, mut new) = (&self.old, &self.new);
        let mut depth = 0;
        while let Some((before, after)) = differing(old, new) {
            (old, new) = (before, after);
            depth += 1;
        }
        let mut pair = Pair::of(self.name.clone(), &json!({ "old": old, "new": new }))?;
        for (part, whole) in [(&mut pair.old, &self.old), (&mut pair.new, &self.new)] {
            for key in ["$schema", "definitions"] {
                let value = whole.get(key).cloned();
                part.as_object_mut()?.extend(value.map(|value| (key.to_owned(), value)));
            }
        }
        (depth > 0).then_some(pair)
    }

    fn named(&self, draft: Draft) -> Pair {
        let mut pair = self.clone();
        for schema in [&mut pair.old, &mut pair.new] {
            if let Some(members) = schema.as_object_mut() {
                members.insert("$schema".to_owned(), json!(name(draft)));
            }
        }
        pair
    }
}

/// The one schema in another by which both differ.
fn differing<'a>(old: &'a Value, new: &'a Value) -> Option<(&'a Value, &'a Value)> {
    const SCHEMAS: &[&str] = &["additionalProperties", "contains", "items", "not", "propertyNames"];
    const LISTS: &[&str] = &["allOf", "anyOf", "oneOf", "definitions", "properties"];
    let (key, before, after) = only(old, new)?;
    match key.as_str() {
        key if SCHEMAS.contains(&key) => Some((before, after)),
        key if LISTS.contains(&key) => {
            only(before, after).map(|(_, before, after)| (before, after))
        }
        _ => None,
    }
    .filter(|(before, after)| before.is_object() && after.is_object())
}

/// The one member, or element, by which two objects or arrays differ.
fn only<'a>(old: &'a Value, new: &'a Value) -> Option<(String, &'a Value, &'a Value)> {
    let (old, new) = (children(old), children(new));
    let are_same = old.iter().map(|(key, _)| key).eq(new.iter().map(|(key, _)| key));
    let mut pairs = old.into_iter().zip(new).filter(|((_, old), (_, new))| old != new);
    let ((key, before), (_, after)) = pairs.next()?;
    (are_same && pairs.next().is_none()).then_some((key, before, after))
}

/// The members of an object, or the elements of an array.
pub(crate) fn children(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        _ => Vec::new(),
    }
}

fn name(draft: Draft) -> &'static str {
    match draft {
        Draft::Draft4 => "http://json-schema.org/draft-04/schema#",
        Draft::Draft6 => "http://json-schema.org/draft-06/schema#",
        Draft::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
        Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        _ => "http://json-schema.org/draft-07/schema#",
    }
}

/// The folder of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `cargo run` of an optimised program of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(repository()).args(["run", "--quiet", "--release"]);
    command
}

/// The pairs with known verdicts.
pub(crate) fn known() -> Result<Vec<Pair>, String> {
    let path = repository().join("tests/cases/compat/pairs.jsonl");
    lines(fs::File::open(&path).map_err(|error| at(&path, error))?)
}

/// The pairs that show a rule.
pub(crate) fn rules() -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    for rule in entries(&repository().join("tests/cases/compat/rules"))? {
        for case in entries(&rule)? {
            let name = case.strip_prefix(rule.parent().unwrap_or(&rule)).unwrap_or(&case);
            let (old, new) = (read(&case.join("old.json"))?, read(&case.join("new.json"))?);
            let pair = json!({ "old": old, "new": new });
            pairs.extend(Pair::of(name.display().to_string(), &pair));
        }
    }
    Ok(pairs)
}

/// The pairs on which the checker was wrong once.
pub(crate) fn soundness() -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    for path in entries(&repository().join("tests/cases/compat/soundness"))? {
        let case = read(&path)?;
        let pair = json!({ "old": case.get("writer"), "new": case.get("reader") });
        let name = path.file_stem().unwrap_or_default().display().to_string();
        pairs.extend(Pair::of(name, &pair));
    }
    Ok(pairs)
}

/// Random pairs, by the number of the first.
pub(crate) fn random(cases: u64, seed: u64) -> Result<Vec<Pair>, String> {
    let mut command = cargo();
    command.args(["--package", "wr-tests", "--example", "fuzz", "--", "--pairs"]);
    command.args(["--cases", &cases.to_string(), "--seed", &seed.to_string()]);
    let mut child = spawn(&mut command)?;
    let output = child.stdout.take().ok_or("the fuzzer has no output")?;
    let pairs = lines(output)?;
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(pairs) } else { Err(format!("the fuzzer ended with {status}")) }
}

fn lines(text: impl Read) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    for line in BufReader::new(text).lines() {
        let line = line.map_err(|error| error.to_string())?;
        let pair: Value =
            serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
        let name = pair.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        pairs.extend(Pair::of(name, &pair));
    }
    Ok(pairs)
}

/// What a folder holds, in order.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| at(folder, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| at(folder, error))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The JSON of a file.
pub(crate) fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| at(path, error))?;
    serde_json::from_str(&text).map_err(|error| at(path, error))
}

fn at(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
