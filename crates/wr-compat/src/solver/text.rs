//! Strings: patterns are automata, so that one includes another or a string shows that not.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::OnceLock;

use regex_automata::dfa::Automaton;
use regex_automata::util::primitives::StateID;
use serde_json::{Value, json};
use wr_schema::validator::Compiled;

use super::automaton::{self, Dfa, Matcher, Part};
use super::expand::Facts;
use super::format::Format;
use super::read::{Dialect, Schema};
use super::{Outcome, Solver, TOO_LONG};

/// Whether a string obeys the rules on strings, where it can be told.
pub(crate) fn obeys(schema: &Schema, text: &str) -> Option<bool> {
    if schema.min_length.is_some() || schema.max_length.is_some() {
        let count = text.chars().count() as u64;
        if schema.min_length.is_some_and(|min| count < min)
            || schema.max_length.is_some_and(|max| count > max)
        {
            return Some(false);
        }
    }
    if schema.format.is_some_and(|format| !is_of_format(format, text)) {
        return Some(false);
    }
    schema.pattern.as_ref().map_or(Some(true), |pattern| pattern.matches(text))
}

/// Whether the validator takes a text for one of a format.
pub(crate) fn is_of_format(format: Format, text: &str) -> bool {
    type Validators = HashMap<(Dialect, &'static str), Compiled>;
    static VALIDATORS: OnceLock<Validators> = OnceLock::new();
    let validators = VALIDATORS.get_or_init(|| {
        let names = || SAMPLES.iter().map(|(name, _)| *name);
        let each =
            DRAFTS.iter().flat_map(|(dialect, uri)| names().map(move |n| (*dialect, uri, n)));
        let compiled = each.filter_map(|(dialect, uri, name)| {
            let schema = json!({ "$schema": uri, "format": name });
            Some(((dialect, name), Compiled::detect(&schema).ok()?))
        });
        compiled.collect()
    });
    let validator = validators.get(&(format.dialect, format.name));
    validator.is_none_or(|validator| validator.accepts(&json!(text)))
}

/// The drafts by their names.
const DRAFTS: &[(Dialect, &str)] = &[
    (Dialect::Draft4, "http://json-schema.org/draft-04/schema#"),
    (Dialect::Draft6, "http://json-schema.org/draft-06/schema#"),
    (Dialect::Draft7, "http://json-schema.org/draft-07/schema#"),
    (Dialect::Draft2019, "https://json-schema.org/draft/2019-09/schema"),
    (Dialect::Draft2020, "https://json-schema.org/draft/2020-12/schema"),
];

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

/// Texts that are of few formats.
const ODD: &[&str] =
    &["", "x", "0", "-", "é", "(", "{", " ", "\\", "%", "/~", "@", "..", "a b", "_", "1.1.1.999"];

/// The shortest length of a text of a format, where no text of it is empty.
fn shortest(format: Format) -> u64 {
    match format.name {
        "date" => 10,
        "date-time" => 20,
        "uuid" => 36,
        "ipv4" => 7,
        "ipv6" => 2,
        _ => u64::from(!is_of_format(format, "")),
    }
}

/// How many states of a product are looked at.
const MAX_STATES: usize = 20_000;

/// A rule on strings as the facts hold it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextRules {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    /// Patterns, each matched or not.
    pub(crate) patterns: Vec<(Rc<Matcher>, bool)>,
    /// Formats, each obeyed or not.
    pub(crate) formats: Vec<(Format, bool)>,
}

impl TextRules {
    /// Whether two rules contradict each other, as far as can be seen.
    fn is_impossible(&self) -> bool {
        let least = self.formats.iter().filter(|(_, obeyed)| *obeyed).map(|(f, _)| shortest(*f));
        if self.max.is_some_and(|max| max < least.max().unwrap_or(0).max(self.min)) {
            return true;
        }
        let patterns = self.patterns.iter().enumerate().any(|(at, (a, matched))| {
            let mut others = self.patterns.iter().skip(at + 1);
            others.any(|(b, also)| matched != also && a.source() == b.source())
        });
        let formats = self
            .formats
            .iter()
            .filter(|(_, obeyed)| *obeyed)
            .any(|(a, _)| self.formats.iter().any(|(b, obeyed)| !obeyed && includes(*b, *a)));
        patterns || formats
    }
}

