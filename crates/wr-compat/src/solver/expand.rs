//! A goal, taken apart: what is certain becomes facts, what is not becomes choices.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::Value;

use super::array::ArrayFacts;
use super::format::Format;
use super::number::NumberRule;
use super::object::{ObjectFacts, Obligation};
use super::prune::Sight;
use super::read::{Id, Matcher};
use super::text::TextRules;
use super::types::Types;
use super::values::Values;
use super::ways::{array_ways, object_ways};
use super::{Goal, Literal, Outcome, Solver, TOO_LONG};

/// What is certain of a value.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// All that the goal asks for: what a candidate is held to.
    pub(crate) all: Rc<Vec<Literal>>,
    pub(crate) types: Types,
    /// The values it may be, where they are listed.
    pub(crate) values: Option<Rc<Values>>,
    pub(crate) excluded: Vec<Rc<Value>>,
    pub(crate) numbers: Vec<NumberRule>,
    pub(crate) text: TextRules,
    pub(crate) array: ArrayFacts,
    pub(crate) object: ObjectFacts,
}

/// One step of taking a goal apart.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Schema(Id, bool),
    Types(Types),
    Values(Rc<Values>),
    Exclude(Rc<Value>),
    Number(NumberRule),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Rc<Matcher>, bool),
    Format(Format, bool),
    Items(Id),
    MinItems(u64),
    MaxItems(u64),
    TwoEqual,
    /// Some item, at this index or later, is this; `true` where the index is exact.
    Item(u64, bool, Id, bool),
    /// Every item is this.
    EachItem(Id, bool),
    Properties(Id),
    MinProperties(u64),
    MaxProperties(u64),
    Absent(String),
    Present(String, Option<(Id, bool)>),
    Someone(Obligation),
    /// A rule that the solver cannot work with; leaving it out only adds values.
    Opaque,
}

/// Steps that are taken together.
type Alternative = Rc<Vec<Step>>;

/// Steps of which one alternative must be taken.
#[derive(Clone, Debug)]
struct Choice {
    from: From,
    alternatives: Rc<Vec<Alternative>>,
}

/// Where a choice comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// A union of which a branch is obeyed: it says most about the value, and is taken first.
    Union,
    /// A schema that is not obeyed; where the value is apart from it, there is nothing to choose.
    Negative(Id),
    /// Anything else.
    Rule,
}

impl Choice {
    fn new(from: From, alternatives: impl IntoIterator<Item = Vec<Step>>) -> Choice {
        Choice { from, alternatives: Rc::new(alternatives.into_iter().map(Rc::new).collect()) }
    }
}

/// A goal on its way.
#[derive(Clone)]
pub(crate) struct Branch {
    pub(crate) facts: Facts,
    pending: Vec<Step>,
    choices: Vec<Choice>,
    pub(crate) seen: HashSet<(Id, bool)>,
}

