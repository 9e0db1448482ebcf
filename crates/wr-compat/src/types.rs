//! `type` of both versions: how it changed, null aside and null alone.

use std::collections::BTreeSet;

use wr_schema::json::{Data, Node};

use crate::change::Change;
use crate::documents::{Edit, What};
use crate::walk::{Pair, Site};

/// How the types changed, null aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retyping {
    /// From integers to numbers.
    IntegerToNumber,
    /// From numbers to integers.
    NumberToInteger,
    /// To or from other types, some of which stay.
    Names,
    /// To something that has nothing in common.
    Whole,
}

/// Whether null came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Null {
    /// It is a value now.
    Added,
    /// It is no value any more.
    Removed,
}

/// How the types changed, null aside.
pub(crate) fn change(pair: &Pair<'_>) -> Option<Retyping> {
    if pair.is_retyped() {
        return Some(Retyping::Whole);
    }
    pair.old.node.get("type")?;
    pair.new.node.get("type")?;
    let plain = |node| -> Option<Vec<&str>> {
        let types = pair.types(node)?;
        // Integers are numbers.
        let has_number = types.contains("number");
        let counts = |name: &&str| *name != "null" && !(has_number && *name == "integer");
        Some(types.into_iter().filter(counts).collect())
    };
    let (old, new) = (plain(pair.old.node)?, plain(pair.new.node)?);
    match (old.as_slice(), new.as_slice()) {
        (old, new) if old == new => None,
        (["integer"], ["number"]) => Some(Retyping::IntegerToNumber),
        (["number"], ["integer"]) => Some(Retyping::NumberToInteger),
        _ => Some(Retyping::Names),
    }
}

/// Whether null came or went.
pub(crate) fn null(pair: &Pair<'_>) -> Option<Null> {
    let has_null = |types: BTreeSet<&str>| types.contains("null");
    let old = pair.types(pair.old.node).map(has_null)?;
    let new = pair.types(pair.new.node).map(has_null)?;
    match (old, new) {
        (false, true) => Some(Null::Added),
        (true, false) => Some(Null::Removed),
        (true, true) | (false, false) => None,
    }
}

/// Null and nothing else added to one version or taken from it.
pub(crate) fn null_change(pair: &Pair<'_>, message: String) -> Change {
    let (old, new) = pair.both("type");
    if old.is_none() || new.is_none() {
        return Change::of_whole(pair, message);
    }
    let edit = |site: &Site<'_>, other: &Site<'_>| {
        let keyword = |keyword: &str, null: Data| {
            let own = site.node.get(keyword)?;
            let values: Vec<Node> = match &own.data {
                Data::Array(values) => values.clone(),
                _ => vec![own.clone()],
            };
            let null = Node { span: own.span, data: null };
            let is_null = |value: &Node| value.to_value() == null.to_value();
            let mut values: Vec<Node> =
                values.into_iter().filter(|value| !is_null(value)).collect();
            let has = |node: &Node| is_null(node) || node.items().iter().any(is_null);
            if other.node.get(keyword).is_some_and(has) {
                values.push(null);
            }
            let value = Node { span: own.span, data: Data::Array(values) };
            Some((keyword.to_owned(), Some(value)))
        };
        let types = keyword("type", Data::String("null".to_owned()));
        let values = keyword("enum", Data::Null).filter(|_| other.node.get("enum").is_some());
        let keywords = types.into_iter().chain(values).collect();
        vec![Edit { path: site.path.clone(), what: What::Keywords(keywords) }]
    };
    let (to_new, to_old) = (edit(&pair.old, &pair.new), edit(&pair.new, &pair.old));
    Change { to_new, to_old, ..Change::of_type(pair, message) }
}
