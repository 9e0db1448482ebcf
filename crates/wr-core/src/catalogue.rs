//! A catalogue as constants: what a runtime needs to know of events it was not built for.

use crate::error::{Error, ErrorKind};
use crate::pointer::At;
use crate::topology::Topology;

/// The events of one domain.
#[derive(Debug)]
pub struct Catalogue {
    /// The first token of every subject.
    pub domain: &'static str,
    /// Sixteen hexadecimal digits that stand for what every version of every event may hold.
    ///
    /// They change with a version that is new, and with what a version admits; they stay where only
    /// texts for people change, or white space, or streams and consumers.
    pub fingerprint: &'static str,
    /// The subjects, in alphabetical order.
    pub subjects: &'static [Subject],
    /// The versions of what a dead-letter queue carries, oldest first.
    pub dead_letters: &'static [DeadLetterMinors],
    /// Streams and consumers, where the catalogue has them.
    pub topology: Option<&'static Topology>,
}

/// One subject and its minors.
#[derive(Debug)]
pub struct Subject {
    /// The subject.
    pub subject: &'static str,
    /// The envelope's `type`.
    pub event_type: &'static str,
    /// The major, which the subject ends with.
    pub major: u32,
    /// The minors, oldest first; at least one.
    pub minors: &'static [Minor],
}

/// The minors of one major of the dead letter.
#[derive(Debug)]
pub struct DeadLetterMinors {
    /// The major.
    pub major: u32,
    /// The minors, oldest first; at least one.
    pub minors: &'static [Minor],
}

/// One minor.
#[derive(Debug)]
pub struct Minor {
    /// Its number.
    pub minor: u32,
    /// The payload's schema, references replaced.
    pub schema: &'static str,
    /// The message's writer language W, as a schema; of a dead letter, the body's.
    pub writer: &'static str,
    /// The message's reader language R, as a schema; of a dead letter, the body's.
    pub reader: &'static str,
}

impl Catalogue {
    /// The entry of a subject.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownMajor`] where the event type is known in other majors,
    /// [`ErrorKind::UnknownType`] for anything else.
    pub fn find(&self, subject: &str) -> Result<&'static Subject, Error> {
        let found = self.subjects.iter().find(|entry| entry.subject == subject);
        found.ok_or_else(|| self.unknown(subject))
    }

    /// What is wrong with a subject that carries no event of this catalogue.
    #[doc(hidden)]
    pub fn unknown(&self, subject: &str) -> Error {
        let stem = |subject: &str| {
            let (stem, major) = subject.rsplit_once(".v")?;
            let is_number = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| stem.to_owned())
        };
        let asked = stem(subject);
        let other_majors = self.subjects.iter().filter(|entry| stem(entry.subject) == asked);
        let kind = match (asked.is_some(), other_majors.count()) {
            (true, 1..) => ErrorKind::UnknownMajor,
            _ => ErrorKind::UnknownType,
        };
        At::ROOT.error(kind)
    }

    /// The entry of an event type in a major.
    ///
    /// # Errors
    /// As [`Catalogue::find`].
    pub fn find_type(&self, event_type: &str, major: u32) -> Result<&'static Subject, Error> {
        self.find(&format!("{}.{event_type}.v{major}", self.domain))
    }
}

impl Subject {
    /// The newest minor.
    pub fn newest(&self) -> Option<&'static Minor> {
        self.minors.last()
    }

    /// The minor of a number.
    pub fn minor(&self, minor: u32) -> Option<&'static Minor> {
        self.minors.iter().find(|entry| entry.minor == minor)
    }
}
