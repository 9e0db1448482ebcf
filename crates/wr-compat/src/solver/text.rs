//! Strings: patterns are automata, so that one includes another or a string shows that not.

use std::collections::{HashMap, VecDeque};
use std::sync::OnceLock;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::ParserBuilder;
use serde_json::{Value, json};
use wr_schema::validator::Compiled;

use super::expand::Facts;
use super::read::Schema;
use super::{Outcome, Solver};

/// A pattern as an automaton over whole strings.
#[derive(Debug)]
pub(crate) struct Matcher {
    source: String,
    dfa: dense::DFA<Vec<u32>>,
}

/// The largest automaton that is built, in bytes.
const MAX_AUTOMATON: usize = 4 * 1024 * 1024;

impl Matcher {
    /// The automaton of an ECMAScript pattern, which matches anywhere in a string; none where it
    /// is no regular language, or too large.
    pub(crate) fn new(pattern: &str) -> Option<Matcher> {
        let translated = super::super::pattern::to_rust(pattern)?;
        Matcher::whole(pattern, &format!("(?s:.)*(?:{translated})(?s:.)*"))
    }

    /// The automaton of exactly one string.
    fn only(text: &str) -> Option<Matcher> {
        Matcher::whole(text, &regex_syntax::escape(text))
    }

    fn whole(source: &str, expression: &str) -> Option<Matcher> {
        let hir = ParserBuilder::new().build().parse(&format!("^(?:{expression})$")).ok()?;
        let nfa = regex_automata::nfa::thompson::Compiler::new().build_from_hir(&hir).ok()?;
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(MAX_AUTOMATON))
            .determinize_size_limit(Some(2 * MAX_AUTOMATON));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        Some(Matcher { source: source.to_owned(), dfa })
    }

    /// Whether the pattern matches somewhere in a text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(mut state) = self.start() else { return false };
        for byte in text.bytes() {
            state = self.dfa.next_state(state, byte);
        }
        self.accepts(state)
    }

    fn start(&self) -> Option<StateID> {
        self.dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()
    }

    fn accepts(&self, state: StateID) -> bool {
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        self.source == other.source
    }
}

/// Whether a string obeys the rules on strings.
pub(crate) fn obeys(schema: &Schema, text: &str) -> bool {
    let count = text.chars().count() as u64;
    schema.min_length.is_none_or(|min| count >= min)
        && schema.max_length.is_none_or(|max| count <= max)
        && schema.pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        && schema.format.is_none_or(|format| is_of_format(format, text))
}

/// Whether the validator takes a text for one of a format.
pub(crate) fn is_of_format(format: &'static str, text: &str) -> bool {
    static VALIDATORS: OnceLock<HashMap<&'static str, Compiled>> = OnceLock::new();
    let validators = VALIDATORS.get_or_init(|| {
        let compiled =
            |name: &&'static str| Some((*name, Compiled::new(&json!({ "format": *name })).ok()?));
        SAMPLES.iter().map(|(name, _)| name).filter_map(compiled).collect()
    });
    validators.get(format).is_none_or(|validator| validator.accepts(&json!(text)))
}

/// Texts of each format, the shortest first.
const SAMPLES: &[(&str, &[&str])] = &[
    ("date", &["2000-01-01", "1999-12-31"]),
    ("date-time", &["2000-01-01T00:00:00Z", "1999-12-31T23:59:59.5+01:00"]),
    ("duration", &["P1D", "PT1S"]),
    ("email", &["a@b.c", "a.b@example.com"]),
    ("hostname", &["a", "a.b", "example.com"]),
    ("idn-email", &["a@b.c"]),
    ("idn-hostname", &["a", "a.b"]),
    ("ipv4", &["1.1.1.1", "192.0.2.1"]),
    ("ipv6", &["::", "::1", "2001:db8::1"]),
    ("iri", &["a:b", "https://example.com/a"]),
    ("iri-reference", &["", "a", "a:b"]),
    ("json-pointer", &["", "/a"]),
    ("regex", &["", "a"]),
    ("relative-json-pointer", &["0", "1/a"]),
    ("time", &["00:00:00Z", "23:59:59+01:00"]),
    ("uri", &["a:b", "https://example.com/a"]),
    ("uri-reference", &["", "a", "a:b"]),
    ("uri-template", &["", "a", "{a}"]),
    ("uuid", &["00000000-0000-0000-0000-000000000000", "550e8400-e29b-41d4-a716-446655440000"]),
];

/// How many states of a product are looked at.
const MAX_STATES: usize = 60_000;

/// A rule on strings as the facts hold it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextRules {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    /// Patterns, each matched or not.
    pub(crate) patterns: Vec<(std::rc::Rc<Matcher>, bool)>,
    /// Formats, each obeyed or not.
    pub(crate) formats: Vec<(&'static str, bool)>,
}

