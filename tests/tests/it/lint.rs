//! The lint: every rule on every case, and what a user reads.
//!
//! A folder of `cases/lint` is a rule. `fires*` gives findings of exactly that rule, `silent*`
//! gives none. A file is the schema of one event in a catalogue of its own, a folder is a whole
//! catalogue; what no file can hold is made here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use wr_schema::Sources;
use wr_schema::draft::Draft;
use wr_schema::finding::{Finding, LineColumn, Place};
use wr_schema::lint::{RULES, lint};
use wr_tests::{entries, name, rule_modules};

use crate::snapshots;

/// Where a case that is one file stands in its catalogue.
pub(crate) const PATH: &str = "demo.thing.happened.v1/1.0.json";

/// One case.
pub(crate) struct Case {
    /// The rule it is about.
    pub(crate) rule: String,
    /// Its name: `fires`, `silent`, or one of them with `_` and a word.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) path: PathBuf,
}

impl Case {
    pub(crate) fn fires(&self) -> bool {
        self.name.starts_with("fires")
    }

    pub(crate) fn sources(&self) -> Sources {
        if self.path.is_dir() {
            return Sources::load(&self.path).unwrap();
        }
        Sources::from_texts([(PATH, fs::read_to_string(&self.path).unwrap())])
    }
}

/// Every case, in the order of the names.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for folder in entries(&wr_tests::cases("lint")) {
        for path in entries(&folder) {
            let rule = name(&folder);
            cases.push(Case { rule, name: name(&path), path });
        }
    }
    cases
}

/// The findings of a catalogue, one line each.
fn lines(sources: &Sources) -> Vec<String> {
    let findings = lint(&Draft::of(sources));
    findings.iter().map(|finding| line(sources, finding)).collect()
}

fn line(sources: &Sources, finding: &Finding) -> String {
    let Finding { rule, place, message, help } = finding;
    let path = sources.path(place);
    match place {
        Place::Path(_) => format!("{rule} {path} {message} / {help}"),
        Place::Span(span) => {
            let text = sources.file(span.file).map_or("", |file| &file.text);
            let at = LineColumn::of(text, span.start);
            let underlined = sources.text(*span).escape_debug();
            format!("{rule} {path}:{at} \"{underlined}\" {message} / {help}")
        }
    }
}

/// The rules that find something in a catalogue.
fn rules(sources: &Sources) -> BTreeSet<&'static str> {
    lint(&Draft::of(sources)).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn this_repositorys_catalogue_is_clean() {
    let sources = Sources::load(&wr_tests::schemas()).unwrap();
    assert_eq!(lines(&sources), Vec::<String>::new());
}

#[test]
fn every_case_gives_what_its_name_says() {
    let mut wrong = String::new();
    for case in cases() {
        let sources = case.sources();
        let expected: BTreeSet<&str> =
            case.fires().then_some(case.rule.as_str()).into_iter().collect();
        if rules(&sources) != expected {
            let found = lines(&sources).join("\n  ");
            wrong.push_str(&format!("{}/{}\n  {found}\n", case.rule, case.name));
        }
    }
    assert!(wrong.is_empty(), "not what the name of the case says:\n{wrong}");
}

#[test]
fn what_a_case_that_fires_says() {
    let cases = cases();
    let told = cases
        .iter()
        .filter(|case| case.fires())
        .map(|case| (format!("{}__{}", case.rule, case.name), lines(&case.sources()).join("\n")));
    snapshots::of_cases("lint", told);
}

#[test]
fn every_rule_has_a_case_where_it_fires_and_one_where_it_is_silent() {
    let cases = cases();
    let folders: BTreeSet<&str> = cases.iter().map(|case| case.rule.as_str()).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(folders, rules, "a folder of `tests/cases/lint` is a rule, and the other way round");
    for rule in rules {
        let has = |fires| cases.iter().any(|case| case.rule == rule && case.fires() == fires);
        assert!(has(false), "`{rule}` has no case where it is silent");
        assert!(has(true) || MADE.contains(&rule), "`{rule}` has no case where it fires");
    }
    for case in &cases {
        assert!(case.fires() || case.name.starts_with("silent"), "{}/{}", case.rule, case.name);
    }
}

