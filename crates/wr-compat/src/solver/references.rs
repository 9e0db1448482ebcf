//! References of a document within itself.

use serde_json::Value;

/// The schema that a reference names within its own document.
pub(super) fn referred<'d>(document: &'d Value, text: &str) -> Option<&'d Value> {
    let base = document.get("$id").or_else(|| document.get("id")).and_then(Value::as_str);
    let own = base.unwrap_or_default().trim_end_matches('#');
    let fragment = match text.split_once('#') {
        Some((path, fragment)) if path.is_empty() || path == own => fragment,
        None if text == own || text.is_empty() => "",
        _ => return None,
    };
    let fragment = decoded(fragment);
    if fragment.is_empty() || fragment.starts_with('/') {
        return document.pointer(&fragment);
    }
    anchor(document, &fragment)
}

/// The schema with an anchor, or with an `$id` that is a fragment.
fn anchor<'d>(value: &'d Value, name: &str) -> Option<&'d Value> {
    let is_named = |key: &str, text: &str| value.get(key).and_then(Value::as_str) == Some(text);
    let fragment = format!("#{name}");
    if is_named("$anchor", name) || is_named("$id", &fragment) || is_named("id", &fragment) {
        return Some(value);
    }
    match value {
        Value::Object(members) => members.values().find_map(|value| anchor(value, name)),
        Value::Array(items) => items.iter().find_map(|value| anchor(value, name)),
        _ => None,
    }
}

/// Whether a part of a document has an address, from which its references would be read.
pub(super) fn has_scopes(document: &Value) -> bool {
    let mut rest: Vec<&Value> = vec![document];
    let mut is_root = true;
    while let Some(value) = rest.pop() {
        let is_address = |key: &str| {
            value.get(key).and_then(Value::as_str).is_some_and(|text| !text.starts_with('#'))
        };
        if !is_root && (is_address("$id") || is_address("id")) {
            return true;
        }
        is_root = false;
        match value {
            Value::Object(members) => rest.extend(members.values()),
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    false
}

/// The text with its `%41` resolved; what is no UTF-8 then stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        let pair = match (first, tail) {
            (b'%', [high, low, ..]) => hex(high).zip(hex(low)),
            _ => None,
        };
        match pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
