//! Two versions of a schema to a verdict: compatible, breaking with a witness, or unproven.
//!
//! Pure. The way of a pair: both languages (`wr-schema`) → [`solver`] (a document that one side
//! sends and the other refuses, or a proof that there is none) → [`direction`] (the document run
//! by a validator, and made as small as it can be).

pub mod direction;
mod pattern;
mod smallest;
pub mod solver;

pub use direction::{Mode, Verdict, Witness, direction};
