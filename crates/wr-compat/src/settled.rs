//! Schemas that refer out of their document, made such that a validator can run them.
//!
//! What stands elsewhere is not known, so each such reference is taken to accept nothing where
//! fewer documents are wanted, and everything where more are: a document that is sent by the one
//! and refused by the other breaks, whatever stands there.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value, json};

/// A schema that accepts nothing that the original may refuse; none where it refers to nothing
/// outside.
pub(crate) fn narrowed(schema: &Value) -> Option<Value> {
    settled(schema, false)
}

/// A schema that accepts all that the original may accept; none where it refers to nothing outside.
pub(crate) fn widened(schema: &Value) -> Option<Value> {
    settled(schema, true)
}

fn settled(schema: &Value, want: bool) -> Option<Value> {
    let none = Map::new();
    let definitions = schema.get("definitions").and_then(Value::as_object).unwrap_or(&none);
    let mut leads_out = false;
    references(schema, &mut |text| {
        let name = text.strip_prefix("#/definitions/");
        leads_out |= !name.is_some_and(|name| definitions.contains_key(name)) && is_out(text);
    });
    if !leads_out {
        return None;
    }
    let mut root = schema.clone();
    root.as_object_mut()?.remove("definitions");
    let draft = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let mut settling = Settling {
        definitions,
        unsettled: HashSet::new(),
        reads_siblings: draft.contains("2019-09") || draft.contains("2020-12"),
        queue: Vec::new(),
        seen: BTreeSet::new(),
    };
    settling.unsettled = settling.all_unsettled();
    if !settling.leads_out(&root) {
        return None;
    }
    let mut out = settling.schema(&root, want);
    let mut parts: Map<String, Value> = definitions
        .iter()
        .filter(|(name, _)| !settling.unsettled.contains(name.as_str()))
        .map(|(name, part)| (name.clone(), part.clone()))
        .collect();
    while let Some((name, want)) = settling.queue.pop() {
        let part = definitions.get(&name).map(|part| settling.schema(part, want));
        parts.extend(part.map(|part| (copy(&name, want), part)));
    }
    if let Some(members) = out.as_object_mut() {
        if !draft.is_empty() {
            members.insert("$schema".to_owned(), draft.into());
        }
        members.insert("definitions".to_owned(), parts.into());
    }
    Some(out)
}

/// A schema on its way.
struct Settling<'a> {
    definitions: &'a Map<String, Value>,
    /// The definitions that lead out of the document.
    unsettled: HashSet<&'a str>,
    /// Whether what stands beside a `$ref` counts.
    reads_siblings: bool,
    /// The definitions that are wanted and not made yet.
    queue: Vec<(String, bool)>,
    seen: BTreeSet<(String, bool)>,
}

/// The name of a definition of which fewer or more documents are wanted.
fn copy(name: &str, want: bool) -> String {
    format!("{name}{}", if want { "+" } else { "-" })
}

/// A schema that accepts everything or nothing, in any draft.
fn constant(verdict: bool) -> Value {
    if verdict { json!({}) } else { json!({ "not": {} }) }
}

/// The keywords whose schemas accept more where the whole does.
const ONE: &[&str] = &[
    "then",
    "else",
    "items",
    "additionalItems",
    "contains",
    "additionalProperties",
    "propertyNames",
    "allOf",
    "anyOf",
    "prefixItems",
];
const NAMED: &[&str] = &["properties", "patternProperties", "dependencies", "dependentSchemas"];

/// The most branches of a `oneOf` that are told apart one by one.
const MOST_BRANCHES: usize = 12;

