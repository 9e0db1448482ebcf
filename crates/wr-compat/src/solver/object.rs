//! Objects: the fewest properties that do.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::evaluate::schemas_of;
use super::expand::Facts;
use super::read::{Id, Matcher, ObjectRules};
use super::{Goal, Literal, Outcome, Solver};

/// What is certain of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectFacts {
    /// Schemas whose rules on objects are obeyed.
    pub(crate) groups: Vec<Id>,
    pub(crate) absent: BTreeSet<String>,
    /// Properties that are there, with what their values are beside what the groups ask for.
    pub(crate) present: BTreeMap<String, Vec<Literal>>,
    /// Properties of which some name will do.
    pub(crate) someone: Vec<Obligation>,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
}

/// A property of which some name will do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Obligation {
    /// A pattern that its name matches.
    pub(crate) matches: Option<Rc<Matcher>>,
    /// A schema that neither names it nor matches it.
    pub(crate) outside: Option<Id>,
    /// What its name is.
    pub(crate) name: Option<Literal>,
    /// What its value is.
    pub(crate) value: Option<Literal>,
}

/// Properties that obligations have led to, with what they ask of them.
#[derive(Clone, Debug, Default)]
struct Placed {
    members: Map<String, Value>,
    literals: BTreeMap<String, Vec<Literal>>,
}

impl ObjectFacts {
    pub(crate) fn is_impossible(&self) -> bool {
        self.max.is_some_and(|max| max < self.min.max(self.present.len() as u64))
            || self.present.keys().any(|name| self.absent.contains(name))
    }
}

/// The most names that are made up.
const MAX_NAMES: u64 = 300;

/// The most sets of patterns for which a name is made up.
const MAX_SETS: usize = 64;

const SEVERAL: &str = "several properties that must be there";