impl Solver<'_> {
    /// A value of a goal, by its choices.
    pub(crate) fn expand(&mut self, goal: &Goal) -> Outcome {
        let pending = goal.literals.iter().map(|literal| match literal {
            Literal::Schema(id, holds) => Step::Schema(*id, *holds),
            Literal::NotValue(value) => Step::Exclude(value.clone()),
            Literal::Match(matcher, holds) => Step::Pattern(matcher.clone(), *holds),
        });
        self.branch(Branch {
            pending: pending.collect(),
            facts: Facts {
                all: Rc::new(goal.literals.clone()),
                types: Types::ALL,
                values: None,
                excluded: Vec::new(),
                numbers: Vec::new(),
                text: TextRules::default(),
                array: ArrayFacts::default(),
                object: ObjectFacts::default(),
            },
            choices: Vec::new(),
            seen: HashSet::new(),
        })
    }

    fn branch(&mut self, mut branch: Branch) -> Outcome {
        if self.choices > self.max_choices {
            self.was_full = true;
            return Outcome::Unknown(TOO_LONG);
        }
        if !self.spend(1) {
            return Outcome::Unknown(TOO_LONG);
        }
        loop {
            while let Some(step) = branch.pending.pop() {
                if !self.apply(step, &mut branch) || branch.facts.types == Types::NO {
                    return Outcome::None;
                }
            }
            if branch.facts.object.is_impossible() {
                branch.facts.types = branch.facts.types.and(Types::OBJECT.not());
            }
            if branch.facts.array.is_impossible() {
                branch.facts.types = branch.facts.types.and(Types::ARRAY.not());
            }
            if branch.facts.types == Types::NO {
                return Outcome::None;
            }
            if let Some(values) = branch.facts.values.clone() {
                return self.one_of_values(&branch.facts, values.as_slice().to_vec());
            }
            if !self.narrow(&mut branch) {
                return Outcome::None;
            }
            if branch.pending.is_empty() {
                break;
            }
        }
        let first = (0..branch.choices.len()).min_by_key(|index| {
            let choice = branch.choices.get(*index);
            choice.map(|choice| (choice.from != From::Union, choice.alternatives.len()))
        });
        let Some(first) = first else { return self.leaf(&branch.facts) };
        let choice = branch.choices.swap_remove(first);
        let mut outcome = Outcome::None;
        self.choices += 1;
        for alternative in &*choice.alternatives {
            let pending = alternative.to_vec();
            outcome = outcome.or(self.branch(Branch { pending, ..branch.clone() }));
            if matches!(outcome, Outcome::Found(_)) || self.fuel == 0 {
                break;
            }
        }
        self.choices -= 1;
        if self.fuel == 0 { outcome.or(Outcome::Unknown(TOO_LONG)) } else { outcome }
    }

    /// Drops what leads nowhere and what is taken already, and takes what is without alternative;
    /// `false` where a choice has no alternative left.
    fn narrow(&mut self, branch: &mut Branch) -> bool {
        let choices = std::mem::take(&mut branch.choices);
        let mut kept = Vec::with_capacity(choices.len());
        'choices: for choice in choices {
            if let From::Negative(id) = choice.from
                && self.is_apart(id, &branch.facts, branch.facts.types)
            {
                continue;
            }
            let mut open: Vec<Alternative> = Vec::new();
            for alternative in &*choice.alternatives {
                match self.sight(alternative, branch) {
                    Sight::Dead => {}
                    Sight::Done => continue 'choices,
                    Sight::Open => open.push(alternative.clone()),
                }
            }
            match open.as_slice() {
                [] => return false,
                [only] => branch.pending.extend(only.iter().cloned()),
                _ if open.len() == choice.alternatives.len() => kept.push(choice),
                _ => kept.push(Choice { from: choice.from, alternatives: Rc::new(open) }),
            }
        }
        branch.choices = kept;
        true
    }

    fn one_of_values(&mut self, facts: &Facts, mut values: Vec<Value>) -> Outcome {
        values.sort_by_cached_key(|value| {
            let text = value.to_string();
            (text.len(), text)
        });
        let mut outcome = Outcome::None;
        for value in values {
            if !self.spend(1) {
                return Outcome::Unknown(TOO_LONG);
            }
            // Whether it obeys is known or not; that it does not is no lack of knowledge.
            if self.holds_all(&facts.all, &value) != Some(false) {
                outcome = outcome.or(self.candidate(&facts.all, value));
            }
            if matches!(outcome, Outcome::Found(_)) {
                break;
            }
        }
        outcome
    }

    /// Only facts are left: a value of some type that they allow.
    fn leaf(&mut self, facts: &Facts) -> Outcome {
        let mut outcome = Outcome::None;
        for types in [
            Types::NULL,
            Types::BOOLEAN,
            Types::INTEGER,
            Types::STRING,
            Types::ARRAY,
            Types::OBJECT,
            Types::FRACTION,
            Types::WHOLE,
        ] {
            if !facts.types.has(types) {
                continue;
            }
            outcome = outcome.or(match types {
                Types::NULL => self.one_of_values(facts, vec![Value::Null]),
                Types::BOOLEAN => self.one_of_values(facts, vec![false.into(), true.into()]),
                Types::INTEGER => self.integer(facts),
                Types::STRING => self.string(facts),
                Types::ARRAY => self.array(facts),
                Types::OBJECT => self.object(facts),
                Types::FRACTION => self.fraction(facts),
                _ => self.whole(facts),
            });
            if matches!(outcome, Outcome::Found(_)) {
                break;
            }
        }
        outcome
    }

    /// Takes one step; `false` where it is impossible.
    fn apply(&mut self, step: Step, branch: &mut Branch) -> bool {
        let facts = &mut branch.facts;
        match step {
            Step::Schema(id, holds) => {
                if branch.seen.contains(&(id, !holds)) {
                    return false;
                }
                if branch.seen.insert((id, holds)) {
                    if holds { self.positive(id, branch) } else { self.negative(id, branch) }
                } else {
                    true
                }
            }
            Step::Types(types) => {
                facts.types = facts.types.and(types);
                true
            }
            Step::Values(values) => {
                let values = match facts.values.take() {
                    Some(known) => Rc::new(known.and(&values)),
                    None => values,
                };
                let possible = !values.as_slice().is_empty();
                facts.values = Some(values);
                possible
            }
            Step::Exclude(value) => {
                facts.excluded.push(value);
                true
            }
            Step::Number(rule) => {
                facts.numbers.push(rule);
                true
            }
            Step::MinLength(min) => {
                facts.text.min = facts.text.min.max(min);
                true
            }
            Step::MaxLength(max) => {
                facts.text.max = Some(facts.text.max.map_or(max, |other| other.min(max)));
                true
            }
            Step::Pattern(matcher, holds) => {
                facts.text.patterns.push((matcher, holds));
                true
            }
            Step::Format(format, holds) => {
                facts.text.formats.push((format, holds));
                true
            }
            Step::Items(id) => {
                facts.array.groups.push(id);
                true
            }
            Step::MinItems(min) => {
                facts.array.min = facts.array.min.max(min);
                true
            }
            Step::MaxItems(max) => {
                facts.array.max = Some(facts.array.max.map_or(max, |other| other.min(max)));
                true
            }
            Step::TwoEqual => {
                facts.array.two_equal = true;
                true
            }
            Step::Item(from, exact, id, holds) => {
                facts.array.some.push((from, exact, Literal::Schema(id, holds)));
                true
            }
            Step::EachItem(id, holds) => {
                facts.array.each.push(Literal::Schema(id, holds));
                true
            }
            Step::Properties(id) => {
                facts.object.groups.push(id);
                true
            }
            Step::MinProperties(min) => {
                facts.object.min = facts.object.min.max(min);
                true
            }
            Step::MaxProperties(max) => {
                facts.object.max = Some(facts.object.max.map_or(max, |other| other.min(max)));
                true
            }
            Step::Absent(name) => {
                facts.object.absent.insert(name);
                true
            }
            Step::Present(name, value) => {
                let literals = facts.object.present.entry(name).or_default();
                literals.extend(value.map(|(id, holds)| Literal::Schema(id, holds)));
                true
            }
            Step::Someone(obligation) => {
                facts.object.someone.push(obligation);
                true
            }
            Step::Opaque => true,
        }
    }

    /// A schema that must be obeyed: its rules are facts, its branches are choices.
    fn positive(&mut self, id: Id, branch: &mut Branch) -> bool {
        let arena = self.arena;
        let schema = arena.get(id);
        if schema.verdict == Some(false) {
            return false;
        }
        let pending = &mut branch.pending;
        pending.extend(schema.types.map(Step::Types));
        pending.extend(schema.values.clone().map(Step::Values));
        let conjuncts = schema.reference.iter().chain(&schema.all_of);
        pending.extend(conjuncts.map(|id| Step::Schema(*id, true)));
        pending.extend(schema.not.map(|id| Step::Schema(id, false)));
        if let Some((bound, exclusive)) = &schema.minimum {
            pending.push(Step::Number(NumberRule::AtLeast(bound.clone(), *exclusive)));
        }
        if let Some((bound, exclusive)) = &schema.maximum {
            pending.push(Step::Number(NumberRule::AtMost(bound.clone(), *exclusive)));
        }
        if let Some(of) = &schema.multiple_of {
            pending.push(Step::Number(NumberRule::MultipleOf(of.clone(), true)));
        }
        pending.extend(schema.min_length.map(Step::MinLength));
        pending.extend(schema.max_length.map(Step::MaxLength));
        pending.extend(schema.pattern.clone().map(|pattern| Step::Pattern(pattern, true)));
        pending.extend(schema.format.map(|format| Step::Format(format, true)));
        if let Some(rules) = &schema.array {
            pending.push(Step::Items(id));
            pending.extend(rules.min.map(Step::MinItems));
            pending.extend(rules.max.map(Step::MaxItems));
        }
        if let Some(rules) = &schema.object {
            pending.push(Step::Properties(id));
            pending.extend(rules.required.iter().map(|name| Step::Present(name.clone(), None)));
            pending.extend(rules.min.map(Step::MinProperties));
            pending.extend(rules.max.map(Step::MaxProperties));
        }
        if let Some(ids) = &schema.any_of {
            let each = ids.iter().map(|id| vec![Step::Schema(*id, true)]);
            branch.choices.push(Choice::new(From::Union, each));
        }
        if let Some(ids) = &schema.one_of {
            let are_apart = self.are_all_apart(ids);
            // By place: of two equal branches neither can be the only one.
            let each = ids.iter().enumerate().map(|(at, chosen)| {
                let others = ids.iter().enumerate().filter(|(other, _)| *other != at);
                let others = others.filter(|_| !are_apart);
                let mut steps: Vec<Step> = others.map(|(_, id)| Step::Schema(*id, false)).collect();
                steps.push(Step::Schema(*chosen, true));
                steps
            });
            branch.choices.push(Choice::new(From::Union, each));
        }
        if let Some((condition, then, otherwise)) = schema.condition {
            let side = |holds: bool, id: Option<Id>| {
                let mut steps = vec![Step::Schema(condition, holds)];
                steps.extend(id.map(|id| Step::Schema(id, true)));
                steps
            };
            let sides = [side(false, otherwise), side(true, then)];
            branch.choices.push(Choice::new(From::Rule, sides));
        }
        for (name, others, whole) in &schema.dependencies {
            let mut steps = vec![Step::Types(Types::OBJECT), Step::Present(name.clone(), None)];
            steps.extend(others.iter().map(|other| Step::Present(other.clone(), None)));
            steps.extend(whole.map(|id| Step::Schema(id, true)));
            let ways = [
                vec![Step::Types(Types::OBJECT.not())],
                vec![Step::Types(Types::OBJECT), Step::Absent(name.clone())],
                steps,
            ];
            branch.choices.push(Choice::new(From::Rule, ways));
        }
        true
    }

    /// A schema that must not be obeyed: one of its rules is broken.
    fn negative(&mut self, id: Id, branch: &mut Branch) -> bool {
        let arena = self.arena;
        let schema = arena.get(id);
        let types = branch.facts.types;
        if schema.verdict == Some(false) || self.is_apart(id, &branch.facts, types) {
            return true;
        }
        let mut ways: Vec<Vec<Step>> = Vec::new();
        ways.extend(schema.types.map(|types| vec![Step::Types(types.not())]));
        if let Some(values) = &schema.values {
            let exclude = |value: &Value| Step::Exclude(Rc::new(value.clone()));
            ways.push(values.as_slice().iter().map(exclude).collect());
        }
        let conjuncts = schema.reference.iter().chain(&schema.all_of);
        ways.extend(conjuncts.map(|id| vec![Step::Schema(*id, false)]));
        ways.extend(schema.not.map(|id| vec![Step::Schema(id, true)]));
        if let Some((bound, exclusive)) = &schema.minimum {
            let rule = NumberRule::AtMost(bound.clone(), !exclusive);
            ways.push(vec![Step::Types(Types::NUMBER), Step::Number(rule)]);
        }
        if let Some((bound, exclusive)) = &schema.maximum {
            let rule = NumberRule::AtLeast(bound.clone(), !exclusive);
            ways.push(vec![Step::Types(Types::NUMBER), Step::Number(rule)]);
        }
        if let Some(of) = &schema.multiple_of {
            let rule = NumberRule::MultipleOf(of.clone(), false);
            ways.push(vec![Step::Types(Types::NUMBER), Step::Number(rule)]);
        }
        let string = |step| vec![Step::Types(Types::STRING), step];
        ways.extend(schema.min_length.map(|min| string(Step::MaxLength(min.saturating_sub(1)))));
        ways.extend(schema.max_length.map(|max| string(Step::MinLength(max.saturating_add(1)))));
        ways.extend(schema.pattern.clone().map(|pattern| string(Step::Pattern(pattern, false))));
        ways.extend(schema.format.map(|format| string(Step::Format(format, false))));
        if let Some(rules) = &schema.array {
            array_ways(rules, &mut ways);
        }
        if let Some(rules) = &schema.object {
            object_ways(id, rules, &mut ways);
        }
        if let Some(ids) = &schema.any_of {
            ways.push(ids.iter().map(|id| Step::Schema(*id, false)).collect());
        }
        if let Some(ids) = &schema.one_of {
            ways.push(ids.iter().map(|id| Step::Schema(*id, false)).collect());
            // Two of them are obeyed; those that share no value are passed by.
            let are_apart = self.are_all_apart(ids);
            for (index, a) in ids.iter().enumerate().filter(|_| !are_apart) {
                // To tell two apart takes far less than any other step.
                if !self.spend(1 + u32::try_from((ids.len() - index) / 16).unwrap_or(u32::MAX)) {
                    break;
                }
                for b in ids.iter().skip(index + 1) {
                    if *a == *b || !self.are_apart(*a, *b) {
                        ways.push(vec![Step::Schema(*a, true), Step::Schema(*b, true)]);
                    }
                }
            }
        }
        if let Some((condition, then, otherwise)) = schema.condition {
            let broken = |holds, id: Option<Id>| {
                id.map(|id| vec![Step::Schema(condition, holds), Step::Schema(id, false)])
            };
            ways.extend(broken(true, then));
            ways.extend(broken(false, otherwise));
        }
        for (name, others, whole) in &schema.dependencies {
            let present = || vec![Step::Types(Types::OBJECT), Step::Present(name.clone(), None)];
            for other in others {
                let mut steps = present();
                steps.push(Step::Absent(other.clone()));
                ways.push(steps);
            }
            if let Some(id) = whole {
                let mut steps = present();
                steps.push(Step::Schema(*id, false));
                ways.push(steps);
            }
        }
        if let Some(atom) = &schema.opaque {
            ways.push(vec![Step::Types(atom.on), Step::Opaque]);
        }
        match ways.len() {
            0 => false,
            1 => {
                branch.pending.extend(ways.into_iter().flatten());
                true
            }
            _ => {
                branch.choices.push(Choice::new(From::Negative(id), ways));
                true
            }
        }
    }
}

/// The most items that are asked for by `contains`.
pub(crate) const MOST_CONTAINED: u64 = 20;
