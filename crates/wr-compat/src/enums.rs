//! Enums of both versions: which values only one of them has.

use std::collections::HashSet;

use wr_schema::json::{Data, Node};

use crate::documents::{Edit, What, spelled};
use crate::walk::{Pair, Site};

/// So many values are told one by one; more, all at once.
const FEW: usize = 8;

/// Whether both versions are an enum, or both a tagged union.
pub(crate) fn are_both(pair: &Pair<'_>) -> bool {
    matches!(pair.both("enum"), (Some(_), Some(_))) || pair.unions().is_some()
}

/// The values of one enum that the other has not, null aside; in groups that are told together.
pub(crate) fn beyond<'a>(
    pair: &Pair<'_>,
    enumeration: &'a Node,
    other: &Node,
) -> Vec<Vec<&'a Node>> {
    let (Some(_), Some(_)) = pair.both("enum") else { return Vec::new() };
    let known: HashSet<String> = values(other).iter().map(spelled).collect();
    let is_new =
        |value: &&Node| !matches!(value.data, Data::Null) && !known.contains(&spelled(value));
    let beyond: Vec<&Node> = values(enumeration).iter().filter(is_new).collect();
    match beyond.len() {
        0 => Vec::new(),
        1..=FEW => beyond.into_iter().map(|value| vec![value]).collect(),
        _ => vec![beyond],
    }
}

fn values(node: &Node) -> &[Node] {
    node.get("enum").map(Node::items).unwrap_or_default()
}

/// Values as a message lists them.
pub(crate) fn listed(values: &[&Node]) -> String {
    let quoted = |value: &&Node| format!("`{}`", text(value));
    let first: Vec<String> = values.iter().take(FEW).map(quoted).collect();
    match values.len().saturating_sub(FEW) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// A value as a message says it: a string without its quotes.
pub(crate) fn text(value: &Node) -> String {
    value.as_str().map_or_else(|| value.to_value().to_string(), str::to_owned)
}

/// The enum with values of the other version.
pub(crate) fn with(site: &Site<'_>, values: &[&Node]) -> Edit {
    edit(site, values.iter().map(|value| (*value).clone()).collect(), Vec::new())
}

/// The enum without values of its own.
pub(crate) fn without(site: &Site<'_>, values: &[&Node]) -> Edit {
    edit(site, Vec::new(), values.iter().map(|value| (*value).clone()).collect())
}

fn edit(site: &Site<'_>, add: Vec<Node>, remove: Vec<Node>) -> Edit {
    Edit { path: site.path.clone(), what: What::Items { keyword: "enum", add, remove } }
}
