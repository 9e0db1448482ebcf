//! The checker's verdicts hold of the generated types: what breaks is refused by the reader's type,
//! what does not is read by it, and code that depends on a crate compiles after every legal minor.

mod cases;
mod crates;
mod dependent;
mod dress;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};
use wr_compat::{Evidence, Kind, Mode, Overall, Report, Verdict, compare};
use wr_core::chrono::{DateTime, SecondsFormat};
use wr_schema::catalog::Minor;
use wr_schema::language::{Side, language};
use wr_schema::names::rust_field;
use wr_schema::validator::{Compiled, Violation};
use wr_tests::compat_fuzz::node;
use wr_tests::differential::sample;

use cases::{CASES, Case};
use crates::CRATES;

/// The documents that a compatible direction is held to.
const DOCUMENTS: usize = 40;

/// The known pairs that the dialect cannot say, and the rule of the lint that refuses them.
const OUTSIDE: &[(&str, &str)] = &[
    ("add_optional_field_closed", "closed_struct"),
    ("add_required_field_with_default", "default_on_required"),
    ("allOf_split_refactor", "all_of"),
    ("anyOf_null_to_type_array", "untagged_union"),
    ("close_object", "closed_struct"),
    ("if_then_added", "if_then_else"),
    ("map_value_widened", "type_union"),
    ("open_object", "closed_struct"),
    ("remove_optional_field_closed", "closed_struct"),
    ("required_name_not_in_properties", "required_without_property"),
];

/// The known pairs, by their names.
fn pairs() -> BTreeMap<String, Value> {
    let text = fs::read_to_string(wr_tests::cases("compat").join("pairs.jsonl")).unwrap();
    let pairs = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    pairs.map(|pair| (pair["name"].as_str().unwrap().to_owned(), pair)).collect()
}

/// The rules that find something, whom it breaks, and where; in the dialect two versions have other
/// examples, and references are replaced before they are compared.
fn found(report: &Report) -> BTreeSet<(&'static str, Kind, &str)> {
    let findings = report.findings.iter();
    let findings = findings.map(|it| (it.rule, it.kind, it.pointer.as_str()));
    let is_kept = |it: &(&str, Kind, &str)| {
        let is_reference = it.0 == "reference_refactored" && it.1 == Kind::Allowed;
        !is_reference && *it != ("annotation_changed", Kind::Allowed, "")
    };
    findings.filter(is_kept).collect()
}

#[test]
fn every_known_pair_is_said_in_the_dialect_or_refused_by_it() {
    let cases = &CASES.all;
    let said: BTreeMap<&str, &Case> = cases
        .iter()
        .filter(|case| case.subject.entity() == "pairs")
        .map(|case| (case.subject.action(), case))
        .collect();
    let outside: BTreeMap<&str, &str> = OUTSIDE.iter().copied().collect();
    let pairs = pairs();
    for (name, pair) in &pairs {
        let said = said.get(rust_field(name).as_str());
        match (said, outside.get(name.as_str())) {
            (Some(case), None) => is_the_pair(name, pair, &case.report),
            (None, Some(rule)) => {
                let subject = format!("pairs.{}", rust_field(name));
                let texts = cases::both(&subject, &pair["old"], &pair["new"]);
                let refusals = cases::refusals(&texts);
                assert!(refusals.contains(rule), "{name}: {refusals:?}");
            }
            (said, _) => panic!("{name} is said: {}; and is in the table?", said.is_some()),
        }
    }
    assert_eq!(said.len() + outside.len(), pairs.len(), "a case or a row is of no pair");
}

/// In the dialect as outside it: the known verdict, by the same rules.
fn is_the_pair(name: &str, pair: &Value, report: &Report) {
    let is_compatible = |verdict: &Verdict| *verdict == Verdict::Compatible;
    let told = json!([
        is_compatible(&report.backward),
        is_compatible(&report.forward),
        report.overall() == Overall::Compatible,
    ]);
    assert_eq!(told, json!([pair["backward"], pair["forward"], pair["minor_ok"]]), "{name}");
    let outside = compare(&node(&pair["old"]), &node(&pair["new"]), Mode::Languages);
    assert_eq!(found(report), found(&outside), "{name}");
}

/// A message, and what the reader's type is to say of it.
struct Question<'a> {
    case: &'a Case,
    writer: &'static str,
    payload: Value,
    /// What a validator says where the type refuses it; none where it reads it.
    violations: Option<Vec<Violation>>,
}

#[test]
fn the_types_say_what_the_checker_says() {
    let cases = &CASES.all;
    let is_open = |case: &&Case| case.report.overall() == Overall::Unproven;
    let open: Vec<String> = cases.iter().filter(is_open).map(crates::module).collect();
    assert!(open.is_empty(), "neither proved nor shown: {open:?}");
    let questions: Vec<Question<'_>> = cases.iter().flat_map(questions).collect();
    let answers = answers(&questions);
    let wrong: Vec<String> = questions
        .iter()
        .zip(&answers)
        .filter_map(|(question, answer)| {
            let problem = problem(question, answer)?;
            let Question { case, writer, payload, .. } = question;
            Some(format!("{}, {writer} writes {payload}: {problem}", case.subject))
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let witnesses = questions.iter().filter(|question| question.violations.is_some()).count();
    println!("{} pairs, {witnesses} witnesses, {} messages", cases.len(), questions.len());
    assert!(witnesses > 100 && questions.len() > 4_000);
}

/// What is wrong with the answers of the types.
fn problem(question: &Question<'_>, answer: &Value) -> Option<String> {
    let sent = &answer["sent"];
    if !is_same(&question.payload, sent) {
        return Some(format!("the writer's type sends {sent}"));
    }
    match (&question.violations, answer["refused"].as_str()) {
        (None, None) => None,
        (None, Some(at)) => Some(format!("the reader's type refuses it at `{at}`")),
        (Some(_), None) => Some("the reader's type reads it".to_owned()),
        (Some(violations), Some(at)) => {
            let is_there = |violation: &Violation| {
                let rest =
                    at.strip_prefix("/data").and_then(|at| at.strip_prefix(&violation.pointer));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let explained = violations.iter().any(is_there);
            (!explained).then(|| format!("the reader's type refuses it at `{at}`: {violations:?}"))
        }
    }
}

/// Whether two documents are the same; an integer may be spelt as a float.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let has = |(name, a)| b.get(name).is_some_and(|b| is_same(a, b));
            a.len() == b.len() && a.iter().all(has)
        }
        (a, b) => a == b,
    }
}

