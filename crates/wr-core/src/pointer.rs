//! A place in a document, kept on the stack and written out only for an error.

use std::fmt;

use crate::error::{Error, ErrorKind, Keyword};

/// Makes an error of the rule that was broken and of what it expects: an [`Error`] with its place
/// where somebody reads it, and nothing where nobody does.
pub(crate) trait Broken<E>: FnOnce(Keyword, fmt::Arguments<'_>) -> E {}

impl<E, F: FnOnce(Keyword, fmt::Arguments<'_>) -> E> Broken<E> for F {}

/// A place in a document.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    segment: Segment<'a>,
    shape_only: bool,
}

#[derive(Clone, Copy, Debug)]
enum Segment<'a> {
    Root,
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The whole document.
    pub const ROOT: At<'static> = At { parent: None, segment: Segment::Root, shape_only: false };

    /// The whole document, of which only the types are read and no rule is enforced: what comes of
    /// it may be a value that [`Contract::validate`](crate::Contract::validate) refuses, which is
    /// what the tests of `validate` need.
    #[doc(hidden)]
    pub const SHAPE_ONLY: At<'static> =
        At { parent: None, segment: Segment::Root, shape_only: true };

    /// The member of a name.
    pub fn name<'b>(&'b self, name: &'b str) -> At<'b> {
        At { parent: Some(self), segment: Segment::Name(name), shape_only: self.shape_only }
    }

    /// The element at an index.
    pub fn index(&self, index: usize) -> At<'_> {
        At { parent: Some(self), segment: Segment::Index(index), shape_only: self.shape_only }
    }

    /// The place as a JSON pointer.
    pub fn pointer(&self) -> String {
        let mut pointer = self.parent.map(At::pointer).unwrap_or_default();
        match self.segment {
            Segment::Root => {}
            Segment::Name(name) => {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Index(index) => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
        pointer
    }

    /// A rule that is broken here.
    #[cold]
    pub fn violation(&self, keyword: Keyword, expected: impl Into<String>) -> Error {
        self.error(ErrorKind::Violation { keyword, expected: expected.into() })
    }

    /// Makes an error of a rule that is broken here.
    pub(crate) fn broken(&self) -> impl Broken<Error> {
        |keyword, expected: fmt::Arguments<'_>| self.violation(keyword, expected.to_string())
    }

    #[cold]
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.pointer(), kind)
    }

    pub(crate) fn enforces_rules(&self) -> bool {
        !self.shape_only
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_escaped() {
        assert_eq!(At::ROOT.pointer(), "");
        assert_eq!(At::ROOT.name("data").name("a/b~c").index(3).pointer(), "/data/a~1b~0c/3");
    }
}
