//! The rules of the checker: every rule on every case, and what a reader is told.
//!
//! A folder of `cases/compat/rules` is a rule. `fires*` gives a finding of that rule, `silent*`
//! gives none of it; each holds an old and a new schema.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use wr_compat::{
    Bump, Evidence, Finding, Kind, Mode, Overall, RULES, compare, frozen, history, table,
};
use wr_schema::json::{FileId, Node, parse};
use wr_schema::names::Version;
use wr_schema::page;
use wr_schema::validator::Compiled;
use wr_tests::{entries, name, rule_modules};

use crate::snapshots;

/// One case.
pub(crate) struct Case {
    pub(crate) rule: String,
    pub(crate) name: String,
    pub(crate) old: Node,
    pub(crate) new: Node,
}

fn read(file: u32, path: &Path) -> Node {
    parse(FileId(file), &fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for folder in entries(&wr_tests::cases("compat/rules")) {
        for path in entries(&folder) {
            let (old, new) = (read(0, &path.join("old.json")), read(1, &path.join("new.json")));
            cases.push(Case { rule: name(&folder), name: name(&path), old, new });
        }
    }
    cases
}

/// Everything that is said of a case, whoever says it.
fn findings(case: &Case) -> Vec<Finding> {
    match case.rule.as_str() {
        "frozen_file_changed" => frozen(&case.old, &case.new),
        "needless_minor" => {
            let version = |minor| Version { major: 1, minor };
            let mut reports = history(&[(version(0), &case.old), (version(1), &case.new)]);
            reports.pop().unwrap().report.findings
        }
        _ => compare(&case.old, &case.new, Mode::Languages).findings,
    }
}

fn node(schema: &Value) -> Node {
    parse(FileId(0), &schema.to_string()).unwrap()
}

/// A finding in a few short lines.
fn lines(finding: &Finding, old: &Node, new: &Node) -> String {
    let Finding { rule, kind, pointer, message, help, evidence, .. } = finding;
    let at = |span: Option<wr_schema::json::Span>, node: &Node| match span {
        Some(span) => format!("{}..{} of {}", span.start, span.end, node.span.end),
        None => "nowhere".to_owned(),
    };
    let spans = format!("{} -> {}", at(finding.old, old), at(finding.new, new));
    let evidence = match evidence {
        Evidence::Witness(witness) => {
            let refused: Vec<String> = witness
                .violations
                .iter()
                .map(|violation| format!("{} at `{}`", violation.keyword, violation.pointer))
                .collect();
            format!("\n  {} refused by {}", witness.document, refused.join(", "))
        }
        Evidence::Meanings { document, old, new } => format!("\n  {document}: {old}; {new}"),
        Evidence::RustTypes { path, old, new } => {
            let text = |ty: &Option<String>| ty.clone().unwrap_or("nothing".to_owned());
            format!("\n  {path}: {} -> {}", text(old), text(new))
        }
        Evidence::Reason(reason) => format!("\n  {reason}"),
        Evidence::None => String::new(),
    };
    let help = if help.is_empty() { String::new() } else { format!("\n  help: {help}") };
    format!("{rule} {} `{pointer}` {message}\n  {spans}{evidence}{help}", kind.name())
}

#[test]
fn every_case_gives_what_its_name_says() {
    let mut wrong = String::new();
    for case in cases() {
        let found = findings(&case);
        let fires = found.iter().any(|finding| finding.rule == case.rule);
        if fires != case.name.starts_with("fires") {
            let found: Vec<String> =
                found.iter().map(|finding| lines(finding, &case.old, &case.new)).collect();
            wrong += &format!("{}/{}\n{}\n", case.rule, case.name, found.join("\n"));
        }
    }
    assert!(wrong.is_empty(), "not what the name of the case says:\n{wrong}");
}

#[test]
fn what_a_case_that_fires_says() {
    let cases = cases();
    let told = cases.iter().filter(|case| case.name.starts_with("fires")).map(|case| {
        let found = findings(case);
        let told: Vec<String> =
            found.iter().map(|finding| lines(finding, &case.old, &case.new)).collect();
        (format!("{}__{}", case.rule, case.name), told.join("\n"))
    });
    snapshots::of_cases("compat/rules", told);
}

#[test]
fn every_rule_has_a_case_where_it_fires_and_one_where_it_is_silent() {
    let cases = cases();
    let folders: BTreeSet<&str> = cases.iter().map(|case| case.rule.as_str()).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(folders, rules);
    for rule in rules {
        for prefix in ["fires", "silent"] {
            let has = cases.iter().any(|case| case.rule == rule && case.name.starts_with(prefix));
            assert!(has, "`{rule}` has no case that {prefix}");
        }
    }
    for case in &cases {
        let is_known = case.name.starts_with("fires") || case.name.starts_with("silent");
        assert!(is_known, "{}/{}", case.rule, case.name);
    }
}

#[test]
fn every_module_of_a_rule_is_registered_and_has_a_page() {
    let ids: Vec<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids, rule_modules("crates/wr-compat/src/rules"));
    for rule in RULES {
        assert!(rule.summary().ends_with('.'), "{}", rule.id);
        let paragraphs = rule.page().split("\n\n").count();
        assert_eq!(paragraphs, 4, "the page of `{}`: what, why, an example, instead", rule.id);
        assert_eq!(page::summary(&format!("//! {}", rule.page())), rule.summary());
    }
    assert_eq!(table().lines().count(), RULES.len() + 2);
}

