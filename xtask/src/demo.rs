//! `demo`: starts the runtime's demo, an example of `wr-runtime`, which xtask may not import.

use std::ffi::OsString;

use crate::child::Cargo;
use crate::{Error, Exit, Screen};

/// Run a small waiting room on a real nats-server, and add up what became of every event.
///
/// A nats-server is found or fetched, and gone afterwards. Services publish and consume, one sends
/// nonsense, an operator clears up, and at the end a sum shows where each message is. It takes some
/// ten seconds; its source, crates/wr-runtime/examples/demo, is there to be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask demo
  cargo xtask demo --events 10000
  cargo xtask demo --seed 42       the same numbers as the run that printed this seed
  cargo xtask demo --seed 42 --hold    the incident of crates/wr-cli/RUNBOOK.md, to clear up by hand
  NO_COLOR=1 cargo xtask demo
  NATS_SERVER_BIN=/opt/nats-server cargo xtask demo    with this nats-server

Exit codes: 0 the sum adds up; 1 it does not, or the demo could not run; 130 after Ctrl-C, which
leaves nothing behind either")]
pub(crate) struct Args {
    /// Where the random numbers start [default: a new place each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// About how many events are published, 100 to 100,000 [default: 3,000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(100..=100_000))]
    events: Option<u64>,
    /// Stop when the dead letters are there, for whoever wants to clear up with `wr`; Enter goes on
    #[arg(long)]
    hold: bool,
    /// What else the demo is to be told
    #[arg(last = true, value_name = "ARG")]
    more: Vec<OsString>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    writeln!(screen.err, "building the demo, which takes a minute or two the first time")?;
    let cargo = Cargo::new(["run", "--quiet", "--package", "wr-runtime", "--example", "demo"]);
    cargo.args(["--"]).args(arguments(args)).run_instead(screen)
}

fn arguments(args: &Args) -> Vec<OsString> {
    let mut all = Vec::new();
    for (flag, value) in [("--seed", args.seed), ("--events", args.events)] {
        if let Some(value) = value {
            all.extend([flag.into(), value.to_string().into()]);
        }
    }
    all.extend(args.hold.then(|| "--hold".into()));
    all.extend(args.more.iter().cloned());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_passed_on() {
        let args = Args { seed: Some(42), events: None, hold: true, more: vec!["--help".into()] };
        assert_eq!(arguments(&args), ["--seed", "42", "--hold", "--help"]);
    }
}
