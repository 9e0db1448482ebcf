//! Why a verb could not be done: what happened, and what to do.

use std::io::{self, Write};

use serde_json::json;
use wr_runtime::ErrorKind;

use crate::Exit;
use crate::screen::printable;

/// A result of this crate.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a verb could not be done.
#[derive(Debug)]
pub(crate) struct Error {
    exit: Exit,
    what: String,
    next: String,
}

impl Error {
    /// The command line asks for what cannot be.
    pub(crate) fn usage(what: impl Into<String>, next: impl Into<String>) -> Error {
        Error { exit: Exit::Usage, what: what.into(), next: next.into() }
    }

    /// It could not be done.
    pub(crate) fn failed(what: impl Into<String>, next: impl Into<String>) -> Error {
        Error { exit: Exit::Failed, what: what.into(), next: next.into() }
    }

    /// The file system refuses, for example to `read` a path.
    pub(crate) fn file(doing: &str, path: &std::path::Path, cause: &io::Error) -> Error {
        let what = format!("cannot {doing} `{}`: {cause}", path.display());
        Error::failed(what, "see to that path and its permissions, then run the command again")
    }

    /// A person ended it at a question.
    pub(crate) fn interrupted() -> Error {
        let next = "run the command again, and answer";
        Error { exit: Exit::Interrupted, what: "interrupted".into(), next: next.into() }
    }

    /// A person ended it in the midst of its work.
    pub(crate) fn stopped(what: impl Into<String>, next: impl Into<String>) -> Error {
        Error { exit: Exit::Interrupted, what: what.into(), next: next.into() }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// As text, or as a document where a program reads.
    pub(crate) fn write(&self, err: &mut dyn Write, json: bool) -> io::Result<()> {
        if json {
            return writeln!(err, "{}", json!({ "error": self.what, "help": self.next }));
        }
        writeln!(err, "error: {}", printable(&self.what))?;
        writeln!(err, "  = help: {}", self.next)
    }
}

impl From<io::Error> for Error {
    fn from(cause: io::Error) -> Error {
        let next = "see to where the output goes, then run the command again";
        Error::failed(format!("cannot write the output: {cause}"), next)
    }
}

impl From<wr_runtime::Error> for Error {
    fn from(error: wr_runtime::Error) -> Error {
        let next = match error.kind() {
            ErrorKind::Connect(_) => {
                "check `--server` or `--context`, and whether the server runs; \
                 `wr doctor` says more once there is a connection"
            }
            ErrorKind::Login(_) => {
                "check the credentials: `--creds`, `--nkey`, `--user`, `--context`"
            }
            ErrorKind::PermissionDenied { subject, .. } if subject.starts_with("_INBOX.") => {
                "this user hears answers under a prefix of its own: `--inbox-prefix _INBOX_NAME`, \
                 with its name, for the users that `gen` writes"
            }
            ErrorKind::PermissionDenied { .. } => {
                "connect as a user who may, or give this one that permission"
            }
            ErrorKind::StreamMissing(_) | ErrorKind::ConsumerMissing { .. } => {
                "see what is missing with `wr topology plan`"
            }
            ErrorKind::Drift(_) => "look at `wr topology plan` again",
            ErrorKind::Unpermitted(_) => {
                "permit it with `--allow-destructive` or `--allow-recreate`, or change the topology"
            }
            ErrorKind::ServerTooOld(_) => "update the server",
            ErrorKind::JetStreamOff(_) | ErrorKind::NoJetStream => {
                "see to JetStream on the servers, then run the command again"
            }
            ErrorKind::Option(_) => return Error::usage(error.to_string(), "correct that option"),
            _ if error.is_retryable() => "run the command again; `--timeout` gives it longer",
            _ => "`wr doctor` looks at the connection, the permissions and the topology",
        };
        Error::failed(error.to_string(), next)
    }
}
