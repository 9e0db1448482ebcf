//! Ctrl-C, from when work begins on: a question that was asked before has taken it from the system.

use std::io;
use std::pin::{Pin, pin};

/// What a person interrupts.
pub(crate) struct Interrupts {
    /// Listens from its first look on, and remembers.
    next: Pin<Box<dyn Future<Output = ()>>>,
    /// Whether there was one.
    pub(crate) is_asked: bool,
}

impl Interrupts {
    pub(crate) fn new() -> Interrupts {
        Interrupts { next: Box::pin(next()), is_asked: false }
    }

    /// Does work to its end, `asked` being told of the first interrupt, after which it is to come
    /// soon. None where a second one came before.
    pub(crate) async fn finish<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut asked: impl FnMut() -> io::Result<()>,
    ) -> io::Result<Option<T>> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(Some(done)),
                () = &mut self.next => {
                    self.next = Box::pin(next());
                    if self.is_asked {
                        return Ok(None);
                    }
                    self.is_asked = true;
                    asked()?;
                }
            }
        }
    }

    /// Does work to its end; none where an interrupt came before.
    pub(crate) async fn abandon<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = &mut self.next => None,
        }
    }
}

async fn next() {
    // Where the system does not tell of them, there are none.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
