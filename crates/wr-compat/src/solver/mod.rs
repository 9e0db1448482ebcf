//! Whether every document of one schema is a document of another, and if not, a document that is
//! none.
//!
//! A goal is a set of schemas that a value must obey or must not obey. It is taken apart by
//! choices until only rules about one type are left, which that type's module decides: a value, a
//! proof that there is none, or a reason why neither was found.
//!
//! A goal that is met again in a part of a value of itself is closed: the smallest value of a goal
//! holds none of that goal in its parts. A proof that rests on this is kept only as long as the
//! goal is open that it rests on, or once that goal too has no value.
//!
//! Every rule that is left out of a goal only adds values to it, so that no value is still a proof;
//! a value that is found is held to the whole goal.

mod array;
mod automaton;
mod bits;
mod evaluate;
mod expand;
mod format;
mod number;
mod object;
mod prune;
mod read;
mod references;
mod summary;
mod text;
mod types;
mod unify;
mod values;
mod ways;

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use serde_json::Value;

use bits::Bits;
pub(crate) use read::MALFORMED;
use read::Matcher;
pub use read::{Arena, Dialect, Id};
use summary::Progress;

/// What became of a goal.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A value of the goal.
    Found(Value),
    /// What may be a value of the goal, and why that could not be told.
    Maybe(Value, &'static str),
    /// Proved: no value.
    None,
    /// Neither, and why.
    Unknown(&'static str),
}

/// One thing that a value must be.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    /// It obeys a schema, or does not.
    Schema(Id, bool),
    /// It is not this value.
    NotValue(Rc<Value>),
    /// Where it is a string, it matches a pattern, or does not.
    Match(Rc<Matcher>, bool),
}

/// Everything that a value must be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Goal {
    pub(crate) literals: Vec<Literal>,
}

/// What makes two goals the same: the schemas, sorted, each obeyed or not.
type Key = Rc<[(Id, bool)]>;

impl Goal {
    pub(crate) fn of(literals: impl IntoIterator<Item = Literal>) -> Goal {
        Goal { literals: literals.into_iter().collect() }
    }

    /// What makes two goals the same; those with other literals than schemas are never.
    fn key(&self) -> Option<Key> {
        let literals = self.literals.iter().map(|literal| match literal {
            Literal::Schema(id, holds) => Some((*id, *holds)),
            Literal::NotValue(_) | Literal::Match(..) => None,
        });
        let mut key: Vec<(Id, bool)> = literals.collect::<Option<_>>()?;
        key.sort_unstable();
        key.dedup();
        Some(key.into())
    }
}

/// A goal that was decided, and the places of the open goals that this rests on.
#[derive(Debug)]
struct Known {
    outcome: Outcome,
    rests_on: Bits,
    /// How deep it was asked.
    depth: u32,
}

/// Decides goals over the schemas of one arena.
pub struct Solver<'a> {
    arena: &'a Arena,
    /// What tells whether a document is what is asked for, where the solver cannot.
    judge: Option<&'a dyn Fn(&Value) -> bool>,
    /// The goals that are being solved, outermost first, each with those that rest on it.
    open: Vec<(Key, Vec<Key>)>,
    /// The places of the open goals.
    places: HashMap<Key, usize>,
    known: HashMap<Key, Known>,
    /// The places of the open goals that the current one rests on.
    rests_on: Bits,
    /// How deep the value nests that is being made.
    depth: u32,
    max_depth: u32,
    /// Whether anything was too deep.
    was_too_deep: bool,
    /// How many choices have been made and are still held.
    choices: u32,
    max_choices: u32,
    /// Whether there were too many choices.
    was_full: bool,
    /// How many more steps may be taken.
    fuel: u32,
    /// How many steps the question may take.
    limit: u32,
    /// By the index of the schema; those that are on their way are known to be so.
    summaries: Vec<Progress>,
    /// What was last met that is not understood.
    opaque: Option<&'static str>,
}

/// How many steps one question may take; a question of the size of an event takes some hundreds.
pub(crate) const FUEL: u32 = 300_000;

/// How deep a value may nest.
const MAX_DEPTH: u32 = 2_000;
const _: () = assert!((MAX_DEPTH as usize) < Bits::MOST);

/// How much less deep a goal must be asked to be tried again that was too deep.
const RETRY: u32 = 50;

/// How many choices may be held at once.
pub(crate) const MAX_CHOICES: u32 = 1_500;

const TOO_LONG: &str = "it would take too long to decide";
const TOO_DEEP: &str = "it would nest too deep to decide";

impl fmt::Debug for Solver<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Solver").field("open", &self.open).field("fuel", &self.fuel).finish()
    }
}

impl<'a> Solver<'a> {
    /// A solver over the schemas of an arena.
    pub fn new(arena: &'a Arena) -> Solver<'a> {
        Solver {
            arena,
            judge: None,
            open: Vec::new(),
            places: HashMap::new(),
            known: HashMap::new(),
            rests_on: Bits::default(),
            depth: 0,
            max_depth: MAX_DEPTH,
            was_too_deep: false,
            choices: 0,
            max_choices: MAX_CHOICES,
            was_full: false,
            fuel: FUEL,
            limit: FUEL,
            summaries: vec![Progress::None; arena.schemas.len()],
            opaque: None,
        }
    }

    /// Lets a validator tell whether a document is what is asked for, where the solver cannot.
    pub fn judged_by(mut self, judge: &'a dyn Fn(&Value) -> bool) -> Solver<'a> {
        self.judge = Some(judge);
        self
    }

    /// Lets the question take so many steps.
    pub(crate) fn within(mut self, limit: u32) -> Solver<'a> {
        self.limit = limit;
        self
    }

    /// Lets the solver hold so many choices at once.
    pub(crate) fn holding(mut self, max_choices: u32) -> Solver<'a> {
        self.max_choices = max_choices;
        self
    }

