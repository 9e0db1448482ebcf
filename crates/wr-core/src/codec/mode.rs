//! What a parser makes of what it reads: values, views, or nothing.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::mem;

use serde_json::Value;

use super::cursor::Cursor;
use super::rules::Parse;
use crate::rules::{List, Map};
use crate::view::{JsonView, ListView, MapView, Readable};

/// What a parser makes of what it reads.
pub trait Mode: Sized {
    /// What it makes of a `T`.
    type Of<'a, T: Readable>;

    /// Whether it makes nothing.
    const JUDGES_ONLY: bool;

    /// Makes a value by one of two ways, or by none.
    fn make<'a, T: Readable>(
        owned: impl FnOnce() -> T,
        view: impl FnOnce() -> T::View<'a>,
    ) -> Self::Of<'a, T>;

    /// Makes a string.
    #[inline]
    fn text<'a>(text: Cow<'a, str>) -> Self::Of<'a, String> {
        let text = Cell::new(text);
        Self::make(|| text.take().into_owned(), || text.take())
    }

    /// Makes a string of so many bytes that come next.
    #[inline]
    fn slice<'a>(cursor: &Cursor<'a>, length: usize) -> Option<Self::Of<'a, String>> {
        let text = if Self::JUDGES_ONLY { "" } else { cursor.peek(length)? };
        Some(Self::make(|| text.to_owned(), || Cow::Borrowed(text)))
    }

    /// What is there, where there might be null.
    fn some<'a, T: Readable>(value: Self::Of<'a, T>) -> Self::Of<'a, Option<T>>;

    /// A generated type.
    fn record<'a, T: Readable>(cursor: &mut Cursor<'a>) -> Option<Self::Of<'a, T>>;

    /// Any value.
    fn any<'a>(cursor: &mut Cursor<'a>) -> Option<Self::Of<'a, Value>>;

    /// An array.
    fn list<'a, T: Readable, R: Parse<T>>(
        rule: &List<R>,
        cursor: &mut Cursor<'a>,
    ) -> Option<Self::Of<'a, Vec<T>>>;

    /// An object from names to values of one type.
    fn map<'a, T: Readable, R: Parse<T>>(
        rule: &Map<R>,
        cursor: &mut Cursor<'a>,
    ) -> Option<Self::Of<'a, BTreeMap<String, T>>>;
}

/// Makes values.
#[derive(Clone, Copy, Debug)]
pub enum Owned {}

/// Makes views.
#[derive(Clone, Copy, Debug)]
pub enum Borrowed {}

/// Makes nothing.
#[derive(Clone, Copy, Debug)]
pub enum Check {}

/// The entries of a map are gathered in pieces of so many bytes: what is larger an allocator has not
/// at hand, and glibc's first joins all small pieces that it has.
const MOST_ROOM: usize = 1000;

impl Mode for Owned {
    type Of<'a, T: Readable> = T;

    const JUDGES_ONLY: bool = false;

    #[inline]
    fn make<'a, T: Readable>(owned: impl FnOnce() -> T, _: impl FnOnce() -> T::View<'a>) -> T {
        owned()
    }

    #[inline]
    fn some<'a, T: Readable>(value: Self::Of<'a, T>) -> Self::Of<'a, Option<T>> {
        Some(value)
    }

    #[inline]
    fn record<'a, T: Readable>(cursor: &mut Cursor<'a>) -> Option<T> {
        T::parse_owned(cursor)
    }

    #[inline]
    fn any<'a>(cursor: &mut Cursor<'a>) -> Option<Value> {
        cursor.value()
    }

    fn list<'a, T: Readable, R: Parse<T>>(
        rule: &List<R>,
        cursor: &mut Cursor<'a>,
    ) -> Option<Vec<T>> {
        let mut items = Vec::new();
        rule.each(cursor, |cursor| {
            items.push(rule.items.parse::<Owned>(cursor)?);
            Some(())
        })?;
        Some(items)
    }

    fn map<'a, T: Readable, R: Parse<T>>(
        rule: &Map<R>,
        cursor: &mut Cursor<'a>,
    ) -> Option<BTreeMap<String, T>> {
        let most = (MOST_ROOM / size_of::<(String, T)>()).max(1);
        let (mut full, mut entries) = (Vec::new(), Vec::with_capacity(most));
        rule.each(cursor, |cursor, key| {
            if entries.len() == most {
                full.push(mem::replace(&mut entries, Vec::with_capacity(most)));
            }
            let key = key.into_owned();
            entries.push((key, rule.values.parse::<Owned>(cursor)?));
            Some(())
        })?;
        let count = full.len() * most + entries.len();
        if !full.is_empty() {
            let mut all = Vec::with_capacity(count);
            full.push(entries);
            full.iter_mut().for_each(|piece| all.append(piece));
            entries = all;
        }
        sort_by_parts(&mut entries);
        let map = BTreeMap::from_iter(entries);
        // Where a key was given twice, the first value may be one that breaks a rule.
        (map.len() == count).then_some(map)
    }
}

