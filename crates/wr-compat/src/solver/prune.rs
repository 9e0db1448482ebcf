//! Which alternatives of a choice lead nowhere, and which are taken already.

use std::collections::HashSet;

use super::expand::{Branch, Facts, Step};
use super::number::NumberRule;
use super::object::Obligation;
use super::read::{Id, ObjectRules};
use super::types::Types;
use super::values::canonical;
use super::{Goal, Literal, Outcome, Solver};

/// What is seen of a step before it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// No value is left.
    Dead,
    /// It asks for nothing that is not certain.
    Done,
    /// It has to be tried.
    Open,
}

impl Sight {
    fn dead_if(is_dead: bool) -> Sight {
        if is_dead { Sight::Dead } else { Sight::Open }
    }

    fn done_if(is_done: bool) -> Sight {
        if is_done { Sight::Done } else { Sight::Open }
    }
}

impl Solver<'_> {
    /// What is seen of an alternative.
    pub(crate) fn sight(&mut self, alternative: &[Step], branch: &Branch) -> Sight {
        self.spend(1);
        let mut types = branch.facts.types;
        for step in alternative {
            if let Step::Types(others) = step {
                types = types.and(*others);
            }
        }
        if types == Types::NO {
            return Sight::Dead;
        }
        let mut sight = Sight::Done;
        for step in alternative {
            match self.step_sight(step, branch, types) {
                Sight::Dead => return Sight::Dead,
                Sight::Done => {}
                Sight::Open => sight = Sight::Open,
            }
        }
        sight
    }

    /// What is seen of a step; with the rest of its alternative, only these types are left.
    fn step_sight(&mut self, step: &Step, branch: &Branch, types: Types) -> Sight {
        let facts = &branch.facts;
        let is_object = types.are_in(Types::OBJECT);
        match step {
            Step::Schema(id, holds) => {
                if branch.seen.contains(&(*id, !*holds)) {
                    Sight::Dead
                } else if branch.seen.contains(&(*id, *holds)) {
                    Sight::Done
                } else if self.is_apart(*id, facts, types) {
                    if *holds { Sight::Dead } else { Sight::Done }
                } else {
                    Sight::Open
                }
            }
            Step::Types(others) => Sight::done_if(facts.types.are_in(*others)),
            Step::MinLength(min) => match facts.text.max {
                Some(max) if max < *min => Sight::Dead,
                _ => Sight::done_if(facts.text.min >= *min),
            },
            Step::MaxLength(max) if facts.text.min > *max => Sight::Dead,
            Step::MaxLength(max) => {
                Sight::done_if(facts.text.max.is_some_and(|other| other <= *max))
            }
            Step::Pattern(matcher, holds) => {
                let known =
                    facts.text.patterns.iter().find(|(m, _)| m.source() == matcher.source());
                match known {
                    Some((_, known)) if known != holds => Sight::Dead,
                    Some(_) => Sight::Done,
                    None => Sight::Open,
                }
            }
            Step::Format(format, holds) => {
                match facts.text.formats.iter().find(|(other, _)| other == format) {
                    Some((_, known)) if known != holds => Sight::Dead,
                    Some(_) => Sight::Done,
                    None => Sight::Open,
                }
            }
            Step::Number(rule) => number_sight(rule, facts),
            Step::MinItems(min) => match facts.array.max {
                Some(max) if max < *min => Sight::Dead,
                _ => Sight::done_if(facts.array.min >= *min),
            },
            Step::MaxItems(max) if facts.array.min > *max => Sight::Dead,
            Step::MaxItems(max) => {
                Sight::done_if(facts.array.max.is_some_and(|other| other <= *max))
            }
            Step::TwoEqual => {
                Sight::dead_if(
                    facts.array.groups.iter().any(|id| {
                        self.arena.get(*id).array.as_ref().is_some_and(|rules| rules.unique)
                    }),
                )
            }
            Step::Item(from, exact, id, holds) if types.are_in(Types::ARRAY) => {
                self.item_sight(facts, (*from, *exact), Literal::Schema(*id, *holds))
            }
            Step::MinProperties(min) => match facts.object.max {
                Some(max) if max < *min => Sight::Dead,
                _ => Sight::done_if(facts.object.min >= *min),
            },
            Step::MaxProperties(max) if facts.object.min > *max => Sight::Dead,
            Step::MaxProperties(max) => {
                Sight::done_if(facts.object.max.is_some_and(|other| other <= *max))
            }
            Step::Absent(name) if facts.object.present.contains_key(name) => Sight::Dead,
            Step::Absent(name) if facts.object.absent.contains(name) => Sight::Done,
            Step::Absent(name) if is_object => {
                Sight::done_if(self.member(facts, name, None) == Outcome::None)
            }
            Step::Present(name, _) if facts.object.absent.contains(name) => Sight::Dead,
            Step::Present(name, None) if facts.object.present.contains_key(name) => Sight::Done,
            // What is asked for anyway cannot be broken.
            Step::Present(name, Some((id, false)))
                if is_object && self.asks_for(facts, name, *id) =>
            {
                Sight::Dead
            }
            Step::Present(name, literal) if is_object => {
                let literal = literal.map(|(id, holds)| Literal::Schema(id, holds));
                Sight::dead_if(self.member(facts, name, literal) == Outcome::None)
            }
            Step::Someone(obligation) if is_object => self.someone_sight(facts, obligation),
            Step::Opaque
            | Step::Values(_)
            | Step::Exclude(_)
            | Step::Items(_)
            | Step::Item(..)
            | Step::EachItem(..)
            | Step::Properties(_)
            | Step::Absent(_)
            | Step::Present(..)
            | Step::Someone(_) => Sight::Open,
        }
    }

    /// Whether the rules on objects ask by a name that a property be of a schema.
    fn asks_for(&self, facts: &Facts, name: &str, id: Id) -> bool {
        facts.object.groups.iter().any(|group| {
            let rules = self.arena.get(*group).object.as_ref();
            rules.and_then(|rules| rules.properties.get(name)) == Some(&id)
        })
    }

    /// Whether no value of these types that the facts allow obeys a schema.
    pub(crate) fn is_apart(&mut self, id: Id, facts: &Facts, types: Types) -> bool {
        let summary = self.summary(id);
        let left = types.and(summary.types);
        if left == Types::NO {
            return true;
        }
        if let (Some(values), Some(others)) = (&facts.values, &summary.values)
            && values.is_disjoint(others)
        {
            return true;
        }
        if !left.are_in(Types::OBJECT) {
            return false;
        }
        let arena = self.arena;
        if summary.required.iter().any(|name| facts.object.absent.contains(name)) {
            return true;
        }
        for group in &facts.object.groups {
            let Some(rules) = &arena.get(*group).object else { continue };
            if summary.required.iter().any(|name| self.is_shut(rules, name)) {
                return true;
            }
            let is_tagged = !summary.tags.is_empty() || !summary.barred_tags.is_empty();
            if is_tagged && self.summary(*group).is_tagged_apart(&summary) {
                return true;
            }
        }
        false
    }

    /// Whether two schemas share no value, as far as can be seen.
    pub(crate) fn are_apart(&mut self, a: Id, b: Id) -> bool {
        let (a, b) = (self.summary(a), self.summary(b));
        let left = a.types.and(b.types);
        if let (Some(values), Some(others)) = (&a.values, &b.values)
            && values.is_disjoint(others)
        {
            return true;
        }
        left == Types::NO || left.are_in(Types::OBJECT) && a.is_tagged_apart(&b)
    }

    /// Whether no two of many schemas share a value, by a tag that all of them have; one may have
    /// any that the others have not.
    pub(crate) fn are_all_apart(&mut self, ids: &[Id]) -> bool {
        let summaries: Vec<_> = ids.iter().map(|id| self.summary(*id)).collect();
        let Some(first) = summaries.first() else { return false };
        first.tags.iter().any(|(name, _)| {
            let mut seen = HashSet::new();
            let mut others = Vec::new();
            let are_told = summaries.iter().all(|summary| {
                let tag = summary.tags.iter().find(|(other, _)| other == name);
                others.extend(tag.is_none().then_some(summary));
                summary.types.are_in(Types::OBJECT)
                    && tag.is_none_or(|(_, values)| {
                        values.as_slice().iter().all(|value| seen.insert(canonical(value)))
                    })
            });
            are_told
                && match others.as_slice() {
                    [] => true,
                    [other] => other.barred_tags.iter().any(|(barred, values)| {
                        barred == name && seen.iter().all(|key| values.has_key(key))
                    }),
                    _ => false,
                }
        })
    }

    /// Whether rules have no property of a name.
    fn is_shut(&self, rules: &ObjectRules, name: &str) -> bool {
        let is_false = |id: Id| self.arena.get(id).verdict == Some(false);
        match rules.properties.get(name) {
            Some(id) => is_false(*id),
            None => {
                rules.patterns.iter().all(|(matcher, _)| matcher.matches(name) == Some(false))
                    && rules.additional.is_some_and(is_false)
            }
        }
    }

    /// What an item that is something can be, at every place where it may stand.
    fn item_sight(&mut self, facts: &Facts, (from, exact): (u64, bool), what: Literal) -> Sight {
        let arena = self.arena;
        let rules: Vec<_> =
            facts.array.groups.iter().filter_map(|id| arena.get(*id).array.as_ref()).collect();
        let longest = rules.iter().map(|rules| rules.prefix.len() as u64).max().unwrap_or(0);
        let last = if exact { from } else { from.max(longest) };
        if last - from > 32 {
            return Sight::Open;
        }
        for index in from..=last {
            let mut literals = self.of_index(&rules, index);
            literals.push(what.clone());
            if self.solve(Goal::of(literals)) != Outcome::None {
                return Sight::Open;
            }
        }
        Sight::Dead
    }

    /// What a property of which some name will do can be, whatever its name.
    fn someone_sight(&mut self, facts: &Facts, obligation: &Obligation) -> Sight {
        let arena = self.arena;
        let rules: Vec<_> =
            facts.object.groups.iter().filter_map(|id| arena.get(*id).object.as_ref()).collect();
        if let Some(name) = &obligation.name {
            let mut literals = vec![name.clone()];
            literals.extend(rules.iter().filter_map(|r| Some(Literal::Schema(r.names?, true))));
            if self.solve_text(Goal::of(literals)) == Outcome::None {
                return Sight::Dead;
            }
        }
        let Some(value) = &obligation.value else { return Sight::Open };
        let outside = obligation.outside.and_then(|id| arena.get(id).object.as_ref());
        let mut literals = vec![value.clone()];
        for rules in rules {
            if let Some(matcher) = &obligation.matches {
                let same = rules.patterns.iter().filter(|(m, _)| m.source() == matcher.source());
                literals.extend(same.map(|(_, id)| Literal::Schema(*id, true)));
            }
            // What no name and no pattern of the one speaks of, none of fewer does.
            let is_outside = outside.is_some_and(|outside| {
                rules.properties.keys().all(|name| outside.properties.contains_key(name))
                    && rules.patterns.iter().all(|(matcher, _)| {
                        outside.patterns.iter().any(|(m, _)| m.source() == matcher.source())
                    })
            });
            if is_outside || (rules.properties.is_empty() && rules.patterns.is_empty()) {
                literals.extend(rules.additional.map(|id| Literal::Schema(id, true)));
            }
        }
        Sight::dead_if(self.solve(Goal::of(literals)) == Outcome::None)
    }
}

/// What is seen of a rule on numbers; where it is not dead, one that is certain is done.
fn number_sight(rule: &NumberRule, facts: &Facts) -> Sight {
    let mut sight = Sight::Open;
    for known in &facts.numbers {
        if known.contradicts(rule) {
            return Sight::Dead;
        }
        if known.includes(rule) {
            sight = Sight::Done;
        }
    }
    sight
}