#[test]
fn every_module_of_a_rule_is_registered_and_has_a_page() {
    let ids: Vec<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids, rule_modules("crates/wr-schema/src/rules"));
    for rule in RULES {
        assert!(rule.summary().ends_with('.') || rule.summary().ends_with('`'), "{}", rule.id);
        assert!(rule.page().split("\n\n").count() >= 2, "`{}` says no more than what", rule.id);
    }
}

#[test]
fn two_runs_find_the_same_in_the_same_order() {
    let folder = tempfile::tempdir().unwrap();
    for (index, case) in cases().iter().filter(|case| case.path.is_file()).enumerate() {
        let subject = folder.path().join(format!("demo.thing{index}.happened.v1"));
        fs::create_dir(&subject).unwrap();
        fs::copy(&case.path, subject.join("1.0.json")).unwrap();
    }
    let sources = Sources::load(folder.path()).unwrap();
    let first = lines(&sources);
    assert!(first.len() > 100);
    assert_eq!(first, lines(&Sources::load(folder.path()).unwrap()));
}

/// The rules whose cases are made by the tests below.
const MADE: &[&str] = &["unreadable", "file_too_large", "invalid_utf8"];

/// A catalogue whose one event is fine, to which something is added.
fn made(add: impl FnOnce(&Path)) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let subject = folder.path().join("demo.thing.happened.v1");
    fs::create_dir(&subject).unwrap();
    fs::copy(wr_tests::cases("lint/not/silent.json"), subject.join("1.0.json")).unwrap();
    add(folder.path());
    let sources = Sources::load(folder.path()).unwrap();
    (folder, sources)
}

fn minor(folder: &Path) -> PathBuf {
    folder.join("demo.thing.happened.v1/1.1.json")
}

#[test]
fn a_file_of_10_mb_is_not_read() {
    let (_folder, sources) =
        made(|folder| fs::write(minor(folder), vec![b' '; 10_000_000]).unwrap());
    insta::assert_snapshot!(
        lines(&sources).join("\n"),
        @"file_too_large demo.thing.happened.v1/1.1.json 10000000 bytes, more than the 1048576 that are read / a schema describes one event: split what grew beyond that"
    );
}

#[test]
fn what_is_not_utf_8_is_not_guessed_at() {
    let (_folder, sources) = made(|folder| fs::write(minor(folder), b"{\"a\": \"\xff\"}").unwrap());
    insta::assert_snapshot!(
        lines(&sources).join("\n"),
        @"invalid_utf8 demo.thing.happened.v1/1.1.json byte 7 is not UTF-8 / save the file as UTF-8"
    );
}

#[test]
#[cfg(unix)]
fn a_symbolic_link_in_a_circle_ends() {
    let (_folder, sources) = made(|folder| {
        std::os::unix::fs::symlink(minor(folder), minor(folder)).unwrap();
        std::os::unix::fs::symlink(folder, folder.join("demo.thing.looped.v1")).unwrap();
    });
    let found = rules(&sources);
    assert_eq!(found, ["unexpected_file", "unreadable"].into_iter().collect());
}

#[test]
fn a_folder_in_place_of_a_file_is_found() {
    let (_folder, sources) = made(|folder| fs::create_dir(minor(folder)).unwrap());
    assert_eq!(rules(&sources), ["unexpected_file"].into_iter().collect());
    let (_folder, sources) = made(|folder| fs::create_dir(folder.join("demo.a.b.v1")).unwrap());
    assert_eq!(rules(&sources), ["unexpected_file"].into_iter().collect());
}

#[test]
fn json_nested_10_000_deep_is_no_json() {
    let deep = ["[".repeat(10_000), "]".repeat(10_000)].concat();
    let objects = ["{\"a\":".repeat(10_000), "1".to_owned(), "}".repeat(10_000)].concat();
    for text in [deep, objects] {
        let sources = Sources::from_texts([(PATH, text)]);
        assert_eq!(rules(&sources), ["invalid_json"].into_iter().collect());
    }
}
