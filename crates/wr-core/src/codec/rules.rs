//! The rules of a schema on the fast path.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::cursor::Cursor;
use super::mode::Mode;
use super::scan::split_plain;
use crate::contract::Contract;
use crate::error::Keyword;
use crate::format::Format;
use crate::number;
use crate::rules::{
    Any, Boolean, Constant, Integer, List, Map, Nested, NotNull, Nullable, Number, Text,
};
use crate::view::{Readable, View};

/// What a schema asks of values of one Rust type, asked of the text that they stand in.
pub trait Parse<T: Readable> {
    /// The value that begins at the cursor.
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, T>>;
}

/// Fills the slot of a field. Which of two counts, and whether the other one matters, is not for the
/// one pass. A function for each kind and no `?` where it is called, for the compiler pays for every
/// property that it infers.
pub mod fill {
    use super::{Cursor, Mode, Parse, Readable};

    /// A property that must be there.
    #[inline]
    pub fn required<'a, M: Mode, T: Readable>(
        slot: &mut Option<M::Of<'a, T>>,
        rule: &impl Parse<T>,
        cursor: &mut Cursor<'a>,
    ) -> Option<()> {
        if slot.is_some() {
            return None;
        }
        *slot = Some(rule.parse::<M>(cursor)?);
        Some(())
    }

    /// A property that is always the same.
    pub use required as constant;

    /// A property that may be missing, as null is.
    #[inline]
    pub fn optional<'a, M: Mode, T: Readable>(
        slot: &mut Option<M::Of<'a, T>>,
        rule: &impl Parse<T>,
        cursor: &mut Cursor<'a>,
    ) -> Option<()> {
        if slot.is_some() {
            return None;
        }
        if !cursor.null() {
            *slot = Some(rule.parse::<M>(cursor)?);
        }
        Some(())
    }
}

/// What a field has once its struct is read.
pub mod finish {
    /// A property that must be there.
    #[inline]
    pub fn required<T>(value: Option<T>) -> Option<T> {
        value
    }

    /// A property that may be missing.
    #[inline]
    pub fn optional<T>(value: Option<T>) -> Option<Option<T>> {
        Some(value)
    }
}

/// The field of a struct from the field of its view.
pub mod owned {
    use super::{Readable, View};

    /// A property that must be there.
    pub fn required<T: Readable>(view: View<'_, T>) -> T {
        T::from_view(view)
    }

    /// A property that may be missing.
    pub fn optional<T: Readable>(view: Option<View<'_, T>>) -> Option<T> {
        view.map(T::from_view)
    }
}

/// The field of a view from the field of its struct.
pub mod viewed {
    use super::{Readable, View};

    /// A property that must be there.
    pub fn required<'a, T: Readable>(value: T) -> View<'a, T> {
        value.into_view()
    }

    /// A property that may be missing.
    pub fn optional<'a, T: Readable>(value: Option<T>) -> Option<View<'a, T>> {
        value.map(T::into_view)
    }
}

impl Parse<Value> for Any {
    #[inline]
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, Value>> {
        M::any(cursor)
    }
}

impl Parse<Value> for NotNull {
    #[inline]
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, Value>> {
        M::any(cursor)
    }
}

impl Parse<bool> for Boolean {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, bool>> {
        cursor.skip_space();
        let value = cursor.literal("true");
        (value || cursor.literal("false")).then(|| M::make(|| value, || value))
    }
}

impl<T: Contract> Parse<T> for Nested {
    #[inline]
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, T>> {
        M::record::<T>(cursor)
    }
}

impl<T: Readable, R: Parse<T>> Parse<Option<T>> for Nullable<R> {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, Option<T>>> {
        if cursor.null() {
            return Some(M::make(|| None, || None));
        }
        self.0.parse::<M>(cursor).map(M::some)
    }
}

impl Integer {
    /// A whole number that obeys.
    #[inline]
    fn whole<T: TryFrom<i64> + TryFrom<i128>>(&self, cursor: &mut Cursor<'_>) -> Option<T> {
        match cursor.integer() {
            Some(value) if self.obeys(value.into()) => T::try_from(value).ok(),
            Some(_) => None,
            None => T::try_from(self.whole_number(cursor)?).ok(),
        }
    }

    /// A whole number that obeys, in any other spelling: `1.0` is one.
    #[cold]
    #[inline(never)]
    fn whole_number(&self, cursor: &mut Cursor<'_>) -> Option<i128> {
        number::whole(&cursor.number()?).filter(|whole| self.obeys(*whole))
    }
}

impl Parse<i64> for Integer {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, i64>> {
        let value = self.whole(cursor)?;
        Some(M::make(|| value, || value))
    }
}

impl Parse<u64> for Integer {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, u64>> {
        let value = self.whole(cursor)?;
        Some(M::make(|| value, || value))
    }
}

impl Parse<f64> for Number {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, f64>> {
        let number = cursor.number()?;
        self.judge(|bound| number::compare(&number, bound), unsaid).ok()?;
        let value = number.as_f64()?;
        Some(M::make(|| value, || value))
    }
}

