//! Whether a value obeys a schema: yes, no, or not to be told.

use serde_json::Value;

use super::number;
use super::read::{ArrayRules, Id, ObjectRules, Schema, Types};
use super::{Literal, Solver, text};

/// All of them yes is yes, one no is no.
fn all(verdicts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for verdict in verdicts {
        match verdict {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = None,
        }
    }
    known
}

/// How many of them are yes, where it can be told.
fn tally(verdicts: impl IntoIterator<Item = Option<bool>>) -> (u64, bool) {
    let (mut count, mut known) = (0, true);
    for verdict in verdicts {
        match verdict {
            Some(yes) => count += u64::from(yes),
            None => known = false,
        }
    }
    (count, known)
}

impl Solver<'_> {
    /// Whether a value is all that some literals ask for.
    pub(crate) fn holds_all(&mut self, literals: &[Literal], value: &Value) -> Option<bool> {
        let verdicts: Vec<_> =
            literals.iter().map(|literal| self.literal(literal, value)).collect();
        all(verdicts)
    }

    fn literal(&mut self, literal: &Literal, value: &Value) -> Option<bool> {
        match literal {
            Literal::Schema(id, holds) => self.holds(*id, value, 0).map(|yes| yes == *holds),
            Literal::NotValue(other) => Some(!number::equal(other, value)),
            Literal::Match(matcher, holds) => match value {
                Value::String(text) => Some(matcher.matches(text) == *holds),
                _ => Some(true),
            },
        }
    }

    /// Whether a value obeys a schema.
    pub(crate) fn holds(&mut self, id: Id, value: &Value, depth: u32) -> Option<bool> {
        if depth > 200 || !self.spend() {
            return None;
        }
        let schema = self.arena.get(id);
        let mut verdicts = vec![schema.verdict.or(Some(true))];
        verdicts.push(schema.opaque.map_or(Some(true), |_| None));
        if let Some(types) = schema.types {
            verdicts.push(Some(types.has(Types::of(value))));
        }
        if let Some(values) = &schema.values {
            verdicts.push(Some(values.iter().any(|other| number::equal(other, value))));
        }
        let below = depth + 1;
        for id in schema.reference.iter().chain(&schema.all_of) {
            verdicts.push(self.holds(*id, value, below));
        }
        if let Some(branches) = &schema.any_of {
            let branches: Vec<_> =
                branches.iter().map(|id| self.holds(*id, value, below)).collect();
            let (count, known) = tally(branches);
            verdicts.push(if count > 0 { Some(true) } else { known.then_some(false) });
        }
        if let Some(branches) = &schema.one_of {
            let branches: Vec<_> =
                branches.iter().map(|id| self.holds(*id, value, below)).collect();
            let (count, known) = tally(branches);
            verdicts.push(if count > 1 { Some(false) } else { known.then_some(count == 1) });
        }
        if let Some(id) = schema.not {
            verdicts.push(self.holds(id, value, below).map(|yes| !yes));
        }
        if let Some((condition, then, otherwise)) = schema.condition {
            let branch = match self.holds(condition, value, below) {
                Some(true) => Some(then),
                Some(false) => Some(otherwise),
                None => None,
            };
            verdicts.push(match branch {
                Some(Some(id)) => self.holds(id, value, below),
                Some(None) => Some(true),
                None => None,
            });
        }
        verdicts.push(match value {
            Value::Number(value) => Some(number::obeys(schema, value)),
            Value::String(value) => Some(text::obeys(schema, value)),
            Value::Array(items) => match &schema.array {
                Some(rules) => self.array_obeys(rules, items, below),
                None => Some(true),
            },
            Value::Object(_) => self.object_obeys(schema, value, below),
            Value::Null | Value::Bool(_) => Some(true),
        });
        all(verdicts)
    }

    fn array_obeys(&mut self, rules: &ArrayRules, items: &[Value], depth: u32) -> Option<bool> {
        let count = items.len() as u64;
        let mut verdicts = vec![Some(
            rules.min.is_none_or(|min| count >= min) && rules.max.is_none_or(|max| count <= max),
        )];
        if rules.unique {
            let mut pairs = items.iter().enumerate().flat_map(|(index, item)| {
                items.iter().skip(index + 1).map(move |other| (item, other))
            });
            verdicts.push(Some(!pairs.any(|(a, b)| number::equal(a, b))));
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(id) = rules.prefix.get(index).copied().or(rules.rest) {
                verdicts.push(self.holds(id, item, depth));
            }
        }
        if let Some((id, min, max)) = rules.contains {
            let found: Vec<_> = items.iter().map(|item| self.holds(id, item, depth)).collect();
            let (count, known) = tally(found);
            let enough = count >= min && max.is_none_or(|max| count <= max);
            verdicts.push(known.then_some(enough));
        }
        all(verdicts)
    }

    fn object_obeys(&mut self, schema: &Schema, value: &Value, depth: u32) -> Option<bool> {
        let Value::Object(members) = value else { return Some(true) };
        let mut verdicts = Vec::new();
        for (name, others, whole) in &schema.dependencies {
            if members.contains_key(name) {
                verdicts.push(Some(others.iter().all(|other| members.contains_key(other))));
                verdicts.extend(whole.map(|id| self.holds(id, value, depth)));
            }
        }
        let Some(rules) = &schema.object else { return all(verdicts) };
        let count = members.len() as u64;
        verdicts.push(Some(
            rules.min.is_none_or(|min| count >= min)
                && rules.max.is_none_or(|max| count <= max)
                && rules.required.iter().all(|name| members.contains_key(name)),
        ));
        for (name, value) in members {
            for id in schemas_of(rules, name) {
                verdicts.push(self.holds(id, value, depth));
            }
            if let Some(id) = rules.names {
                verdicts.push(self.holds(id, &Value::from(name.as_str()), depth));
            }
        }
        all(verdicts)
    }
}

/// The schemas that the value of a property must obey.
pub(crate) fn schemas_of(rules: &ObjectRules, name: &str) -> Vec<Id> {
    let mut ids: Vec<Id> = rules.properties.get(name).copied().into_iter().collect();
    let patterns = rules.patterns.iter().filter(|(matcher, _)| matcher.matches(name));
    ids.extend(patterns.map(|(_, id)| *id));
    if ids.is_empty() {
        ids.extend(rules.additional);
    }
    ids
}
