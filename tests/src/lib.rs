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
