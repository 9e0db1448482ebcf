//! The benchmarks that give single figures: the generator's and the runtime's.

use serde::Deserialize;

use super::results::Results;
use crate::child::Cargo;
use crate::{Error, Exit, Screen};

/// A line of a benchmark.
#[derive(Debug, Deserialize)]
struct Line {
    figure: String,
    value: f64,
}

/// Runs one to its end.
pub(super) fn run(
    cargo: Cargo,
    measured: &mut Results,
    screen: &mut Screen<'_>,
) -> Result<Exit, Error> {
    let figures = &mut measured.figures;
    cargo.env("WR_BENCH_LINES", "1").lines(screen, &mut |line| {
        if let Ok(Line { figure, value }) = serde_json::from_value(line) {
            figures.insert(figure, (value * 1000.0).round() / 1000.0);
        }
    })
}
