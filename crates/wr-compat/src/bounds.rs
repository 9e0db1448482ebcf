//! Bounds of both versions: which way each moved.

use std::cmp::Ordering;

use serde_json::Number;
use wr_schema::json::Node;

use crate::walk::Pair;

/// Which way a bound moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It admits fewer values.
    Tightened,
    /// It admits more.
    Loosened,
    /// It admits others.
    Both,
    /// It looks different.
    Same,
}

/// A bound that looks different.
#[derive(Debug)]
pub(crate) struct Moved {
    /// The keywords that say it.
    pub(crate) keywords: &'static [&'static str],
    /// Which way it moved.
    pub(crate) way: Way,
}

/// What a bound's keywords say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The least value.
    Lower,
    /// The greatest value.
    Upper,
    /// The fewest characters, items or entries.
    Fewest,
    /// The most of them.
    Most,
    /// A divisor.
    Divisor,
    /// Whether items differ.
    Unique,
}

const BOUNDS: &[(Side, &[&str])] = &[
    (Side::Lower, &["minimum", "exclusiveMinimum"]),
    (Side::Upper, &["maximum", "exclusiveMaximum"]),
    (Side::Fewest, &["minLength"]),
    (Side::Most, &["maxLength"]),
    (Side::Fewest, &["minItems"]),
    (Side::Most, &["maxItems"]),
    (Side::Fewest, &["minProperties"]),
    (Side::Most, &["maxProperties"]),
    (Side::Divisor, &["multipleOf"]),
    (Side::Unique, &["uniqueItems"]),
];

/// Every bound that looks different.
pub(crate) fn changed(pair: &Pair<'_>) -> Vec<Moved> {
    let differing =
        BOUNDS.iter().filter(|(_, keywords)| keywords.iter().any(|keyword| pair.differs(keyword)));
    let moved = |(side, keywords): &(Side, &'static [&'static str])| Moved {
        keywords,
        way: way(*side, keywords, pair),
    };
    differing.map(moved).collect()
}

impl Moved {
    /// What changed, in words.
    pub(crate) fn message(&self, pair: &Pair<'_>) -> String {
        let text = |node: &Node| {
            let said = self.keywords.iter().filter_map(|keyword| {
                Some(format!("`{keyword}` {}", node.get(keyword)?.to_value()))
            });
            said.collect::<Vec<_>>().join(" and ")
        };
        let (old, new) = (text(pair.old.node), text(pair.new.node));
        let name = pair.new.place();
        match (old.is_empty(), new.is_empty()) {
            (true, _) => format!("{name} has {new} now"),
            (_, true) => format!("{name} no longer has {old}"),
            (false, false) => format!("{old} of {name} became {new}"),
        }
    }
}

fn way(side: Side, keywords: &[&str], pair: &Pair<'_>) -> Way {
    let number =
        |node: &Node| keywords.first().and_then(|keyword| node.get(keyword)?.as_number().cloned());
    let (old, new) = (number(pair.old.node), number(pair.new.node));
    match side {
        Side::Lower | Side::Upper => {
            let is_lower = side == Side::Lower;
            narrower(limit(pair.old.node, is_lower), limit(pair.new.node, is_lower), |a, b| {
                if is_lower { a.cmp(b) } else { b.cmp(a) }
            })
        }
        Side::Fewest => {
            let count =
                |number: Option<Number>| number.filter(|number| number.as_f64() != Some(0.0));
            narrower(count(old).map(Limit::of), count(new).map(Limit::of), Limit::cmp)
        }
        Side::Most => narrower(old.map(Limit::of), new.map(Limit::of), |a, b| b.cmp(a)),
        Side::Divisor => match (old, new) {
            (None, _) => Way::Tightened,
            (_, None) => Way::Loosened,
            (Some(old), Some(new)) => divisors(&old, &new),
        },
        Side::Unique => {
            let is_set =
                |node: &Node| node.get("uniqueItems").and_then(Node::as_bool) == Some(true);
            match (is_set(pair.old.node), is_set(pair.new.node)) {
                (false, true) => Way::Tightened,
                (true, false) => Way::Loosened,
                (true, true) | (false, false) => Way::Same,
            }
        }
    }
}

/// Which way a limit moved; `order` says which of two admits fewer values: the greater.
fn narrower(
    old: Option<Limit>,
    new: Option<Limit>,
    order: impl Fn(&Limit, &Limit) -> Ordering,
) -> Way {
    match (old, new) {
        (None, None) => Way::Same,
        (None, Some(_)) => Way::Tightened,
        (Some(_), None) => Way::Loosened,
        (Some(old), Some(new)) => match order(&new, &old) {
            Ordering::Less => Way::Loosened,
            Ordering::Equal => Way::Same,
            Ordering::Greater => Way::Tightened,
        },
    }
}

/// A number, and by how little it is beyond it.
#[derive(Clone, Debug)]
struct Limit {
    number: Number,
    /// -1, 0 or 1.
    beyond: i8,
}

impl Limit {
    fn of(number: Number) -> Limit {
        Limit { number, beyond: 0 }
    }

    fn cmp(&self, other: &Limit) -> Ordering {
        match (whole(&self.number), whole(&other.number)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => {
                let (a, b) = (self.number.as_f64(), other.number.as_f64());
                a.partial_cmp(&b).unwrap_or(Ordering::Equal)
            }
        }
        .then(self.beyond.cmp(&other.beyond))
    }
}

/// The limit of numbers on one side; that of integers is one that they reach.
fn limit(node: &Node, is_lower: bool) -> Option<Limit> {
    let (inclusive, exclusive, step) = if is_lower {
        ("minimum", "exclusiveMinimum", 1)
    } else {
        ("maximum", "exclusiveMaximum", -1)
    };
    let is_integer = node.get("type").and_then(Node::as_str) == Some("integer");
    let number = |keyword: &str| node.get(keyword).and_then(Node::as_number).cloned();
    let beyond = |number: Number| {
        let next = whole(&number).filter(|_| is_integer).map(|whole| whole + step);
        match next.and_then(Number::from_i128) {
            Some(number) => Limit::of(number),
            None => Limit { number, beyond: if is_lower { 1 } else { -1 } },
        }
    };
    // In draft 04 the exclusive one is a flag.
    let is_flag = node.get(exclusive).and_then(Node::as_bool) == Some(true);
    let first =
        number(inclusive).map(|number| if is_flag { beyond(number) } else { Limit::of(number) });
    match (first, number(exclusive).map(beyond)) {
        (Some(a), Some(b)) => {
            let a_is_narrower = (a.cmp(&b) == Ordering::Greater) == is_lower;
            Some(if a_is_narrower { a } else { b })
        }
        (a, b) => a.or(b),
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float.abs() < 9.0e15).then_some(float as i128)
    })
}

fn divisors(old: &Number, new: &Number) -> Way {
    match (whole(old), whole(new)) {
        (Some(old), Some(new)) if old == new => Way::Same,
        (Some(old), Some(new)) if old > 0 && new % old == 0 => Way::Tightened,
        (Some(old), Some(new)) if new > 0 && old % new == 0 => Way::Loosened,
        _ => Way::Both,
    }
}