/// Whether every text of the second format is one of the first.
fn includes(outer: Format, inner: Format) -> bool {
    const INCLUDED: &[(&str, &str)] = &[
        ("uri-reference", "uri"),
        ("iri", "uri"),
        ("iri-reference", "uri"),
        ("iri-reference", "uri-reference"),
        ("iri-reference", "iri"),
    ];
    outer == inner || outer.dialect == inner.dialect && INCLUDED.contains(&(outer.name, inner.name))
}

impl Solver<'_> {
    /// A string that the facts allow.
    pub(crate) fn string(&mut self, facts: &Facts) -> Outcome {
        let rules = &facts.text;
        if rules.is_impossible() {
            return Outcome::None;
        }
        // Short and telling strings first, samples where a format is asked for.
        let wanted = |name: &str, obeyed: bool| {
            rules.formats.iter().any(|(format, o)| format.name == name && *o == obeyed)
        };
        let mut outcome = Outcome::None;
        for text in candidates(rules, &wanted) {
            if !self.spend(1 + u32::try_from(text.len() / 64).unwrap_or(u32::MAX)) {
                return Outcome::Unknown(TOO_LONG);
            }
            let value = Value::from(text);
            if self.holds_all(&facts.all, &value) != Some(false) {
                outcome = outcome.or(self.candidate(&facts.all, value));
                if matches!(outcome, Outcome::Found(_)) {
                    return outcome;
                }
            }
        }
        // What the automata alone exclude is excluded; what they allow may be of no format.
        match self.product(facts) {
            Outcome::None => Outcome::None,
            product => product.or(outcome),
        }
    }

    /// The shortest string of the product of all automata.
    fn product(&mut self, facts: &Facts) -> Outcome {
        let rules = &facts.text;
        let mut automata: Vec<&Dfa> = Vec::new();
        let mut groups: Vec<(&[Part], bool)> = Vec::new();
        for (matcher, matched) in &rules.patterns {
            // One that is no automaton is left out.
            let Some(parts) = matcher.parts() else { continue };
            automata.extend(parts.iter().map(|(dfa, _)| &**dfa));
            groups.push((parts, *matched));
        }
        // What is no UTF-8 is no string.
        static ANY: OnceLock<Option<Dfa>> = OnceLock::new();
        let Some(any) = ANY.get_or_init(automaton::any) else {
            return Outcome::Unknown("an automaton would be too large");
        };
        automata.push(any);
        let excluded = Trie::of(facts.excluded.iter().filter_map(|value| value.as_str()));
        let bytes = representatives(&automata, &excluded);
        let cap = rules.max.map_or(rules.min, |max| max.saturating_add(1));
        let Some(begin) = automata.iter().map(|dfa| automaton::begin(dfa)).collect() else {
            return Outcome::Unknown("an automaton has no start");
        };
        let first = State { automata: begin, excluded: Some(0), count: 0 };
        let mut states: Vec<(State, usize, u8)> = vec![(first.clone(), 0, 0)];
        let mut seen: HashSet<State> = HashSet::from([first]);
        let mut queue = VecDeque::from([0_usize]);
        while let Some(at) = queue.pop_front() {
            let Some((state, _, _)) = states.get(at).cloned() else { continue };
            let State { automata: each, excluded: node, count } = &state;
            let is_end = *count >= rules.min
                && rules.max.is_none_or(|max| *count <= max)
                && !node.is_some_and(|node| excluded.is_end(node))
                && each.last().is_some_and(|state| automaton::accepts(any, *state))
                && are_met(&groups, each);
            if is_end {
                return match spelt(&states, at) {
                    Some(text) => self.candidate(&facts.all, Value::from(text)),
                    None => Outcome::Unknown("an automaton over what is no text"),
                };
            }
            let cost = u32::try_from(bytes.len() * automata.len() / 8 + 1).unwrap_or(u32::MAX);
            if states.len() > MAX_STATES || !self.spend(cost) {
                return Outcome::Unknown("too many states of automata");
            }
            for byte in &bytes {
                let next: Vec<StateID> = automata
                    .iter()
                    .zip(each)
                    .map(|(dfa, state)| dfa.next_state(*state, *byte))
                    .collect();
                let is_dead = next.last().is_some_and(|state| any.is_dead_state(*state))
                    || is_stuck(&groups, &next);
                // A character is counted at its first byte.
                let count = (count + u64::from(*byte & 0xC0 != 0x80)).min(cap);
                if is_dead || rules.max.is_some_and(|max| count > max) {
                    continue;
                }
                let node = node.and_then(|node| excluded.next(node, *byte));
                let next = State { automata: next, excluded: node, count };
                if seen.insert(next.clone()) {
                    queue.push_back(states.len());
                    states.push((next, at, *byte));
                }
            }
        }
        Outcome::None
    }
}

