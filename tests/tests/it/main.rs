//! The one integration binary of the workspace.

mod lint;
mod lint_robustness;
mod spec_samples;
