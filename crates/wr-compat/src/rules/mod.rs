//! The table of rules. A rule is a module here, a row below, and a folder of cases in the tests.

use wr_schema::page;

/// A rule: one file, one row in [`RULES`], one folder of cases, all under one id.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// Whether a minor may hold such a change.
    pub in_a_minor: &'static str,
    /// The text of its module, whose first lines are its page.
    source: &'static str,
}

impl Rule {
    /// Its page: what changed, why it matters, an example, and what to do instead.
    pub fn page(&self) -> String {
        page::page(self.source)
    }

    /// The first line of its page.
    pub fn summary(&self) -> &'static str {
        page::summary(self.source)
    }
}

/// The table of rules in Markdown.
pub fn table() -> String {
    let mut text = "| rule | change | in a minor? |\n|---|---|---|\n".to_owned();
    for rule in RULES {
        text += &format!("| `{}` | {} | {} |\n", rule.id, rule.summary(), rule.in_a_minor);
    }
    text
}

macro_rules! rules {
    ($($id:ident: $in_a_minor:literal),* $(,)?) => {
        $(mod $id;)*
        /// Every rule, in alphabetical order.
        pub static RULES: &[Rule] = &[
            $(Rule {
                id: stringify!($id),
                in_a_minor: $in_a_minor,
                source: include_str!(concat!(stringify!($id), ".rs")),
            }),*
        ];
    };
}

rules! {
    frozen_file_changed: "no: write a new minor",
    language_narrowed: "no (B)",
    language_widened: "no (F)",
    needless_minor: "yes, but it need not be one",
}
