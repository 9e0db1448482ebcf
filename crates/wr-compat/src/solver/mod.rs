//! Whether every document of one schema is a document of another, and if not, a document that is
//! none.
//!
//! A goal is a set of schemas that a value must obey or must not obey. It is taken apart by
//! choices until only rules about one type are left, which that type's module decides: a value, a
//! proof that there is none, or a reason why neither was found. Choices that lead back to a goal
//! that is being solved are closed: the smallest value of a goal never holds a value of that goal
//! in the same place.

mod array;
mod evaluate;
mod expand;
mod number;
mod object;
mod read;
mod text;

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use read::Matcher;
pub use read::{Arena, Dialect, Id};

/// What became of a goal.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A value of the goal.
    Found(Value),
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

impl Goal {
    pub(crate) fn of(literals: impl IntoIterator<Item = Literal>) -> Goal {
        Goal { literals: literals.into_iter().collect() }
    }

    /// What makes two goals the same; those with other literals than schemas are never.
    fn key(&self) -> Option<BTreeSet<(Id, bool)>> {
        let literals = self.literals.iter().map(|literal| match literal {
            Literal::Schema(id, holds) => Some((*id, *holds)),
            Literal::NotValue(_) | Literal::Match(..) => None,
        });
        literals.collect()
    }
}

/// Decides goals over the schemas of one arena.
#[derive(Debug)]
pub struct Solver<'a> {
    arena: &'a Arena,
    /// The goals that are being solved, outermost first.
    open: Vec<BTreeSet<(Id, bool)>>,
    /// How many more steps may be taken.
    fuel: u32,
}

/// How many steps one question may take; a question of the size of an event takes some hundreds.
const FUEL: u32 = 60_000;

/// How deep a value may nest.
const MAX_DEPTH: usize = 64;

const TOO_LONG: &str = "it would take too long to decide";

impl<'a> Solver<'a> {
    /// A solver over the schemas of an arena.
    pub fn new(arena: &'a Arena) -> Solver<'a> {
        Solver { arena, open: Vec::new(), fuel: FUEL }
    }

    /// A document that obeys `inner` and does not obey `outer`.
    pub fn escape(&mut self, inner: Id, outer: Id) -> Outcome {
        self.fuel = FUEL;
        self.solve(Goal::of([Literal::Schema(inner, true), Literal::Schema(outer, false)]))
    }

    /// A value of a goal.
    fn solve(&mut self, goal: Goal) -> Outcome {
        if !self.spend() || self.open.len() > MAX_DEPTH {
            return Outcome::Unknown(TOO_LONG);
        }
        let Some(key) = goal.key() else { return self.expand(&goal) };
        if self.open.contains(&key) {
            return Outcome::None;
        }
        self.open.push(key);
        let outcome = self.expand(&goal);
        self.open.pop();
        outcome
    }

    /// A string of a goal.
    fn solve_text(&mut self, mut goal: Goal) -> Outcome {
        goal.literals.push(Literal::Schema(self.arena.any_string(), true));
        self.solve(goal)
    }

    /// Takes a step, where any are left.
    fn spend(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.fuel > 0
    }
}

impl Outcome {
    /// The first outcome that is a value; none where all are none.
    fn first_of(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
        let mut unknown = None;
        for outcome in outcomes {
            match outcome {
                Outcome::Found(_) => return outcome,
                Outcome::None => {}
                Outcome::Unknown(_) => {
                    unknown.get_or_insert(outcome);
                }
            }
        }
        unknown.unwrap_or(Outcome::None)
    }
}
