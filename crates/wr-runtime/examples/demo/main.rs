//! A small waiting room on a real nats-server: services that publish and consume, a service that
//! sends nonsense, an operator who cleans up, and a sum that adds up.
//!
//! `cargo xtask demo`, or `cargo run -p wr-runtime --example demo`. Begin to read with
//! `analytics.rs` for how a service consumes events, and with `sender.rs` and `api.rs` for how one
//! publishes them.

mod access;
mod admin;
mod analytics;
mod api;
mod audit;
mod board;
mod book;
mod cleanup;
mod hold;
mod meter;
mod notification;
mod operator;
mod poison;
mod room;
mod sender;
mod story;
mod sum;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use wr_runtime::RetryPolicy;
use wr_testkit::Server;

use crate::access::Access;
use crate::board::Board;
use crate::sum::Sum;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What is in production of a service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Release {
    WithBugs,
    Fixed,
}

/// A small waiting room on a real nats-server, which is found or fetched, and gone afterwards
#[derive(Parser)]
#[command(
    name = "demo",
    after_help = "Example: cargo run -p wr-runtime --example demo -- --seed 42 --events 300\n\n\
        Exit codes: 0 the sum adds up; 1 it does not, or the demo could not run; 2 the command \
        line is wrong; 130 interrupted"
)]
struct Options {
    /// Where the visitors' random numbers start; a seed gives the same numbers each time
    /// [default: a new one]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// About how many events the services publish
    #[arg(long, value_name = "N", default_value_t = 3_000,
        value_parser = clap::value_parser!(u64).range(100..=100_000))]
    events: u64,
    /// Stop when the dead letters are there, for whoever wants to clear up with `wr`; Enter goes on
    #[arg(long)]
    hold: bool,
}

/// How the story ended.
enum Ended {
    Told(Sum),
    Failed(Box<dyn std::error::Error + Send + Sync>),
    Interrupted,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let mut board = Board::new();
    board.say(format!(
        "a waiting room of about {} events; again with --seed {seed}",
        options.events
    ));
    board.say("a nats-server is looked for, and fetched where there is none");
    let (server, access) = match Access::start() {
        Ok(started) => started,
        Err(error) => return failure(&error.to_string()),
    };
    let hold = match options.hold.then(|| hold::write_contexts(&access, server.dir())).transpose() {
        Ok(hold) => hold,
        Err(error) => return failure(&error.to_string()),
    };
    analytics::hush_the_bug();
    let ended = tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Ended::Interrupted,
        told = story::tell(&access, seed, options.events, hold, &mut board) => match told {
            Ok(sum) => Ended::Told(sum),
            Err(error) => Ended::Failed(error),
        },
    };
    if let Ended::Interrupted = ended {
        board.say("interrupted: the services end where they stand");
    }
    let cleared = clear_away(server, &mut board);
    let code = match ended {
        Ended::Told(sum) if sum.adds_up() => ExitCode::SUCCESS,
        Ended::Told(sum) => failure(&format!("missing:\n{}", sum.missing_text())),
        Ended::Failed(error) => failure(&error.to_string()),
        Ended::Interrupted => ExitCode::from(130),
    };
    match cleared {
        Ok(()) => code,
        Err(error) => failure(&error.to_string()),
    }
}

/// How long to pause between the attempts of a handler: shorter than a service would have it, for
/// nobody wants to watch it wait.
fn retry() -> RetryPolicy {
    RetryPolicy::new(Duration::from_millis(100), Duration::from_secs(1))
}

fn failure(text: &str) -> ExitCode {
    eprintln!("error: {text}");
    ExitCode::FAILURE
}

/// Stops the server, and looks whether anything is left of it.
fn clear_away(mut server: Server, board: &mut Board) -> Result<()> {
    let folder = server.dir().to_owned();
    let stopped = server.stop();
    drop(server);
    stopped?;
    match folder.exists() {
        true => Err(format!("`{}` is left behind", folder.display()).into()),
        false => {
            board.say("the server is stopped and its store removed: nothing is left behind");
            Ok(())
        }
    }
}
