//! The table of rules. A rule is a module here, a row below, and a folder of cases in the tests.

use crate::lint::Rule;

macro_rules! rules {
    ($($id:ident),* $(,)?) => {
        $(mod $id;)*
        /// Every rule, in alphabetical order.
        pub static RULES: &[Rule] = &[
            $(Rule::new(stringify!($id), include_str!(concat!(stringify!($id), ".rs")), $id::CHECK)),*
        ];
    };
}

rules! {
    dead_keyword,
    duplicate_key,
    invalid_json,
    not,
    unreadable,
}