    /// Whether it gave up some way for the choices that it would have held.
    pub(crate) fn was_full(&self) -> bool {
        self.was_full
    }

    /// A document that obeys `inner` and does not obey `outer`.
    pub fn escape(&mut self, inner: Id, outer: Id) -> Outcome {
        let mut outcome = Outcome::Unknown(TOO_LONG);
        // Values that nest little first: they are the smaller ones, and soon found.
        for (max_depth, fuel) in [(8, self.limit / 2), (MAX_DEPTH, self.limit)] {
            (self.max_depth, self.fuel, self.was_too_deep) = (max_depth, fuel, false);
            self.known.clear();
            let goal = [Literal::Schema(inner, true), Literal::Schema(outer, false)];
            outcome = self.solve(Goal::of(goal));
            let is_decided = matches!(outcome, Outcome::Found(_) | Outcome::None);
            if is_decided || !self.was_too_deep && self.fuel > 0 {
                break;
            }
        }
        outcome
    }

    /// A value of a goal. Whoever asks must ask for a part of a value, never for the value itself.
    fn solve(&mut self, goal: Goal) -> Outcome {
        if !self.spend(1) {
            return Outcome::Unknown(TOO_LONG);
        }
        let Some(key) = goal.key() else { return self.deeper(&goal) };
        if key.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
            return Outcome::None;
        }
        if let Some(known) = self.known.get(&key) {
            // What was too deep may not be from here.
            let is_shallow = self.depth + RETRY < known.depth;
            if known.outcome != Outcome::Unknown(TOO_DEEP) || !is_shallow {
                self.rests_on.extend(&known.rests_on);
                return known.outcome.clone();
            }
        }
        if let Some(at) = self.places.get(&key).copied() {
            self.rests_on.insert(at);
            return Outcome::None;
        }
        let before = std::mem::take(&mut self.rests_on);
        let at = self.open.len();
        self.open.push((key.clone(), Vec::new()));
        self.places.insert(key.clone(), at);
        let outcome = self.deeper(&goal);
        self.places.remove(&key);
        let waiting = self.open.pop().map(|(_, waiting)| waiting).unwrap_or_default();
        let mut rests_on = std::mem::replace(&mut self.rests_on, before);
        rests_on.remove(at);
        self.rests_on.extend(&rests_on);
        let is_none = outcome == Outcome::None;
        for key in waiting {
            if !is_none {
                self.known.remove(&key);
            } else if let Some(known) = self.known.get_mut(&key) {
                known.rests_on.remove(at);
                known.rests_on.extend(&rests_on);
                let innermost = known.rests_on.last();
                self.wait(key, innermost);
            }
        }
        if self.fuel > 0 {
            // A value that was found, or a search that failed, rests on nothing.
            let rests_on = if is_none { rests_on } else { Bits::default() };
            self.wait(key.clone(), rests_on.last());
            let depth = self.depth;
            self.known.insert(key, Known { outcome: outcome.clone(), rests_on, depth });
        }
        outcome
    }

    /// Notes what is decided with the innermost of the open goals that it rests on.
    fn wait(&mut self, key: Key, innermost: Option<usize>) {
        if let Some((_, waiting)) = innermost.and_then(|at| self.open.get_mut(at)) {
            waiting.push(key);
        }
    }

    fn deeper(&mut self, goal: &Goal) -> Outcome {
        if self.depth >= self.max_depth {
            self.was_too_deep = true;
            return Outcome::Unknown(TOO_DEEP);
        }
        self.depth += 1;
        let outcome = self.expand(goal);
        self.depth -= 1;
        // What ran dry has not looked everywhere.
        let is_dry = self.fuel == 0 && outcome == Outcome::None;
        if is_dry { Outcome::Unknown(TOO_LONG) } else { outcome }
    }

    /// A string of a goal.
    fn solve_text(&mut self, mut goal: Goal) -> Outcome {
        goal.literals.push(Literal::Schema(self.arena.any_string(), true));
        self.solve(goal)
    }

    /// A value that the facts lead to, held to the whole goal.
    fn candidate(&mut self, all: &[Literal], value: Value) -> Outcome {
        match self.holds_all(all, &value) {
            Some(true) => Outcome::Found(value),
            Some(false) => Outcome::Unknown("a value was found that does not do"),
            None if self.depth == 1 && self.judge.is_some_and(|judge| judge(&value)) => {
                Outcome::Found(value)
            }
            None => {
                let why = self.opaque.unwrap_or("a rule that is not understood");
                Outcome::Maybe(value, why)
            }
        }
    }

    /// Takes some steps, where as many are left.
    fn spend(&mut self, steps: u32) -> bool {
        self.fuel = self.fuel.saturating_sub(steps);
        self.fuel > 0
    }
}

impl Outcome {
    /// Of two outcomes for a goal that may be reached either way, what they say together.
    fn or(self, other: Outcome) -> Outcome {
        match (&self, &other) {
            (Outcome::Found(_), _) | (_, Outcome::None) => self,
            (_, Outcome::Found(_)) | (Outcome::None, _) => other,
            (Outcome::Unknown(_), Outcome::Maybe(..)) => other,
            (Outcome::Maybe(..) | Outcome::Unknown(_), _) => self,
        }
    }
}
