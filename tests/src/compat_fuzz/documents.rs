//! Documents that a schema of any draft is likely to accept, and what is near them.

use serde_json::{Map, Value, json};

/// What two schemas speak of: the values at which they may differ.
pub(super) struct Pool {
    numbers: Vec<Value>,
    texts: Vec<String>,
    lengths: Vec<usize>,
    names: Vec<String>,
    values: Vec<Value>,
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "abc",
    "aaaa",
    "x-a",
    "x-b",
    "A",
    "0",
    "10",
    "007",
    "é",
    "a b",
    "/",
    "\n",
    "2024-02-29",
    "2024-01-01T12:00:00Z",
    "550e8400-e29b-41d4-a716-446655440000",
    "https://example.com/a",
    "a@b.c",
    "192.0.2.1",
    "a.b",
    "/a",
    "(",
    "unknown",
];

impl Pool {
    pub(super) fn of(schemas: &[&Value]) -> Pool {
        let mut pool = Pool {
            numbers: [json!(0), json!(1), json!(-1), json!(0.5), json!(1.0), json!(7)].to_vec(),
            texts: TEXTS.iter().map(|text| (*text).to_owned()).collect(),
            lengths: Vec::new(),
            names: vec!["other".to_owned(), "x-other".to_owned(), "a".to_owned()],
            values: vec![json!(null), json!(true), json!([]), json!({}), json!(false)],
        };
        for schema in schemas {
            pool.read(schema);
        }
        pool.names.sort();
        pool.names.dedup();
        pool.texts.sort();
        pool.texts.dedup();
        pool
    }