impl<'a> Settling<'a> {
    /// Definitions that refer out, and those that lead to one that does.
    fn all_unsettled(&self) -> HashSet<&'a str> {
        let mut users: HashMap<&str, Vec<&'a str>> = HashMap::new();
        let mut rest: Vec<&'a str> = Vec::new();
        for (name, part) in self.definitions {
            let mut refers = false;
            references(part, &mut |text| match self.within(text) {
                Some(target) => users.entry(target).or_default().push(name),
                None => refers |= is_out(text),
            });
            rest.extend(refers.then_some(name.as_str()));
        }
        let mut unsettled = HashSet::new();
        while let Some(name) = rest.pop() {
            if unsettled.insert(name) {
                rest.extend(users.get(name).into_iter().flatten().copied());
            }
        }
        unsettled
    }

    /// The definition that a reference names.
    fn within(&self, text: &str) -> Option<&'a str> {
        let name = text.strip_prefix("#/definitions/")?;
        self.definitions.get_key_value(name).map(|(name, _)| name.as_str())
    }

    fn leads_out(&self, schema: &Value) -> bool {
        let mut does = false;
        references(schema, &mut |text| {
            does |= match self.within(text) {
                Some(name) => self.unsettled.contains(name),
                None => is_out(text),
            };
        });
        does
    }

    fn schema(&mut self, schema: &Value, want: bool) -> Value {
        let Value::Object(members) = schema else { return schema.clone() };
        if !self.leads_out(schema) {
            return schema.clone();
        }
        if members.keys().any(|key| key.starts_with("unevaluated") || key == "maxContains") {
            return constant(want);
        }
        let mut out = Map::new();
        let mut others: Vec<Value> = Vec::new();
        let is_odd = |this: &Self, key: &str| members.get(key).is_some_and(|v| this.leads_out(v));
        let has_odd_if = is_odd(self, "if");
        for (key, value) in members {
            let value = match key.as_str() {
                "$ref" => match self.reference(value, want) {
                    Some(reference) => reference,
                    None if self.reads_siblings && want => continue,
                    None => return constant(want),
                },
                "$dynamicRef" | "$recursiveRef" if want => continue,
                "$dynamicRef" | "$recursiveRef" => return constant(false),
                "not" => self.schema(value, !want),
                "oneOf" if is_odd(self, "oneOf") => {
                    others.push(self.one_of(value, want));
                    continue;
                }
                "if" if has_odd_if => {
                    others.extend(self.conditional(members, value, want));
                    continue;
                }
                "then" | "else" if has_odd_if => continue,
                key if ONE.contains(&key) => self.each(value, want),
                key if NAMED.contains(&key) => match value {
                    Value::Object(named) => named
                        .iter()
                        .map(|(name, value)| (name.clone(), self.schema(value, want)))
                        .collect::<Map<String, Value>>()
                        .into(),
                    other => other.clone(),
                },
                _ => value.clone(),
            };
            out.insert(key.clone(), value);
        }
        if !others.is_empty() {
            let all = match out.remove("allOf") {
                Some(Value::Array(parts)) => parts.into_iter().chain(others).collect(),
                _ => others.into(),
            };
            out.insert("allOf".to_owned(), all);
        }
        out.into()
    }

    /// Exactly one of some schemas: one of them, and no other.
    fn one_of(&mut self, branches: &Value, want: bool) -> Value {
        let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
        if branches.len() > MOST_BRANCHES {
            return constant(want);
        }
        let ways = (0..branches.len()).map(|chosen| {
            let each = branches.iter().enumerate().map(|(at, branch)| match at == chosen {
                true => self.schema(branch, want),
                false => json!({ "not": self.schema(branch, !want) }),
            });
            json!({ "allOf": each.collect::<Vec<Value>>() })
        });
        json!({ "anyOf": ways.collect::<Vec<Value>>() })
    }

    /// Where a condition holds the one schema does, else the other.
    fn conditional(&mut self, members: &Map<String, Value>, of: &Value, want: bool) -> Vec<Value> {
        let mut parts = Vec::new();
        if let Some(then) = members.get("then") {
            let (of, then) = (self.schema(of, !want), self.schema(then, want));
            parts.push(json!({ "anyOf": [{ "not": of }, then] }));
        }
        if let Some(otherwise) = members.get("else") {
            parts.push(json!({ "anyOf": [self.schema(of, want), self.schema(otherwise, want)] }));
        }
        parts
    }

    fn each(&mut self, value: &Value, want: bool) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.schema(item, want)).collect(),
            value => self.schema(value, want),
        }
    }

    /// The reference to what it leads to; none where that is outside.
    fn reference(&mut self, value: &Value, want: bool) -> Option<Value> {
        let text = value.as_str()?;
        let Some(name) = self.within(text) else {
            return (!is_out(text)).then(|| value.clone());
        };
        if !self.unsettled.contains(name) {
            return Some(value.clone());
        }
        let wanted = (name.to_owned(), want);
        if self.seen.insert(wanted.clone()) {
            self.queue.push(wanted);
        }
        Some(format!("#/definitions/{}", copy(name, want)).into())
    }
}

/// Shows every reference in a schema; what only looks like one too.
fn references<'v>(value: &'v Value, show: &mut dyn FnMut(&'v str)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text)
                        if matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef") =>
                    {
                        show(if key == "$ref" { text } else { "" });
                    }
                    value => references(value, show),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, show)),
        _ => {}
    }
}

/// Whether what a reference leads to is not in the document.
fn is_out(text: &str) -> bool {
    text != "#"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_refers_to_nothing_outside_is_left() {
        let schema = json!({
            "$ref": "#/definitions/0",
            "definitions": { "0": { "properties": { "a": { "$ref": "#/definitions/0" } } } },
        });
        assert_eq!((narrowed(&schema), widened(&schema)), (None, None));
    }

    #[test]
    fn what_stands_elsewhere_is_everything_or_nothing() {
        let schema = json!({
            "properties": {
                "a": { "$ref": "other.json" },
                "b": { "not": { "$ref": "#/definitions/0" } },
                "c": { "oneOf": [{ "$ref": "other.json" }, { "type": "string" }] },
            },
            "definitions": { "0": { "items": { "$ref": "other.json" } }, "1": {} },
        });
        let (never, any) = (json!({ "not": {} }), json!({}));
        let string = json!({ "type": "string" });
        assert_eq!(
            narrowed(&schema),
            Some(json!({
                "properties": {
                    "a": never,
                    "b": { "not": { "$ref": "#/definitions/0+" } },
                    "c": { "allOf": [{ "anyOf": [
                        { "allOf": [never, { "not": string }] },
                        { "allOf": [{ "not": any }, string] },
                    ] }] },
                },
                "definitions": { "0+": { "items": any }, "1": {} },
            }))
        );
        assert_eq!(
            widened(&schema),
            Some(json!({
                "properties": {
                    "a": any,
                    "b": { "not": { "$ref": "#/definitions/0-" } },
                    "c": { "allOf": [{ "anyOf": [
                        { "allOf": [any, { "not": string }] },
                        { "allOf": [{ "not": never }, string] },
                    ] }] },
                },
                "definitions": { "0-": { "items": never }, "1": {} },
            }))
        );
    }
}
