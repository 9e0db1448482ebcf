//! What the server's authorization denies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::error::{Error, ErrorKind};

/// The server's denials: they reach a client as events, while the call that ran into one only
/// times out.
#[derive(Clone, Debug)]
pub(super) struct Denials(Arc<Ledger>);

#[derive(Debug)]
struct Ledger {
    /// The newest, numbered from the first.
    recent: Mutex<VecDeque<(u64, Denial)>>,
    /// The number of the next.
    next: watch::Sender<u64>,
}

/// Something that the server's authorization forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) operation: &'static str,
    pub(crate) subject: String,
}

/// What [`Denial::operation`] says of a subscription.
pub(super) const SUBSCRIBE: &str = "subscribe to";

/// How many denials are remembered.
const REMEMBERED: usize = 256;

impl Denials {
    pub(super) fn new() -> Denials {
        Denials(Arc::new(Ledger { recent: Mutex::default(), next: watch::Sender::new(0) }))
    }

    pub(super) fn add(&self, denial: Denial) {
        self.0.next.send_modify(|next| {
            let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.push_back((*next, denial));
            if recent.len() > REMEMBERED {
                recent.pop_front();
            }
            *next += 1;
        });
    }

    /// The number that the next one will have.
    pub(super) fn mark(&self) -> Mark {
        Mark(*self.0.next.borrow())
    }

    /// What is denied from now on.
    pub(super) fn follow(&self) -> Denied {
        let Mark(from) = self.mark();
        Denied { from, next: self.0.next.subscribe(), denials: self.clone() }
    }

    /// The first denial since a mark that fits.
    pub(super) async fn wait(&self, mark: Mark, fits: impl Fn(&Denial) -> bool) -> Denial {
        let mut next = self.0.next.subscribe();
        let Mark(mut from) = mark;
        loop {
            let until = *next.borrow_and_update();
            if from < until {
                let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
                let mut new = recent.iter().filter(|(number, _)| *number >= from);
                if let Some((_, denial)) = new.find(|(_, denial)| fits(denial)) {
                    return denial.clone();
                }
                from = until;
            }
            if next.changed().await.is_err() {
                // The connection has ended, and denies nothing any more.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A moment in the order of denials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

impl Mark {
    /// Whether a denial of this number came after it.
    pub(crate) fn is_before(self, number: u64) -> bool {
        self.0 <= number
    }
}

/// Denials as they come, with their numbers.
#[derive(Debug)]
pub(crate) struct Denied {
    denials: Denials,
    next: watch::Receiver<u64>,
    from: u64,
}

impl Denied {
    /// Those that are new, once there are some.
    pub(crate) async fn next(&mut self) -> Vec<(u64, Denial)> {
        if self.next.changed().await.is_err() {
            // The connection has ended, and denies nothing any more.
            std::future::pending::<()>().await;
        }
        let until = *self.next.borrow_and_update();
        let from = std::mem::replace(&mut self.from, until);
        let recent = self.denials.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().filter(|(number, _)| (from..until).contains(number)).cloned().collect()
    }
}

impl Denial {
    /// Of the server's words, for example `Permissions Violation for Publish to "a.b"`.
    pub(super) fn parse(text: &str) -> Option<Denial> {
        let lower = text.to_lowercase();
        let operation = match lower.contains("permissions violation") {
            true if lower.contains("for publish") => "publish on",
            true if lower.contains("for subscription") => SUBSCRIBE,
            _ => return None,
        };
        let (_, rest) = text.split_once('"')?;
        let (subject, _) = rest.split_once('"')?;
        Some(Denial { operation, subject: subject.to_owned() })
    }

    pub(crate) fn is_of_subscription(&self) -> bool {
        self.operation == SUBSCRIBE
    }

    pub(crate) fn error(&self) -> Error {
        ErrorKind::PermissionDenied { operation: self.operation, subject: self.subject.clone() }
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_are_read() {
        let denial = Denial::parse("Permissions Violation for Publish to \"a.b\"").unwrap();
        assert_eq!((denial.operation, denial.subject.as_str()), ("publish on", "a.b"));
        let text = "Permissions Violation for Subscription to \"_INBOX.>\" using queue \"q\"";
        let denial = Denial::parse(text).unwrap();
        assert_eq!((denial.operation, denial.subject.as_str()), ("subscribe to", "_INBOX.>"));
        assert_eq!(Denial::parse("maximum connections exceeded"), None);
    }
}
