//! `fuzz`: starts the differential fuzzers, which need what xtask may not import, as children of
//! cargo.

use std::path::PathBuf;

use crate::child::Cargo;
use crate::{Error, Exit, Screen};

/// Compare the generated decoders with two JSON Schema validators on random documents.
///
/// The fuzzer imports the generated crate, so it runs as a process of its own: what it prints and
/// the code it ends with are passed on. So does the comparison with other checkers, which is built
/// apart from the workspace.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask fuzz --cases 1000000
  cargo xtask fuzz --compat           the checker instead of the generated decoders
  cargo xtask fuzz --oracles          the checker against two others; the first build takes long
  cargo xtask fuzz --seed 42       the same documents as the run that printed this seed")]
pub(crate) struct Args {
    /// Hold the checker's verdicts on random pairs of schemas to documents instead
    #[arg(long)]
    compat: bool,
    /// Hold the checker's verdicts on known and random pairs to those of other checkers instead
    #[arg(long, conflicts_with = "compat")]
    oracles: bool,
    /// Take the pairs of schemas from a file, {"old": .., "new": ..} a line; a seed is a line then
    #[arg(long, value_name = "FILE", requires = "compat")]
    file: Option<PathBuf>,
    /// How many documents, or pairs [default: the fuzzer's own]
    #[arg(long, value_name = "N")]
    cases: Option<u64>,
    /// Where the random numbers start [default: a new place each time]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let program: &[&str] = match args.oracles {
        true => &["--manifest-path", "tests/oracles/Cargo.toml"],
        false => &["--package", "wr-tests", "--example", "fuzz"],
    };
    let mut cargo = Cargo::new(["run", "--release"]).args(program).args(["--"]);
    cargo = cargo.args(args.compat.then_some("--compat"));
    for (flag, value) in [("--cases", args.cases), ("--seed", args.seed)] {
        if let Some(value) = value {
            cargo = cargo.args([flag, &value.to_string()]);
        }
    }
    if let Some(file) = &args.file {
        // The child runs in the workspace.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        cargo = cargo.args(["--file"]).args([file]);
    }
    cargo.run(screen)
}
