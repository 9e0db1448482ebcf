//! What is published: the contract of every version, and the report of every history.
//!
//! A second lock beside `cargo xtask compat`, for a shallow clone or a tarball, where there is no
//! history to ask.

use std::fmt::Write as _;

use insta::{Settings, assert_snapshot};
use serde_json::Value;
use wr_compat::{Evidence, PairReport, history};
use wr_schema::catalog::Minor;
use wr_schema::json::Node;
use wr_schema::{Catalog, Sources, Version};

fn catalog() -> Catalog {
    let sources = Sources::load(&wr_tests::schemas()).unwrap();
    Catalog::build(&sources).unwrap()
}

/// Every subject, and the dead letter, with its versions.
fn histories(catalog: &Catalog) -> Vec<(String, &[Minor])> {
    let subjects = catalog
        .subjects
        .iter()
        .map(|history| (history.subject.to_string(), history.minors.as_slice()));
    let dead_letters = catalog
        .dead_letters
        .iter()
        .map(|history| (format!("dead-letter.v{}", history.major), history.minors.as_slice()));
    subjects.chain(dead_letters).collect()
}

/// The schema without what may change in a published file.
fn without_annotations(value: Value) -> Value {
    const ANNOTATIONS: &[&str] =
        &["title", "description", "examples", "deprecated", "$comment", "x-wr-pii"];
    match value {
        Value::Object(members) => members
            .into_iter()
            // A property may be called so, too: its schema is an object.
            .filter(|(name, value)| !ANNOTATIONS.contains(&name.as_str()) || value.is_object())
            .map(|(name, value)| (name, without_annotations(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_annotations).collect(),
        other => other,
    }
}

fn settings(folder: &str) -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(wr_tests::repository().join("tests/snapshots").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings
}

#[test]
fn a_published_contract_stays_as_it_is() {
    let catalog = catalog();
    let settings = settings("contracts");
    for (subject, minors) in histories(&catalog) {
        let event = subject.split('.').skip(1).take(2).collect::<Vec<_>>().join(".");
        for minor in minors {
            let contract = without_annotations(minor.schema.to_value());
            let message = format!(
                "`schemas/{}` is not what was recorded of it. Where it is published, undo the edit \
                 and begin the next version with `cargo xtask new minor {event}`; where it is new, \
                 `INSTA_UPDATE=always cargo test -p wr-tests published` records it",
                minor.path
            );
            let name = format!("{subject}-{}", minor.version);
            settings.bind(|| assert_snapshot!(name, format!("{contract:#}"), &message));
        }
    }
}

#[test]
fn a_history_is_what_was_reported_of_it() {
    let catalog = catalog();
    let mut text = String::new();
    for (subject, minors) in histories(&catalog) {
        let versions: Vec<(Version, &Node)> =
            minors.iter().map(|minor| (minor.version, &minor.schema)).collect();
        for pair in history(&versions) {
            report(&mut text, &subject, &pair);
        }
    }
    settings("histories").bind(|| assert_snapshot!("histories", text));
}

fn report(text: &mut String, subject: &str, pair: &PairReport) {
    let PairReport { old, new, report } = pair;
    let overall = report.overall();
    writeln!(text, "{subject} {old} to {new}: {overall:?}, needs {:?}", report.required_bump)
        .unwrap();
    for finding in &report.findings {
        let (rule, kind) = (finding.rule, finding.kind.name());
        writeln!(text, "  {kind} {rule} at `{}`: {}", finding.pointer, finding.message).unwrap();
        if let Evidence::Witness(witness) = &finding.evidence {
            writeln!(text, "    {}", witness.document).unwrap();
        }
    }
}
