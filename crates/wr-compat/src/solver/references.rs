//! References of a document within itself.

use serde_json::Value;

use super::read::{Arena, Id, Schema};

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

impl Arena {
    /// Whether a schema that these lead to leads to itself for the same value: what that means is
    /// not defined, and validators differ.
    pub(crate) fn is_circular(&self, roots: &[Id]) -> bool {
        // None: not seen; false: on the way; true: done.
        let mut state: Vec<Option<bool>> = vec![None; self.schemas.len()];
        let mut around: Vec<Id> = roots.to_vec();
        while let Some(start) = around.pop() {
            let mut path: Vec<(Id, Vec<Id>)> = Vec::new();
            let mut next = Some(start);
            loop {
                if let Some(id) = next.take() {
                    match state.get(id.index()) {
                        Some(Some(false)) => return true,
                        Some(None) => {
                            if let Some(place) = state.get_mut(id.index()) {
                                *place = Some(false);
                            }
                            let schema = self.get(id);
                            around.extend(schema.below());
                            path.push((id, schema.of_same_value()));
                        }
                        Some(Some(true)) | None => {}
                    }
                }
                let Some((id, rest)) = path.last_mut() else { break };
                next = rest.pop();
                if next.is_none() {
                    if let Some(place) = state.get_mut(id.index()) {
                        *place = Some(true);
                    }
                    path.pop();
                }
            }
        }
        false
    }
}

impl Schema {
    /// The schemas of the same value.
    fn of_same_value(&self) -> Vec<Id> {
        let (condition, then, otherwise) = match self.condition {
            Some((condition, then, otherwise)) => (Some(condition), then, otherwise),
            None => (None, None, None),
        };
        let mut ids: Vec<Id> = self.all_of.clone();
        ids.extend([&self.any_of, &self.one_of].into_iter().flatten().flatten());
        ids.extend([self.reference, self.not, condition, then, otherwise].into_iter().flatten());
        ids.extend(self.dependencies.iter().filter_map(|(_, _, id)| *id));
        ids
    }

    /// The schemas of parts of the value.
    fn below(&self) -> Vec<Id> {
        let mut ids = Vec::new();
        if let Some(rules) = &self.array {
            ids.extend(rules.prefix.iter().chain(&rules.rest));
            ids.extend(rules.contains.map(|(id, _, _)| id));
        }
        if let Some(rules) = &self.object {
            ids.extend(rules.properties.values().chain(&rules.additional).chain(&rules.names));
            ids.extend(rules.patterns.iter().map(|(_, id)| *id));
        }
        ids
    }
}
