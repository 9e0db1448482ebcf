//! The table of rules. A rule is a module here, a row below, and a folder of cases in the tests.

use wr_schema::page;

use crate::change::{Change, Otherwise};
use crate::evidence::Court;
use crate::report::Finding;
use crate::walk::Pair;

/// A rule: one file, one row in [`RULES`], one folder of cases, all under one id.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// Whether a minor may hold such a change.
    pub in_a_minor: &'static str,
    /// The text of its module, whose first lines are its page.
    source: &'static str,
    /// What it looks at.
    check: Check,
}

/// What a rule looks at.
#[derive(Debug)]
enum Check {
    /// Nothing: another module finds it.
    Elsewhere,
    /// Two schemas of the same place that describe the same kind of value.
    Place(fn(&Pair<'_>, &mut Vec<Change>)),
    /// Two schemas of the same place, whatever they describe.
    AnyPlace(fn(&Pair<'_>, &mut Vec<Change>)),
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

/// What the rules find at one place.
pub(crate) fn check(pair: &Pair<'_>, court: &mut Court<'_>) -> Vec<Finding> {
    let is_retyped = pair.is_retyped();
    let mut changes: Vec<(&'static str, Change)> = Vec::new();
    for rule in RULES {
        let mut found = Vec::new();
        match rule.check {
            Check::Elsewhere => {}
            Check::Place(_) if is_retyped => {}
            Check::Place(check) | Check::AnyPlace(check) => check(pair, &mut found),
        }
        changes.extend(found.into_iter().map(|change| (rule.id, change)));
    }
    // Where the whole place is proved to be the same, its keywords only look different.
    let mut is_settled = false;
    changes.retain(|(_, change)| {
        let stays = !change.if_equal || court.is_nothing(change);
        is_settled |= change.if_equal && stays && change.is_whole();
        stays
    });
    changes.retain(|(id, change)| {
        let says_more = matches!(change.otherwise, Otherwise::Meaning { .. });
        !is_settled || change.if_equal || says_more || *id == "annotation_changed"
    });
    changes.iter().flat_map(|(id, change)| court.judge(id, change)).collect()
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
                check: $id::CHECK,
            }),*
        ];
    };
}

rules! {
    annotation_changed: "yes",
    bound_loosened: "no (F)",
    bound_rewritten: "yes, when proved equal",
    bound_tightened: "no (B)",
    const_added: "no (B)",
    const_changed: "no (B, F)",
    const_removed: "no (F)",
    default_added: "no (M)",
    default_changed: "no (M)",
    default_removed: "no (M)",
    enum_closed: "no (C)",
    enum_dropped: "no (C; closed also F)",
    enum_introduced: "no (C; closed also B)",
    enum_opened: "no (C)",
    enum_value_added: "yes; closed: no (F)",
    enum_value_removed: "no (M; closed: B)",
    field_added_optional: "yes",
    field_added_required: "no (B)",
    field_removed_optional: "no (C, M)",
    field_removed_required: "no (F)",
    format_added: "no (B)",
    format_changed: "no (B, F)",
    format_removed: "no (F)",
    frozen_file_changed: "no: write a new minor",
    integer_to_number: "no (F)",
    language_narrowed: "no (B)",
    language_widened: "no (F)",
    map_freed: "no (F)",
    map_keys_changed: "only if equal",
    map_typed: "no (B)",
    needless_minor: "yes, but it need not be one",
    null_added: "optional property: yes; else: no (F)",
    null_removed: "optional property: yes; else: no (B)",
    number_to_integer: "no (B)",
    object_closed: "yes",
    object_opened: "yes",
    pattern_changed: "only if equal",
    reference_refactored: "yes, when proved equal and the Rust type stays",
    required_added_to_existing: "no (B)",
    required_relaxed: "no (F)",
    type_changed: "no (B, F)",
    union_branch_added: "yes; closed: no (F)",
    union_branch_removed: "no (M; closed: B)",
    union_tag_changed: "no (B, F)",
    unit_changed: "no (M)",
}
