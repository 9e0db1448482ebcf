//! Schemas of any draft from 04 to 2020-12 as rules that the solver works on.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::{Map, Number, Value};

pub(crate) use super::text::Matcher;

/// A schema in an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

/// A draft of JSON Schema, as far as the drafts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// `http://json-schema.org/draft-04/schema#`
    Draft4,
    /// Draft 06 and 07, and what names no draft.
    Draft7,
    /// 2019-09
    Draft2019,
    /// 2020-12
    Draft2020,
}

impl Dialect {
    /// The draft that a document names.
    pub fn of(document: &Value) -> Dialect {
        let name = document.get("$schema").and_then(Value::as_str).unwrap_or_default();
        if name.contains("draft-04") || name.contains("draft-03") {
            Dialect::Draft4
        } else if name.contains("2019-09") {
            Dialect::Draft2019
        } else if name.contains("2020-12") {
            Dialect::Draft2020
        } else {
            Dialect::Draft7
        }
    }
}

/// Schemas that refer to each other.
#[derive(Debug)]
pub struct Arena {
    /// The first is that of any string.
    schemas: Vec<Schema>,
    /// What an id of another arena leads to.
    missing: Schema,
}

impl Default for Arena {
    fn default() -> Arena {
        Arena {
            schemas: vec![Schema { types: Some(Types::STRING), ..Schema::default() }],
            missing: Schema { opaque: Some("no schema of this arena"), ..Schema::default() },
        }
    }
}

/// The types of JSON values; a whole number is apart from any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const NULL: Types = Types(1);
    pub(crate) const BOOLEAN: Types = Types(2);
    pub(crate) const INTEGER: Types = Types(4);
    pub(crate) const FRACTION: Types = Types(8);
    pub(crate) const STRING: Types = Types(16);
    pub(crate) const ARRAY: Types = Types(32);
    pub(crate) const OBJECT: Types = Types(64);
    pub(crate) const NUMBER: Types = Types(4 | 8);
    pub(crate) const NO: Types = Types(0);
    pub(crate) const ALL: Types = Types(127);

    pub(crate) fn and(self, other: Types) -> Types {
        Types(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    pub(crate) fn not(self) -> Types {
        Types(Types::ALL.0 & !self.0)
    }

    pub(crate) fn has(self, other: Types) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn of(value: &Value) -> Types {
        match value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOLEAN,
            Value::Number(number) if super::number::whole(number).is_some() => Types::INTEGER,
            Value::Number(_) => Types::FRACTION,
            Value::String(_) => Types::STRING,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
        }
    }

    fn named(name: &str) -> Types {
        match name {
            "null" => Types::NULL,
            "boolean" => Types::BOOLEAN,
            "integer" => Types::INTEGER,
            "number" => Types::NUMBER,
            "string" => Types::STRING,
            "array" => Types::ARRAY,
            "object" => Types::OBJECT,
            _ => Types::NO,
        }
    }
}

/// The rules of one schema; an absent keyword is an absent rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    /// `true`, `false`
    pub(crate) verdict: Option<bool>,
    pub(crate) types: Option<Types>,
    /// `enum`, `const`
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) reference: Option<Id>,
    pub(crate) all_of: Vec<Id>,
    pub(crate) any_of: Option<Vec<Id>>,
    pub(crate) one_of: Option<Vec<Id>>,
    pub(crate) not: Option<Id>,
    /// `if`, `then`, `else`
    pub(crate) condition: Option<(Id, Option<Id>, Option<Id>)>,
    pub(crate) minimum: Option<(Number, bool)>,
    pub(crate) maximum: Option<(Number, bool)>,
    pub(crate) multiple_of: Option<Number>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) pattern: Option<Rc<Matcher>>,
    pub(crate) format: Option<&'static str>,
    pub(crate) array: Option<ArrayRules>,
    pub(crate) object: Option<ObjectRules>,
    /// Property, and what its presence asks for: other properties, a schema of the whole.
    pub(crate) dependencies: Vec<(String, Vec<String>, Option<Id>)>,
    /// A keyword that the solver cannot work with.
    pub(crate) opaque: Option<&'static str>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ArrayRules {
    pub(crate) prefix: Vec<Id>,
    pub(crate) rest: Option<Id>,
    /// The schema, and the fewest and the most items that obey it.
    pub(crate) contains: Option<(Id, u64, Option<u64>)>,
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) unique: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectRules {
    pub(crate) properties: BTreeMap<String, Id>,
    pub(crate) patterns: Vec<(Rc<Matcher>, Id)>,
    pub(crate) additional: Option<Id>,
    pub(crate) names: Option<Id>,
    pub(crate) required: Vec<String>,
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
}

