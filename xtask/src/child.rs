//! Starts cargo, and what it built, for what xtask may not import: output and exit codes are passed
//! on, but for what is asked for as lines.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Output, Stdio};

use serde_json::Value;

use crate::{Error, Exit, Screen, folders};

/// What the names of variables begin with that cargo sets for the package it runs.
const OF_XTASK: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

/// A `cargo` in the workspace.
pub(crate) struct Cargo(Command);

impl Cargo {
    /// With arguments, the verb first.
    pub(crate) fn new(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Cargo {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(args);
        // What cargo tells of xtask is nothing of the child's, and a build script that looks at it
        // would run again each time.
        for (name, _) in env::vars_os() {
            let of_xtask = |name: &str| OF_XTASK.iter().any(|prefix| name.starts_with(prefix));
            if name.to_str().is_some_and(of_xtask) {
                command.env_remove(name);
            }
        }
        let workspace = folders::workspace();
        if !workspace.as_os_str().is_empty() {
            command.current_dir(workspace);
        }
        Cargo(command)
    }

    /// Further arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Cargo {
        self.0.args(args);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Cargo {
        self.0.env(name, value);
        self
    }

    /// Runs it to its end; nothing of ours is printed after what it prints.
    pub(crate) fn run(mut self, screen: &mut Screen<'_>) -> Result<Exit, Error> {
        screen.out.flush()?;
        let status = self.0.status().map_err(|error| self.cannot_start(&error))?;
        Ok(exit_of(status))
    }

    /// Runs it to its end, and takes the lines of its output that are JSON; the others are for
    /// people, and go where progress goes.
    pub(crate) fn lines(
        mut self,
        screen: &mut Screen<'_>,
        take: &mut dyn FnMut(Value),
    ) -> Result<Exit, Error> {
        lines(&mut self.0, screen, take).map_err(|error| self.cannot_start(&error))
    }

    /// What it prints.
    pub(crate) fn text(mut self) -> Result<String, Error> {
        let output = self.0.output().map_err(|error| self.cannot_start(&error))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Becomes it, so that the shell waits for it after a Ctrl-C too, while it clears away; where
    /// the system cannot do that, as [`Cargo::run`].
    pub(crate) fn run_instead(self, screen: &mut Screen<'_>) -> Result<Exit, Error> {
        #[cfg(unix)]
        {
            screen.out.flush()?;
            let mut cargo = self;
            let error = std::os::unix::process::CommandExt::exec(&mut cargo.0);
            Err(cargo.cannot_start(&error))
        }
        #[cfg(not(unix))]
        self.run(screen)
    }

    fn cannot_start(&self, error: &std::io::Error) -> Error {
        let cargo = self.0.get_program().to_string_lossy();
        Error::failed(
            format!("cannot start `{cargo}`: {error}"),
            "run it through `cargo xtask`, which knows where cargo is",
        )
    }
}

/// A program that is no cargo: what cargo built, or a tool that runs it.
pub(crate) struct Program(Command);

impl Program {
    /// By its path, or by its name.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Program {
        Program(Command::new(program))
    }

    /// Further arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Program {
        self.0.args(args);
        self
    }

    /// As [`Cargo::lines`].
    pub(crate) fn lines(
        mut self,
        screen: &mut Screen<'_>,
        take: &mut dyn FnMut(Value),
    ) -> Result<Exit, Error> {
        lines(&mut self.0, screen, take).map_err(|error| {
            let program = self.0.get_program().to_string_lossy();
            Error::failed(format!("cannot start `{program}`: {error}"), "run the command again")
        })
    }

    /// Everything it prints, and how it ended.
    pub(crate) fn output(mut self) -> std::io::Result<Output> {
        self.0.output()
    }
}

fn lines(
    command: &mut Command,
    screen: &mut Screen<'_>,
    take: &mut dyn FnMut(Value),
) -> std::io::Result<Exit> {
    screen.out.flush()?;
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let line = line?;
        match serde_json::from_str(&line) {
            Ok(value @ Value::Object(_)) => take(value),
            Ok(_) | Err(_) => writeln!(screen.err, "{line}")?,
        }
    }
    Ok(exit_of(child.wait()?))
}

fn exit_of(status: ExitStatus) -> Exit {
    match status.code().map(u8::try_from) {
        Some(Ok(0)) => Exit::Clean,
        Some(Ok(code)) => Exit::Child(code),
        Some(Err(_)) | None => Exit::Failed,
    }
}
