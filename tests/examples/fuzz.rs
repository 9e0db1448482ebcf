//! Differential cases without end: `cargo xtask fuzz --cases N --seed S` starts this.

use std::process::ExitCode;
use std::time::Instant;

use wr_events::AnyEvent;
use wr_tests::differential::Differential;

fn main() -> ExitCode {
    let (cases, seed) = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("error: {message}\nusage: fuzz [--cases N] [--seed S]");
            return ExitCode::from(2);
        }
    };
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

fn arguments() -> Result<(u64, u64), String> {
    let (mut cases, mut seed) = (100_000, fastrand::u64(..1 << 48));
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
