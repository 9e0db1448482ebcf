//! Differential cases without end: `cargo xtask fuzz --cases N --seed S` starts this.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use wr_events::AnyEvent;
use wr_tests::compat_fuzz;
use wr_tests::differential::Differential;

fn main() -> ExitCode {
    let (cases, seed, compat) = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}\nusage: fuzz [--compat] [--cases N] [--seed S]");
            return ExitCode::from(2);
        }
    };
    if compat {
        return compare(cases, seed);
    }
    println!("{cases} cases from --seed {seed}, over every event");
    let begin = Instant::now();
    match Differential::<AnyEvent>::new().run(seed, cases, &mut std::io::stdout()) {
        Ok(counts) => {
            println!(
                "no disagreement: {} documents, {} of them accepted; {} values, {} of them \
                 writable; boon wrong in a known way on {}; {:.1} s",
                counts.documents,
                counts.accepted,
                counts.values,
                counts.writable,
                counts.boon_was_wrong,
                begin.elapsed().as_secs_f64(),
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

/// The checker on random pairs of schemas, its verdicts held to documents.
fn compare(cases: u64, seed: u64) -> ExitCode {
    println!("{cases} pairs of schemas from --seed {seed}");
    let begin = Instant::now();
    let limit = Duration::from_secs(1);
    let options = compat_fuzz::Options { seed, cases, documents: documents(), limit };
    let counts = compat_fuzz::run(options, &mut std::io::stdout());
    let unproven: u64 = counts.unproven.values().sum();
    println!(
        "{} questions: {} compatible, held to {} documents; {} breaking; {unproven} unproven; the \
         slowest took {:.0} ms; {} judged by the canonical containment too; {:.1} s",
        counts.questions,
        counts.compatible,
        counts.documents,
        counts.breaking,
        counts.slowest.as_secs_f64() * 1e3,
        counts.contained,
        begin.elapsed().as_secs_f64(),
    );
    for (reason, count) in &counts.unproven {
        println!("{count:>8}  {reason}");
    }
    match counts.wrong.first() {
        None => ExitCode::SUCCESS,
        Some(wrong) => {
            println!("{} wrong", counts.wrong.len());
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

fn arguments() -> Result<(u64, u64, bool), String> {
    let (mut cases, mut seed) = (None, fastrand::u64(..1 << 48));
    let mut compat = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        if flag == "--compat" {
            compat = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("`{flag}` needs a number"))?;
        let number = value.parse().map_err(|_| format!("`{value}` is no number"))?;
        match flag.as_str() {
            "--cases" => cases = Some(number),
            "--seed" => seed = number,
            _ => return Err(format!("unknown flag `{flag}`")),
        }
    }
    Ok((cases.unwrap_or(if compat { 1_000 } else { 100_000 }), seed, compat))
}