/// Brings entries near to the order of their names, where the first few show that they are not: by
/// eight bytes of each, behind what those few begin with. Where that is not their order,
/// [`BTreeMap::from_iter`] brings them there; but it compares whole names, and moves whole entries
/// whenever it has compared two.
fn sort_by_parts<T>(entries: &mut [(String, T)]) {
    let few = || entries.iter().take(4).map(|(name, _)| name.as_bytes());
    let Some(first) = few().next().filter(|_| !few().is_sorted()) else { return };
    let common = |name: &[u8]| first.iter().zip(name).take_while(|(a, b)| a == b).count();
    let common = few().map(common).min().unwrap_or_default();
    entries.sort_by_cached_key(|(name, _)| {
        let mut part = [0; 8];
        part.iter_mut().zip(name.bytes().skip(common)).for_each(|(part, byte)| *part = byte);
        u64::from_be_bytes(part)
    });
}

impl Mode for Borrowed {
    type Of<'a, T: Readable> = T::View<'a>;

    const JUDGES_ONLY: bool = false;

    #[inline]
    fn make<'a, T: Readable>(
        _: impl FnOnce() -> T,
        view: impl FnOnce() -> T::View<'a>,
    ) -> T::View<'a> {
        view()
    }

    #[inline]
    fn some<'a, T: Readable>(value: Self::Of<'a, T>) -> Self::Of<'a, Option<T>> {
        Some(value)
    }

    #[inline]
    fn record<'a, T: Readable>(cursor: &mut Cursor<'a>) -> Option<T::View<'a>> {
        T::parse_view(cursor)
    }

    #[inline]
    fn any<'a>(cursor: &mut Cursor<'a>) -> Option<JsonView<'a>> {
        cursor.skip_space();
        let start = cursor.position();
        cursor.skip()?;
        Some(JsonView::of_text(cursor.since(start)?))
    }

    fn list<'a, T: Readable, R: Parse<T>>(
        rule: &List<R>,
        cursor: &mut Cursor<'a>,
    ) -> Option<ListView<'a, T>> {
        cursor.skip_space();
        let start = cursor.position();
        Check::list(rule, cursor)?;
        Some(ListView::of_text(cursor.since(start)?))
    }

    fn map<'a, T: Readable, R: Parse<T>>(
        rule: &Map<R>,
        cursor: &mut Cursor<'a>,
    ) -> Option<MapView<'a, T>> {
        cursor.skip_space();
        let start = cursor.position();
        let (mut last, mut ascend) = (None, true);
        rule.each(cursor, |cursor, key| {
            // Keys that ascend differ, and most writers sort them.
            ascend &= last.as_ref().is_none_or(|last| *last < key);
            last = Some(key);
            rule.values.parse::<Check>(cursor).map(drop)
        })?;
        let text = cursor.since(start)?;
        (ascend || super::value::has_different_keys(text)?).then(|| MapView::of_text(text))
    }
}

impl Mode for Check {
    type Of<'a, T: Readable> = ();

    const JUDGES_ONLY: bool = true;

    #[inline]
    fn make<'a, T: Readable>(_: impl FnOnce() -> T, _: impl FnOnce() -> T::View<'a>) {}

    #[inline]
    fn some<'a, T: Readable>(_: Self::Of<'a, T>) -> Self::Of<'a, Option<T>> {}

    #[inline]
    fn record<'a, T: Readable>(cursor: &mut Cursor<'a>) -> Option<()> {
        T::parse_check(cursor)
    }

    #[inline]
    fn any<'a>(cursor: &mut Cursor<'a>) -> Option<()> {
        cursor.skip()
    }

    fn list<'a, T: Readable, R: Parse<T>>(rule: &List<R>, cursor: &mut Cursor<'a>) -> Option<()> {
        rule.each(cursor, |cursor| rule.items.parse::<Check>(cursor))
    }

    fn map<'a, T: Readable, R: Parse<T>>(rule: &Map<R>, cursor: &mut Cursor<'a>) -> Option<()> {
        rule.each(cursor, |cursor, _| rule.values.parse::<Check>(cursor))
    }
}
