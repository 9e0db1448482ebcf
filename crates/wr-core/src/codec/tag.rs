//! The tag of a union, wherever it stands in its object.

use std::borrow::Cow;

use super::cursor::Cursor;
use crate::union::{UnknownBranch, UnknownBranchView};

impl<'a> Cursor<'a> {
    /// The tag of the union that begins here; the cursor stays where it is.
    ///
    /// Where the tag comes first, another one may follow.
    #[doc(hidden)]
    pub fn tag(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.skip_space();
        let mut ahead = *self;
        let mut before = ahead.open()?;
        match ahead.any_key(&mut before)? {
            Some(key) if key == name => ahead.string(),
            _ => self.find_tag(name),
        }
    }

    /// That the tag of the union that begins here is given only once.
    #[doc(hidden)]
    pub fn sole_tag(&self, name: &str) -> Option<()> {
        self.find_tag(name).map(drop)
    }

    fn find_tag(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut ahead = *self;
        let mut before = ahead.open()?;
        let mut found = None;
        while let Some(key) = ahead.any_key(&mut before)? {
            if key != name {
                ahead.skip()?;
            } else if found.replace(ahead.string()?).is_some() {
                return None;
            }
        }
        found
    }

    /// A branch that is not known, with its tag.
    #[doc(hidden)]
    pub fn unknown_branch(&mut self, name: &str, tag: Cow<'a, str>) -> Option<UnknownBranch> {
        self.sole_tag(name)?;
        Some(UnknownBranch::new(tag.into_owned(), self.value()?))
    }

    /// A branch that is not known, with its tag.
    #[doc(hidden)]
    pub fn unknown_view(&mut self, name: &str, tag: Cow<'a, str>) -> Option<UnknownBranchView<'a>> {
        self.sole_tag(name)?;
        let start = self.position();
        self.skip()?;
        Some(UnknownBranchView::new(tag, self.since(start)?))
    }
}
