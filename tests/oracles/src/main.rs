//! Our compatibility checker against two others, pair by pair and both ways, as plain inclusion of
//! sets of documents: `cargo xtask fuzz --oracles` starts this.

mod cases;
mod judges;
mod oracles;
mod pairs;
mod process;
mod reduce;
mod tally;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;
use std::time::Instant;

use judges::Judges;
use tally::Tally;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("--oracles") {
        judges::answer();
        return ExitCode::SUCCESS;
    }
    let (cases, seed) = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}\nusage: wr-oracles [--cases N] [--seed S]");
            return ExitCode::from(2);
        }
    };
    match run(cases, seed) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(disagreements) => {
            println!("{disagreements} disagreements; tests/README.md says what to do with them");
            ExitCode::from(100)
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Asks everybody about every pair; how often they disagreed.
fn run(cases: u64, seed: u64) -> Result<u64, String> {
    let begin = Instant::now();
    println!("{cases} random pairs from --seed {seed}");
    let mut judges = Judges::start()?;
    let kept = cases::load(&mut judges)?;
    let random = pairs::random(cases, seed)?;
    let parts = random.iter().filter_map(pairs::Pair::part).collect();
    let sets = [
        ("known", pairs::known()?),
        ("rules", pairs::rules()?),
        ("soundness", pairs::soundness()?),
        ("random", random),
        ("parts", parts),
    ];
    let mut tallies = Vec::new();
    for (name, pairs) in &sets {
        let mut tally = Tally::new(name);
        for pair in pairs.iter().flat_map(pairs::Pair::spelled) {
            tally.add(&pair, &kept, &mut judges)?;
        }
        tallies.push(tally);
    }
    print!("{}", tally::table(&tallies));
    println!("{} kept cases are as recorded; {:.0} s", kept.len(), begin.elapsed().as_secs_f64());
    Ok(tallies.iter().map(Tally::disagreements).sum())
}

fn arguments() -> Result<(u64, u64), String> {
    // A seed that can be typed.
    let (mut cases, mut seed) = (1_000, RandomState::new().build_hasher().finish() >> 24);
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{flag}` needs a number"))?;
        let number = value.parse().map_err(|_| format!("`{value}` is no number"))?;
        match flag.as_str() {
            "--cases" => cases = number,
            "--seed" => seed = number,
            _ => return Err(format!("unknown flag `{flag}`")),
        }
    }
    Ok((cases, seed))
}
