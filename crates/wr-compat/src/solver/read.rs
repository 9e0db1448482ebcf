//! Schemas of any draft from 04 to 2020-12 as rules that the solver works on.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::{Map, Number, Value};

pub(crate) use super::automaton::Matcher;
use super::automaton::Matchers;
use super::format::Format;
use super::references::referred;
pub(crate) use super::types::Types;
use super::values::Values;

/// Why nothing is said of a schema that no validator takes for one.
pub(crate) const MALFORMED: &str = "a keyword that is not as its draft has it";

/// A schema in an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

/// A draft of JSON Schema, as far as the drafts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `http://json-schema.org/draft-04/schema#`
    Draft4,
    /// `http://json-schema.org/draft-06/schema#`
    Draft6,
    /// Draft 07, and what names no draft.
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
        if name.contains("draft-04") {
            Dialect::Draft4
        } else if name.contains("draft-06") {
            Dialect::Draft6
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
    pub(super) schemas: Vec<Schema>,
    /// What an id of another arena leads to.
    missing: Schema,
    matchers: Matchers,
    /// Something in it of which validators say different things.
    disputed: Option<&'static str>,
}

impl Default for Arena {
    fn default() -> Arena {
        let missing = Atom { reason: "no schema of this arena", text: None, on: Types::ALL };
        Arena {
            schemas: vec![Schema { types: Some(Types::STRING), ..Schema::default() }],
            missing: Schema { opaque: Some(missing), ..Schema::default() },
            matchers: Matchers::default(),
            disputed: None,
        }
    }
}

/// The rules of one schema; an absent keyword is an absent rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Schema {
    /// `true`, `false`
    pub(crate) verdict: Option<bool>,
    pub(crate) types: Option<Types>,
    /// `enum`, `const`
    pub(crate) values: Option<Rc<Values>>,
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
    pub(crate) format: Option<Format>,
    pub(crate) array: Option<ArrayRules>,
    pub(crate) object: Option<ObjectRules>,
    /// Property, and what its presence asks for: other properties, a schema of the whole.
    pub(crate) dependencies: Vec<(String, Vec<String>, Option<Id>)>,
    /// A keyword that the solver cannot work with; nothing else stands beside it.
    pub(crate) opaque: Option<Atom>,
}

/// A keyword that the solver cannot work with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Atom {
    /// What it is.
    pub(crate) reason: &'static str,
    /// Two atoms of the same text mean the same; one without a text is like no other.
    pub(crate) text: Option<String>,
    /// The types of the values that it speaks of.
    pub(crate) on: Types,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ArrayRules {
    pub(crate) prefix: Vec<Id>,
    pub(crate) rest: Option<Id>,
    /// The schema, and the fewest and the most items that obey it.
    pub(crate) contains: Option<(Id, u64, Option<u64>)>,
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) unique: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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
    /// Two documents, of which equal schemas are one; the results are their roots.
    ///
    /// They are as `wr_schema::language` gives them: a reference within them is a pointer.
    pub fn of(inner: &Value, outer: &Value) -> (Arena, Id, Id) {
        let mut arena = Arena::default();
        let inner = arena.add(inner);
        let outer = arena.add(outer);
        let (inner, outer) = arena.unify(inner, outer);
        (arena, inner, outer)
    }

    fn add(&mut self, document: &Value) -> Id {
        let mut reader = Reader {
            arena: self,
            document,
            dialect: Dialect::of(document),
            ids: HashMap::new(),
            targets: HashMap::new(),
            queue: Vec::new(),
        };
        let root = reader.at(document);
        while let Some((id, value)) = reader.queue.pop() {
            let schema = match value {
                Value::Bool(verdict) => Schema { verdict: Some(*verdict), ..Schema::default() },
                Value::Object(members) => reader.object(members),
                _ => reader.unreadable(MALFORMED),
            };
            reader.arena.set(id, schema);
        }
        root
    }

    /// What in it validators do not agree on.
    pub(crate) fn disputed(&self) -> Option<&'static str> {
        self.disputed
    }

    /// The schema of any string.
    pub(crate) fn any_string(&self) -> Id {
        Id(0)
    }

    pub(crate) fn get(&self, id: Id) -> &Schema {
        self.schemas.get(id.index()).unwrap_or(&self.missing)
    }

    fn push(&mut self, schema: Schema) -> Id {
        self.schemas.push(schema);
        Id(u32::try_from(self.schemas.len() - 1).unwrap_or(u32::MAX))
    }

    fn set(&mut self, id: Id, schema: Schema) {
        if let Some(place) = self.schemas.get_mut(id.index()) {
            *place = schema;
        }
    }
}

