//! The benchmarks that give single figures: the generator's and the runtime's.

use serde_json::{Map, Value};

use super::results::Results;
use crate::child::Cargo;
use crate::{Error, Exit, Screen};

/// Runs one to its end.
pub(super) fn run(
    cargo: Cargo,
    measured: &mut Results,
    screen: &mut Screen<'_>,
) -> Result<Exit, Error> {
    cargo.env("WR_BENCH_JSON", "1").lines(screen, &mut |line| {
        if let Value::Object(members) = &line {
            measured.figures.extend(of(members));
        }
    })
}

/// The figures of a line: `{"bench":"publish","ratio":0.9}` has one, `publish.ratio`.
fn of(line: &Map<String, Value>) -> Vec<(String, f64)> {
    let Some(bench) = line.get("bench").and_then(Value::as_str) else { return Vec::new() };
    let figures = line.iter().filter_map(|(name, value)| {
        let value = (value.as_f64()? * 1000.0).round() / 1000.0;
        Some((format!("{bench}.{name}"), value))
    });
    figures.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_number_of_a_line_is_a_figure() {
        let line = json!({ "bench": "publish", "ratio": 0.9126, "server": "2.14", "rounds": 9 });
        let figures = [("publish.ratio".to_owned(), 0.913), ("publish.rounds".to_owned(), 9.0)];
        assert_eq!(of(line.as_object().unwrap()), figures);
        assert_eq!(of(json!({ "reason": "x" }).as_object().unwrap()), []);
    }
}
