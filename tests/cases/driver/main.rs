//! Tries one catalogue by hand and every one by the differential engine: `driver CASES [SEED]`.
//!
//! Prints one line a subject: its name, documents, accepted, values, writable.

mod catalogues;
mod defaults;
mod defaults_of_all;
mod shop;

use std::panic::{RefUnwindSafe, UnwindSafe};

use wr_core::EventSet;
use wr_tests::differential::Differential;

pub type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1).map(|number| number.parse());
    let cases = arguments.next().ok_or("say how many cases")??;
    let seed = arguments.next().transpose()?.unwrap_or(0);
    SEED.set(seed).map_err(|_| "a seed is set once")?;
    shop::by_hand();
    defaults_of_all::hold();
    catalogues::all(cases)
}

static SEED: std::sync::OnceLock<u64> = std::sync::OnceLock::new();

/// Runs the cases of one catalogue, whose events a service may hold anywhere: no schema nests so
/// deep that rustc gives the question up.
pub fn run<E>(cases: u64) -> Outcome
where
    E: EventSet + PartialEq + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static,
{
    let seed = SEED.get().copied().unwrap_or_default();
    let differential = Differential::<E>::new();
    let counts = differential
        .run_each(seed, cases, &mut std::io::stderr())
        .map_err(|disagreement| disagreement.to_string())?;
    for (subject, counts) in counts {
        let wr_tests::differential::Counts { documents, accepted, values, writable, .. } = counts;
        println!("{subject} {documents} {accepted} {values} {writable}");
    }
    Ok(())
}
