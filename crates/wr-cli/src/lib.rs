//! `wr`, the tool of the person on call: topology, messages, dead letters, health.
//!
//! It knows no event: [`main`] is handed a catalogue, and another domain has a `wr` of its own by
//! calling it with another one.
//!
//! A verb is a module: it asks [`wr_runtime`], and gives what it found to the screen, as text for a
//! person or with `--json` for a program. Personal data is masked unless asked for.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use wr_core::Catalogue;

mod arguments;
mod connect;
mod context;
mod dlq;
mod doctor;
mod error;
mod get;
mod health;
mod interrupt;
mod message;
mod personal;
mod publish;
mod refusal;
mod screen;
mod tail;
mod topology;
mod unknown;

use arguments::{Arguments, Verb};
use error::{Error, Result};
use screen::{Output, Screen};

/// How a verb ended.
///
/// 101 is what a panic returns: it is never ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// 0: done; asked whether all is well, it is.
    Done,
    /// 1: could not be done.
    Failed,
    /// 2: the command line is wrong; clap's own code.
    Usage,
    /// 100: the answer is no.
    No,
    /// 130: interrupted, as a shell has it.
    Interrupted,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::No => 100,
            Exit::Interrupted => 130,
        }
    }
}

/// Runs the command line of this process for a catalogue.
pub fn main(catalogue: &'static Catalogue) -> ExitCode {
    let matches = Arguments::command().try_get_matches().unwrap_or_else(|error| refused(&error));
    let mut arguments =
        Arguments::from_arg_matches(&matches).unwrap_or_else(|error| refused(&error));
    arguments.connect.distinguish(&matches);
    let reads = arguments.verb.reads();
    let mut screen = Screen {
        out: Output::new(
            io::BufWriter::new(io::stdout()),
            arguments.has_colours(io::stdout().is_terminal()),
        ),
        err: Output::new(io::stderr(), arguments.has_colours(io::stderr().is_terminal())),
        json: arguments.json,
        shows_personal_data: arguments.show_personal_data,
        is_attended: io::stdin().is_terminal() && io::stderr().is_terminal(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let exit = match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(run(catalogue, arguments, &mut screen));
            // A question that nobody answered is waited for by nobody.
            runtime.shutdown_background();
            exit
        }
        Err(error) => Err(Error::failed(
            format!("no threads, or no sockets: {error}"),
            "see to the limits of this machine, then run the command again",
        )),
    };
    let heard = match screen.out.flush() {
        // Nobody reads any more, as in `wr tail | head`: what was asked for was shown.
        Err(cause) if reads && cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        flushed => flushed,
    };
    let exit = exit.and_then(|exit| heard.map_or_else(|cause| Err(cause.into()), |()| Ok(exit)));
    let exit = exit.unwrap_or_else(|error| {
        // Where nobody hears of the error, the exit code is left.
        let _ = error.write(&mut screen.err, screen.json);
        error.exit()
    });
    ExitCode::from(exit.code())
}

/// Ends where the command line is wrong, or asks for help. A program that asked for JSON gets it.
fn refused(error: &clap::Error) -> ! {
    let is_for_program = std::env::args_os().any(|argument| argument == "--json");
    if is_for_program && error.exit_code() == i32::from(Exit::Usage.code()) {
        let told = error.render().to_string();
        let told = told.split("\n\nUsage").next().unwrap_or_default();
        let told = told.split("\n\nFor more").next().unwrap_or_default();
        let what = told.trim_start_matches("error: ").split_whitespace();
        let what = what.collect::<Vec<_>>().join(" ");
        let _ = Error::usage(what, "see `wr --help`, and `--help` of the verb")
            .write(&mut io::stderr(), true);
        std::process::exit(error.exit_code());
    }
    error.exit()
}

async fn run(
    catalogue: &'static Catalogue,
    arguments: Arguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let Arguments { connect, verb, .. } = arguments;
    match verb {
        Verb::Completion { shell } => {
            // Into memory first: who generates it panics where it cannot be written.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "wr", &mut script);
            screen.out.write_all(&script)?;
            Ok(Exit::Done)
        }
        Verb::Topology(verb) => topology::run(catalogue, &connect, verb, screen).await,
        Verb::Tail(options) => tail::run(catalogue, &connect, options, screen).await,
        Verb::Publish(options) => publish::run(catalogue, &connect, options, screen).await,
        Verb::Get(options) => get::run(catalogue, &connect, options, screen).await,
        Verb::Dlq(verb) => dlq::run(catalogue, &connect, verb, screen).await,
        Verb::Health => health::run(catalogue, &connect, screen).await,
        Verb::Doctor(overrides) => doctor::run(catalogue, &connect, &overrides, screen).await,
    }
}
