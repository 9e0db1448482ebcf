//! Two versions of a schema to a verdict: compatible, breaking with a witness, or unproven.
//!
//! Pure. The way of a pair: both languages (`wr-schema`) → [`solver`] (a document that one side
//! sends and the other refuses, or a proof that there is none) → [`direction()`] (the document run
//! by a validator, and made as small as it can be) → [`compare()`] (both directions, what changed, and
//! the bump it needs).

mod bounds;
mod change;
pub mod compare;
mod defaults;
pub mod direction;
mod documents;
mod enums;
mod evidence;
pub mod frozen;
pub mod history;
mod look;
mod maps;
mod pattern;
pub mod report;
pub mod rules;
mod settled;
mod smallest;
pub mod solver;
mod types;
mod walk;
mod words;

pub use compare::compare;
pub use direction::{Mode, Verdict, Witness, direction};
pub use frozen::frozen;
pub use history::{PairReport, history};
pub use report::{Bump, Evidence, Finding, Kind, Overall, Report};
pub use rules::{RULES, Rule, table};
