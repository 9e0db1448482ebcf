//! What generated code says of a type, made into its parser and its view.

/// Reads the properties of an object: each in its slot, in whatever order they come.
///
/// They are expected in the order given, and found there by one comparison each; from the first
/// that is not, any order will do. A key is then held against each name as that is mostly spelled,
/// and only if it is none of them is it `found` by what it spells, to go through them again.
#[macro_export]
#[doc(hidden)]
macro_rules! properties {
    (
        $mode:ty, $cursor:ident;
        $($kind:ident $slot:ident: $ty:ty = $name:literal $(as $spelled:literal)?, $rule:expr;)*
    ) => {
        $(let mut $slot: ::core::option::Option<
            <$crate::mode!($kind $mode) as $crate::codec::Mode>::Of<'_, $ty>
        > = ::core::option::Option::None;)*
        let mut before = $cursor.open()?;
        $(if $cursor.key(&mut before, $crate::key!($name $($spelled)?))
            && $crate::codec::fill::$kind::<$crate::mode!($kind $mode), $ty>(
                &mut $slot, &$rule, $cursor,
            ).is_none()
        {
            return ::core::option::Option::None;
        })*
        if !$cursor.close(before) {
            while $cursor.more_keys(&mut before)? {
                let mut found = ::core::option::Option::None;
                let read = loop {
                    $(if $cursor.is_key(found, $name, $crate::key!($name $($spelled)?)) {
                        break $crate::codec::fill::$kind::<$crate::mode!($kind $mode), $ty>(
                            &mut $slot, &$rule, $cursor,
                        );
                    })*
                    found = $cursor.other_key(&[$($name),*])?;
                    if found.is_none() {
                        break $cursor.skip();
                    }
                };
                read?;
            }
        }
    };
}

/// What is made of a property: nothing of one that is always the same.
#[macro_export]
#[doc(hidden)]
macro_rules! mode {
    (constant $mode:ty) => {
        $crate::codec::Check
    };
    ($kind:ident $mode:ty) => {
        $mode
    };
}

/// A key as it is mostly spelled, with its colon.
#[macro_export]
#[doc(hidden)]
macro_rules! key {
    ($name:literal) => {
        ::core::concat!("\"", $name, "\":")
    };
    ($name:literal $spelled:literal) => {
        ::core::concat!("\"", $spelled, "\":")
    };
}

/// The type of a field of a view.
#[macro_export]
#[doc(hidden)]
macro_rules! viewed {
    (required $a:lifetime $ty:ty) => { $crate::View<$a, $ty> };
    (optional $a:lifetime $ty:ty) => { ::core::option::Option<$crate::View<$a, $ty>> };
}

