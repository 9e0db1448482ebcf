//! What a user sees of two versions, whatever the checker finds in them.

use std::path::Path;

use serde_json::json;
use wr_compat::{Bump, Evidence, Finding, Kind, Mode, Report, Verdict, Witness};
use wr_schema::json::{FileId, Span};
use wr_schema::validator::Violation;

use super::Texts;
use super::pair::Pair;
use crate::Screen;

const OLD: &str = "{\n  \"properties\": {\n    \"n\": {\"default\": 0}\n  }\n}\n";
const NEW: &str =
    "{\n  \"required\": [\"n\"],\n  \"properties\": {\n    \"n\": {\"default\": 1}\n  }\n}\n";

fn span(text: &str, part: &str) -> Option<Span> {
    let start = text.find(part).unwrap();
    Some(Span { file: FileId(0), start, end: start + part.len() })
}

fn witness() -> Witness {
    let violation = Violation {
        pointer: String::new(),
        keyword: "required".to_owned(),
        properties: vec!["n".to_owned()],
    };
    Witness { document: json!({"a": 1}), violations: vec![violation] }
}

fn finding(rule: &'static str, kind: Kind, evidence: Evidence) -> Finding {
    Finding {
        rule,
        kind,
        pointer: "/n".to_owned(),
        old: span(OLD, "\"n\""),
        new: span(NEW, "\"n\""),
        message: "`n` was optional and is required".to_owned(),
        help: "leave it optional".to_owned(),
        evidence,
    }
}

fn shown(findings: Vec<Finding>, backward: Verdict, required_bump: Bump) -> String {
    let report = Report { backward, forward: Verdict::Compatible, findings, required_bump };
    let (before, after) =
        (Texts::new([("old.json".to_owned(), OLD)]), Texts::new([("new.json".to_owned(), NEW)]));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut screen = Screen { out: &mut out, err: &mut err, colour: false };
    let (old, new) = (Path::new("old.json"), Path::new("new.json"));
    let pair = Pair {
        report: &report,
        before: &before,
        after: &after,
        mode: Mode::Languages,
        event: None,
    };
    pair.text(old, new, &mut screen).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn breaking_with_a_witness() {
    let evidence = Evidence::Witness(witness());
    let finding = finding("required_added_to_existing", Kind::Backward, evidence);
    insta::assert_snapshot!(shown(vec![finding], Verdict::Breaking(witness()), Bump::Major));
}

#[test]
fn a_witness_over_several_lines() {
    let document = json!({"some_name": "a long text", "other_name": ["another", "long", "text"]});
    let evidence = Evidence::Witness(Witness { document, ..witness() });
    let finding = finding("type_changed", Kind::Forward, evidence);
    insta::assert_snapshot!(shown(vec![finding], Verdict::Compatible, Bump::Major));
}

#[test]
fn unproven() {
    let reason = "it would take too long to decide".to_owned();
    let finding = finding("language_narrowed", Kind::Unproven, Evidence::Reason(reason.clone()));
    insta::assert_snapshot!(shown(vec![finding], Verdict::Unproven(reason), Bump::Major));
}

#[test]
fn another_meaning_and_another_type() {
    let meanings = Evidence::Meanings {
        document: json!({}),
        old: "`n` is 0".to_owned(),
        new: "`n` is 1".to_owned(),
    };
    let types = Evidence::RustTypes {
        path: "ShopV1::n".to_owned(),
        old: Some("Option<i64>".to_owned()),
        new: None,
    };
    let mut gone = finding("field_removed_optional", Kind::Code, types);
    gone.new = None;
    let findings = vec![finding("default_changed", Kind::Meaning, meanings), gone];
    insta::assert_snapshot!(shown(findings, Verdict::Compatible, Bump::Major));
}

#[test]
fn compatible() {
    let mut added = finding("field_added_optional", Kind::Allowed, Evidence::None);
    added.message = "`n` is new, and optional".to_owned();
    insta::assert_snapshot!(shown(vec![added], Verdict::Compatible, Bump::Minor));
    let same = shown(Vec::new(), Verdict::Compatible, Bump::None);
    assert_eq!(same, "compatible: new.json is the same contract as old.json\n");
}
