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

impl ObjectFacts {
    pub(crate) fn is_impossible(&self) -> bool {
        self.max.is_some_and(|max| max < self.min.max(self.present.len() as u64))
            || self.present.keys().any(|name| self.absent.contains(name))
    }
}

/// The most names that are made up.
const MAX_NAMES: u64 = 300;

impl Solver<'_> {
    /// An object that the facts allow.
    pub(crate) fn object(&mut self, facts: &Facts) -> Outcome {
        let object = &facts.object;
        let rules: Vec<ObjectRules> =
            object.groups.iter().filter_map(|id| self.arena.get(*id).object.clone()).collect();
        let mut members = Map::new();
        for (name, literals) in &object.present {
            match self.property(&rules, name, literals.clone()) {
                Outcome::Found(value) => members.insert(name.clone(), value),
                outcome => return outcome,
            };
        }
        if object.someone.is_empty() {
            return self.filled(facts, &rules, members);
        }
        let mut unknown = None;
        // The first obligation is tried at every name, the others at the first that does.
        let (first, others) = match object.someone.split_first() {
            Some(parts) => parts,
            None => return Outcome::None,
        };
        let (names, complete) = self.names(object, &rules, first);
        for name in names {
            let mut members = members.clone();
            let mut placed = self.place(object, &rules, first, &name, &mut members);
            for other in others {
                if !matches!(placed, Outcome::Found(_)) {
                    break;
                }
                let (names, _) = self.names(object, &rules, other);
                placed = Outcome::Unknown("several properties that must be there");
                for name in names {
                    let mut more = members.clone();
                    let outcome = self.place(object, &rules, other, &name, &mut more);
                    if matches!(outcome, Outcome::Found(_)) {
                        members = more;
                        placed = outcome;
                        break;
                    }
                }
            }
            let outcome = match placed {
                Outcome::Found(_) => self.filled(facts, &rules, members),
                outcome => outcome,
            };
            match outcome {
                Outcome::Found(_) => return outcome,
                Outcome::None => {}
                Outcome::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        if !complete || !facts.decided {
            unknown = unknown.or(Some("no name was found, and none was excluded"));
        }
        unknown.map_or(Outcome::None, Outcome::Unknown)
    }

    /// Puts a property of an obligation's name, or makes the one of that name obey.
    fn place(
        &mut self,
        object: &ObjectFacts,
        rules: &[ObjectRules],
        obligation: &Obligation,
        name: &str,
        members: &mut Map<String, Value>,
    ) -> Outcome {
        let mut literals = object.present.get(name).cloned().unwrap_or_default();
        literals.extend(obligation.value.clone());
        if members.contains_key(name) && !object.present.contains_key(name) {
            return Outcome::Unknown("several properties that must be there");
        }
        let outcome = self.property(rules, name, literals);
        if let Outcome::Found(value) = &outcome {
            members.insert(name.to_owned(), value.clone());
        }
        outcome
    }

    /// A value of a property, as all rules ask for; its name must do too.
    fn property(
        &mut self,
        rules: &[ObjectRules],
        name: &str,
        mut literals: Vec<Literal>,
    ) -> Outcome {
        for rules in rules {
            let ids = schemas_of(rules, name);
            literals.extend(ids.into_iter().map(|id| Literal::Schema(id, true)));
            if let Some(names) = rules.names {
                match self.holds(names, &Value::from(name), 0) {
                    Some(true) => {}
                    Some(false) => return Outcome::None,
                    None => return Outcome::Unknown("a name that cannot be judged"),
                }
            }
        }
        self.solve(Goal::of(literals))
    }

    /// The names that an obligation may take: those that are spoken of, and one made up for each
    /// set of patterns; and whether any other name would do no better.
    fn names(
        &mut self,
        object: &ObjectFacts,
        rules: &[ObjectRules],
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
        rules: &[ObjectRules],
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
        if object.absent.contains(name)
            || obligation.matches.as_ref().is_some_and(|matcher| !matcher.matches(name))
        {
            return Some(false);
        }
        if let Some(rules) = obligation.outside.and_then(|id| self.arena.get(id).object.as_ref()) {
            let is_named = rules.properties.contains_key(name)
                || rules.patterns.iter().any(|(matcher, _)| matcher.matches(name));
            if is_named {
                return Some(false);
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
        rules: &[ObjectRules],
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
        let patterns: Vec<Rc<Matcher>> =
            rules.iter().flat_map(|rules| &rules.patterns).map(|(m, _)| m.clone()).collect();
        if patterns.len() > 4 {
            return (Vec::new(), false);
        }
        let mut names = Vec::new();
        let mut complete = true;
        for set in 0..1_u32 << patterns.len() {
            let mut literals = base.clone();
            for (index, matcher) in patterns.iter().enumerate() {
                literals.push(Literal::Match(matcher.clone(), set & (1 << index) != 0));
            }
            match self.text_of(literals) {
                Ok(name) => names.extend(name),
                Err(()) => complete = false,
            }
        }
        (names, complete)
    }

    /// A string of a goal.
    fn text_of(&mut self, literals: Vec<Literal>) -> Result<Option<String>, ()> {
        match self.solve_text(Goal::of(literals)) {
            Outcome::Found(Value::String(text)) => Ok(Some(text)),
            Outcome::None => Ok(None),
            Outcome::Found(_) | Outcome::Unknown(_) => Err(()),
        }
    }

    /// Adds what is needed to have enough properties, and holds the whole to the goal.
    fn filled(
        &mut self,
        facts: &Facts,
        rules: &[ObjectRules],
        mut members: Map<String, Value>,
    ) -> Outcome {
        let object = &facts.object;
        let mut undecided = !facts.decided;
        if (members.len() as u64) < object.min {
            let anyone = Obligation::default();
            let (names, complete) = self.names(object, rules, &anyone);
            undecided |= !complete;
            for name in names {
                if members.len() as u64 >= object.min || members.contains_key(&name) {
                    continue;
                }
                match self.property(rules, &name, Vec::new()) {
                    Outcome::Found(value) => {
                        members.insert(name, value);
                    }
                    Outcome::None => {}
                    Outcome::Unknown(_) => undecided = true,
                }
            }
            let mut spoken: BTreeSet<String> = self.spoken(object, rules, &anyone);
            let mut made_up = 0;
            while (members.len() as u64) < object.min {
                spoken.extend(members.keys().cloned());
                let (fresh, complete) = self.fresh(rules, &anyone, &spoken);
                undecided |= !complete;
                let before = members.len();
                for name in fresh {
                    spoken.insert(name.clone());
                    match self.property(rules, &name, Vec::new()) {
                        Outcome::Found(value) if (members.len() as u64) < object.min => {
                            members.insert(name, value);
                        }
                        Outcome::Found(_) | Outcome::None => {}
                        Outcome::Unknown(_) => undecided = true,
                    }
                }
                made_up += 1;
                if members.len() == before || made_up > MAX_NAMES {
                    break;
                }
            }
        }
        let count = members.len() as u64;
        if count < object.min || object.max.is_some_and(|max| count > max) {
            // Names made up one at a time show that there is none, but not that there are few.
            let few = count < object.min && count > object.present.len() as u64;
            return if undecided || few {
                Outcome::Unknown("a number of properties that was not reached")
            } else {
                Outcome::None
            };
        }
        let value = Value::Object(members);
        match self.holds_all(&facts.all, &value) {
            Some(true) => Outcome::Found(value),
            _ => Outcome::Unknown("an object was found that does not do"),
        }
    }
}