/// A struct: its view, and how both are read in one pass.
#[macro_export]
macro_rules! record {
    (
        $owned:ident, $view:ident
        $(constants { $($constant:ident = $tag:literal $(as $tag_spelled:literal)?, $one:expr;)+ })?
        {
            $($kind:ident $field:ident: $ty:ty = $name:literal $(as $spelled:literal)?, $rule:expr;)*
        }
    ) => {
        #[doc = ::core::concat!("[`", ::core::stringify!($owned), "`](struct@", ::core::stringify!($owned), ") as it stands in the bytes of a message, which it borrows from.")]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[non_exhaustive]
        pub struct $view<'a> {
            $(
                #[doc = ::core::concat!("As in [`", ::core::stringify!($owned), "`](struct@", ::core::stringify!($owned), ").")]
                pub $field: $crate::viewed!($kind 'a $ty),
            )*
            __marker: ::core::marker::PhantomData<&'a ()>,
        }

        impl $view<'_> {
            /// The value that is viewed, borrowing nothing.
            pub fn into_owned(self) -> $owned {
                $crate::Readable::from_view(self)
            }
        }

        const _: () = {
            #[inline]
            fn fields<'a, __Mode: $crate::codec::Mode, __Made>(
                cursor: &mut $crate::codec::Cursor<'a>,
                make: impl ::core::ops::FnOnce(
                    $(::core::option::Option<__Mode::Of<'a, $ty>>),*
                ) -> ::core::option::Option<__Made>,
            ) -> ::core::option::Option<__Made> {
                $crate::properties! {
                    __Mode, cursor;
                    $($(constant $constant: ::std::string::String = $tag $(as $tag_spelled)?, $one;)+)?
                    $($kind $field: $ty = $name $(as $spelled)?, $rule;)*
                }
                $($($constant?;)+)?
                make($($field),*)
            }

            impl $crate::Readable for $owned {
                type View<'a> = $view<'a>;

                fn into_view<'a>(self) -> Self::View<'a> {
                    $view {
                        $($field: $crate::codec::viewed::$kind::<$ty>(self.$field),)*
                        __marker: ::core::marker::PhantomData,
                    }
                }

                fn from_view(view: $view<'_>) -> Self {
                    let _ = view.__marker;
                    Self { $($field: $crate::codec::owned::$kind::<$ty>(view.$field),)* }
                }

                fn of_value(value: $crate::serde_json::Value) -> ::core::option::Option<Self> {
                    $crate::codec::of_value(value)
                }

                fn parse_owned(
                    cursor: &mut $crate::codec::Cursor<'_>,
                ) -> ::core::option::Option<Self> {
                    fields::<$crate::codec::Owned, _>(cursor, |$($field),*| {
                        ::core::option::Option::Some(Self {
                            $($field: $crate::codec::finish::$kind($field)?,)*
                        })
                    })
                }

                fn parse_view<'a>(
                    cursor: &mut $crate::codec::Cursor<'a>,
                ) -> ::core::option::Option<Self::View<'a>> {
                    fields::<$crate::codec::Borrowed, _>(cursor, |$($field),*| {
                        ::core::option::Option::Some($view {
                            $($field: $crate::codec::finish::$kind($field)?,)*
                            __marker: ::core::marker::PhantomData,
                        })
                    })
                }

                fn parse_check(
                    cursor: &mut $crate::codec::Cursor<'_>,
                ) -> ::core::option::Option<()> {
                    fields::<$crate::codec::Check, _>(cursor, |$($field),*| {
                        $($crate::codec::finish::$kind($field)?;)*
                        ::core::option::Option::Some(())
                    })
                }
            }
        };
    };
}

/// An enum of strings: how it is read in one pass. It is its own view.
#[macro_export]
macro_rules! choice {
    ($owned:ident { $($text:literal => $variant:ident,)* $(_ => $unknown:ident,)? }) => {
        impl $crate::Readable for $owned {
            type View<'a> = Self;

            fn into_view<'a>(self) -> Self::View<'a> {
                self
            }

            fn from_view(view: Self) -> Self {
                view
            }

            fn of_value(value: $crate::serde_json::Value) -> ::core::option::Option<Self> {
                $crate::codec::of_value(value)
            }

            fn parse_owned(
                cursor: &mut $crate::codec::Cursor<'_>,
            ) -> ::core::option::Option<Self> {
                let text = cursor.string()?;
                let known = match &*text {
                    $($text => ::core::option::Option::Some(Self::$variant),)*
                    _ => ::core::option::Option::None,
                };
                known
                    $(.or_else(|| ::core::option::Option::Some(Self::$unknown(text.into_owned()))))?
            }

            fn parse_view<'a>(
                cursor: &mut $crate::codec::Cursor<'a>,
            ) -> ::core::option::Option<Self::View<'a>> {
                Self::parse_owned(cursor)
            }

            fn parse_check(
                cursor: &mut $crate::codec::Cursor<'_>,
            ) -> ::core::option::Option<()> {
                $crate::judged!(cursor $($unknown)?)
            }
        }
    };
}

