//! Whether a value obeys a schema: yes, no, or not to be told.

use std::collections::HashSet;

use serde_json::Value;

use super::number;
use super::read::{ArrayRules, Id, ObjectRules, Schema};
use super::types::Types;
use super::values::canonical;
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

/// How deep schemas and values are followed.
const DEPTH: u32 = 1_500;

impl Solver<'_> {
    /// Whether a value is all that some literals ask for.
    pub(crate) fn holds_all(&mut self, literals: &[Literal], value: &Value) -> Option<bool> {
        let mut verdict = Some(true);
        for literal in literals {
            match self.literal(literal, value) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => verdict = None,
            }
        }
        verdict
    }

    fn literal(&mut self, literal: &Literal, value: &Value) -> Option<bool> {
        match literal {
            Literal::Schema(id, holds) => self.holds(*id, value, 0).map(|yes| yes == *holds),
            Literal::NotValue(other) => Some(!number::equal(other, value)),
            Literal::Match(matcher, holds) => match value {
                Value::String(text) => matcher.matches(text).map(|yes| yes == *holds),
                _ => Some(true),
            },
        }
    }

    /// Whether a value obeys a schema.
    pub(crate) fn holds(&mut self, id: Id, value: &Value, depth: u32) -> Option<bool> {
        if depth > DEPTH || !self.spend(1) {
            return None;
        }
        let arena = self.arena;
        let schema = arena.get(id);
        let own = self.own_rules(schema, value);
        if own == Some(false) {
            return own;
        }
        let below = depth + 1;
        let mut verdict = own;
        for id in schema.reference.iter().chain(&schema.all_of) {
            match self.holds(*id, value, below) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => verdict = None,
            }
        }
        let rest = [
            self.branches(schema, value, below),
            match schema.not {
                Some(id) => self.holds(id, value, below).map(|yes| !yes),
                None => Some(true),
            },
            self.conditional(schema, value, below),
            match (value, &schema.array) {
                (Value::Array(items), Some(rules)) => self.array_obeys(rules, items, below),
                _ => Some(true),
            },
            self.object_obeys(schema, value, below),
        ];
        all([verdict].into_iter().chain(rest))
    }

    /// Whether a value obeys the rules that look at nothing below it.
    fn own_rules(&mut self, schema: &Schema, value: &Value) -> Option<bool> {
        let types = Types::of(value);
        if schema.verdict == Some(false)
            || schema.types.is_some_and(|allowed| !allowed.has(types))
            || schema.values.as_ref().is_some_and(|values| !values.contains(value))
        {
            return Some(false);
        }
        let opaque = schema.opaque.as_ref().filter(|atom| atom.on.has(types));
        let is_known = opaque.is_none();
        self.opaque = opaque.map(|atom| atom.reason).or(self.opaque);
        let obeys = match value {
            Value::Number(value) => number::obeys(schema, value),
            Value::String(value) => text::obeys(schema, value),
            _ => Some(true),
        };
        // Whether `1.0` is an integer in draft 04 is not told alike.
        let is_told = types != Types::WHOLE || schema.types.is_none_or(|t| t.are_alike());
        all([obeys, is_known.then_some(true), is_told.then_some(true)])
    }

    fn branches(&mut self, schema: &Schema, value: &Value, depth: u32) -> Option<bool> {
        let mut verdict = Some(true);
        if let Some(ids) = &schema.any_of {
            let mut known = Some(false);
            for id in ids {
                match self.holds(*id, value, depth) {
                    Some(true) => {
                        known = Some(true);
                        break;
                    }
                    Some(false) => {}
                    None => known = None,
                }
            }
            if known == Some(false) {
                return known;
            }
            verdict = known;
        }
        if let Some(ids) = &schema.one_of {
            let (mut count, mut known) = (0, true);
            for id in ids {
                match self.holds(*id, value, depth) {
                    Some(yes) => count += u64::from(yes),
                    None => known = false,
                }
                if count > 1 {
                    return Some(false);
                }
            }
            if !known {
                verdict = None;
            } else if count != 1 {
                return Some(false);
            }
        }
        verdict
    }

    fn conditional(&mut self, schema: &Schema, value: &Value, depth: u32) -> Option<bool> {
        let Some((condition, then, otherwise)) = schema.condition else { return Some(true) };
        let mut side = |id: Option<Id>| id.map_or(Some(true), |id| self.holds(id, value, depth));
        if then.is_none() && otherwise.is_none() {
            return Some(true);
        }
        match side(Some(condition)) {
            Some(true) => side(then),
            Some(false) => side(otherwise),
            None => {
                let both = (side(then), side(otherwise));
                if both.0 == both.1 { both.0 } else { None }
            }
        }
    }

    fn array_obeys(&mut self, rules: &ArrayRules, items: &[Value], depth: u32) -> Option<bool> {
        let count = items.len() as u64;
        if rules.min.is_some_and(|min| count < min) || rules.max.is_some_and(|max| count > max) {
            return Some(false);
        }
        if rules.unique && !are_unique(items) {
            return Some(false);
        }
        let mut verdict = Some(true);
        for (index, item) in items.iter().enumerate() {
            if let Some(id) = rules.prefix.get(index).copied().or(rules.rest) {
                match self.holds(id, item, depth) {
                    Some(true) => {}
                    Some(false) => return Some(false),
                    None => verdict = None,
                }
            }
        }
        if let Some((id, min, max)) = rules.contains {
            let found: Vec<_> = items.iter().map(|item| self.holds(id, item, depth)).collect();
            let (count, known) = tally(found);
            let may_be = count + if known { 0 } else { items.len() as u64 };
            let contained = if max.is_some_and(|max| count > max) || may_be < min {
                Some(false)
            } else if count >= min && (known || max.is_none()) {
                Some(true)
            } else {
                None
            };
            verdict = all([verdict, contained]);
        }
        verdict
    }

    fn object_obeys(&mut self, schema: &Schema, value: &Value, depth: u32) -> Option<bool> {
        let Value::Object(members) = value else { return Some(true) };
        let mut verdict = Some(true);
        for (name, others, whole) in &schema.dependencies {
            if members.contains_key(name) {
                if !others.iter().all(|other| members.contains_key(other)) {
                    return Some(false);
                }
                if let Some(id) = whole {
                    verdict = all([verdict, self.holds(*id, value, depth)]);
                }
            }
        }
        let Some(rules) = &schema.object else { return verdict };
        let count = members.len() as u64;
        if rules.min.is_some_and(|min| count < min)
            || rules.max.is_some_and(|max| count > max)
            || !rules.required.iter().all(|name| members.contains_key(name))
        {
            return Some(false);
        }
        for (name, value) in members {
            let (ids, complete) = schemas_of(rules, name);
            verdict = all([verdict, complete.then_some(true)]);
            for id in ids {
                match self.holds(id, value, depth) {
                    Some(true) => {}
                    Some(false) => return Some(false),
                    None => verdict = all([verdict, None]),
                }
            }
            if let Some(id) = rules.names {
                let known = self.holds(id, &Value::from(name.as_str()), depth);
                verdict = all([verdict, known]);
            }
        }
        verdict
    }
}

/// Whether no two items are equal.
fn are_unique(items: &[Value]) -> bool {
    let mut seen = HashSet::new();
    items.iter().all(|item| seen.insert(canonical(item)))
}

/// The schemas that the value of a property must obey, and whether these are all; what cannot be
/// told to be asked for is left out.
pub(crate) fn schemas_of(rules: &ObjectRules, name: &str) -> (Vec<Id>, bool) {
    let mut ids: Vec<Id> = rules.properties.get(name).copied().into_iter().collect();
    let mut complete = true;
    for (matcher, id) in &rules.patterns {
        match matcher.matches(name) {
            Some(true) => ids.push(*id),
            Some(false) => {}
            None => complete = false,
        }
    }
    if ids.is_empty() && complete {
        ids.extend(rules.additional);
    }
    (ids, complete)
}