impl Arena {
    /// Adds a document; the result is its root.
    pub fn add(&mut self, document: &Value, dialect: Dialect) -> Id {
        let mut reader = Reader { arena: self, document, dialect, ids: HashMap::new() };
        reader.at("", document)
    }

    /// The schema of any string.
    pub(crate) fn any_string(&self) -> Id {
        Id(0)
    }

    pub(crate) fn get(&self, id: Id) -> &Schema {
        let found = usize::try_from(id.0).ok().and_then(|index| self.schemas.get(index));
        found.unwrap_or(&self.missing)
    }

    fn reserve(&mut self) -> Id {
        self.schemas.push(Schema::default());
        Id(u32::try_from(self.schemas.len() - 1).unwrap_or(u32::MAX))
    }

    fn set(&mut self, id: Id, schema: Schema) {
        if let Some(place) = usize::try_from(id.0).ok().and_then(|at| self.schemas.get_mut(at)) {
            *place = schema;
        }
    }
}

/// The formats that validators check; any other says nothing.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

struct Reader<'a> {
    arena: &'a mut Arena,
    document: &'a Value,
    dialect: Dialect,
    /// Schemas by their pointer in the document.
    ids: HashMap<String, Id>,
}

impl Reader<'_> {
    fn at(&mut self, pointer: &str, value: &Value) -> Id {
        if let Some(id) = self.ids.get(pointer) {
            return *id;
        }
        let id = self.arena.reserve();
        self.ids.insert(pointer.to_owned(), id);
        let schema = match value {
            Value::Bool(verdict) => Schema { verdict: Some(*verdict), ..Schema::default() },
            Value::Object(members) => self.object(pointer, members),
            _ => Schema { opaque: Some("something that is no schema"), ..Schema::default() },
        };
        self.arena.set(id, schema);
        id
    }

    fn child(&mut self, pointer: &str, key: &str, value: &Value) -> Id {
        self.at(&format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), value)
    }

    fn children(&mut self, pointer: &str, key: &str, value: &Value) -> Vec<Id> {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let pointer = format!("{pointer}/{key}");
        let mut ids = Vec::new();
        for (index, item) in items.iter().enumerate() {
            ids.push(self.child(&pointer, &index.to_string(), item));
        }
        ids
    }

    fn object(&mut self, pointer: &str, members: &Map<String, Value>) -> Schema {
        let mut schema = Schema::default();
        if let Some(reference) = members.get("$ref") {
            match self.reference(reference) {
                Some(id) => schema.reference = Some(id),
                None => schema.opaque = Some("a `$ref` out of the document"),
            }
            if self.dialect <= Dialect::Draft7 {
                // Up to draft 07 nothing beside a `$ref` counts.
                return schema;
            }
        }
        let get = |key: &str| members.get(key);
        let count = |key: &str| {
            let number = get(key)?.as_number()?;
            number.as_u64().or_else(|| {
                super::number::whole(number).and_then(|whole| u64::try_from(whole.max(0)).ok())
            })
        };
        schema.types = get("type").map(types);
        schema.values = get("enum").and_then(Value::as_array).cloned();
        if let Some(value) = get("const").filter(|_| self.dialect > Dialect::Draft4) {
            let holds = schema.values.take().is_none_or(|values| values.contains(value));
            schema.values = Some(if holds { vec![value.clone()] } else { Vec::new() });
        }
        if let Some(value) = get("allOf") {
            schema.all_of = self.children(pointer, "allOf", value);
        }
        schema.any_of = get("anyOf").map(|value| self.children(pointer, "anyOf", value));
        schema.one_of = get("oneOf").map(|value| self.children(pointer, "oneOf", value));
        schema.not = get("not").map(|value| self.child(pointer, "not", value));
        if let Some(value) = get("if").filter(|_| self.dialect > Dialect::Draft4) {
            let condition = self.child(pointer, "if", value);
            let then = get("then").map(|value| self.child(pointer, "then", value));
            let otherwise = get("else").map(|value| self.child(pointer, "else", value));
            schema.condition = Some((condition, then, otherwise));
        }
        (schema.minimum, schema.maximum) = self.bounds(members);
        schema.multiple_of = get("multipleOf").and_then(Value::as_number).cloned();
        schema.min_length = count("minLength").filter(|count| *count > 0);
        schema.max_length = count("maxLength");
        if let Some(pattern) = get("pattern").and_then(Value::as_str) {
            match Matcher::new(pattern) {
                Some(matcher) => schema.pattern = Some(Rc::new(matcher)),
                None => schema.opaque = Some("a `pattern` that is no regular language"),
            }
        }
        let format = get("format").and_then(Value::as_str);
        schema.format = FORMATS.iter().copied().find(|name| Some(*name) == format);
        schema.array = self.array(pointer, members, &count);
        self.object_rules(pointer, members, &count, &mut schema);
        for key in ["$dynamicRef", "$recursiveRef"] {
            if members.contains_key(key) {
                schema.opaque = Some("a dynamic reference");
            }
        }
        self.unevaluated(pointer, members, &mut schema);
        schema
    }

    /// The lower and the upper bound, each with whether it is itself out.
    fn bounds(&self, members: &Map<String, Value>) -> (Bound, Bound) {
        let bound = |inclusive: &str, exclusive: &str, lower: bool| {
            let number = |key: &str| members.get(key).and_then(Value::as_number).cloned();
            if self.dialect == Dialect::Draft4 {
                let is_out = members.get(exclusive).and_then(Value::as_bool) == Some(true);
                return number(inclusive).map(|number| (number, is_out));
            }
            match (number(inclusive), number(exclusive)) {
                (Some(a), Some(b)) => {
                    let order = super::number::compare(&a, &b);
                    let a_is_narrower = if lower { order.is_gt() } else { order.is_lt() };
                    Some(if a_is_narrower { (a, false) } else { (b, true) })
                }
                (Some(a), None) => Some((a, false)),
                (None, b) => b.map(|b| (b, true)),
            }
        };
        (bound("minimum", "exclusiveMinimum", true), bound("maximum", "exclusiveMaximum", false))
    }

    fn array(
        &mut self,
        pointer: &str,
        members: &Map<String, Value>,
        count: &dyn Fn(&str) -> Option<u64>,
    ) -> Option<ArrayRules> {
        let mut rules = ArrayRules::default();
        if self.dialect == Dialect::Draft2020 {
            if let Some(value) = members.get("prefixItems") {
                rules.prefix = self.children(pointer, "prefixItems", value);
            }
            rules.rest = members.get("items").map(|value| self.child(pointer, "items", value));
        } else {
            match members.get("items") {
                Some(value @ Value::Array(_)) => {
                    rules.prefix = self.children(pointer, "items", value);
                    let rest = members.get("additionalItems");
                    rules.rest = rest.map(|value| self.child(pointer, "additionalItems", value));
                }
                Some(value) => rules.rest = Some(self.child(pointer, "items", value)),
                None => {}
            }
        }
        if let Some(value) = members.get("contains").filter(|_| self.dialect > Dialect::Draft4) {
            let id = self.child(pointer, "contains", value);
            let later = self.dialect >= Dialect::Draft2019;
            let min = count("minContains").filter(|_| later).unwrap_or(1);
            rules.contains = Some((id, min, count("maxContains").filter(|_| later)));
        }
        rules.min = count("minItems").filter(|count| *count > 0);
        rules.max = count("maxItems");
        rules.unique = members.get("uniqueItems").and_then(Value::as_bool) == Some(true);
        let says_something = !rules.prefix.is_empty()
            || rules.rest.is_some()
            || rules.contains.is_some()
            || rules.min.is_some()
            || rules.max.is_some()
            || rules.unique;
        says_something.then_some(rules)
    }

    fn object_rules(
        &mut self,
        pointer: &str,
        members: &Map<String, Value>,
        count: &dyn Fn(&str) -> Option<u64>,
        schema: &mut Schema,
    ) {
        let mut rules = ObjectRules::default();
        if let Some(Value::Object(properties)) = members.get("properties") {
            let pointer = format!("{pointer}/properties");
            for (name, value) in properties {
                rules.properties.insert(name.clone(), self.child(&pointer, name, value));
            }
        }
        if let Some(Value::Object(patterns)) = members.get("patternProperties") {
            let pointer = format!("{pointer}/patternProperties");
            for (pattern, value) in patterns {
                let id = self.child(&pointer, pattern, value);
                match Matcher::new(pattern) {
                    Some(matcher) => rules.patterns.push((Rc::new(matcher), id)),
                    None => schema.opaque = Some("a pattern that is no regular language"),
                }
            }
        }
        let additional = members.get("additionalProperties");
        rules.additional =
            additional.map(|value| self.child(pointer, "additionalProperties", value));
        if let Some(value) = members.get("propertyNames").filter(|_| self.dialect > Dialect::Draft4)
        {
            rules.names = Some(self.child(pointer, "propertyNames", value));
        }
        rules.required = members.get("required").map(strings).unwrap_or_default();
        rules.min = count("minProperties").filter(|count| *count > 0);
        rules.max = count("maxProperties");
        for key in ["dependencies", "dependentRequired", "dependentSchemas"] {
            let Some(Value::Object(entries)) = members.get(key) else { continue };
            let pointer = format!("{pointer}/{key}");
            for (name, value) in entries {
                schema.dependencies.push(match value {
                    Value::Array(_) => (name.clone(), strings(value), None),
                    _ => (name.clone(), Vec::new(), Some(self.child(&pointer, name, value))),
                });
            }
        }
        let says_something = !rules.properties.is_empty()
            || !rules.patterns.is_empty()
            || rules.additional.is_some()
            || rules.names.is_some()
            || !rules.required.is_empty()
            || rules.min.is_some()
            || rules.max.is_some();
        schema.object = says_something.then_some(rules);
    }

    /// `unevaluatedProperties` and `unevaluatedItems` where nothing else evaluates in place.
    fn unevaluated(&mut self, pointer: &str, members: &Map<String, Value>, schema: &mut Schema) {
        if self.dialect < Dialect::Draft2019 {
            return;
        }
        const IN_PLACE: &[&str] = &[
            "$ref",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "if",
            "dependentSchemas",
            "$dynamicRef",
            "$recursiveRef",
        ];
        let is_alone = !IN_PLACE.iter().any(|key| members.contains_key(*key));
        if let Some(value) = members.get("unevaluatedProperties") {
            if is_alone {
                let id = self.child(pointer, "unevaluatedProperties", value);
                let rules = schema.object.get_or_insert_default();
                rules.additional = rules.additional.or(Some(id));
            } else {
                schema.opaque = Some("`unevaluatedProperties` beside other schemas");
            }
        }
        if let Some(value) = members.get("unevaluatedItems") {
            if is_alone && !members.contains_key("contains") {
                let id = self.child(pointer, "unevaluatedItems", value);
                let rules = schema.array.get_or_insert_default();
                rules.rest = rules.rest.or(Some(id));
            } else {
                schema.opaque = Some("`unevaluatedItems` beside other schemas");
            }
        }
    }

    /// A reference within the document, by pointer, by anchor or by `$id`.
    fn reference(&mut self, reference: &Value) -> Option<Id> {
        let text = reference.as_str()?;
        let document = self.document;
        let base = document.get("$id").or_else(|| document.get("id")).and_then(Value::as_str);
        let own = base.unwrap_or_default().trim_end_matches('#');
        let fragment = match text.split_once('#') {
            Some((path, fragment)) if path.is_empty() || path == own => fragment,
            None if text == own || text.is_empty() => "",
            _ => return None,
        };
        let fragment = decoded(fragment);
        if fragment.is_empty() || fragment.starts_with('/') {
            let value = document.pointer(&fragment)?;
            return Some(self.at(&fragment, value));
        }
        let (pointer, value) = anchor(document, &fragment, String::new())?;
        Some(self.at(&pointer, value))
    }
}

type Bound = Option<(Number, bool)>;

/// The schema with an anchor, or with an `$id` that is a fragment.
fn anchor<'a>(value: &'a Value, name: &str, pointer: String) -> Option<(String, &'a Value)> {
    let is_named = |key: &str, text: &str| value.get(key).and_then(Value::as_str) == Some(text);
    let fragment = format!("#{name}");
    if is_named("$anchor", name) || is_named("$id", &fragment) || is_named("id", &fragment) {
        return Some((pointer, value));
    }
    match value {
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            anchor(value, name, format!("{pointer}/{key}"))
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, value)| anchor(value, name, format!("{pointer}/{index}"))),
        _ => None,
    }
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

fn types(value: &Value) -> Types {
    match value {
        Value::String(name) => Types::named(name),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .fold(Types::NO, |types, name| types.or(Types::named(name))),
        _ => Types::ALL,
    }
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
