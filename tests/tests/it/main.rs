//! The one integration binary of the workspace.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "support for tests: what fails here is a failed test"
)]

mod compat_oracles;
mod compat_pairs;
mod compat_published;
mod compat_rules;
mod compat_soundness;
mod compat_types;
mod differential;
mod generator;
mod generator_defaults;
mod json;
mod lint;
mod lint_dialect;
mod lint_robustness;
mod snapshots;
mod spec_samples;
mod workspace;
