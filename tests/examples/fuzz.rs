//! Differential cases without end: `cargo xtask fuzz --cases N --seed S` starts this.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use wr_events::{AnyEvent, EventSet};
use wr_tests::compat_fuzz;
use wr_tests::differential::{self, Counts, Differential, Disagreement};

fn main() -> ExitCode {
    let Arguments { cases, seed, what, file } = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!(
                "error: {message}\nusage: fuzz [--compat|--pairs] [--file FILE] [--cases N] [--seed S]"
            );
            return ExitCode::from(2);
        }
    };
    match what {
        What::Decoders => decode(cases, seed),
        What::Checker => compare(cases, seed, file.as_deref()),
        What::Pairs => pairs(cases, seed),
    }
}

/// What is run.
#[derive(Clone, Copy, PartialEq)]
enum What {
    /// The generated decoders.
    Decoders,
    /// The checker.
    Checker,
    /// Nothing: the checker's pairs are written, a line each, for another program to judge.
    Pairs,
}

fn pairs(cases: u64, seed: u64) -> ExitCode {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for seed in (seed..).zip(0..cases).map(|(seed, _)| seed) {
        let (old, new, _) = compat_fuzz::pair(seed);
        let line = json!({ "name": seed.to_string(), "old": old, "new": new });
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    // Who reads no further has what it wants.
    ExitCode::SUCCESS
}

/// The generated decoders on random documents.
fn decode(cases: u64, seed: u64) -> ExitCode {
    println!("{cases} cases from --seed {seed}, over every event");
    let begin = Instant::now();
    let everywhere = if cases >= EVERYWHERE_TOO { everywhere() } else { Ok(()) };
    let run = || differential::run_on_all::<AnyEvent>(seed, cases, &mut std::io::stdout());
    match everywhere.and_then(|()| run()) {
        Ok(counts) => {
            let seconds = begin.elapsed().as_secs_f64();
            println!(
                "no disagreement: {} documents, {} of them accepted; {} values, {} of them \
                 writable; boon wrong in a known way on {}; {seconds:.1} s, {:.0} cases a second",
                counts.documents,
                counts.accepted,
                counts.values,
                counts.writable,
                counts.boon_was_wrong,
                cases as f64 / seconds,
            );
            ExitCode::SUCCESS
        }
        Err(disagreement) => {
            println!("{disagreement}");
            println!("again: cargo xtask fuzz --cases 1 --seed {}", disagreement.seed);
            ExitCode::from(100)
        }
    }
}

/// From how many cases on a message of each subject is damaged everywhere first, which takes some
/// seconds.
const EVERYWHERE_TOO: u64 = 10_000;

/// A message of each subject, cut and changed at every byte.
fn everywhere() -> Result<(), Box<Disagreement>> {
    let differential = Differential::<AnyEvent>::new();
    let mut counts = Counts::default();
    for entry in AnyEvent::CATALOGUE.subjects {
        differential.everywhere(entry.subject, &mut counts)?;
    }
    println!("no disagreement on {} messages damaged at every byte", counts.documents);
    Ok(())
}

/// The checker on random pairs of schemas, or on those of a file, its verdicts held to documents.
fn compare(cases: u64, seed: u64, file: Option<&Path>) -> ExitCode {
    println!("{cases} pairs of schemas from --seed {seed}");
    let begin = Instant::now();
    let limit = Duration::from_secs(1);
    let options = compat_fuzz::Options { seed, cases, documents: documents(), limit };
    let counts = match file {
        None => compat_fuzz::run(options, &mut std::io::stdout()),
        Some(file) => match compat_fuzz::run_file(file, options, &mut std::io::stdout()) {
            Ok(counts) => counts,
            Err(error) => {
                eprintln!("error: cannot read `{}`: {error}", file.display());
                return ExitCode::FAILURE;
            }
        },
    };
    for (reason, count) in &counts.unproven {
        println!("{count:>8}  unproven: {reason}");
    }
    let unproven: u64 = counts.unproven.values().sum();
    let verdict = match counts.wrong.len() {
        0 => "no disagreement".to_owned(),
        count => format!("{count} wrong"),
    };
    println!(
        "{verdict}: {} questions: {} compatible, held to {} documents; {} breaking; {unproven} \
         unproven; the slowest took {:.0} ms; {} judged by the canonical containment too; {:.1} s",
        counts.questions,
        counts.compatible,
        counts.documents,
        counts.breaking,
        counts.slowest.as_secs_f64() * 1e3,
        counts.contained,
        begin.elapsed().as_secs_f64(),
    );
    match counts.wrong.first() {
        None => ExitCode::SUCCESS,
        Some(wrong) => {
            println!("again: cargo xtask fuzz --compat --cases 1 --seed {}", wrong.seed);
            ExitCode::from(100)
        }
    }
}

/// How many documents a proved question is held to.
fn documents() -> u64 {
    let asked = std::env::var("COMPAT_DOCUMENTS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

/// What the command line says.
struct Arguments {
    cases: u64,
    seed: u64,
    what: What,
    /// The pairs of schemas, a line each, where they are not made up; a seed is a line then.
    file: Option<PathBuf>,
}

fn arguments() -> Result<Arguments, String> {
    let (mut cases, mut seed, mut file) = (None, None, None);
    let mut what = What::Decoders;
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        if flag == "--compat" || flag == "--pairs" {
            what = if flag == "--compat" { What::Checker } else { What::Pairs };
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("`{flag}` needs a value"))?;
        if flag == "--file" {
            file = Some(PathBuf::from(value));
            continue;
        }
        let number = value.parse().map_err(|_| format!("`{value}` is no number"))?;
        match flag.as_str() {
            "--cases" => cases = Some(number),
            "--seed" => seed = Some(number),
            _ => return Err(format!("unknown flag `{flag}`")),
        }
    }
    let (usual, first) = match (what, &file) {
        (_, Some(_)) => (u64::MAX, 0),
        (What::Decoders, None) => (100_000, fastrand::u64(..1 << 48)),
        (_, None) => (1_000, fastrand::u64(..1 << 48)),
    };
    Ok(Arguments { cases: cases.unwrap_or(usual), seed: seed.unwrap_or(first), what, file })
}
