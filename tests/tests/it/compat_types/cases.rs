//! The pairs that are generated and compiled: those of `cases/compat/dialect`, which are a
//! catalogue, and those of `cases/compat/rules` that the dialect can say once they are dressed.

use std::sync::LazyLock;
use std::thread;

use serde_json::Value;
use wr_compat::{Mode, Report, compare};
use wr_schema::catalog::{History, Minor};
use wr_schema::draft::{Draft, Place};
use wr_schema::lint::lint;
use wr_schema::{Catalog, Sources, Subject, Version};

use super::dress::dressed;
use crate::compat_rules;

/// Every pair, read once.
pub(crate) static CASES: LazyLock<Cases> = LazyLock::new(Cases::read);

/// Both versions of every pair.
pub(crate) struct Cases {
    /// The first version of every pair alone.
    pub(crate) old: Catalog,
    /// Both versions, so that every type is that of the second.
    pub(crate) new: Catalog,
    /// The pairs.
    pub(crate) all: Vec<Case>,
}

/// One pair, and what the checker says of it.
pub(crate) struct Case {
    pub(crate) subject: Subject,
    pub(crate) old: Minor,
    pub(crate) new: Minor,
    pub(crate) report: Report,
}

impl Cases {
    fn read() -> Cases {
        let folder = wr_tests::cases("compat/dialect");
        let literal = Sources::load(&folder).unwrap();
        let literal = literal.iter().map(|(_, file)| (file.path.clone(), file.text.clone()));
        let sources = Sources::from_texts(literal.chain(rules()));
        let (old, new) = (catalog(&until(&sources, 0)), catalog(&sources));
        let all = halves(&new.subjects, Case::of);
        Cases { old, new, all }
    }
}

impl Case {
    fn of(history: &History) -> Case {
        let [old, new] = <&[Minor; 2]>::try_from(history.minors.as_slice()).unwrap();
        let report = compare(&old.schema, &new.schema, Mode::Languages);
        Case { subject: history.subject.clone(), old: old.clone(), new: new.clone(), report }
    }
}

/// A catalogue without the minors that came later.
pub(crate) fn until(sources: &Sources, minor: u32) -> Sources {
    let is_kept = |path: &str| minor_of(path).is_none_or(|other| other <= minor);
    let files = sources.iter().filter(|(_, file)| is_kept(&file.path));
    Sources::from_texts(files.map(|(_, file)| (file.path.clone(), file.text.clone())))
}

/// The minor of a schema of messages, by its path.
pub(crate) fn minor_of(path: &str) -> Option<u32> {
    match Place::of(path) {
        Place::Event(_, version) | Place::DeadLetter(version) => Some(version.minor),
        _ => None,
    }
}

/// A catalogue that the lint finds nothing wrong with.
pub(crate) fn catalog(sources: &Sources) -> Catalog {
    Catalog::build(sources).unwrap()
}

/// Both versions of a subject in the dialect's dress.
pub(crate) fn both(name: &str, old: &Value, new: &Value) -> [(String, String); 2] {
    let subject = Subject::parse(&format!("cases.{name}.v1")).unwrap();
    let version = |minor| Version { major: 1, minor }.to_string();
    [(version(0), old), (version(1), new)]
        .map(|(v, schema)| (format!("{subject}/{v}.json"), dressed(schema, &subject, &v)))
}

/// The rules of the lint that refuse some texts.
pub(crate) fn refusals(texts: &[(String, String)]) -> Vec<&'static str> {
    let sources = Sources::from_texts(texts.to_vec());
    let mut rules: Vec<_> = lint(&Draft::of(&sources)).iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// The cases of the checker's rules that the dialect can say.
fn rules() -> Vec<(String, String)> {
    let cases = compat_rules::cases();
    let in_the_dialect = |case: &compat_rules::Case| {
        let name = format!("{}.{}", case.rule, case.name);
        let texts = both(&name, &case.old.to_value(), &case.new.to_value());
        refusals(&texts).is_empty().then_some(texts)
    };
    halves(&cases, |case| in_the_dialect(case)).into_iter().flatten().flatten().collect()
}

/// A function of everything, with both hands.
fn halves<T: Sync, R: Send>(all: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (first, second) = all.split_at(all.len() / 2);
    thread::scope(|scope| {
        let second = scope.spawn(|| second.iter().map(&of).collect::<Vec<R>>());
        let mut all: Vec<R> = first.iter().map(&of).collect();
        all.extend(second.join().unwrap());
        all
    })
}
