//! The pattern of a string: a table of states where it is small, which takes a step a byte, where
//! `regex` alone costs hundreds to begin.

use std::sync::OnceLock;

use regex::Regex;
use regex_automata::dfa::{Automaton as _, dense};
use regex_automata::{Input, util::primitives::StateID};

/// A regular expression, compiled when it is first asked.
#[derive(Debug)]
pub struct Pattern {
    pub(crate) text: &'static str,
    compiled: OnceLock<Compiled>,
}

#[derive(Debug)]
enum Compiled {
    Small(Box<Automaton>),
    Large(Regex),
    None,
}

impl Pattern {
    /// A pattern in the regex crate's syntax, which the generator has translated to.
    pub const fn new(text: &'static str) -> Pattern {
        Pattern { text, compiled: OnceLock::new() }
    }

    /// Whether the text matches. A pattern that is no regular expression, which the lint does not
    /// let pass, matches nothing.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        match self.compiled.get_or_init(|| self.compile()) {
            Compiled::Small(automaton) => automaton.matches(text),
            Compiled::Large(regex) => str::from_utf8(text).is_ok_and(|text| regex.is_match(text)),
            Compiled::None => false,
        }
    }

    #[cold]
    fn compile(&self) -> Compiled {
        match (Automaton::new(self.text), Regex::new(self.text)) {
            (Some(automaton), Ok(_)) => Compiled::Small(Box::new(automaton)),
            (None, Ok(regex)) => Compiled::Large(regex),
            (_, Err(_)) => Compiled::None,
        }
    }
}

/// What is larger, in bytes, stays a [`regex::Regex`]; so does what is long in the making.
const LARGEST: usize = 64 * 1024;

/// A pattern as a table of states.
#[derive(Debug)]
struct Automaton {
    states: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Automaton {
    /// The table, where it is small. It is built from the same syntax by the crate that `regex`
    /// stands on, so it matches the same texts.
    fn new(pattern: &str) -> Option<Automaton> {
        let limits = dense::Config::new()
            .dfa_size_limit(Some(LARGEST))
            .determinize_size_limit(Some(16 * LARGEST));
        let states = dense::Builder::new().configure(limits).build(pattern).ok()?;
        let start = states.start_state_forward(&Input::new("")).ok()?;
        Some(Automaton { states, start })
    }

    /// Whether the pattern matches anywhere in the text.
    #[inline]
    fn matches(&self, text: &[u8]) -> bool {
        let mut state = self.start;
        for &byte in text {
            state = self.states.next_state(state, byte);
            if self.states.is_special_state(state) {
                if self.states.is_match_state(state) {
                    return true;
                }
                if self.states.is_dead_state(state) {
                    return false;
                }
            }
        }
        self.states.is_match_state(self.states.next_eoi_state(state))
    }
}
