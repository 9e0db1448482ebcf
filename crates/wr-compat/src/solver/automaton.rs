//! Patterns as automata over whole strings, built when they are first asked.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::ParserBuilder;

use crate::look;

/// An automaton, and whether it accepts the texts of a pattern or what is none of them.
pub(crate) type Part = (Arc<Dfa>, bool);

/// A pattern, and the automata that say the same together, where it can have them.
pub(crate) struct Matcher {
    source: String,
    parts: OnceCell<Option<Vec<Part>>>,
    budget: Rc<Cell<usize>>,
}

/// An automaton over whole strings.
pub(crate) type Dfa = dense::DFA<Vec<u32>>;

/// The largest automaton that is built, in bytes.
const MAX_AUTOMATON: usize = 1 << 20;

/// What all automata of one question may take, in bytes; one that is given up counts in full.
const MAX_AUTOMATA: usize = 16 << 20;

/// The longest pattern that is looked at.
const MAX_PATTERN: usize = 8 << 10;

/// Patterns by their text.
#[derive(Debug)]
pub(crate) struct Matchers {
    known: HashMap<String, Rc<Matcher>>,
    budget: Rc<Cell<usize>>,
}

impl Default for Matchers {
    fn default() -> Matchers {
        Matchers { known: HashMap::new(), budget: Rc::new(Cell::new(MAX_AUTOMATA)) }
    }
}

impl Matchers {
    /// The one matcher of a pattern.
    pub(crate) fn of(&mut self, pattern: &str) -> Rc<Matcher> {
        if let Some(matcher) = self.known.get(pattern) {
            return matcher.clone();
        }
        let matcher = Rc::new(Matcher {
            source: pattern.to_owned(),
            parts: OnceCell::new(),
            budget: self.budget.clone(),
        });
        self.known.insert(pattern.to_owned(), matcher.clone());
        matcher
    }
}

/// Matchers of one text are the same.
impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        self.source == other.source
    }
}

impl Eq for Matcher {}

impl Hash for Matcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Matcher").field(&self.source).finish()
    }
}

impl Matcher {
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The automata of the ECMAScript pattern, which matches anywhere in a string; none where it
    /// is no regular language, or too large.
    pub(crate) fn parts(&self) -> Option<&[Part]> {
        let build = || {
            if self.source.len() > MAX_PATTERN {
                return None;
            }
            match look::parts(&self.source) {
                None => Some(vec![(self.automaton(&self.source)?, true)]),
                Some(parts) => parts
                    .iter()
                    .map(|(pattern, holds)| Some((self.automaton(pattern)?, *holds)))
                    .collect(),
            }
        };
        self.parts.get_or_init(build).as_deref()
    }

    fn automaton(&self, pattern: &str) -> Option<Arc<Dfa>> {
        if self.budget.get() < MAX_AUTOMATON {
            return None;
        }
        let dfa = remembered(pattern);
        let cost = dfa.as_ref().map_or(MAX_AUTOMATON, |dfa| dfa.memory_usage());
        self.budget.set(self.budget.get().saturating_sub(cost));
        dfa
    }

    /// Whether the pattern matches somewhere in a text, where it can be told.
    pub(crate) fn matches(&self, text: &str) -> Option<bool> {
        for (dfa, holds) in self.parts()? {
            let mut state = begin(dfa)?;
            for byte in text.bytes() {
                state = dfa.next_state(state, byte);
            }
            if accepts(dfa, state) != *holds {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// How many automata are kept from one question to the next, which often has the same patterns.
const KEPT: usize = 64;

/// The automaton of a pattern, built or kept; no verdict depends on which.
fn remembered(pattern: &str) -> Option<Arc<Dfa>> {
    static AUTOMATA: Mutex<BTreeMap<String, Option<Arc<Dfa>>>> = Mutex::new(BTreeMap::new());
    let kept = || AUTOMATA.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(dfa) = kept().get(pattern) {
        return dfa.clone();
    }
    let translated = crate::pattern::to_rust(pattern);
    let dfa = translated.and_then(|text| whole(&format!("(?s:.)*(?:{text})(?s:.)*")));
    let dfa = dfa.map(Arc::new);
    let mut kept = kept();
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), dfa.clone());
    dfa
}

/// The automaton of all strings that are UTF-8.
pub(crate) fn any() -> Option<Dfa> {
    whole("(?s:.)*")
}

fn whole(expression: &str) -> Option<Dfa> {
    let mut parser = ParserBuilder::new().nest_limit(100).build();
    let hir = parser.parse(&format!("^(?:{expression})$")).ok()?;
    let config = thompson::Config::new().nfa_size_limit(Some(MAX_AUTOMATON));
    let nfa = thompson::Compiler::new().configure(config).build_from_hir(&hir).ok()?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(MAX_AUTOMATON))
        .determinize_size_limit(Some(2 * MAX_AUTOMATON));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
}

pub(crate) fn begin(dfa: &Dfa) -> Option<StateID> {
    dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()
}

pub(crate) fn accepts(dfa: &Dfa, state: StateID) -> bool {
    dfa.is_match_state(dfa.next_eoi_state(state))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wr_schema::validator::Compiled;

    use super::Matchers;

    /// Every text over a few characters.
    fn texts(characters: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..longest {
            last = last
                .iter()
                .flat_map(|text| characters.iter().map(move |c| format!("{text}{c}")))
                .collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[test]
    fn look_around_is_as_the_validator_has_it() {
        const PATTERNS: &[&str] = &[
            r"^(?!a:)[ab:]+$",
            r"^(?!a:)[ab:]+",
            r"^(?!a$|ab$)[ab].*$",
            r"(?=^.{2,3}$)(?!.*\s)[ab:]*$",
            r"^(?!.*--)(?![-])[-ab]+$",
            r"^(?=.*a)(?=.*b)[^:]",
            r"^[ab.]*(?<!\.)$",
            r"^(?!a)[-ab]*(?<!-)$",
            r"^[ab]+(?<=ab)$",
            r"^(?!^[a]+$)([ab:]+)$",
            r"^(?!\s*$).+",
            r"^(?! )[ab ]*(?<! )$",
        ];
        let mut matchers = Matchers::default();
        for pattern in PATTERNS {
            let validator = Compiled::new(&json!({ "pattern": pattern })).unwrap();
            let matcher = matchers.of(pattern);
            for text in texts(&['a', 'b', ':', '-', '.', ' ', '\n'], 4) {
                let expected = Some(validator.accepts(&json!(text)));
                assert_eq!(matcher.matches(&text), expected, "{pattern} {text:?}");
            }
        }
    }
}
