//! What the tests share: where they find what they look at, and the differential engine.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "support for tests: what fails here is a failed test"
)]

pub mod compat_fuzz;
pub mod differential;
mod second;
mod stopwatch;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub fn repository() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The folder of this repository's schemas.
pub fn schemas() -> PathBuf {
    repository().join("schemas")
}

/// A folder of cases.
pub fn cases(name: &str) -> PathBuf {
    repository().join("tests/cases").join(name)
}

/// What lies in a folder, in the order of the names.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).expect("a folder of the repository");
    let paths: BTreeSet<PathBuf> =
        listed.map(|entry| entry.expect("an entry of the folder").path()).collect();
    paths.into_iter().collect()
}

/// The name of a file or folder, without an ending.
pub fn name(path: &Path) -> String {
    path.file_stem().expect("a name").to_str().expect("a name in UTF-8").to_owned()
}

/// The modules of a folder of rules, one a rule, in the order of their names.
pub fn rule_modules(folder: &str) -> Vec<String> {
    let modules = entries(&repository().join(folder));
    modules.iter().map(|path| name(path)).filter(|name| name != "mod").collect()
}