/// Everything that is asked about a pair.
fn questions(case: &Case) -> Vec<Question<'_>> {
    let asked = |writer, (payload, violations)| Question { case, writer, payload, violations };
    let report = &case.report;
    let backward = documents(&case.old, &report.backward).into_iter().map(|it| asked("old", it));
    let forward = documents(&case.new, &report.forward).into_iter().map(|it| asked("new", it));
    let meanings = report.findings.iter().filter_map(|finding| match &finding.evidence {
        Evidence::Meanings { document, .. } => Some(asked("old", (document.clone(), None))),
        _ => None,
    });
    let witnesses = report.findings.iter().filter_map(|finding| {
        let Evidence::Witness(witness) = &finding.evidence else { return None };
        let writer = if finding.kind == Kind::Forward { "new" } else { "old" };
        Some(asked(writer, (witness.document.clone(), Some(witness.violations.clone()))))
    });
    let mut all: Vec<Question<'_>> = Vec::new();
    for question in backward.chain(forward).chain(meanings).chain(witnesses) {
        // One witness may stand for a direction and for a finding, or for several.
        if !all.iter().any(|it| it.writer == question.writer && it.payload == question.payload) {
            all.push(question);
        }
    }
    all
}

/// The witness of a direction, or documents that are to be read.
fn documents(writer: &Minor, verdict: &Verdict) -> Vec<(Value, Option<Vec<Violation>>)> {
    match verdict {
        Verdict::Breaking(witness) => {
            vec![(witness.document.clone(), Some(witness.violations.clone()))]
        }
        Verdict::Compatible => sent(writer).into_iter().map(|payload| (payload, None)).collect(),
        Verdict::Unproven(_) => Vec::new(),
    }
}

/// Documents that may be sent, at the bounds of the schema and a step away from others.
fn sent(writer: &Minor) -> Vec<Value> {
    let language = language(&writer.schema, Side::Writer).to_value();
    let compiled = Compiled::new(&language).unwrap();
    let mut rng = fastrand::Rng::with_seed(20_261_123);
    let documents = (0..DOCUMENTS).map(|_| sample(&language, &mut rng));
    documents.filter(|it| compiled.accepts(it) && is_spelt_as_types_do(it)).collect()
}

/// A type holds an instant, and spells it in one way.
fn is_spelt_as_types_do(document: &Value) -> bool {
    match document {
        Value::String(text) => DateTime::parse_from_rfc3339(text).map_or(true, |instant| {
            instant.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true) == *text
        }),
        Value::Array(items) => items.iter().all(is_spelt_as_types_do),
        Value::Object(members) => members.values().all(is_spelt_as_types_do),
        _ => true,
    }
}

/// What the types say of every message.
fn answers(questions: &[Question<'_>]) -> Vec<Value> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for Question { case, writer, payload, .. } in questions {
        let version = if *writer == "old" { case.old.version } else { case.new.version };
        let message = json!({
            "id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a",
            "version": version.to_string(),
            "type": case.subject.event_type().to_string(),
            "timestamp": "2024-01-01T12:00:00Z",
            "source": "cases",
            "data": payload,
        });
        let subject = case.subject.to_string();
        let question = json!({ "subject": subject, "writer": writer, "message": message });
        writeln!(file, "{question}").unwrap();
    }
    let path = file.path().to_str().unwrap();
    let output = CRATES.cargo("run", &["--package", "judge", "--", path]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let answers: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

#[test]
fn code_that_depends_on_a_crate_compiles_after_every_legal_minor() {
    let packages = crates::compiling();
    let packages = packages.iter().flat_map(|name| ["--package", name]);
    let arguments: Vec<&str> = packages.chain(["--keep-going"]).collect();
    let output = CRATES.cargo("check", &arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn code_that_depends_on_a_crate_does_not_compile_where_the_checker_says_so() {
    let cases = &CASES.all;
    let expected: BTreeSet<String> =
        cases.iter().filter(|case| crates::breaks_code(case)).map(crates::module).collect();
    let arguments = ["--package", "code-on-new", "--message-format=json"];
    let output = CRATES.cargo("check", &arguments).output().unwrap();
    assert!(!output.status.success() && !expected.is_empty());
    let mut broken = BTreeSet::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let spans = line.pointer("/message/spans").and_then(Value::as_array);
        let is_error = line.pointer("/message/level") == Some(&json!("error"));
        for span in spans.into_iter().flatten().filter(|_| is_error) {
            let file = span["file_name"].as_str().unwrap_or_default();
            let module = file.strip_prefix("code-on-new/src/");
            broken.extend(module.map(|file| file.trim_end_matches(".rs").to_owned()));
        }
    }
    assert_eq!(broken, expected);
}
