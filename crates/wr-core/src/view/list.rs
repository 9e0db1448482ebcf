//! A list as it stands in the bytes of a message.

use std::fmt;

use super::{Readable, View, again};
use crate::codec::Cursor;

/// A list as it stands in the bytes of a message; its items are read when they are asked for.
#[derive(Clone)]
pub struct ListView<'a, T>(Inner<'a, T>);

#[derive(Clone)]
enum Inner<'a, T> {
    Text(&'a str),
    Values(Vec<T>),
}

impl<'a, T: Readable> ListView<'a, T> {
    pub(crate) fn of_text(text: &'a str) -> ListView<'a, T> {
        ListView(Inner::Text(text))
    }

    pub(crate) fn of_values(values: Vec<T>) -> ListView<'a, T> {
        ListView(Inner::Values(values))
    }

    /// The items in order.
    pub fn iter(&self) -> ListIter<'_, 'a, T> {
        ListIter(match &self.0 {
            Inner::Text(text) => {
                let mut cursor = Cursor::new(text);
                let has_items = cursor.begin_array() == Some(true);
                Rest::Text(has_items.then_some(cursor))
            }
            Inner::Values(values) => Rest::Values(values.iter()),
        })
    }

    /// How many items there are; they are counted by going through them.
    pub fn len(&self) -> usize {
        match &self.0 {
            Inner::Text(_) => self.iter().count(),
            Inner::Values(values) => values.len(),
        }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The items as values of their own.
    pub fn into_owned(self) -> Vec<T> {
        match self.0 {
            Inner::Text(_) => self.iter().map(T::from_view).collect(),
            Inner::Values(values) => values,
        }
    }
}

impl<'v, 'a, T: Readable> IntoIterator for &'v ListView<'a, T> {
    type Item = View<'a, T>;
    type IntoIter = ListIter<'v, 'a, T>;

    fn into_iter(self) -> ListIter<'v, 'a, T> {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for ListView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Text(text) => f.write_str(text),
            Inner::Values(values) => values.fmt(f),
        }
    }
}

/// The items of a [`ListView`] in order.
#[derive(Clone, Debug)]
pub struct ListIter<'v, 'a, T>(Rest<'v, 'a, T>);

#[derive(Clone, Debug)]
enum Rest<'v, 'a, T> {
    Text(Option<Cursor<'a>>),
    Values(std::slice::Iter<'v, T>),
}

impl<'a, T: Readable> Iterator for ListIter<'_, 'a, T> {
    type Item = View<'a, T>;

    fn next(&mut self) -> Option<View<'a, T>> {
        match &mut self.0 {
            Rest::Text(rest) => {
                let mut cursor = rest.take()?;
                let item = again::<T>(&mut cursor)?;
                *rest = cursor.more_items()?.then_some(cursor);
                Some(item)
            }
            Rest::Values(values) => values.next().cloned().map(T::into_view),
        }
    }
}
