//! Why a verb could not run: what happened, where, and the next command.

use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::Path;

use crate::Exit;

/// Why a verb could not run.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    what: String,
    next: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The command line asks for what cannot be.
    Usage,
    /// It could not be done.
    Failed,
}

impl Error {
    /// The command line asks for what cannot be.
    pub(crate) fn usage(what: impl Into<String>, next: impl Into<String>) -> Error {
        Error { kind: Kind::Usage, what: what.into(), next: next.into() }
    }

    /// It could not be done.
    pub(crate) fn failed(what: impl Into<String>, next: impl Into<String>) -> Error {
        Error { kind: Kind::Failed, what: what.into(), next: next.into() }
    }

    /// The file system refuses, for example to `write` a path.
    pub(crate) fn file(doing: &str, path: &Path, cause: &io::Error) -> Error {
        let what = format!("cannot {doing} `{}`: {cause}", path.display());
        Error::failed(what, "see to that path and its permissions, then run the command again")
    }

    /// The exit code it stands for.
    pub fn exit(&self) -> Exit {
        match self.kind {
            Kind::Usage => Exit::Usage,
            Kind::Failed => Exit::Failed,
        }
    }

    pub(crate) fn write(&self, err: &mut dyn Write) -> io::Result<()> {
        writeln!(err, "error: {}", self.what)?;
        writeln!(err, "  = help: {}", self.next)
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for Error {}

impl From<io::Error> for Error {
    fn from(cause: io::Error) -> Error {
        Error::failed(
            format!("cannot write the output: {cause}"),
            "see to where the output goes, then run the command again",
        )
    }
}

/// An error and everything that caused it, in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
