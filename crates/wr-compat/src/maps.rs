//! `additionalProperties` of both versions: what an object holds beside its properties.

use wr_schema::json::{Data, Node};

use crate::walk::Pair;

/// How what an object holds beside its properties changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It held one type, and holds anything.
    Freed,
    /// It held anything, and holds one type.
    Typed,
    /// It held something, and holds nothing.
    Closed,
    /// It held nothing, and holds something.
    Opened,
}

/// The keywords that say so.
pub(crate) const KEYWORDS: &[&str] = &["additionalProperties", "unevaluatedProperties"];

enum Rest {
    Free,
    Typed,
    None,
}

/// How what an object holds beside its properties changed.
pub(crate) fn change(pair: &Pair<'_>) -> Option<Opening> {
    match (rest(pair.old.node), rest(pair.new.node)) {
        (Rest::Typed, Rest::Free) => Some(Opening::Freed),
        (Rest::Free, Rest::Typed) => Some(Opening::Typed),
        (Rest::Free | Rest::Typed, Rest::None) => Some(Opening::Closed),
        (Rest::None, Rest::Free | Rest::Typed) => Some(Opening::Opened),
        (Rest::Free, Rest::Free) | (Rest::Typed, Rest::Typed) | (Rest::None, Rest::None) => None,
    }
}

fn rest(node: &Node) -> Rest {
    let rests = KEYWORDS.iter().filter_map(|keyword| node.get(keyword));
    rests.fold(Rest::Free, |rest, node| match (&node.data, rest) {
        (Data::Bool(false), _) | (_, Rest::None) => Rest::None,
        (Data::Object(members), Rest::Free) if members.is_empty() => Rest::Free,
        (Data::Object(_), _) => Rest::Typed,
        (_, rest) => rest,
    })
}
