//! Values as they stand in the bytes of a message: borrowed, and read when they are asked for.
//!
//! A view was judged whole before it was made, so that reading it again cannot fail.

mod json;
mod list;
mod map;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::codec::{Borrowed, Cursor, Parse};
use crate::pointer::At;
use crate::rules::{Boolean, Integer, Number, Rule, Text};

pub use json::JsonView;
pub use list::{ListIter, ListView};
pub use map::{MapIter, MapView};

/// How a `T` is seen where it stands: a string is a [`Cow`], a list a [`ListView`], a map a
/// [`MapView`], any value a [`JsonView`], a struct its own view; all else is itself.
pub type View<'a, T> = <T as Readable>::View<'a>;

/// A type that is read from a message, with the view of it.
pub trait Readable: Clone + Debug + Sized {
    /// How it is seen in the bytes of a message.
    type View<'a>: Clone + Debug;

    /// The view that holds the value.
    fn into_view<'a>(self) -> Self::View<'a>;

    /// The value that is viewed.
    fn from_view(view: Self::View<'_>) -> Self;

    /// The value of a document that was judged.
    #[doc(hidden)]
    fn of_value(value: Value) -> Option<Self>;

    /// The value that begins at the cursor, in one pass. What cannot do that is never sure.
    #[doc(hidden)]
    fn parse_owned(_: &mut Cursor<'_>) -> Option<Self> {
        None
    }

    /// The view that begins at the cursor, in one pass.
    #[doc(hidden)]
    fn parse_view<'a>(_: &mut Cursor<'a>) -> Option<Self::View<'a>> {
        None
    }

    /// Whether a value in the reader language begins at the cursor, in one pass.
    #[doc(hidden)]
    fn parse_check(_: &mut Cursor<'_>) -> Option<()> {
        None
    }
}

/// The next value of a text that was judged.
fn again<'a, T: Readable>(cursor: &mut Cursor<'a>) -> Option<View<'a, T>> {
    let before = *cursor;
    if let Some(view) = T::parse_view(cursor) {
        return Some(view);
    }
    // What was judged alone may not be sure to be viewed: a key may be there twice.
    *cursor = before;
    cursor.skip_space();
    let start = cursor.position();
    cursor.skip()?;
    let value = serde_json::from_str(cursor.since(start)?).ok()?;
    T::of_value(value).map(T::into_view)
}

/// Types that are their own views, each with the rule that takes all of its values.
macro_rules! own_views {
    ($($ty:ty: $rule:expr;)*) => {
        $(impl Readable for $ty {
            type View<'a> = $ty;

            fn into_view<'a>(self) -> Self::View<'a> {
                self
            }

            fn from_view(view: $ty) -> $ty {
                view
            }

            fn of_value(value: Value) -> Option<$ty> {
                $rule.read(value, &At::ROOT).ok()
            }

            fn parse_view<'a>(cursor: &mut Cursor<'a>) -> Option<Self::View<'a>> {
                Parse::<$ty>::parse::<Borrowed>(&$rule, cursor)
            }
        })*
    };
}

own_views! {
    bool: Boolean;
    i64: Integer::new(i64::MIN as i128, i64::MAX as i128);
    u64: Integer::new(u64::MIN as i128, u64::MAX as i128);
    f64: Number::new();
    Uuid: Text::new();
    DateTime<Utc>: Text::new();
    NaiveDate: Text::new();
    Ipv4Addr: Text::new();
    Ipv6Addr: Text::new();
}

impl Readable for String {
    type View<'a> = Cow<'a, str>;

    fn into_view<'a>(self) -> Self::View<'a> {
        Cow::Owned(self)
    }

    fn from_view(view: Cow<'_, str>) -> String {
        view.into_owned()
    }

    fn of_value(value: Value) -> Option<String> {
        Text::new().read(value, &At::ROOT).ok()
    }

    fn parse_view<'a>(cursor: &mut Cursor<'a>) -> Option<Self::View<'a>> {
        cursor.string()
    }
}

impl<T: Readable> Readable for Option<T> {
    type View<'a> = Option<View<'a, T>>;

    fn into_view<'a>(self) -> Self::View<'a> {
        self.map(T::into_view)
    }

    fn from_view(view: Option<View<'_, T>>) -> Option<T> {
        view.map(T::from_view)
    }

    fn of_value(value: Value) -> Option<Option<T>> {
        if value.is_null() { Some(None) } else { T::of_value(value).map(Some) }
    }

    fn parse_view<'a>(cursor: &mut Cursor<'a>) -> Option<Self::View<'a>> {
        if cursor.null() { Some(None) } else { T::parse_view(cursor).map(Some) }
    }
}

impl<T: Readable> Readable for Vec<T> {
    type View<'a> = ListView<'a, T>;

    fn into_view<'a>(self) -> Self::View<'a> {
        ListView::of_values(self)
    }

    fn from_view(view: ListView<'_, T>) -> Vec<T> {
        view.into_owned()
    }

    fn of_value(value: Value) -> Option<Vec<T>> {
        match value {
            Value::Array(values) => values.into_iter().map(T::of_value).collect(),
            _ => None,
        }
    }

    fn parse_view<'a>(cursor: &mut Cursor<'a>) -> Option<Self::View<'a>> {
        cursor.skip_space();
        let start = cursor.position();
        cursor.skip()?;
        Some(ListView::of_text(cursor.since(start)?))
    }
}

impl<T: Readable> Readable for BTreeMap<String, T> {
    type View<'a> = MapView<'a, T>;

    fn into_view<'a>(self) -> Self::View<'a> {
        MapView::of_values(self)
    }

    fn from_view(view: MapView<'_, T>) -> BTreeMap<String, T> {
        view.into_owned()
    }

    fn of_value(value: Value) -> Option<BTreeMap<String, T>> {
        match value {
            Value::Object(members) => {
                members.into_iter().map(|(key, value)| Some((key, T::of_value(value)?))).collect()
            }
            _ => None,
        }
    }

    fn parse_view<'a>(cursor: &mut Cursor<'a>) -> Option<Self::View<'a>> {
        cursor.skip_space();
        let start = cursor.position();
        cursor.skip()?;
        let text = cursor.since(start)?;
        crate::codec::has_different_keys(text)?.then(|| MapView::of_text(text))
    }
}

impl Readable for Value {
    type View<'a> = JsonView<'a>;

    fn into_view<'a>(self) -> Self::View<'a> {
        JsonView::of_value(self)
    }

    fn from_view(view: JsonView<'_>) -> Value {
        view.into_value()
    }

    fn of_value(value: Value) -> Option<Value> {
        Some(value)
    }

    fn parse_view<'a>(cursor: &mut Cursor<'a>) -> Option<Self::View<'a>> {
        cursor.skip_space();
        let start = cursor.position();
        cursor.skip()?;
        Some(JsonView::of_text(cursor.since(start)?))
    }
}
