//! The crates of all pairs and histories, and of those who depend on them.

use std::fs;
use std::sync::LazyLock;
use std::thread;

use wr_compat::{Kind, Mode, Overall, compare};
use wr_schema::catalog::Minor;
use wr_schema::{Catalog, Sources};

use super::cases::{CASES, Case, Cases, catalog, minor_of, until};
use super::dependent;
use crate::workspace::{Workspace, crate_of, dependency};

/// Everything that is compiled, written once.
pub(crate) static CRATES: LazyLock<Workspace> = LazyLock::new(|| {
    let mut workspace = Workspace::new("compat");
    of_cases(&mut workspace, &CASES);
    for history in &*HISTORIES {
        of_history(&mut workspace, history);
    }
    workspace.finish();
    workspace
});

/// The packages that are to compile and that nothing else builds.
pub(crate) fn compiling() -> Vec<String> {
    let mut packages = vec!["all-on-old".to_owned(), "legal-on-new".to_owned()];
    for History { name, newest, .. } in &*HISTORIES {
        let older = (0..*newest).flat_map(|minor| [then(name, minor), now(name, minor)]);
        packages.extend(older);
    }
    packages
}

/// Whether the checker says that code which depends on the crate no longer compiles.
pub(crate) fn breaks_code(case: &Case) -> bool {
    case.report.findings.iter().any(|finding| finding.kind == Kind::Code)
}

/// The module about a pair, in the crates that depend on it.
pub(crate) fn module(case: &Case) -> String {
    format!("{}_{}_v1", case.subject.entity(), case.subject.action())
}

/// The crates of both versions of all pairs, the judge, and who depends on the first versions: with
/// all pairs on these; with the legal ones, and with those that break code, on the second versions.
fn of_cases(workspace: &mut Workspace, cases: &Cases) {
    let (files, new) = thread::scope(|scope| {
        let new = scope.spawn(|| crate_of("cases-new", &cases.new));
        (crate_of("cases-old", &cases.old), new.join().unwrap())
    });
    workspace.generated("cases-old", &files);
    workspace.generated("cases-new", &new);
    let mut dependencies = dependency("wr-core", "crates/wr-core");
    for name in ["cases-old", "cases-new"] {
        dependencies += &format!("{name} = {{ path = \"../{name}\" }}\n");
    }
    let judge = fs::read_to_string(wr_tests::cases("judge/main.rs")).unwrap();
    workspace.package("judge", &dependencies, &[("main.rs", &judge)]);

    let modules = dependent::modules(&files);
    let of = |holds: &dyn Fn(&Case) -> bool| -> Vec<(String, String)> {
        let names: Vec<String> = cases.all.iter().filter(|case| holds(case)).map(module).collect();
        modules.iter().filter(|(name, _)| names.contains(name)).cloned().collect()
    };
    let legal = of(&|case| case.report.overall() == Overall::Compatible);
    depend(workspace, "all-on-old", "cases-old", &modules);
    depend(workspace, "legal-on-new", "cases-new", &legal);
    depend(workspace, "code-on-new", "cases-new", &of(&breaks_code));
}

/// Adds a crate that depends on a generated one.
fn depend(workspace: &mut Workspace, package: &str, on: &str, modules: &[(String, String)]) {
    let events = format!("events = {{ package = {on:?}, path = \"../{on}\" }}\n");
    let dependencies = events + &dependency("wr-core", "crates/wr-core");
    let root = dependent::root(modules.iter().map(|(name, _)| name.as_str()));
    let files = modules.iter().map(|(name, text)| (format!("{name}.rs"), text.as_str()));
    let files: Vec<(String, &str)> = files.chain([("lib.rs".to_owned(), root.as_str())]).collect();
    let sources: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    workspace.package(package, &dependencies, &sources);
}

/// A catalogue of which some subject has several minors.
struct History {
    name: String,
    sources: Sources,
    newest: u32,
}

/// This repository's catalogue, and those of other domains.
static HISTORIES: LazyLock<Vec<History>> = LazyLock::new(|| {
    let folders = fs::read_dir(wr_tests::cases("catalogues")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path()).chain([wr_tests::schemas()]);
    let histories = folders.map(|folder| {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let sources = Sources::load(&folder).unwrap();
        let newest = sources.iter().filter_map(|(_, file)| minor_of(&file.path)).max().unwrap();
        History { name, sources, newest }
    });
    let mut histories: Vec<History> = histories.filter(|history| history.newest > 0).collect();
    histories.sort_by(|a, b| a.name.cmp(&b.name));
    histories
});

/// The minors of every subject and major, and of the dead letter.
fn majors(catalog: &Catalog) -> Vec<&[Minor]> {
    let subjects = catalog.subjects.iter().map(|history| history.minors.as_slice());
    let dead_letters = catalog.dead_letters.iter().map(|history| history.minors.as_slice());
    subjects.chain(dead_letters).collect()
}

fn then(name: &str, minor: u32) -> String {
    format!("{name}-{minor}-then")
}

fn now(name: &str, minor: u32) -> String {
    format!("{name}-{minor}-now")
}

/// The crates as they were after every minor, and who depended on each: then, and now.
fn of_history(workspace: &mut Workspace, history: &History) {
    let History { name, sources, newest } = history;
    let catalog_now = catalog(sources);
    is_legal(&catalog_now);
    let package_now = format!("{name}-{newest}");
    workspace.generated(&package_now, &crate_of(&package_now, &catalog_now));
    for minor in 0..*newest {
        let package = format!("{name}-{minor}");
        let files = crate_of(&package, &catalog(&until(sources, minor)));
        let modules = dependent::modules(&files);
        workspace.generated(&package, &files);
        depend(workspace, &then(name, minor), &package, &modules);
        depend(workspace, &now(name, minor), &package_now, &modules);
    }
}

fn is_legal(catalog: &Catalog) {
    for minors in majors(catalog) {
        for (at, new) in minors.iter().enumerate() {
            for old in &minors[..at] {
                let report = compare(&old.schema, &new.schema, Mode::Languages);
                assert_eq!(report.overall(), Overall::Compatible, "{}: {report:#?}", new.path);
            }
        }
    }
}
