//! The verbs of the workspace: parse a command line, call a crate, render, and say how it went.
//!
//! Invariant: nothing here imports `wr-core`, `wr-events` or `wr-runtime`, so that
//! `cargo xtask gen` builds and runs when the generated crate does not compile.

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

mod bench;
mod child;
mod compat;
mod demo;
mod diff;
mod diff_versions;
mod docs;
mod editor;
mod error;
mod explain;
mod folders;
mod fuzz;
mod generate;
mod git;
mod interop;
mod lint;
mod new;
mod render;
mod screen;
mod write;

pub use error::Error;
pub use screen::Screen;

/// How a verb ended.
///
/// 101 is what a Rust panic and a `cargo run` that fails to build return: it is never ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing to report.
    Clean,
    /// 1: could not run.
    Failed,
    /// 2: the command line is wrong; clap's own code.
    Usage,
    /// 4: generated files are not what the schemas ask for.
    Stale,
    /// 100: findings.
    Findings,
    /// 102: the compatibility checker could not tell, which is no pass.
    Unproven,
    /// What a child process returned, passed on.
    Child(u8),
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Stale => 4,
            Exit::Findings => 100,
            Exit::Unproven => 102,
            Exit::Child(code) => code,
        }
    }
}

/// Schemas to Rust: check them, generate from them, add to them.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "Exit codes:
  0    nothing to report
  1    could not run
  2    the command line is wrong
  4    generated files are not fresh
  100  findings
  102  unproven: what could not be told is not passed";

#[derive(Debug, Subcommand)]
enum Verb {
    Lint(lint::Args),
    Compat(compat::Args),
    Diff(diff_versions::Args),
    Explain(explain::Args),
    New(new::Args),
    Gen(generate::Args),
    Docs(docs::Args),
    Fuzz(fuzz::Args),
    Interop(interop::Args),
    Demo(demo::Args),
    Bench(bench::Args),
}

/// Runs the verb of this process's command line, on its terminal.
pub fn main() -> ExitCode {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let stdout = io::stdout();
    let colour = stdout.is_terminal() && !no_color;
    let mut out = screen::UntilClosed::new(BufWriter::new(stdout.lock()));
    let mut err = screen::UntilClosed::new(io::stderr());
    let exit = run_on(std::env::args_os(), &mut Screen { out: &mut out, err: &mut err, colour });
    ExitCode::from(exit.code())
}

/// Runs the verb of a command line, whose first argument is the program, without colours.
///
/// Nothing but `fuzz`, `interop`, `bench`, `demo`, `docs --open`, `docs --verify` and, to read git,
/// `compat` starts a process; `demo` becomes it, and does not return, where the system can do that.
/// A failure to write is [`Exit::Failed`].
pub fn run(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    run_on(args, &mut Screen { out, err, colour: false })
}

/// As [`run`], on a screen that may be coloured.
pub fn run_on(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    screen: &mut Screen<'_>,
) -> Exit {
    let result = match parse(args) {
        Err(error) => usage(&error, screen),
        Ok(cli) => match cli.verb {
            Verb::Lint(args) => lint::run(&args, screen),
            Verb::Compat(args) => compat::run(&args, screen),
            Verb::Diff(args) => diff_versions::run(&args, screen),
            Verb::Explain(args) => explain::run(&args, screen),
            Verb::New(args) => new::run(&args, screen),
            Verb::Gen(args) => generate::run(&args, screen),
            Verb::Docs(args) => docs::run(&args, screen),
            Verb::Fuzz(args) => fuzz::run(&args, screen),
            Verb::Interop(args) => interop::run(&args, screen),
            Verb::Demo(args) => demo::run(&args, screen),
            Verb::Bench(args) => bench::run(&args, screen),
        },
    };
    match result.and_then(|exit| screen.out.flush().map(|()| exit).map_err(Error::from)) {
        Ok(exit) => exit,
        Err(error) => {
            // Where not even standard error takes the text, the exit code is all that is left.
            let _ = error.write(screen.err);
            error.exit()
        }
    }
}

fn parse(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Cli, clap::Error> {
    let matches = Cli::command().try_get_matches_from(args)?;
    Cli::from_arg_matches(&matches)
}

/// Help goes to standard output and is no failure; anything else is one.
fn usage(error: &clap::Error, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let text = error.render();
    let text = if screen.colour { text.ansi().to_string() } else { text.to_string() };
    if error.use_stderr() {
        screen.err.write_all(text.as_bytes())?;
        return Ok(Exit::Usage);
    }
    screen.out.write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}
