//! Schemas in the style of real ones, and small edits of them.

use serde_json::{Map, Value, json};

/// The drafts, by the names that schemas give.
pub(super) const DRAFTS: &[&str] = &[
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

const NAMES: &[&str] = &["id", "type", "name", "x-a", "tags", "kind", "value"];
const WORDS: &[&str] = &["a", "b", "open", "closed", "", "x-a", "10", "é"];
const PATTERNS: &[&str] = &[
    "^[a-z]+$",
    "^x-",
    "^[a-z]{1,3}$",
    "a",
    "^(a|b)$",
    "^[0-9]{2,}$",
    "^a",
    "^.*$",
    "^[^/]+$",
    "^\\w+$",
    "^(?!x)",
    "^$",
    "^\\S*$",
    "[0-9]+$",
    "^a{2,3}$",
];
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "uuid",
    "uri",
    "uri-reference",
    "email",
    "ipv4",
    "hostname",
    "regex",
    "made-up",
    "json-pointer",
    "int32",
];

/// Writes schemas of one draft.
pub(super) struct Author<'a> {
    pub(super) rng: &'a mut fastrand::Rng,
    pub(super) draft: &'static str,
}

impl Author<'_> {
    fn pick<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.rng.usize(..all.len())]
    }

    fn once_in(&mut self, times: u32) -> bool {
        self.rng.u32(..times) == 0
    }

    fn is(&self, part: &str) -> bool {
        self.draft.contains(part)
    }

    fn is_late(&self) -> bool {
        self.is("2019-09") || self.is("2020-12")
    }

    /// A whole document.
    pub(super) fn document(&mut self) -> Value {
        let mut root = if self.once_in(8) { self.schema(3) } else { self.object(3) };
        if !root.is_object() {
            root = json!({});
        }
        let mut definitions = Map::new();
        for name in ["a", "b", "c"] {
            definitions.insert(name.to_owned(), self.schema(2));
        }
        let members = root.as_object_mut().expect("an object");
        if members.contains_key("$ref") && !self.draft.contains("20") {
            members.remove("$ref");
        }
        members.insert("$schema".to_owned(), json!(self.draft));
        members.insert("definitions".to_owned(), Value::Object(definitions));
        root
    }

    /// Any schema.
    pub(super) fn schema(&mut self, depth: u32) -> Value {
        let kinds = if depth == 0 { 10 } else { 22 };
        match self.rng.u32(..kinds) {
            0 | 1 => self.string(),
            2 => self.number("integer"),
            3 => self.number("number"),
            4 => json!({ "type": self.pick(&["boolean", "null", "string", "integer"]) }),
            5 => self.listed(),
            6 => match self.is("draft-04") {
                true => json!({}),
                false => [json!(true), json!({}), json!(false)][self.rng.usize(..3)].clone(),
            },
            7 => json!({ "$ref": self.pick(&["#/definitions/a", "#/definitions/b", "#"]) }),
            8 => {
                json!({ "type": [self.pick(&["string", "integer"]), self.pick(&["null", "boolean"])] })
            }
            9 => self.value_of_key("const"),
            10..=14 => self.object(depth - 1),
            15 | 16 => self.array(depth - 1),
            17 => self.applied("anyOf", depth - 1),
            18 => self.applied("oneOf", depth - 1),
            19 => self.applied("allOf", depth - 1),
            20 => self.union(depth - 1),
            _ => self.rare(depth - 1),
        }
    }

    fn listed(&mut self) -> Value {
        let mut values: Vec<Value> = Vec::new();
        let mixed = self.once_in(4);
        for _ in 0..self.rng.usize(1..=3) {
            let value = if mixed { self.value() } else { json!(self.pick(WORDS)) };
            if !(values.contains(&value) || value == json!(1) && values.contains(&json!(1.0))) {
                values.push(value);
            }
        }
        match self.rng.bool() && !mixed {
            true => json!({ "type": "string", "enum": values }),
            false => json!({ "enum": values }),
        }
    }

    /// A small value.
    pub(super) fn value(&mut self) -> Value {
        match self.rng.u32(..9) {
            0 => Value::Null,
            1 => json!(self.rng.bool()),
            2 => json!(self.rng.i32(-2..4)),
            3 => json!([0.5, 1.0, -1.5][self.rng.usize(..3)]),
            4 => json!([self.rng.i32(0..2)]),
            5 => json!({ self.pick(NAMES): self.rng.i32(0..2) }),
            _ => json!(self.pick(WORDS)),
        }
    }

    fn value_of_key(&mut self, key: &str) -> Value {
        json!({ key: self.value() })
    }

    fn string(&mut self) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!("string"))]);
        for key in ["minLength", "maxLength", "pattern", "format"] {
            if self.once_in(4) {
                schema.insert(key.to_owned(), self.keyword(key, 0));
            }
        }
        Value::Object(schema)
    }

    fn number(&mut self, kind: &str) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!(kind))]);
        for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
            if self.once_in(4) {
                schema.insert(key.to_owned(), self.keyword(key, 0));
            }
        }
        if self.once_in(10) {
            schema.remove("type");
        }
        Value::Object(schema)
    }

    fn object(&mut self, depth: u32) -> Value {
        let mut schema = Map::new();
        if !self.once_in(6) {
            schema.insert("type".to_owned(), json!("object"));
        }
        if !self.once_in(8) {
            schema.insert("properties".to_owned(), self.keyword("properties", depth));
        }
        if self.rng.bool() {
            schema.insert("required".to_owned(), self.keyword("required", depth));
        }
        for key in [
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "dependencies",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
        ] {
            let is_of_draft = key == "dependencies" && !self.is_late()
                || !key.starts_with("de") && !key.starts_with("un")
                || self.is_late() && key != "dependencies"
                || self.once_in(20);
            if is_of_draft && self.once_in(if key == "additionalProperties" { 3 } else { 10 }) {
                schema.insert(key.to_owned(), self.keyword(key, depth));
            }
        }
        Value::Object(schema)
    }

    fn array(&mut self, depth: u32) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!("array"))]);
        for key in
            ["items", "items", "minItems", "maxItems", "uniqueItems", "contains", "additionalItems"]
        {
            if self.once_in(3) {
                schema.insert(key.to_owned(), self.keyword(key, depth));
            }
        }
        for key in ["prefixItems", "minContains", "maxContains", "unevaluatedItems"] {
            if self.once_in(8) {
                schema.insert(key.to_owned(), self.keyword(key, depth));
            }
        }
        Value::Object(schema)
    }

    fn applied(&mut self, key: &str, depth: u32) -> Value {
        let branches: Vec<Value> = (0..self.rng.usize(1..=3)).map(|_| self.schema(depth)).collect();
        let mut schema = if self.once_in(3) { self.object(depth) } else { json!({}) };
        schema[key] = json!(branches);
        schema
    }

    /// A tagged union.
    fn union(&mut self, depth: u32) -> Value {
        let tag = self.pick(&["type", "kind"]);
        let mut branches = Vec::new();
        for word in ["a", "b", "open"].iter().take(self.rng.usize(1..=3)) {
            let mut branch = self.object(depth);
            if !branch["properties"].is_object() {
                branch["properties"] = json!({});
            }
            let constant = if self.is("draft-04") {
                json!({ "enum": [word] })
            } else {
                json!({ "const": word })
            };
            branch["properties"][tag] = constant;
            branch["required"] = json!([tag]);
            branches.push(branch);
        }
        json!({ self.pick(&["oneOf", "anyOf"]): branches })
    }

    fn rare(&mut self, depth: u32) -> Value {
        match self.rng.u32(..4) {
            0 => json!({ "not": self.schema(depth) }),
            1 => {
                let mut schema = self.object(depth);
                schema["if"] = self.schema(depth);
                schema["then"] = self.schema(depth);
                if self.rng.bool() {
                    schema["else"] = self.schema(depth);
                }
                schema
            }
            2 => {
                let mut schema = self.object(depth);
                schema["not"] = json!({ "required": [self.pick(NAMES)] });
                schema
            }
            _ => {
                let branches = [json!({ "required": ["id"] }), json!({ "required": ["name"] })];
                let mut schema = self.object(depth);
                schema[self.pick(&["anyOf", "oneOf"])] = json!(branches);
                schema
            }
        }
    }

    /// A value of a keyword.
    pub(super) fn keyword(&mut self, key: &str, depth: u32) -> Value {
        match key {
            "type" => json!(self.pick(&["string", "integer", "number", "object", "array", "null"])),
            "minLength" | "minItems" | "minProperties" | "minContains" => json!(self.rng.u32(..3)),
            "maxLength" | "maxItems" | "maxProperties" | "maxContains" => json!(self.rng.u32(..4)),
            "pattern" => json!(self.pick(PATTERNS)),
            "format" => json!(self.pick(FORMATS)),
            "exclusiveMinimum" | "exclusiveMaximum" if self.is("draft-04") => {
                json!(self.rng.bool())
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                let whole = json!(self.rng.i32(-2..6));
                if self.once_in(4) { json!([0.5, 2.5, 1.0][self.rng.usize(..3)]) } else { whole }
            }
            "multipleOf" => {
                [json!(1), json!(2), json!(0.5), json!(3), json!(0.1)][self.rng.usize(..5)].clone()
            }
            "uniqueItems" => json!(self.rng.bool()),
            "enum" => self.listed()["enum"].clone(),
            "const" => self.value(),
            "required" => {
                let mut names: Vec<&str> = Vec::new();
                for _ in 0..self.rng.usize(1..=2) {
                    let name = self.pick(NAMES);
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                json!(names)
            }
            "properties" => {
                let names = self.rng.usize(1..=4);
                let entries = (0..names).map(|_| (self.pick(NAMES).to_owned(), self.schema(depth)));
                Value::Object(entries.collect())
            }
            "patternProperties" => json!({ self.pick(PATTERNS): self.schema(depth) }),
            "dependencies" => match self.rng.bool() {
                true => json!({ self.pick(NAMES): [self.pick(NAMES)] }),
                false => json!({ self.pick(NAMES): self.object(depth.saturating_sub(1)) }),
            },
            "dependentRequired" => json!({ self.pick(NAMES): [self.pick(NAMES)] }),
            "dependentSchemas" => json!({ self.pick(NAMES): self.object(depth.saturating_sub(1)) }),
            "additionalProperties"
            | "additionalItems"
            | "unevaluatedProperties"
            | "unevaluatedItems" => match self.rng.u32(..3) {
                0 => self.schema(depth.saturating_sub(1)),
                _ => json!(false),
            },
            "propertyNames" => self.string(),
            "items" if self.once_in(4) && !self.is("2020-12") => {
                json!([self.schema(depth.saturating_sub(1)), self.schema(depth.saturating_sub(1))])
            }
            "prefixItems" => json!([self.schema(depth.saturating_sub(1))]),
            "anyOf" | "oneOf" | "allOf" => self.applied(key, depth.saturating_sub(1))[key].clone(),
            _ => self.schema(depth.saturating_sub(1)),
        }
    }

    /// The document with some edits.
    pub(super) fn edited(&mut self, document: &Value) -> Value {
        let mut document = document.clone();
        for _ in 0..self.rng.usize(1..=3) {
            let mut places = Vec::new();
            collect(&document, String::new(), true, &mut places);
            // What nothing refers to is edited seldom.
            if self.rng.u32(..4) > 0 {
                places.retain(|at| !at.starts_with("/definitions"));
            }
            let at = places[self.rng.usize(..places.len())].clone();
            let place = document.pointer_mut(&at).expect("a place");
            let before = place.take();
            let after = self.edit(before);
            *document.pointer_mut(&at).expect("a place") = after;
        }
        if !document.is_object() {
            return json!({ "$schema": self.draft });
        }
        document["$schema"] = json!(self.draft);
        document
    }

    fn edit(&mut self, schema: Value) -> Value {
        const KEYS: &[&str] = &[
            "type",
            "minLength",
            "maxLength",
            "pattern",
            "format",
            "minimum",
            "maximum",
            "multipleOf",
            "enum",
            "const",
            "required",
            "properties",
            "additionalProperties",
            "items",
            "minItems",
            "maxItems",
            "uniqueItems",
            "contains",
            "anyOf",
            "oneOf",
            "allOf",
            "not",
            "minProperties",
            "maxProperties",
            "patternProperties",
            "exclusiveMinimum",
        ];
        let Value::Object(mut members) = schema else { return self.schema(1) };
        let keys: Vec<String> = members
            .keys()
            .filter(|key| *key != "definitions" && *key != "$schema")
            .cloned()
            .collect();
        let key = keys.get(self.rng.usize(..keys.len().max(1))).cloned();
        match (self.rng.u32(..12), key) {
            (0, Some(key)) => {
                members.remove(&key);
            }
            (1..=3, Some(key)) => {
                let value = self.tweaked(&key, members[&key].clone());
                members.insert(key, value);
            }
            (4, _) => {
                let definitions = members.remove("definitions");
                let part = Value::Object(members);
                let wrapped = json!({ self.pick(&["allOf", "anyOf", "oneOf"]): [part] });
                members = wrapped.as_object().expect("an object").clone();
                members.extend(definitions.map(|value| ("definitions".to_owned(), value)));
            }
            (5, _) => {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            (6, _) => {
                let branch = self.schema(1);
                let union = members.entry("anyOf").or_insert_with(|| json!([]));
                union.as_array_mut().expect("branches").push(branch);
            }
            (7, _) => {
                let name = self.pick(NAMES);
                let schema = self.schema(1);
                let properties = members.entry("properties").or_insert_with(|| json!({}));
                properties[name] = schema;
            }
            _ => {
                let key = self.pick(KEYS);
                members.insert(key.to_owned(), self.keyword(key, 1));
            }
        }
        Value::Object(members)
    }

    fn tweaked(&mut self, key: &str, value: Value) -> Value {
        match value {
            Value::Number(number) => match number.as_i64() {
                Some(whole) => json!(
                    (whole + [1, -1][self.rng.usize(..2)]).max(i64::from(key == "multipleOf")).max(
                        if key.starts_with("min") && key != "minimum"
                            || key.starts_with("max") && key != "maximum"
                        {
                            0
                        } else {
                            i64::MIN
                        }
                    )
                ),
                None => json!(0.5),
            },
            Value::Array(mut items) if !items.is_empty() => {
                let at = self.rng.usize(..items.len());
                if self.rng.bool() && items.len() > 1 {
                    items.remove(at);
                } else if key == "enum" {
                    let value = json!(format!("new{}", self.rng.u32(..9)));
                    items.push(value);
                } else if key == "required" {
                    let name = json!(self.pick(NAMES));
                    if !items.contains(&name) {
                        items.push(name);
                    }
                }
                Value::Array(items)
            }
            Value::Object(mut members) if key == "properties" && !members.is_empty() => {
                let name =
                    members.keys().nth(self.rng.usize(..members.len())).expect("one").clone();
                let schema = members.remove(&name).expect("is there");
                if self.rng.bool() {
                    members.insert(self.pick(NAMES).to_owned(), schema);
                }
                Value::Object(members)
            }
            _ => self.keyword(key, 1),
        }
    }
}

/// The pointers of all schemas in a document.
fn collect(value: &Value, at: String, is_schema: bool, places: &mut Vec<String>) {
    if is_schema {
        places.push(at.clone());
    }
    let Value::Object(members) = value else {
        if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{at}/{index}"), item.is_object(), places);
            }
        }
        return;
    };
    for (key, value) in members {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        let is_map = is_schema
            && matches!(
                key.as_str(),
                "properties"
                    | "definitions"
                    | "patternProperties"
                    | "dependencies"
                    | "dependentSchemas"
            );
        let is_data = is_schema && matches!(key.as_str(), "enum" | "const" | "required");
        if !is_data && (value.is_object() || value.is_array()) {
            collect(value, at, !is_map && value.is_object(), places);
        }
    }
}