impl Solver<'_> {
    /// A string that the facts allow.
    pub(crate) fn string(&mut self, facts: &Facts) -> Outcome {
        let rules = &facts.text;
        if rules.max.is_some_and(|max| max < rules.min) {
            return Outcome::None;
        }
        let contradict = |format: &'static str| {
            rules.formats.contains(&(format, true)) && rules.formats.contains(&(format, false))
        };
        if rules.formats.iter().any(|(format, _)| contradict(format)) {
            return Outcome::None;
        }
        // Short and telling strings first, samples where a format is asked for.
        let wanted = rules.formats.iter().filter(|(_, obeyed)| *obeyed);
        let samples = SAMPLES.iter().filter(|(name, _)| wanted.clone().any(|(f, _)| f == name));
        let mut candidates: Vec<String> =
            samples.flat_map(|(_, texts)| texts.iter().map(|text| (*text).to_owned())).collect();
        let length = usize::try_from(rules.min.min(100_000)).unwrap_or(0);
        for filler in ["x", "0", "a", "-", "é"] {
            candidates.push(filler.repeat(length));
            candidates.push(filler.repeat(length + 1));
        }
        candidates.sort_by_key(|text| (text.len(), text.clone()));
        for text in candidates {
            let value = Value::from(text);
            if self.holds_all(&facts.all, &value) == Some(true) {
                return Outcome::Found(value);
            }
        }
        if rules.formats.iter().any(|(_, obeyed)| *obeyed) {
            return Outcome::Unknown("no sample of the format will do");
        }
        self.product(facts)
    }

    /// The shortest string of the product of all automata.
    fn product(&mut self, facts: &Facts) -> Outcome {
        let rules = &facts.text;
        let mut automata: Vec<(&Matcher, bool)> =
            rules.patterns.iter().map(|(matcher, matched)| (&**matcher, *matched)).collect();
        let excluded: Option<Vec<Matcher>> =
            facts.excluded.iter().filter_map(|v| v.as_str()).map(Matcher::only).collect();
        let (Some(excluded), Some(any)) = (excluded, Matcher::whole("", "(?s:.)*")) else {
            return Outcome::Unknown("an automaton would be too large");
        };
        automata.extend(excluded.iter().map(|matcher| (matcher, false)));
        // What is no UTF-8 is no string.
        automata.push((&any, true));
        let bytes = representatives(&automata);
        let cap = rules.max.map_or(rules.min, |max| max + 1);
        let Some(begin) = automata.iter().map(|(matcher, _)| matcher.start()).collect() else {
            return Outcome::Unknown("an automaton has no start");
        };
        type State = (Vec<StateID>, u64);
        let first: State = (begin, 0);
        let mut came: HashMap<State, Option<(State, u8)>> = HashMap::from([(first.clone(), None)]);
        let mut queue = VecDeque::from([first]);
        while let Some(state) = queue.pop_front() {
            let (states, count) = &state;
            let is_end = *count >= rules.min
                && rules.max.is_none_or(|max| *count <= max)
                && automata.iter().zip(states).all(|((m, matched), s)| m.accepts(*s) == *matched);
            if is_end {
                let mut text = Vec::new();
                let mut at = &state;
                while let Some(Some((before, byte))) = came.get(at) {
                    text.push(*byte);
                    at = before;
                }
                text.reverse();
                let Ok(text) = String::from_utf8(text) else { continue };
                let value = Value::from(text);
                if self.holds_all(&facts.all, &value) == Some(true) {
                    return Outcome::Found(value);
                }
                return Outcome::Unknown("a string was found that does not do");
            }
            if came.len() > MAX_STATES {
                return Outcome::Unknown("too many states of automata");
            }
            for byte in &bytes {
                let next: Vec<StateID> = automata
                    .iter()
                    .zip(states)
                    .map(|((matcher, _), state)| matcher.dfa.next_state(*state, *byte))
                    .collect();
                let is_dead = automata.iter().zip(&next).any(|((matcher, matched), state)| {
                    *matched && matcher.dfa.is_dead_state(*state)
                });
                // A character is counted at its first byte.
                let count = (count + u64::from(*byte & 0xC0 != 0x80)).min(cap);
                if is_dead || rules.max.is_some_and(|max| count > max) {
                    continue;
                }
                let next = (next, count);
                if !came.contains_key(&next) {
                    came.insert(next.clone(), Some((state.clone(), *byte)));
                    queue.push_back(next);
                }
            }
        }
        if facts.decided && rules.formats.is_empty() {
            Outcome::None
        } else {
            Outcome::Unknown("no string was found, and none was excluded")
        }
    }
}

/// One byte of each class that some automaton tells apart, the pleasant ones first.
fn representatives(automata: &[(&Matcher, bool)]) -> Vec<u8> {
    let pleasant = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(b' '..=b'~');
    let mut seen = std::collections::HashSet::new();
    let mut bytes = Vec::new();
    for byte in pleasant.chain(0..=255) {
        let classes: Vec<u8> =
            automata.iter().map(|(matcher, _)| matcher.dfa.byte_classes().get(byte)).collect();
        if seen.insert((classes, byte & 0xC0 == 0x80)) {
            bytes.push(byte);
        }
    }
    bytes
}
