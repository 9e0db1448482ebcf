//! The codec's benchmark, a package outside the workspace: its launches, and the medians over them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::results::{Measured, Message, Results};
use super::rows::{BASES, OTHERS, OURS};
use crate::child::{Cargo, Program};
use crate::{Error, Exit, Screen};

/// A line of the benchmark: the time of a row in one launch.
#[derive(Debug, Deserialize)]
struct Line {
    message: String,
    bytes: usize,
    row: String,
    ns: f64,
}

/// Launches it so many times.
pub(super) fn run(
    launches: u64,
    measured: &mut Results,
    screen: &mut Screen<'_>,
) -> Result<Exit, Error> {
    let program = match build(screen)? {
        Ok(program) => program,
        Err(exit) => return Ok(exit),
    };
    let mut all = Vec::new();
    for launch in 1..=launches {
        writeln!(screen.err, "the codec, launch {launch} of {launches}")?;
        let mut lines = Vec::new();
        let exit = Program::new(&program).args(["time"]).lines(screen, &mut |line| {
            lines.extend(serde_json::from_value::<Line>(line));
        })?;
        if exit != Exit::Clean {
            return Ok(exit);
        }
        all.push(lines);
    }
    measured.codec.extend(medians(&all));
    Ok(Exit::Clean)
}

/// Builds the benchmark: the path of the program, or how the build ended.
pub(super) fn build(screen: &mut Screen<'_>) -> Result<Result<PathBuf, Exit>, Error> {
    writeln!(screen.err, "building the codec's benchmark, which takes minutes the first time")?;
    let cargo = Cargo::new(["build", "--release", "--quiet", "--message-format"]);
    let cargo = cargo.args(["json-render-diagnostics"]);
    let mut program = None;
    let exit = cargo.args(["--manifest-path", "tests/bench/Cargo.toml"]).lines(
        screen,
        &mut |message: Value| {
            let path = message.get("executable").and_then(Value::as_str);
            program = path.map(PathBuf::from).or_else(|| program.take());
        },
    )?;
    match (exit, program) {
        (Exit::Clean, Some(program)) => Ok(Ok(program)),
        (Exit::Clean, None) => Err(Error::failed(
            "cargo does not say where it built the codec's benchmark",
            "build it with `cargo build --release --manifest-path tests/bench/Cargo.toml`",
        )),
        (exit, _) => Ok(Err(exit)),
    }
}

/// The medians over launches, of times and of ratios: a ratio is of two times of one launch.
fn medians(launches: &[Vec<Line>]) -> BTreeMap<String, Message> {
    /// Times and ratios.
    type Samples = (Vec<f64>, Vec<f64>);
    let mut samples: BTreeMap<(&str, &str), Samples> = BTreeMap::new();
    let mut messages: BTreeMap<String, Message> = BTreeMap::new();
    for lines in launches {
        for line in lines {
            let base = lines
                .iter()
                .find(|other| other.message == line.message && other.row == base_of(&line.row));
            let ratio = base.map_or(1.0, |base| line.ns / base.ns);
            let (times, ratios) = samples.entry((&line.message, &line.row)).or_default();
            times.push(line.ns);
            ratios.push(ratio);
            let message = messages.entry(line.message.clone()).or_default();
            (message.bytes, message.launches) = (line.bytes, launches.len());
        }
    }
    for ((message, row), (times, ratios)) in samples {
        let ratio = (median(ratios) * 1000.0).round() / 1000.0;
        let measured = Measured { ns: median(times), ratio };
        if let Some(message) = messages.get_mut(message) {
            message.rows.insert(row.to_owned(), measured);
        }
    }
    messages
}

/// The row that a row is held against: itself where it is such a row.
fn base_of(row: &str) -> &str {
    let is_base = BASES.iter().any(|(id, _)| *id == row);
    let known = OURS.iter().chain(OTHERS).find(|known| known.id == row && !is_base);
    known.map_or(row, |known| known.base)
}

/// The middle one, the lower of two.
fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_of_one_launch_and_the_median_of_all() {
        let line = |row: &str, ns: f64| Line {
            message: "queue.updated".to_owned(),
            bytes: 7,
            row: row.to_owned(),
            ns,
        };
        let launches = [(100.0, 40.0), (200.0, 90.0), (100.0, 41.0)];
        let launches: Vec<Vec<Line>> = launches
            .into_iter()
            .map(|(base, ours)| vec![line("decode_owned", ours), line("serde_decode", base)])
            .collect();
        let messages = medians(&launches);
        let message = &messages["queue.updated"];
        assert_eq!((message.bytes, message.launches), (7, 3));
        assert_eq!(message.rows["serde_decode"], Measured { ns: 100.0, ratio: 1.0 });
        assert_eq!(message.rows["decode_owned"], Measured { ns: 41.0, ratio: 0.41 });
    }

    #[test]
    fn every_row_is_held_against_one_that_is_measured() {
        for row in OURS.iter().chain(OTHERS) {
            assert!(BASES.iter().any(|(id, _)| *id == base_of(row.id)), "{}", row.id);
        }
    }
}
