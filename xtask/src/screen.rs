//! Where a verb writes to: findings to one side, progress to the other.

use std::fmt;
use std::io::{self, Write};

/// Where a verb writes to.
pub struct Screen<'a> {
    /// What was asked for: findings, diffs, pages. Standard output.
    pub out: &'a mut dyn Write,
    /// Progress and errors. Standard error.
    pub err: &'a mut dyn Write,
    /// Whether `out` shows colours.
    pub colour: bool,
}

impl fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("colour", &self.colour).finish_non_exhaustive()
    }
}

/// A writer that goes quiet once nobody reads it any more, as in `cargo xtask lint | head`.
///
/// The verb goes on, so that its exit code still says what it found.
#[derive(Debug)]
pub(crate) struct UntilClosed<W> {
    inner: W,
    closed: bool,
}

impl<W: Write> UntilClosed<W> {
    pub(crate) fn new(inner: W) -> UntilClosed<W> {
        UntilClosed { inner, closed: false }
    }

    fn quiet<T>(&mut self, result: io::Result<T>, silent: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(silent)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for UntilClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.quiet(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.quiet(result, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
        let mut pipe = UntilClosed::new(Closed(io::ErrorKind::BrokenPipe));
        assert!(pipe.write_all(b"text").is_ok());
        assert!(pipe.flush().is_ok());
        let mut disk = UntilClosed::new(Closed(io::ErrorKind::StorageFull));
        assert!(disk.write_all(b"text").is_err());
    }
}
