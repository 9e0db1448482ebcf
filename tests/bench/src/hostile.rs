//! A message in a layout that hurts: keys in any order, fields that nobody knows, escapes in keys
//! and texts, white space everywhere.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The message in such a layout, the same each time. It means the same to a reader.
pub(crate) fn layout(message: &[u8]) -> Vec<u8> {
    let mut message: Value = serde_json::from_slice(message).expect("a message is JSON");
    let unknown = json!({ "nested": [1, 2.5, { "deep": "\"text\"" }, null], "flag": true });
    if let Value::Object(members) = &mut message {
        members.insert("added_later".to_owned(), unknown.clone());
        if let Some(Value::Object(data)) = members.get_mut("data") {
            data.insert("added_later_too".to_owned(), unknown);
        }
    }
    let mut out = String::new();
    write(&message, &mut Rng::with_seed(42), 1, &mut out);
    out.into_bytes()
}

fn write(value: &Value, rng: &mut Rng, depth: usize, out: &mut String) {
    match value {
        Value::String(text) => string(text, rng, out),
        Value::Array(items) => {
            out.push_str("[ ");
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { " , " } else { "" });
                write(item, rng, depth + 1, out);
            }
            out.push_str(" ]");
        }
        Value::Object(members) => object(members, rng, depth, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn object(members: &Map<String, Value>, rng: &mut Rng, depth: usize, out: &mut String) {
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    rng.shuffle(&mut members);
    let line = format!("\n{}", "  ".repeat(depth));
    out.push('{');
    for (index, (key, value)) in members.into_iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        out.push_str(&line);
        string(key, rng, out);
        out.push_str(" : ");
        write(value, rng, depth + 1, out);
    }
    out.push_str("\n}");
}

/// One in eight has an escape in it that it would not need.
fn string(text: &str, rng: &mut Rng, out: &mut String) {
    let plain = Value::from(text).to_string();
    match text.char_indices().nth(rng.usize(..=text.len())) {
        Some((at, c)) if rng.u32(..8) == 0 && !plain.contains('\\') => {
            let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
            out.push_str(&format!("\"{before}\\u{:04x}{after}\"", u32::from(c)));
        }
        _ => out.push_str(&plain),
    }
}
