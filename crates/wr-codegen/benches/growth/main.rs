//! Lint and generator over this repository and over synthetic catalogues: how long, and whether the
//! growth is linear. `-- check` asks what it costs to check what was generated.
//!
//! `cargo bench -p wr-codegen --bench growth` runs every size in turn, several times over, and prints
//! medians by the clock, on as many cores as the machine has. The growth is that of the fastest
//! runs, which other work on the machine hardly touches: it fails where a subject of the largest
//! catalogue costs over half as much again as one of the smallest. With `WR_BENCH_LINES` set, as
//! `cargo xtask bench` sets it, each figure is also a line of JSON.

mod check;
mod synthetic;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use wr_codegen::{Options, generate};
use wr_schema::draft::Draft;
use wr_schema::lint::lint;
use wr_schema::{Catalog, Sources};

use synthetic::synthetic;

const SIZES: [usize; 4] = [125, 1000, 4000, 10_000];
const REPETITIONS: usize = 3;

/// What a subject of the largest catalogue may cost, in subjects of the smallest.
const LIMIT: f64 = 1.5;

/// The time of each step.
#[derive(Clone, Copy, Debug)]
struct Times {
    lint: Duration,
    generate: Duration,
}

/// A catalogue, and the times of it.
struct Row {
    name: String,
    sources: Sources,
    times: Vec<Times>,
}

fn main() -> ExitCode {
    let has = |word: &str| std::env::args().any(|argument| argument == word);
    let measured = match has("check") {
        true => check::run(),
        // `cargo test --benches` only asks whether it runs.
        false if has("--bench") => growth(&SIZES, REPETITIONS),
        false => growth(&SIZES[..1], 1),
    };
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the growth is linear.
fn growth(sizes: &[usize], repetitions: usize) -> Result<bool, String> {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let repository = Sources::load(&schemas).map_err(|error| error.to_string())?;
    let row = |name: String, sources| Row { name, sources, times: Vec::new() };
    let mut rows = vec![row("repository".to_owned(), repository)];
    rows.extend(sizes.iter().map(|size| row(size.to_string(), synthetic(*size))));
    for _ in 0..repetitions {
        for row in &mut rows {
            row.times.push(measure(&row.sources)?);
        }
    }
    println!("{:>14}  {:>10}  {:>10}  fastest, a subject", "", "lint", "generate");
    let mut is_linear = true;
    let mut first = None;
    for (at, row) in rows.iter_mut().enumerate() {
        let (lint, _) = of(&row.times, |times| times.lint);
        let (generate, fastest) = of(&row.times, |times| times.generate);
        let mut note = String::new();
        if let Some(size) = at.checked_sub(1).and_then(|at| sizes.get(at)) {
            let each = fastest / *size as f64;
            let ratio = each / *first.get_or_insert(each);
            is_linear &= ratio <= LIMIT;
            note = format!("{:>7.1} µs, {ratio:.2} of the first", each * 1e6);
        }
        println!("{:>14}  {:>7.1} ms  {:>7.1} ms  {note}", row.name, lint * 1e3, generate * 1e3);
        told(&format!("generate_{}", row.name), generate);
    }
    if !is_linear {
        eprintln!(
            "error: the growth is not linear: a subject may cost {LIMIT} of the first at most"
        );
    }
    Ok(is_linear)
}

/// A figure as a line of JSON, for whoever asks for them.
fn told(figure: &str, value: f64) {
    if std::env::var_os("WR_BENCH_LINES").is_some() {
        println!("{}", json!({ "figure": figure, "value": value }));
    }
}

/// The median and the least of one step, in seconds.
fn of(times: &[Times], step: impl Fn(&Times) -> Duration) -> (f64, f64) {
    let mut all: Vec<f64> = times.iter().map(|times| step(times).as_secs_f64()).collect();
    all.sort_unstable_by(f64::total_cmp);
    let at = |index: usize| all.get(index).copied().unwrap_or(f64::NAN);
    (at(all.len() / 2), at(0))
}

fn measure(sources: &Sources) -> Result<Times, String> {
    let begin = Instant::now();
    let draft = Draft::of(sources);
    let findings = lint(&draft);
    let linted = begin.elapsed();
    if let Some(finding) = findings.first() {
        return Err(format!("the catalogue is not clean: {finding:?}"));
    }
    let catalog = Catalog::build(sources).map_err(|_| "not clean".to_owned())?;
    let begin = Instant::now();
    let files = generate(&catalog, &Options::default()).map_err(|error| error.to_string())?;
    let generated = begin.elapsed();
    if files.len() < sources.iter().count() {
        return Err(format!("{} files for {} schemas", files.len(), sources.iter().count()));
    }
    Ok(Times { lint: linted, generate: generated })
}