impl<'a> Solver<'a> {
    fn object_rules(&self, groups: &[Id]) -> Vec<&'a ObjectRules> {
        let arena = self.arena;
        groups.iter().filter_map(|id| arena.get(*id).object.as_ref()).collect()
    }

    /// An object that the facts allow.
    pub(crate) fn object(&mut self, facts: &Facts) -> Outcome {
        let object = &facts.object;
        let rules = self.object_rules(&object.groups);
        let mut members = Map::new();
        let mut outcome = Outcome::None;
        for (name, literals) in &object.present {
            match self.property(&rules, name, literals.clone()) {
                Outcome::Found(value) => {
                    members.insert(name.clone(), value);
                }
                // One that cannot be makes the whole impossible, whatever is known of others.
                Outcome::None => return Outcome::None,
                Outcome::Maybe(value, why) => {
                    members.insert(name.clone(), value);
                    outcome = Outcome::Unknown(why);
                }
                Outcome::Unknown(why) => outcome = Outcome::Unknown(why),
            }
        }
        if members.len() < object.present.len() {
            return outcome;
        }
        let Some((first, others)) = object.someone.split_first() else {
            return self.filled(facts, &rules, members);
        };
        // Where there are several, any that fits nowhere shows that there is nothing.
        for other in others {
            let (names, complete) = self.names(object, &rules, other);
            let mut fits = |name: &String| {
                self.place(object, &rules, other, name, &mut Placed::default()) != Outcome::None
            };
            if complete && !names.iter().any(&mut fits) {
                return Outcome::None;
            }
        }
        // The first obligation is tried at every name, the others at the first that does.
        let (names, complete) = self.names(object, &rules, first);
        let mut outcome = match complete {
            true => Outcome::None,
            false => Outcome::Unknown("no name was found, and none was excluded"),
        };
        for name in names {
            let mut placed = Placed { members: members.clone(), literals: BTreeMap::new() };
            let mut at = self.place(object, &rules, first, &name, &mut placed);
            for other in others {
                if !matches!(at, Outcome::Found(_) | Outcome::Maybe(..)) {
                    break;
                }
                at = self.anywhere(object, &rules, other, &mut placed);
            }
            let next = match at {
                Outcome::Found(_) | Outcome::Maybe(..) => {
                    self.filled(facts, &rules, placed.members)
                }
                outcome => outcome,
            };
            let next = match next {
                // Other names for the others might have done.
                Outcome::None if !others.is_empty() => Outcome::Unknown(SEVERAL),
                next => next,
            };
            outcome = outcome.or(next);
            if matches!(outcome, Outcome::Found(_)) {
                break;
            }
        }
        outcome
    }

    /// Puts a property at the first name that does: one that is there already, any other that
    /// suits, or one that is made up.
    fn anywhere(
        &mut self,
        object: &ObjectFacts,
        rules: &[&ObjectRules],
        obligation: &Obligation,
        placed: &mut Placed,
    ) -> Outcome {
        let (mut names, _) = self.names(object, rules, obligation);
        names.sort_by_key(|name| !placed.literals.contains_key(name));
        for name in names {
            let outcome = self.place(object, rules, obligation, &name, placed);
            if matches!(outcome, Outcome::Found(_) | Outcome::Maybe(..)) {
                return outcome;
            }
        }
        let mut spoken = self.spoken(object, rules, obligation);
        spoken.extend(placed.members.keys().cloned());
        let (names, _) = self.fresh(rules, obligation, &spoken);
        for name in names {
            let outcome = self.place(object, rules, obligation, &name, placed);
            if matches!(outcome, Outcome::Found(_) | Outcome::Maybe(..)) {
                return outcome;
            }
        }
        Outcome::Unknown(SEVERAL)
    }

    /// Puts a property of an obligation's name, or makes the one of that name obey.
    fn place(
        &mut self,
        object: &ObjectFacts,
        rules: &[&ObjectRules],
        obligation: &Obligation,
        name: &str,
        placed: &mut Placed,
    ) -> Outcome {
        let mut own = placed.literals.get(name).cloned().unwrap_or_default();
        own.extend(obligation.value.clone());
        let mut literals = object.present.get(name).cloned().unwrap_or_default();
        literals.extend(own.iter().cloned());
        let outcome = self.property(rules, name, literals);
        if let Outcome::Found(value) | Outcome::Maybe(value, _) = &outcome {
            placed.members.insert(name.to_owned(), value.clone());
            placed.literals.insert(name.to_owned(), own);
        }
        outcome
    }

    /// What a property of a name can be, with something more that it is.
    pub(crate) fn member(
        &mut self,
        facts: &Facts,
        name: &str,
        literal: Option<Literal>,
    ) -> Outcome {
        let rules = self.object_rules(&facts.object.groups);
        let mut literals = facts.object.present.get(name).cloned().unwrap_or_default();
        literals.extend(literal);
        self.property(&rules, name, literals)
    }

    /// A value of a property, as all rules ask for; its name must do too.
    fn property(
        &mut self,
        rules: &[&ObjectRules],
        name: &str,
        mut literals: Vec<Literal>,
    ) -> Outcome {
        let mut unknown = None;
        for rules in rules {
            let (ids, complete) = schemas_of(rules, name);
            literals.extend(ids.into_iter().map(|id| Literal::Schema(id, true)));
            if !complete {
                unknown = Some("a pattern that is no regular language");
            }
            if let Some(names) = rules.names {
                match self.holds(names, &Value::from(name), 0) {
                    Some(true) => {}
                    Some(false) => return Outcome::None,
                    None => unknown = Some("a name that cannot be judged"),
                }
            }
        }
        let outcome = self.solve(Goal::of(literals));
        match (unknown, outcome) {
            (Some(why), Outcome::Found(value)) => Outcome::Maybe(value, why),
            (_, outcome) => outcome,
        }
    }

    /// The names that an obligation may take: those that are spoken of, and one made up for each
    /// set of patterns; and whether any other name would do no better.
    fn names(
        &mut self,
        object: &ObjectFacts,
        rules: &[&ObjectRules],
        obligation: &Obligation,
    ) -> (Vec<String>, bool) {
        let spoken = self.spoken(object, rules, obligation);
        let mut names = Vec::new();
        let mut complete = true;
        for name in &spoken {
            match self.suits(object, obligation, name) {
                Some(true) => names.push(name.clone()),
                Some(false) => {}
                None => complete = false,
            }
        }
        let (fresh, all) = self.fresh(rules, obligation, &spoken);
        names.extend(fresh);
        (names, complete && all)
    }

    /// Names that the schemas speak of.
    fn spoken(
        &self,
        object: &ObjectFacts,
        rules: &[&ObjectRules],
        obligation: &Obligation,
    ) -> BTreeSet<String> {
        let mut spoken: BTreeSet<String> = object.present.keys().cloned().collect();
        spoken.extend(object.absent.iter().cloned());
        spoken.extend(rules.iter().flat_map(|rules| rules.properties.keys().cloned()));
        let outside = obligation.outside.and_then(|id| self.arena.get(id).object.as_ref());
        spoken.extend(outside.into_iter().flat_map(|rules| rules.properties.keys().cloned()));
        spoken
    }

    /// Whether a name is what an obligation asks for.
    fn suits(&mut self, object: &ObjectFacts, obligation: &Obligation, name: &str) -> Option<bool> {
        if object.absent.contains(name) {
            return Some(false);
        }
        if let Some(matcher) = &obligation.matches
            && !matcher.matches(name)?
        {
            return Some(false);
        }
        if let Some(rules) = obligation.outside.and_then(|id| self.arena.get(id).object.as_ref()) {
            if rules.properties.contains_key(name) {
                return Some(false);
            }
            for (matcher, _) in &rules.patterns {
                if matcher.matches(name)? {
                    return Some(false);
                }
            }
        }
        match &obligation.name {
            Some(literal) => self.holds_all(std::slice::from_ref(literal), &Value::from(name)),
            None => Some(true),
        }
    }

    /// Names that no schema speaks of, one for each set of patterns that a name can match; and
    /// whether these are all there can be.
    fn fresh(
        &mut self,
        rules: &[&ObjectRules],
        obligation: &Obligation,
        spoken: &BTreeSet<String>,
    ) -> (Vec<String>, bool) {
        let mut base: Vec<Literal> = spoken
            .iter()
            .map(|name| Literal::NotValue(Rc::new(Value::from(name.as_str()))))
            .collect();
        base.extend(obligation.matches.iter().map(|m| Literal::Match(m.clone(), true)));
        base.extend(obligation.name.clone());
        base.extend(rules.iter().filter_map(|rules| Some(Literal::Schema(rules.names?, true))));
        let outside = obligation.outside.and_then(|id| self.arena.get(id).object.as_ref());
        let shut = outside.into_iter().flat_map(|rules| &rules.patterns);
        base.extend(shut.map(|(matcher, _)| Literal::Match(matcher.clone(), false)));
        let mut patterns: Vec<Rc<Matcher>> =
            rules.iter().flat_map(|rules| &rules.patterns).map(|(m, _)| m.clone()).collect();
        patterns.sort_by(|a, b| a.source().cmp(b.source()));
        patterns.dedup_by(|a, b| a.source() == b.source());
        // Each pattern is matched or not; a set that no name has is not looked at further.
        let mut sets: Vec<(Vec<Literal>, String)> = Vec::new();
        let mut complete = true;
        match self.text_of(base.clone()) {
            Ok(name) => sets.extend(name.map(|name| (base, name))),
            Err(()) => complete = false,
        }
        for matcher in patterns {
            let mut next = Vec::new();
            for (literals, name) in sets {
                let known = matcher.matches(&name);
                for holds in [false, true] {
                    let mut literals = literals.clone();
                    literals.push(Literal::Match(matcher.clone(), holds));
                    if known == Some(holds) {
                        next.push((literals, name.clone()));
                        continue;
                    }
                    match self.text_of(literals.clone()) {
                        Ok(name) => next.extend(name.map(|name| (literals, name))),
                        Err(()) => complete = false,
                    }
                }
            }
            if next.len() > MAX_SETS {
                next.truncate(MAX_SETS);
                complete = false;
            }
            sets = next;
        }
        (sets.into_iter().map(|(_, name)| name).collect(), complete)
    }

    /// A string of a goal.
    fn text_of(&mut self, literals: Vec<Literal>) -> Result<Option<String>, ()> {
        match self.solve_text(Goal::of(literals)) {
            Outcome::Found(Value::String(text)) => Ok(Some(text)),
            Outcome::None => Ok(None),
            Outcome::Found(_) | Outcome::Maybe(..) | Outcome::Unknown(_) => Err(()),
        }
    }

    /// Adds what is needed to have enough properties, and holds the whole to the goal.
    fn filled(
        &mut self,
        facts: &Facts,
        rules: &[&ObjectRules],
        mut members: Map<String, Value>,
    ) -> Outcome {
        let object = &facts.object;
        let anyone = Obligation::default();
        let mut why = None;
        if (members.len() as u64) < object.min {
            let mut spoken: BTreeSet<String> = self.spoken(object, rules, &anyone);
            for name in &spoken {
                if members.len() as u64 >= object.min
                    || members.contains_key(name)
                    || object.absent.contains(name)
                {
                    continue;
                }
                match self.property(rules, name, Vec::new()) {
                    Outcome::Found(value) => {
                        members.insert(name.clone(), value);
                    }
                    Outcome::None => {}
                    Outcome::Maybe(_, reason) | Outcome::Unknown(reason) => why = Some(reason),
                }
            }
            let mut rounds = 0;
            while (members.len() as u64) < object.min {
                spoken.extend(members.keys().cloned());
                let (fresh, complete) = self.fresh(rules, &anyone, &spoken);
                if !complete {
                    why = Some("names that are not understood");
                }
                let before = members.len();
                for name in fresh {
                    if members.len() as u64 >= object.min {
                        break;
                    }
                    match self.property(rules, &name, Vec::new()) {
                        Outcome::Found(value) => {
                            members.insert(name.clone(), value);
                        }
                        Outcome::None => {}
                        Outcome::Maybe(_, reason) | Outcome::Unknown(reason) => why = Some(reason),
                    }
                    spoken.insert(name);
                }
                // No name of any set of patterns can be added: there are no more properties.
                if members.len() == before {
                    break;
                }
                rounds += 1;
                if rounds > MAX_NAMES || !self.spend(1) {
                    why = Some("too many properties");
                    break;
                }
            }
        }
        let count = members.len() as u64;
        if count < object.min || object.max.is_some_and(|max| count > max) {
            return why.map_or(Outcome::None, Outcome::Unknown);
        }
        self.candidate(&facts.all, Value::Object(members))
    }
}
