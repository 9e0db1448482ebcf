//! A map as it stands in the bytes of a message.

use std::borrow::Cow;
use std::collections::{BTreeMap, btree_map};
use std::fmt;

use super::{Readable, View, again};
use crate::codec::Cursor;

/// A map as it stands in the bytes of a message; its values are read when they are asked for.
///
/// No name is in it twice.
#[derive(Clone)]
pub struct MapView<'a, T>(Inner<'a, T>);

#[derive(Clone)]
enum Inner<'a, T> {
    Text(&'a str),
    Values(BTreeMap<String, T>),
}

impl<'a, T: Readable> MapView<'a, T> {
    pub(crate) fn of_text(text: &'a str) -> MapView<'a, T> {
        MapView(Inner::Text(text))
    }

    pub(crate) fn of_values(values: BTreeMap<String, T>) -> MapView<'a, T> {
        MapView(Inner::Values(values))
    }

    /// The names with their values, as they were written.
    pub fn iter(&self) -> MapIter<'_, 'a, T> {
        MapIter(match &self.0 {
            Inner::Text(text) => {
                let mut cursor = Cursor::new(text);
                Rest::Text(cursor.open().map(|before| (cursor, before)))
            }
            Inner::Values(values) => Rest::Values(values.iter()),
        })
    }

    /// The value of a name; it is found by going through them.
    pub fn get(&self, name: &str) -> Option<View<'a, T>> {
        match &self.0 {
            Inner::Text(text) => {
                let mut cursor = Cursor::new(text);
                let mut before = cursor.open()?;
                while let Some(key) = cursor.any_key(&mut before)? {
                    if key == name {
                        return again::<T>(&mut cursor);
                    }
                    cursor.skip()?;
                }
                None
            }
            Inner::Values(values) => values.get(name).cloned().map(T::into_view),
        }
    }

    /// How many entries there are; they are counted by going through them.
    pub fn len(&self) -> usize {
        match &self.0 {
            Inner::Text(_) => self.iter().count(),
            Inner::Values(values) => values.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The entries as values of their own.
    pub fn into_owned(self) -> BTreeMap<String, T> {
        match self.0 {
            Inner::Text(_) => {
                self.iter().map(|(key, value)| (key.into_owned(), T::from_view(value))).collect()
            }
            Inner::Values(values) => values,
        }
    }
}

impl<'v, 'a, T: Readable> IntoIterator for &'v MapView<'a, T> {
    type Item = (Cow<'a, str>, View<'a, T>);
    type IntoIter = MapIter<'v, 'a, T>;

    fn into_iter(self) -> MapIter<'v, 'a, T> {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for MapView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Text(text) => f.write_str(text),
            Inner::Values(values) => values.fmt(f),
        }
    }
}

/// The names and values of a [`MapView`].
#[derive(Clone, Debug)]
pub struct MapIter<'v, 'a, T>(Rest<'v, 'a, T>);

#[derive(Clone, Debug)]
enum Rest<'v, 'a, T> {
    /// The rest, and what stands before the next name.
    Text(Option<(Cursor<'a>, u8)>),
    Values(btree_map::Iter<'v, String, T>),
}

impl<'a, T: Readable> Iterator for MapIter<'_, 'a, T> {
    type Item = (Cow<'a, str>, View<'a, T>);

    fn next(&mut self) -> Option<(Cow<'a, str>, View<'a, T>)> {
        match &mut self.0 {
            Rest::Text(rest) => {
                let (mut cursor, mut before) = rest.take()?;
                let key = cursor.any_key(&mut before)??;
                let value = again::<T>(&mut cursor)?;
                *rest = Some((cursor, before));
                Some((key, value))
            }
            Rest::Values(values) => {
                let (key, value) = values.next()?;
                Some((Cow::Owned(key.clone()), value.clone().into_view()))
            }
        }
    }
}