    fn read(&mut self, value: &Value) {
        match value {
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(0.0);
                for near in [number - 1.0, number - 0.5, number, number + 0.5, number + 1.0] {
                    let whole = json!(near as i64);
                    self.numbers.push(if near.fract() == 0.0 { whole } else { json!(near) });
                }
                if number.fract() == 0.0 && (0.0..100.0).contains(&number) {
                    self.lengths.extend([number as usize, number as usize + 1]);
                    self.lengths.extend((number as usize).checked_sub(1));
                }
            }
            Value::String(text) => self.texts.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            Value::Object(members) => {
                for (key, value) in members {
                    match (key.as_str(), value) {
                        ("properties", Value::Object(names)) => {
                            self.names.extend(names.keys().cloned());
                        }
                        ("enum", Value::Array(values)) => {
                            self.values.extend(values.iter().cloned())
                        }
                        ("const", value) => self.values.push(value.clone()),
                        ("required", Value::Array(names)) => self.names.extend(
                            names.iter().filter_map(|name| name.as_str().map(str::to_owned)),
                        ),
                        _ => {}
                    }
                    self.read(value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

/// Writes documents.
pub(super) struct Writer<'a> {
    pub(super) rng: &'a mut fastrand::Rng,
    pub(super) pool: &'a Pool,
    pub(super) root: &'a Value,
}

impl Writer<'_> {
    /// A document that a schema is likely to accept.
    pub(super) fn document(&mut self, schema: &Value, depth: u32) -> Value {
        let Value::Object(members) = schema else { return self.anything(1) };
        if depth > 12 {
            return self.anything(0);
        }
        if self.rng.u32(..24) == 0 {
            return self.anything(1);
        }
        if let Some(target) = members.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|at| self.root.pointer(at)).cloned();
            return target.map_or(Value::Null, |target| self.document(&target, depth + 1));
        }
        let mut members = members.clone();
        for _ in 0..4 {
            let mut parts: Vec<Value> = Vec::new();
            parts.extend(
                members.remove("allOf").and_then(|all| all.as_array().cloned()).unwrap_or_default(),
            );
            for key in ["anyOf", "oneOf"] {
                if let Some(Value::Array(branches)) = members.remove(key)
                    && !branches.is_empty()
                {
                    parts.push(branches[self.rng.usize(..branches.len())].clone());
                }
            }
            if let Some(condition) = members.remove("if") {
                let (key, with) = if self.rng.bool() { ("then", true) } else { ("else", false) };
                parts.extend(members.remove(key));
                if with {
                    parts.push(condition);
                }
            }
            if parts.is_empty() {
                break;
            }
            for part in parts {
                self.merge(&mut members, part);
            }
        }
        if let Some(value) = members.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(values)) = members.get("enum")
            && !values.is_empty()
        {
            return values[self.rng.usize(..values.len())].clone();
        }
        let kind = match members.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) if !kinds.is_empty() => {
                kinds[self.rng.usize(..kinds.len())].as_str().unwrap_or("null").to_owned()
            }
            _ => {
                let says = |keys: &[&str]| keys.iter().any(|key| members.contains_key(*key));
                if says(&[
                    "properties",
                    "required",
                    "additionalProperties",
                    "patternProperties",
                    "dependencies",
                    "minProperties",
                ]) {
                    "object".to_owned()
                } else if says(&["items", "minItems", "contains"]) {
                    "array".to_owned()
                } else if says(&["minimum", "maximum", "multipleOf"]) {
                    "number".to_owned()
                } else if says(&["pattern", "minLength", "maxLength"]) {
                    "string".to_owned()
                } else {
                    return self.anything(1);
                }
            }
        };
        match kind.as_str() {
            "object" => self.object(&members, depth),
            "array" => self.array(&members, depth),
            "string" => json!(self.text(&members)),
            "integer" | "number" => self.number(),
            "boolean" => json!(self.rng.bool()),
            _ => Value::Null,
        }
    }

    fn merge(&mut self, members: &mut Map<String, Value>, part: Value) {
        let part = match part.get("$ref").and_then(Value::as_str) {
            Some(target) => {
                let target = target.strip_prefix('#').and_then(|at| self.root.pointer(at));
                target.cloned().unwrap_or_default()
            }
            None => part,
        };
        let Value::Object(part) = part else { return };
        for (key, value) in part {
            match (members.get_mut(&key), value) {
                (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                (Some(_), _) if self.rng.bool() => {}
                (_, value) => {
                    members.insert(key, value);
                }
            }
        }
    }

    fn number(&mut self) -> Value {
        match self.rng.u32(..8) {
            0 => json!(self.rng.i32(-20..20)),
            1 => json!(f64::from(self.rng.i32(-40..40)) / 4.0),
            _ => self.pool.numbers[self.rng.usize(..self.pool.numbers.len())].clone(),
        }
    }

    fn text(&mut self, members: &Map<String, Value>) -> String {
        if let Some(pattern) = members.get("pattern").and_then(Value::as_str)
            && self.rng.u32(..4) > 0
        {
            return crate::differential::matching(pattern, self.rng);
        }
        let lengths = &self.pool.lengths;
        match self.rng.u32(..3) {
            0 if !lengths.is_empty() => {
                let length = lengths[self.rng.usize(..lengths.len())];
                ["a", "x", "é", "0"][self.rng.usize(..4)].repeat(length)
            }
            _ => self.pool.texts[self.rng.usize(..self.pool.texts.len())].clone(),
        }
    }

    fn array(&mut self, members: &Map<String, Value>, depth: u32) -> Value {
        let length = match self.pool.lengths.is_empty() || self.rng.bool() {
            true => self.rng.usize(..4),
            false => self.pool.lengths[self.rng.usize(..self.pool.lengths.len())].min(6),
        };
        let prefix = members.get("prefixItems").or(members.get("items")).and_then(Value::as_array);
        let rest = match prefix {
            Some(_) if !members.contains_key("prefixItems") => members.get("additionalItems"),
            _ => members.get("items"),
        };
        let item = |index: usize, this: &mut Self| match prefix.and_then(|p| p.get(index)).or(rest)
        {
            _ if this.rng.u32(..8) == 0 && members.contains_key("contains") => {
                this.document(&members["contains"], depth + 1)
            }
            Some(schema) => this.document(schema, depth + 1),
            None => this.anything(1),
        };
        Value::Array((0..length).map(|index| item(index, self)).collect())
    }

    fn object(&mut self, members: &Map<String, Value>, depth: u32) -> Value {
        let mut out = Map::new();
        let required: Vec<&str> = members
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let empty = Map::new();
        let properties = members.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let keep = self.rng.u32(..4);
        for (name, schema) in properties {
            if required.contains(&name.as_str()) && self.rng.u32(..20) > 0
                || self.rng.u32(..3) < keep && depth < 6
            {
                out.insert(name.clone(), self.document(schema, depth + 1));
            }
        }
        for name in required {
            if !out.contains_key(name) && self.rng.u32(..20) > 0 {
                out.insert(name.to_owned(), self.anything(1));
            }
        }
        if self.rng.u32(..3) == 0 {
            let patterns = members.get("patternProperties").and_then(Value::as_object);
            for (pattern, schema) in patterns.into_iter().flatten() {
                let name = crate::differential::matching(pattern, self.rng);
                out.insert(name, self.document(schema, depth + 1));
            }
            for _ in 0..self.rng.usize(..3) {
                let name = self.pool.names[self.rng.usize(..self.pool.names.len())].clone();
                let value = match members.get("additionalProperties") {
                    Some(schema @ Value::Object(_)) => self.document(schema, depth + 1),
                    _ => self.anything(1),
                };
                out.entry(name).or_insert(value);
            }
        }
        Value::Object(out)
    }

    fn anything(&mut self, depth: u32) -> Value {
        match self.rng.u32(..if depth == 0 { 5 } else { 7 }) {
            0 => self.number(),
            1 | 2 => json!(self.pool.texts[self.rng.usize(..self.pool.texts.len())]),
            3 | 4 => self.pool.values[self.rng.usize(..self.pool.values.len())].clone(),
            5 => (0..self.rng.usize(..3)).map(|_| self.anything(depth - 1)).collect(),
            _ => {
                let names = self.pool.names.len();
                let entry = |this: &mut Self| {
                    (this.pool.names[this.rng.usize(..names)].clone(), this.anything(depth - 1))
                };
                Value::Object((0..self.rng.usize(..3)).map(|_| entry(self)).collect())
            }
        }
    }

    /// The document with one part of it changed.
    pub(super) fn mutated(&mut self, document: &Value) -> Value {
        match document {
            Value::Object(members) if !members.is_empty() && self.rng.u32(..5) > 0 => {
                let mut members = members.clone();
                let at = self.rng.usize(..members.len());
                let name = members.keys().nth(at).cloned().unwrap_or_default();
                match self.rng.u32(..4) {
                    0 => {
                        members.remove(&name);
                    }
                    1 => {
                        let other =
                            self.pool.names[self.rng.usize(..self.pool.names.len())].clone();
                        let value = self.anything(1);
                        members.insert(other, value);
                    }
                    _ => {
                        let value = self.mutated(&members[&name]);
                        members.insert(name, value);
                    }
                }
                Value::Object(members)
            }
            Value::Array(items) if !items.is_empty() && self.rng.u32(..5) > 0 => {
                let mut items = items.clone();
                let at = self.rng.usize(..items.len());
                match self.rng.u32(..4) {
                    0 => {
                        items.remove(at);
                    }
                    1 => items.push(items[at].clone()),
                    _ => items[at] = self.mutated(&items[at]),
                }
                Value::Array(items)
            }
            _ => self.anything(1),
        }
    }
}