/// Whether each pattern matches where it must, and only there; the states are those of all parts,
/// one after another.
fn are_met(groups: &[(&[Part], bool)], mut states: &[StateID]) -> bool {
    groups.iter().all(|(parts, matched)| {
        let (own, rest) = states.split_at(parts.len().min(states.len()));
        states = rest;
        let mut each = parts.iter().zip(own);
        each.all(|((dfa, holds), state)| automaton::accepts(dfa, *state) == *holds) == *matched
    })
}

/// Whether some pattern that must match no longer can.
fn is_stuck(groups: &[(&[Part], bool)], mut states: &[StateID]) -> bool {
    groups.iter().any(|(parts, matched)| {
        let (own, rest) = states.split_at(parts.len().min(states.len()));
        states = rest;
        let mut each = parts.iter().zip(own);
        *matched && each.any(|((dfa, holds), state)| *holds && dfa.is_dead_state(*state))
    })
}

/// Where all automata are after some bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    automata: Vec<StateID>,
    /// The place in the listed strings, where one begins like this.
    excluded: Option<usize>,
    /// How many characters there are.
    count: u64,
}

/// The bytes that lead to a state, where they are a text.
fn spelt(states: &[(State, usize, u8)], mut at: usize) -> Option<String> {
    let mut text = Vec::new();
    while at > 0 {
        let (_, before, byte) = states.get(at)?;
        text.push(*byte);
        at = *before;
    }
    text.reverse();
    String::from_utf8(text).ok()
}

/// Strings that are tried before any automaton is asked.
fn candidates(rules: &TextRules, wanted: &dyn Fn(&str, bool) -> bool) -> Vec<String> {
    let samples = SAMPLES.iter().filter(|(name, _)| wanted(name, true));
    let mut candidates: Vec<String> =
        samples.flat_map(|(_, texts)| texts.iter().map(|text| (*text).to_owned())).collect();
    if rules.formats.iter().any(|(_, obeyed)| !obeyed) {
        candidates.extend(ODD.iter().map(|text| (*text).to_owned()));
    }
    let length = usize::try_from(rules.min.min(100_000)).unwrap_or(0);
    for filler in ["x", "0", "a", "-", "é"] {
        candidates.push(filler.repeat(length));
        candidates.push(filler.repeat(length + 1));
    }
    candidates.sort_by_key(|text| (text.len(), text.clone()));
    candidates
}

/// Strings that are listed, by their bytes.
#[derive(Debug, Default)]
struct Trie {
    nodes: Vec<(BTreeMap<u8, usize>, bool)>,
}

impl Trie {
    fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Trie {
        let mut trie = Trie { nodes: vec![(BTreeMap::new(), false)] };
        for text in texts {
            let mut at = 0;
            for byte in text.bytes() {
                at = match trie.next(at, byte) {
                    Some(next) => next,
                    None => {
                        let fresh = trie.nodes.len();
                        trie.nodes.push((BTreeMap::new(), false));
                        if let Some((below, _)) = trie.nodes.get_mut(at) {
                            below.insert(byte, fresh);
                        }
                        fresh
                    }
                };
            }
            if let Some((_, is_end)) = trie.nodes.get_mut(at) {
                *is_end = true;
            }
        }
        trie
    }

    fn next(&self, at: usize, byte: u8) -> Option<usize> {
        self.nodes.get(at).and_then(|(below, _)| below.get(&byte).copied())
    }

    fn is_end(&self, at: usize) -> bool {
        self.nodes.get(at).is_some_and(|(_, is_end)| *is_end)
    }
}

/// One byte of each class that some automaton tells apart, and each that a listed string holds; the
/// pleasant ones first.
fn representatives(automata: &[&Dfa], excluded: &Trie) -> Vec<u8> {
    let pleasant = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(b' '..=b'~');
    let listed: HashSet<u8> =
        excluded.nodes.iter().flat_map(|(below, _)| below.keys().copied()).collect();
    let mut seen = HashSet::new();
    let mut bytes = Vec::new();
    for byte in pleasant.chain(0..=255) {
        let classes: Vec<u8> = automata.iter().map(|dfa| dfa.byte_classes().get(byte)).collect();
        let alone = listed.contains(&byte).then_some(byte);
        if seen.insert((classes, byte & 0xC0 == 0x80, alone)) {
            bytes.push(byte);
        }
    }
    bytes
}