#[test]
fn an_unchanged_pair_finds_nothing() {
    for case in cases() {
        for (version, schema) in [("old", &case.old), ("new", &case.new)] {
            let report = compare(schema, schema, Mode::Languages);
            assert_eq!(report.findings, [], "{}/{}/{version}", case.rule, case.name);
            assert_eq!(report.required_bump, Bump::None);
            assert_eq!(frozen(schema, schema), []);
        }
    }
}

#[test]
fn every_witness_breaks_and_every_document_with_two_meanings_does_not() {
    use wr_schema::language::{Side, language};
    let compiled =
        |schema: &Node, side| Compiled::detect(&language(schema, side).to_value()).unwrap();
    // Files as they are published may refer to others, so that no validator runs them.
    for case in cases().iter().filter(|case| case.rule != "frozen_file_changed") {
        let at = format!("{}/{}", case.rule, case.name);
        for finding in compare(&case.old, &case.new, Mode::Languages).findings {
            let (writer, reader) = match finding.kind {
                Kind::Forward => (&case.new, &case.old),
                _ => (&case.old, &case.new),
            };
            let (writer, reader) = (compiled(writer, Side::Writer), compiled(reader, Side::Reader));
            match (finding.kind, &finding.evidence) {
                (Kind::Backward | Kind::Forward, Evidence::Witness(witness)) => {
                    assert!(writer.accepts(&witness.document), "{at}: {finding:?}");
                    assert!(!reader.accepts(&witness.document), "{at}: {finding:?}");
                }
                (Kind::Meaning, Evidence::Meanings { document, old, new }) => {
                    assert!(writer.accepts(document), "{at}: {finding:?}");
                    assert!(reader.accepts(document), "{at}: {finding:?}");
                    assert_ne!(old, new, "{at}");
                }
                (Kind::Code, Evidence::RustTypes { old, new, .. }) => assert_ne!(old, new, "{at}"),
                (Kind::Allowed, Evidence::None) => {}
                (kind, evidence) => panic!("{at}: {kind:?} with {evidence:?}"),
            }
        }
    }
}

#[test]
fn the_known_pairs_are_legal_minors_or_not() {
    let text = fs::read_to_string(wr_tests::cases("compat").join("pairs.jsonl")).unwrap();
    let mut wrong = Vec::new();
    let mut told = Vec::new();
    for line in text.lines() {
        let pair: Value = serde_json::from_str(line).unwrap();
        let (old, new) = (node(&pair["old"]), node(&pair["new"]));
        let report = compare(&old, &new, Mode::Languages);
        if (report.overall() == Overall::Compatible) != pair["minor_ok"].as_bool().unwrap() {
            wrong.push(format!("{}: {:?}", pair["name"], report.findings));
        }
        let found: Vec<String> = report
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.rule, finding.kind.name()))
            .collect();
        let name = pair["name"].as_str().unwrap();
        told.push(format!("{name}: {} ({:?})", found.join(", "), report.required_bump));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let _guard = snapshots::settings("compat").bind_to_scope();
    insta::assert_snapshot!("pairs", told.join("\n"));
}