impl Id {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    pub(super) fn at(index: usize) -> Id {
        Id(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

struct Reader<'a, 'd> {
    arena: &'a mut Arena,
    document: &'d Value,
    dialect: Dialect,
    /// Schemas by where they are in memory.
    ids: HashMap<usize, Id>,
    targets: HashMap<&'d str, Option<&'d Value>>,
    /// Schemas that have an id and are not read yet: none is read inside another.
    queue: Vec<(Id, &'d Value)>,
}

impl<'d> Reader<'_, 'd> {
    fn at(&mut self, value: &'d Value) -> Id {
        let address = std::ptr::from_ref(value).addr();
        if let Some(id) = self.ids.get(&address) {
            return *id;
        }
        let id = self.arena.push(Schema::default());
        self.ids.insert(address, id);
        self.queue.push((id, value));
        id
    }

    fn unreadable(&mut self, reason: &'static str) -> Schema {
        self.arena.disputed = Some(reason);
        Schema { opaque: Some(Atom { reason, text: None, on: Types::ALL }), ..Schema::default() }
    }

    /// A keyword that the solver cannot work with, beside the others; where `of` refers to nothing,
    /// equal ones are one.
    fn atom(&mut self, schema: &mut Schema, reason: &'static str, on: Types, of: Option<&Value>) {
        let text = of.map(Value::to_string).filter(|text| {
            !["\"$ref\"", "\"$dynamicRef\"", "\"$recursiveRef\""]
                .iter()
                .any(|reference| text.contains(reference))
        });
        let text = text.map(|text| format!("{:?} {reason} {text}", self.dialect));
        let atom = Atom { reason, text, on };
        let id = self.arena.push(Schema { opaque: Some(atom), ..Schema::default() });
        schema.all_of.push(id);
    }

    fn malformed(&mut self, schema: &mut Schema) {
        self.arena.disputed = Some(MALFORMED);
        self.atom(schema, MALFORMED, Types::ALL, None);
    }

    fn children(&mut self, schema: &mut Schema, value: &'d Value) -> Vec<Id> {
        match value {
            Value::Array(items) => items.iter().map(|item| self.at(item)).collect(),
            _ => {
                self.malformed(schema);
                Vec::new()
            }
        }
    }

    fn object(&mut self, members: &'d Map<String, Value>) -> Schema {
        let mut schema = Schema::default();
        if let Some(reference) = members.get("$ref") {
            match self.reference(reference) {
                Some(id) => schema.reference = Some(id),
                None => {
                    let absolute =
                        reference.as_str().filter(|text| text.contains("://")).map(Value::from);
                    let reason = "a `$ref` out of the document";
                    self.atom(&mut schema, reason, Types::ALL, absolute.as_ref());
                }
            }
            if self.dialect <= Dialect::Draft7 {
                // Up to draft 07 nothing beside a `$ref` counts.
                return schema;
            }
        }
        let get = |key: &str| members.get(key);
        if let Some(value) = get("type") {
            match types(value, self.dialect) {
                Some(types) => schema.types = Some(types),
                None => self.malformed(&mut schema),
            }
        }
        match get("enum") {
            Some(Value::Array(values)) => {
                schema.values = Some(Rc::new(values.iter().cloned().collect()));
            }
            Some(_) => self.malformed(&mut schema),
            None => {}
        }
        if let Some(value) = get("const").filter(|_| self.dialect > Dialect::Draft4) {
            let holds = schema.values.take().is_none_or(|values| values.contains(value));
            schema.values = Some(Rc::new(holds.then(|| value.clone()).into_iter().collect()));
        }
        if let Some(value) = get("allOf") {
            let mut ids = self.children(&mut schema, value);
            schema.all_of.append(&mut ids);
        }
        schema.any_of = get("anyOf").map(|value| self.children(&mut schema, value));
        schema.one_of = get("oneOf").map(|value| self.children(&mut schema, value));
        schema.not = get("not").map(|value| self.at(value));
        if let Some(value) = get("if").filter(|_| self.dialect >= Dialect::Draft7) {
            let condition = self.at(value);
            let then = get("then").map(|value| self.at(value));
            let otherwise = get("else").map(|value| self.at(value));
            schema.condition = Some((condition, then, otherwise));
        }
        self.numbers(members, &mut schema);
        schema.min_length = self.count(members, "minLength", &mut schema).filter(|min| *min > 0);
        schema.max_length = self.count(members, "maxLength", &mut schema);
        match get("pattern") {
            Some(Value::String(pattern)) => {
                schema.pattern = Some(self.arena.matchers.of(pattern));
            }
            Some(_) => self.malformed(&mut schema),
            None => {}
        }
        let format = get("format").and_then(Value::as_str);
        schema.format = format.and_then(|name| Format::named(name, self.dialect));
        for key in ["contentEncoding", "contentMediaType"] {
            let is_checked = matches!(self.dialect, Dialect::Draft6 | Dialect::Draft7);
            if let Some(value) = get(key).filter(|_| is_checked) {
                self.atom(&mut schema, "an encoded content", Types::STRING, Some(value));
            }
        }
        self.array(members, &mut schema);
        self.object_rules(members, &mut schema);
        for key in ["$dynamicRef", "$recursiveRef"] {
            if members.contains_key(key) && self.dialect >= Dialect::Draft2019 {
                self.atom(&mut schema, "a dynamic reference", Types::ALL, None);
            }
        }
        self.unevaluated(members, &mut schema);
        schema
    }

    fn count(
        &mut self,
        members: &Map<String, Value>,
        key: &str,
        schema: &mut Schema,
    ) -> Option<u64> {
        let value = members.get(key)?;
        match value.as_number().and_then(super::number::whole) {
            Some(count) if count >= 0 => Some(u64::try_from(count).unwrap_or(u64::MAX)),
            _ => {
                self.malformed(schema);
                None
            }
        }
    }

    fn numbers(&mut self, members: &Map<String, Value>, schema: &mut Schema) {
        schema.minimum = self.bound(members, ("minimum", "exclusiveMinimum"), true, schema);
        schema.maximum = self.bound(members, ("maximum", "exclusiveMaximum"), false, schema);
        match members.get("multipleOf") {
            Some(Value::Number(of)) if of.as_f64().is_some_and(|of| of > 0.0) => {
                schema.multiple_of = Some(of.clone());
            }
            Some(_) => self.malformed(schema),
            None => {}
        }
    }

    /// The lower or the upper bound, with whether it is itself out.
    fn bound(
        &mut self,
        members: &Map<String, Value>,
        (inclusive, exclusive): (&str, &str),
        lower: bool,
        schema: &mut Schema,
    ) -> Option<(Number, bool)> {
        let is_draft_4 = self.dialect == Dialect::Draft4;
        let is_odd = |key: &str, is_right: fn(&Value) -> bool| {
            members.get(key).is_some_and(|value| !is_right(value))
        };
        let flag = if is_draft_4 { Value::is_boolean } else { Value::is_number };
        if is_odd(inclusive, Value::is_number) || is_odd(exclusive, flag) {
            self.malformed(schema);
        }
        let number = |key: &str| members.get(key).and_then(Value::as_number).cloned();
        if is_draft_4 {
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
    }

    fn array(&mut self, members: &'d Map<String, Value>, schema: &mut Schema) {
        let mut rules = ArrayRules::default();
        if self.dialect == Dialect::Draft2020 {
            if let Some(value) = members.get("prefixItems") {
                rules.prefix = self.children(schema, value);
            }
            if members.get("items").is_some_and(Value::is_array) {
                self.malformed(schema);
            } else {
                rules.rest = members.get("items").map(|value| self.at(value));
            }
        } else {
            match members.get("items") {
                Some(value @ Value::Array(_)) => {
                    rules.prefix = self.children(schema, value);
                    rules.rest = members.get("additionalItems").map(|value| self.at(value));
                }
                Some(value) => rules.rest = Some(self.at(value)),
                None => {}
            }
        }
        if let Some(value) = members.get("contains").filter(|_| self.dialect > Dialect::Draft4) {
            let id = self.at(value);
            let later = self.dialect >= Dialect::Draft2019;
            let min = self.count(members, "minContains", schema).filter(|_| later).unwrap_or(1);
            let max = self.count(members, "maxContains", schema).filter(|_| later);
            rules.contains = Some((id, min, max));
        }
        rules.min = self.count(members, "minItems", schema).filter(|count| *count > 0);
        rules.max = self.count(members, "maxItems", schema);
        match members.get("uniqueItems") {
            Some(Value::Bool(unique)) => rules.unique = *unique,
            Some(_) => self.malformed(schema),
            None => {}
        }
        let says_something = !rules.prefix.is_empty()
            || rules.rest.is_some()
            || rules.contains.is_some()
            || rules.min.is_some()
            || rules.max.is_some()
            || rules.unique;
        schema.array = says_something.then_some(rules);
    }

    fn entries(
        &mut self,
        members: &'d Map<String, Value>,
        key: &str,
        schema: &mut Schema,
    ) -> Option<&'d Map<String, Value>> {
        match members.get(key) {
            Some(Value::Object(entries)) => Some(entries),
            Some(_) => {
                self.malformed(schema);
                None
            }
            None => None,
        }
    }

    fn object_rules(&mut self, members: &'d Map<String, Value>, schema: &mut Schema) {
        let mut rules = ObjectRules::default();
        for (name, value) in self.entries(members, "properties", schema).into_iter().flatten() {
            rules.properties.insert(name.clone(), self.at(value));
        }
        let patterns = self.entries(members, "patternProperties", schema);
        for (pattern, value) in patterns.into_iter().flatten() {
            let id = self.at(value);
            rules.patterns.push((self.arena.matchers.of(pattern), id));
        }
        rules.additional = members.get("additionalProperties").map(|value| self.at(value));
        let names = members.get("propertyNames").filter(|_| self.dialect > Dialect::Draft4);
        rules.names = names.map(|value| self.at(value));
        rules.required = self.strings(members.get("required"), schema);
        rules.min = self.count(members, "minProperties", schema).filter(|count| *count > 0);
        rules.max = self.count(members, "maxProperties", schema);
        let later = self.dialect >= Dialect::Draft2019;
        if let Some(value) = members.get("dependencies").filter(|_| later) {
            self.atom(schema, "`dependencies` of an older draft", Types::OBJECT, Some(value));
        }
        let keys: &[&str] =
            if later { &["dependentRequired", "dependentSchemas"] } else { &["dependencies"] };
        for key in keys {
            for (name, value) in self.entries(members, key, schema).into_iter().flatten() {
                let dependency = match value {
                    Value::Array(_) => (name.clone(), self.strings(Some(value), schema), None),
                    _ => (name.clone(), Vec::new(), Some(self.at(value))),
                };
                schema.dependencies.push(dependency);
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

    fn strings(&mut self, value: Option<&Value>, schema: &mut Schema) -> Vec<String> {
        let Some(value) = value else { return Vec::new() };
        let items = value.as_array().map(Vec::as_slice);
        if items.is_none_or(|items| !items.iter().all(Value::is_string)) {
            self.malformed(schema);
        }
        let items = items.unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// `unevaluatedProperties` and `unevaluatedItems` where nothing else evaluates in place.
    fn unevaluated(&mut self, members: &'d Map<String, Value>, schema: &mut Schema) {
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
        let whole = || Value::Object(members.clone());
        if let Some(value) = members.get("unevaluatedProperties") {
            if is_alone {
                let id = self.at(value);
                let rules = schema.object.get_or_insert_default();
                rules.additional = rules.additional.or(Some(id));
            } else if value.as_bool() != Some(true) {
                let reason = "`unevaluatedProperties` beside other schemas";
                self.atom(schema, reason, Types::OBJECT, Some(&whole()));
            }
        }
        if let Some(value) = members.get("unevaluatedItems") {
            if self.dialect == Dialect::Draft2019 && members.contains_key("contains") {
                self.arena.disputed =
                    Some("`unevaluatedItems` beside `contains`, on which validators differ");
            }
            if is_alone && !members.contains_key("contains") {
                let id = self.at(value);
                let rules = schema.array.get_or_insert_default();
                rules.rest = rules.rest.or(Some(id));
            } else if value.as_bool() != Some(true) {
                let reason = "`unevaluatedItems` beside other schemas";
                self.atom(schema, reason, Types::ARRAY, Some(&whole()));
            }
        }
    }

    /// A reference within the document, which is a pointer.
    fn reference(&mut self, reference: &'d Value) -> Option<Id> {
        let text = reference.as_str()?;
        let target = match self.targets.get(text) {
            Some(target) => *target,
            None => {
                let target = referred(self.document, text);
                self.targets.insert(text, target);
                target
            }
        };
        target.map(|target| self.at(target))
    }
}

fn types(value: &Value, dialect: Dialect) -> Option<Types> {
    match value {
        Value::String(name) => Types::named(name, dialect),
        Value::Array(names) => names.iter().try_fold(Types::NO, |types, name| {
            Some(types.or(Types::named(name.as_str()?, dialect)?))
        }),
        _ => None,
    }
}
