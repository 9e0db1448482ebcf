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
    cargo.env("WR_BENCH_LINES", "1").lines(screen, &mut |line| {
        if let Value::Object(members) = &line {
            measured.figures.extend(of(members));
        }
    })
}

/// The figure of a line such as `{"figure":"publish","value":0.9}`.
fn of(line: &Map<String, Value>) -> Option<(String, f64)> {
    let figure = line.get("figure").and_then(Value::as_str)?;
    let value = line.get("value").and_then(Value::as_f64)?;
    Some((figure.to_owned(), (value * 1000.0).round() / 1000.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_is_a_name_and_a_number() {
        let line = json!({ "figure": "publish", "value": 0.9126 });
        assert_eq!(of(line.as_object().unwrap()), Some(("publish".to_owned(), 0.913)));
        assert_eq!(of(json!({ "reason": "x" }).as_object().unwrap()), None);
    }
}