/// Whether a text is one of an enum; any is, where the enum is open.
#[macro_export]
#[doc(hidden)]
macro_rules! judged {
    ($cursor:ident $unknown:ident) => {
        $cursor.skip_text()
    };
    ($cursor:ident) => {
        Self::parse_owned($cursor).map(::core::mem::drop)
    };
}

/// A union: its view, and how both are read in one pass.
#[macro_export]
macro_rules! union {
    (
        $owned:ident, $view:ident by $tag:literal {
            $($text:literal => $variant:ident($branch:ty),)*
            $(_ => $unknown:ident,)?
        }
    ) => {
        #[doc = ::core::concat!("[`", ::core::stringify!($owned), "`](enum@", ::core::stringify!($owned), ") as it stands in the bytes of a message, which it borrows from.")]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        $(
            #[doc = ::core::concat!("\n`", ::core::stringify!($unknown), "` is what a newer minor brought.")]
            #[non_exhaustive]
        )?
        pub enum $view<'a> {
            $(
                #[doc = ::core::concat!("`", $tag, "` is `", $text, "`.")]
                $variant($crate::View<'a, $branch>),
            )*
            $(
                /// A branch that a newer minor brought.
                $unknown($crate::UnknownBranchView<'a>),
            )?
        }

        impl $view<'_> {
            /// The value that is viewed, borrowing nothing.
            pub fn into_owned(self) -> $owned {
                $crate::Readable::from_view(self)
            }
        }

        impl $crate::Readable for $owned {
            type View<'a> = $view<'a>;

            fn into_view<'a>(self) -> Self::View<'a> {
                match self {
                    $(Self::$variant(it) => $view::$variant($crate::Readable::into_view(it)),)*
                    $(Self::$unknown(it) => $view::$unknown(it.into_view()),)?
                }
            }

            fn from_view(view: $view<'_>) -> Self {
                match view {
                    $($view::$variant(it) => Self::$variant($crate::Readable::from_view(it)),)*
                    $($view::$unknown(it) => Self::$unknown(it.into_owned()),)?
                }
            }

            fn of_value(value: $crate::serde_json::Value) -> ::core::option::Option<Self> {
                $crate::codec::of_value(value)
            }

            fn parse_owned(
                cursor: &mut $crate::codec::Cursor<'_>,
            ) -> ::core::option::Option<Self> {
                let tag = cursor.tag($tag)?;
                match &*tag {
                    $($text => <$branch as $crate::Readable>::parse_owned(cursor)
                        .map(Self::$variant),)*
                    _ => ::core::option::Option::None
                        $(.or_else(|| cursor.unknown_branch($tag, tag).map(Self::$unknown)))?,
                }
            }

            fn parse_view<'a>(
                cursor: &mut $crate::codec::Cursor<'a>,
            ) -> ::core::option::Option<Self::View<'a>> {
                let tag = cursor.tag($tag)?;
                match &*tag {
                    $($text => <$branch as $crate::Readable>::parse_view(cursor)
                        .map($view::$variant),)*
                    _ => ::core::option::Option::None
                        $(.or_else(|| cursor.unknown_view($tag, tag).map($view::$unknown)))?,
                }
            }

            fn parse_check(
                cursor: &mut $crate::codec::Cursor<'_>,
            ) -> ::core::option::Option<()> {
                let tag = cursor.tag($tag)?;
                match &*tag {
                    $($text => <$branch as $crate::Readable>::parse_check(cursor),)*
                    _ => $crate::judged_branch!(cursor $tag $($unknown)?),
                }
            }
        }
    };
}

/// Whether a branch that is not known is one of a union; any is, where the union is open.
#[macro_export]
#[doc(hidden)]
macro_rules! judged_branch {
    ($cursor:ident $tag:literal $unknown:ident) => {
        $cursor.sole_tag($tag).and_then(|()| $cursor.skip())
    };
    ($cursor:ident $tag:literal) => {
        ::core::option::Option::None
    };
}