/// That a rule is broken is all that is asked here: the exact path says which.
fn unsaid(_: Keyword, _: fmt::Arguments<'_>) {}

impl Integer {
    #[inline]
    fn obeys(&self, value: i128) -> bool {
        self.judge(value, unsaid).is_ok()
    }
}

impl<T: Format> Parse<T> for Text {
    #[inline]
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, T>> {
        T::parse_text::<M>(self, cursor)
    }
}

impl Text {
    #[inline]
    fn obeys(&self, text: &[u8]) -> bool {
        self.judge(text, unsaid).is_ok()
    }

    /// A string that obeys.
    #[inline]
    pub(crate) fn string<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, String>> {
        if self.is_free() { any_string::<M>(cursor) } else { self.judged_string::<M>(cursor) }
    }

    #[inline(never)]
    fn judged_string<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, String>> {
        cursor.quote()?;
        let (text, after) = split_plain(cursor.rest)?;
        if let [b'"', after @ ..] = after {
            self.obeys(text).then_some(())?;
            let made = M::slice(cursor, text.len())?;
            cursor.rest = after;
            return Some(made);
        }
        let text = cursor.unescape(text.len())?;
        self.obeys(text.as_bytes()).then(|| M::text(Cow::Owned(text)))
    }

    /// A string of a format, however it is spelled.
    #[inline(never)]
    pub(crate) fn formatted<T: Format>(&self, cursor: &mut Cursor<'_>) -> Option<T> {
        let text = cursor.string()?;
        self.obeys(text.as_bytes()).then_some(())?;
        T::parse(text.into_owned())
    }
}

/// Any string.
#[inline(never)]
fn any_string<'a, M: Mode>(cursor: &mut Cursor<'a>) -> Option<M::Of<'a, String>> {
    cursor.quote()?;
    let (text, after) = split_plain(cursor.rest)?;
    if let [b'"', after @ ..] = after {
        let made = M::slice(cursor, text.len())?;
        cursor.rest = after;
        return Some(made);
    }
    cursor.unescape(text.len()).map(|text| M::text(Cow::Owned(text)))
}

impl Parse<String> for Constant {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, String>> {
        let is_it = self.is_plain && cursor.this_string(self.text) || cursor.string()? == self.text;
        is_it.then(|| M::make(|| self.text.to_owned(), || Cow::Borrowed(self.text)))
    }
}

impl<T: Readable, R: Parse<T>> Parse<Vec<T>> for List<R> {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, Vec<T>>> {
        M::list(self, cursor)
    }
}

impl<R> List<R> {
    /// Calls `item` at each item, and judges their number.
    pub(super) fn each<'a>(
        &self,
        cursor: &mut Cursor<'a>,
        mut item: impl FnMut(&mut Cursor<'a>) -> Option<()>,
    ) -> Option<()> {
        let mut texts = Vec::new();
        let mut count = 0;
        let mut more = cursor.begin_array()?;
        while more {
            cursor.skip_space();
            let start = cursor.position();
            item(cursor)?;
            count += 1;
            if self.unique {
                texts.push(cursor.since(start)?);
            }
            more = cursor.more_items()?;
        }
        let is_enough = self.min.is_none_or(|min| count >= min);
        let is_not_too_much = self.max.is_none_or(|max| count <= max);
        let is_unique = !self.unique || are_surely_different(texts);
        (is_enough && is_not_too_much && is_unique).then_some(())
    }
}

/// Whether some values are different, as far as their texts show.
fn are_surely_different(mut texts: Vec<&str>) -> bool {
    // Other values have many spellings.
    let has_one_spelling = |text: &&str| match text.as_bytes() {
        [b'"', ..] => !text.contains('\\'),
        [b'n' | b't' | b'f', ..] => true,
        _ => false,
    };
    if texts.len() > 1 && !texts.iter().all(has_one_spelling) {
        return false;
    }
    texts.sort_unstable();
    texts.is_sorted_by(|a, b| a < b)
}

impl<T: Readable, R: Parse<T>> Parse<BTreeMap<String, T>> for Map<R> {
    fn parse<'a, M: Mode>(
        &self,
        cursor: &mut Cursor<'a>,
    ) -> Option<M::Of<'a, BTreeMap<String, T>>> {
        M::map(self, cursor)
    }
}

impl<R> Map<R> {
    /// Calls `entry` at each value with its name, which it has judged, and judges their number.
    pub(super) fn each<'a>(
        &self,
        cursor: &mut Cursor<'a>,
        mut entry: impl FnMut(&mut Cursor<'a>, Cow<'a, str>) -> Option<()>,
    ) -> Option<()> {
        let mut count = 0;
        let mut before = cursor.open()?;
        while let Some(key) = cursor.any_key(&mut before)? {
            (self.keys.is_free() || self.keys.obeys(key.as_bytes())).then_some(())?;
            entry(cursor, key)?;
            count += 1;
        }
        // Names may be given twice: then there are fewer, but never none.
        let is_enough = self.min.is_none_or(|min| min <= 1 && count >= min);
        let is_not_too_much = self.max.is_none_or(|max| count <= max);
        (is_enough && is_not_too_much).then_some(())
    }
}
