//! A witness without any part that it does not need.

use serde_json::{Map, Value};

/// How many documents are tried at the most.
const TRIES: u32 = 4_000;

/// The document without any property, element or character that it can do without; of equals, the
/// first by its bytes.
pub(crate) fn smallest(document: Value, is_witness: &dyn Fn(&Value) -> bool) -> Value {
    let mut document = document;
    let mut tries = 0;
    loop {
        let smaller = smaller(&document).into_iter().find(|candidate| {
            tries += 1;
            tries < TRIES && is_witness(candidate)
        });
        match smaller {
            Some(candidate) => document = candidate,
            None => return document,
        }
    }
}

/// Documents that are one step smaller, the smallest first.
fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::Bool(true) => vec![Value::Bool(false)],
        Value::Number(_) => numbers(value),
        Value::String(text) => texts(text),
        Value::Array(items) => {
            let mut out: Vec<Value> = (0..items.len())
                .map(|index| {
                    let kept = items.iter().enumerate().filter(|(at, _)| *at != index);
                    kept.map(|(_, item)| item.clone()).collect()
                })
                .collect();
            for (index, item) in items.iter().enumerate() {
                for smaller in smaller(item) {
                    let mut items = items.clone();
                    if let Some(place) = items.get_mut(index) {
                        *place = smaller;
                    }
                    out.push(Value::Array(items));
                }
            }
            out
        }
        Value::Object(members) => {
            let without = |name: &String| {
                let kept = members.iter().filter(|(other, _)| *other != name);
                kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()
            };
            let mut out: Vec<Value> =
                members.keys().map(|name| Value::Object(without(name))).collect();
            for (name, value) in members {
                for smaller in smaller(value) {
                    let mut members = members.clone();
                    members.insert(name.clone(), smaller);
                    out.push(Value::Object(members));
                }
                // A made-up name may be a shorter one.
                for shorter in shorter_names(name) {
                    if !members.contains_key(&shorter) {
                        let mut members = without(name);
                        members.insert(shorter, value.clone());
                        out.push(Value::Object(members));
                    }
                }
            }
            out
        }
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
        for dropped in (0..count).rev().take(64) {
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
