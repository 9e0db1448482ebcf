//! A pattern as a table of states: a step a byte, where `regex` alone costs hundreds to begin.

use regex_automata::dfa::{Automaton as _, dense};
use regex_automata::{Input, util::primitives::StateID};

/// What is larger, in bytes, stays a [`regex::Regex`]; so does what is long in the making.
const LARGEST: usize = 64 * 1024;

/// A pattern as a table of states.
#[derive(Debug)]
pub(crate) struct Automaton {
    states: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Automaton {
    /// The table, where it is small. It is built from the same syntax by the crate that `regex`
    /// stands on, so it matches the same texts.
    pub(crate) fn new(pattern: &str) -> Option<Automaton> {
        let limits = dense::Config::new()
            .dfa_size_limit(Some(LARGEST))
            .determinize_size_limit(Some(16 * LARGEST));
        let states = dense::Builder::new().configure(limits).build(pattern).ok()?;
        let start = states.start_state_forward(&Input::new("")).ok()?;
        Some(Automaton { states, start })
    }

    /// Whether the pattern matches anywhere in the text.
    #[inline]
    pub(crate) fn matches(&self, text: &str) -> bool {
        let mut state = self.start;
        for byte in text.bytes() {
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
