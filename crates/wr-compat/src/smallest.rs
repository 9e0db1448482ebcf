//! A witness without any part that it does not need.

use serde_json::{Map, Value};

/// How many parts of documents are looked at, by all tries together.
const WORK: usize = 2_000_000;

/// The document without any property, element or character that it can do without; of equals, the
/// first by its bytes.
pub(crate) fn smallest(document: Value, is_witness: &dyn Fn(&Value) -> bool) -> Value {
    let mut shrinking = Shrinking { document, is_witness, work: WORK };
    // What one part can do without may depend on another.
    while shrinking.at(&mut Vec::new()) {}
    shrinking.document
}

/// A step from a value to a part of it.
#[derive(Clone, Debug)]
enum Step {
    Name(String),
    Index(usize),
}

struct Shrinking<'a> {
    document: Value,
    is_witness: &'a dyn Fn(&Value) -> bool,
    work: usize,
}

impl Shrinking<'_> {
    fn part(&mut self, path: &[Step]) -> Option<&mut Value> {
        path.iter().try_fold(&mut self.document, |value, step| match step {
            Step::Name(name) => value.get_mut(name),
            Step::Index(index) => value.get_mut(index),
        })
    }

    /// Puts something smaller in the place of a part, where the whole is a witness still.
    fn attempt(&mut self, path: &[Step], smaller: Value) -> bool {
        let Some(part) = self.part(path) else { return false };
        let before = std::mem::replace(part, smaller);
        let size = size(&self.document);
        if self.work < size {
            self.work = 0;
        } else {
            self.work -= size;
            if (self.is_witness)(&self.document) {
                return true;
            }
        }
        if let Some(part) = self.part(path) {
            *part = before;
        }
        false
    }

    /// Makes a part smaller, and says whether it could.
    fn at(&mut self, path: &mut Vec<Step>) -> bool {
        if self.work == 0 {
            return false;
        }
        let Some(part) = self.part(path).map(|part| part.clone()) else { return false };
        match part {
            Value::Null => false,
            Value::Bool(value) => value && self.attempt(path, Value::Bool(false)),
            Value::Number(_) => self.first(path, numbers),
            Value::String(_) => self.first(path, |value| value.as_str().map_or(vec![], texts)),
            Value::Array(items) => {
                let mut changed = self.fewer(path, (0..items.len()).map(Step::Index).collect());
                let left = self.part(path).and_then(|part| part.as_array()).map_or(0, Vec::len);
                for index in 0..left {
                    path.push(Step::Index(index));
                    changed |= self.at(path);
                    path.pop();
                }
                changed
            }
            Value::Object(members) => {
                let names = members.keys().cloned().map(Step::Name);
                let mut changed = self.fewer(path, names.collect());
                let left = self.part(path).and_then(|part| part.as_object());
                let names: Vec<String> = left.into_iter().flat_map(Map::keys).cloned().collect();
                for name in names {
                    path.push(Step::Name(name.clone()));
                    changed |= self.at(path);
                    path.pop();
                    changed |= self.renamed(path, &name);
                }
                changed
            }
        }
    }

    /// Takes the first of the smaller values that does, as often as one does.
    fn first(&mut self, path: &[Step], smaller: impl Fn(&Value) -> Vec<Value>) -> bool {
        let mut changed = false;
        while let Some(value) = self.part(path).cloned() {
            if !smaller(&value).into_iter().any(|smaller| self.attempt(path, smaller)) {
                break;
            }
            changed = true;
        }
        changed
    }

    /// Leaves out properties or items: many at once first, each on its own last.
    fn fewer(&mut self, path: &[Step], mut parts: Vec<Step>) -> bool {
        let mut changed = false;
        let mut many = parts.len();
        while many > 0 && self.work > 0 {
            let mut kept: Vec<Step> = Vec::new();
            // From the end, so that the indices before it stay.
            while !parts.is_empty() && self.work > 0 {
                let chunk = parts.split_off(parts.len().saturating_sub(many));
                let Some(part) = self.part(path).map(|part| without(part, &chunk)) else { break };
                if self.attempt(path, part) {
                    changed = true;
                    let gone = chunk.len();
                    for step in &mut kept {
                        if let Step::Index(index) = step {
                            *index -= gone;
                        }
                    }
                } else {
                    kept.splice(0..0, chunk);
                }
            }
            parts = kept;
            many = match many {
                0 | 1 => 0,
                2..=8 => 1,
                more => more / 4,
            };
        }
        changed
    }

    /// Gives a made-up name a shorter one.
    fn renamed(&mut self, path: &[Step], name: &str) -> bool {
        for shorter in shorter_names(name) {
            let Some(Value::Object(members)) = self.part(path) else { return false };
            if members.contains_key(&shorter) {
                continue;
            }
            let mut members = members.clone();
            if let Some(value) = members.remove(name) {
                members.insert(shorter, value);
            }
            if self.attempt(path, Value::Object(members)) {
                return true;
            }
        }
        false
    }
}

/// How many values there are in a value, and a share of its texts.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        Value::String(text) => text.len() / 16,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn without(value: &Value, parts: &[Step]) -> Value {
    match value {
        Value::Array(items) => {
            let is_out = |at: usize| {
                parts.iter().any(|part| matches!(part, Step::Index(index) if *index == at))
            };
            let kept = items.iter().enumerate().filter(|(at, _)| !is_out(*at));
            kept.map(|(_, item)| item.clone()).collect()
        }
        Value::Object(members) => {
            let mut members = members.clone();
            for part in parts {
                if let Step::Name(name) = part {
                    members.remove(name);
                }
            }
            Value::Object(members)
        }
        other => other.clone(),
    }
}

/// Numbers whose texts are shorter, or as long and nearer to zero.
fn numbers(value: &Value) -> Vec<Value> {
    let text = value.to_string();
    let mut candidates: Vec<Value> =
        [0, 1, -1, 2, 5, 9, 10].iter().map(|number| Value::from(*number)).collect();
    candidates.extend([0.5, 0.1, 1.5].map(Value::from));
    candidates.retain(|candidate| {
        let other = candidate.to_string();
        (other.len(), &other) < (text.len(), &text)
    });
    candidates
}

/// Texts that are shorter: none, halves, one character less; and as long, but of plain letters.
fn texts(text: &str) -> Vec<Value> {
    let characters: Vec<char> = text.chars().collect();
    let count = characters.len();
    let mut out: Vec<String> = Vec::new();
    if count > 0 {
        out.push(String::new());
        out.push(characters.iter().take(count / 2).collect());
        // Of equal characters in a row it is the same which one goes.
        let is_last = |at: &usize| characters.get(*at) != characters.get(*at + 1);
        for dropped in (0..count).rev().take(200).filter(is_last) {
            let kept = characters.iter().enumerate().filter(|(at, _)| *at != dropped);
            out.push(kept.map(|(_, c)| *c).collect());
        }
        let plain = "a".repeat(count);
        if plain.as_str() < text && !text.is_ascii()
            || text.contains(|c: char| !c.is_alphanumeric())
        {
            out.push(plain);
        }
    }
    out.retain(|other| other != text);
    out.into_iter().map(Value::from).collect()
}

fn shorter_names(name: &str) -> Vec<String> {
    let count = name.chars().count();
    if count < 2 {
        return Vec::new();
    }
    vec![name.chars().take(1).collect(), name.chars().take(count - 1).collect()]
}
