//! The two languages of a schema: what its writers send and what its readers take.
//!
//! The generator, the checker and the lint all come here; nothing else decides what null, an
//! unknown property or an unknown enum value means.

use std::collections::{HashMap, HashSet};

use crate::draft::required;
use crate::json::{Data, Member, Node, Span};
use crate::keywords::{self, Kind};
use crate::names::Subject;

/// Which side of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The writer language W: structs closed, optional properties left out rather than null.
    Writer,
    /// The reader language R: unknown properties ignored, null read as absent for an optional
    /// property, open enums and unions take what they do not know.
    Reader,
}

/// The language of a schema on one side, as a schema without annotations.
///
/// A schema of the dialect has had its references replaced. One that is not of the dialect may
/// hold references within itself, and any keyword of the drafts 04 to 2020-12: writers close an
/// object over all names that its `properties`, `patternProperties` and `allOf` admit together,
/// readers drop `additionalProperties: false` beside `properties`; whatever stands under `not`,
/// `if`, `contains`, `dependencies` and `propertyNames` is taken as written.
pub fn language(schema: &Node, side: Side) -> Node {
    let mut translation =
        Translation { root: schema, side, parts: Vec::new(), ids: HashMap::new() };
    let mut out = translation.schema(schema, &How::Closed);
    let span = schema.span;
    if let Data::Object(members) = &mut out.data {
        if let Some(draft) = schema.member("$schema") {
            members.insert(0, draft.clone());
        }
        if !translation.parts.is_empty() {
            let parts = translation.parts.into_iter().enumerate();
            let parts = parts.map(|(index, part)| Member {
                key: index.to_string(),
                key_span: span,
                value: part,
            });
            members.push(member("definitions", span, Data::Object(parts.collect())));
        }
    }
    out
}

/// A schema on its way into a language.
struct Translation<'a> {
    root: &'a Node,
    side: Side,
    /// The targets of references, each translated once for each way that it is used.
    parts: Vec<Node>,
    ids: HashMap<(Span, How), usize>,
}

/// How a schema is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum How {
    /// On its own: writers close it.
    Closed,
    /// As a part of another schema of the same value, which is closed, or left open, as a whole;
    /// with the properties that the whole requires.
    Part(Vec<String>),
    /// As it is written.
    Raw,
}

impl Translation<'_> {
    fn schema(&mut self, schema: &Node, how: &How) -> Node {
        let Data::Object(members) = &schema.data else { return schema.clone() };
        if *how == How::Raw {
            return self.raw(schema);
        }
        if self.is_only_reference(schema) {
            return self.reference(schema, how);
        }
        let whole = Whole::of(self.root, schema);
        let mut required = whole.required.clone();
        if let How::Part(others) = how {
            required.extend(others.iter().map(String::as_str));
        }
        let closed = schema.get("x-wr-closed").and_then(Node::as_bool) == Some(true);
        let open = self.side == Side::Reader && !closed;
        let part = || {
            let mut names: Vec<String> = required.iter().map(|name| (*name).to_owned()).collect();
            names.sort_unstable();
            How::Part(names)
        };
        // Branches of an object that has names of its own are parts of it.
        let branch = if whole.has_names { part() } else { How::Closed };
        let is_struct = schema.get("properties").is_some();
        let mut out: Vec<Member> = Vec::new();
        for member in members {
            let name = member.key.as_str();
            let is_annotation =
                keywords::keyword(name).is_some_and(|keyword| keyword.is_annotation());
            let value = match name {
                _ if is_annotation => continue,
                "x-wr-closed" | "$schema" | "$id" | "id" | "$anchor" | "definitions" | "$defs" => {
                    continue;
                }
                "enum" if open && is_open_enum(&member.value) => {
                    if schema.get("type").is_none() {
                        out.push(strings(&member.value));
                    }
                    continue;
                }
                "additionalProperties" | "unevaluatedProperties"
                    if self.side == Side::Reader
                        && is_struct
                        && member.value.as_bool() == Some(false) =>
                {
                    continue;
                }
                "$ref" => match self.reference(schema, &part()).member("$ref") {
                    Some(reference) => reference.value.clone(),
                    None => member.value.clone(),
                },
                "properties" => self.properties(&member.value, &required),
                "patternProperties" => self.each(&member.value, &How::Closed),
                "items"
                | "prefixItems"
                | "additionalItems"
                | "unevaluatedItems"
                | "additionalProperties"
                | "unevaluatedProperties" => match member.value.data {
                    Data::Array(_) => self.each(&member.value, &How::Closed),
                    _ => self.schema(&member.value, &How::Closed),
                },
                "allOf" => self.each(&member.value, &part()),
                "oneOf" | "anyOf" => self.union(&member.value, &branch, open),
                "not" | "if" | "then" | "else" | "contains" | "propertyNames" => {
                    self.raw(&member.value)
                }
                "dependencies" | "dependentSchemas" => self.each(&member.value, &How::Raw),
                _ => member.value.clone(),
            };
            out.push(Member { value, ..member.clone() });
        }
        if self.side == Side::Writer && *how == How::Closed {
            whole.close(schema, &mut out);
        }
        Node { span: schema.span, data: Data::Object(out) }
    }

    /// Every schema of an object or an array of schemas.
    fn each(&mut self, schemas: &Node, how: &How) -> Node {
        let data = match &schemas.data {
            Data::Array(items) => {
                Data::Array(items.iter().map(|item| self.schema(item, how)).collect())
            }
            Data::Object(members) => Data::Object(
                members
                    .iter()
                    .map(|member| {
                        let value = self.schema(&member.value, how);
                        Member { value, ..member.clone() }
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Node { span: schemas.span, data }
    }

    /// A schema as it is written, but for where its references lead.
    fn raw(&mut self, schema: &Node) -> Node {
        let data = match &schema.data {
            Data::Array(items) => Data::Array(items.iter().map(|item| self.raw(item)).collect()),
            Data::Object(members) => {
                if let Some(text) = schema.get("$ref").and_then(Node::as_str)
                    && let Some(target) = referred(self.root, text)
                {
                    return self.part(schema.span, target, How::Raw);
                }
                Data::Object(
                    members
                        .iter()
                        .filter(|member| {
                            !matches!(member.key.as_str(), "$id" | "id" | "$anchor" | "$schema")
                                || !matches!(member.value.data, Data::String(_))
                        })
                        .map(|member| {
                            let value = match member.key.as_str() {
                                "const" | "enum" | "default" | "examples" => member.value.clone(),
                                _ => self.raw(&member.value),
                            };
                            Member { value, ..member.clone() }
                        })
                        .collect(),
                )
            }
            other => other.clone(),
        };
        Node { span: schema.span, data }
    }

    /// Whether nothing beside a `$ref` counts: nothing is there, or the draft ignores it.
    fn is_only_reference(&self, schema: &Node) -> bool {
        if schema.get("$ref").is_none() {
            return false;
        }
        let draft = self.root.get("$schema").and_then(Node::as_str).unwrap_or_default();
        let ignores = !draft.contains("/2019-09/") && !draft.contains("/2020-12/");
        ignores
            || schema.members().iter().all(|member| {
                member.key == "$ref"
                    || matches!(member.key.as_str(), "definitions" | "$defs" | "$schema" | "$id")
                    || keywords::keyword(&member.key).is_some_and(|keyword| keyword.is_annotation())
            })
    }

    /// A reference to the translation of its target; one that leads nowhere stays as it is.
    fn reference(&mut self, schema: &Node, how: &How) -> Node {
        let text = schema.get("$ref").and_then(Node::as_str).unwrap_or_default();
        match referred(self.root, text) {
            Some(target) => self.part(schema.span, target, how.clone()),
            None => schema.clone(),
        }
    }

    fn part(&mut self, span: Span, target: &Node, how: How) -> Node {
        let key = (target.span, how.clone());
        let index = match self.ids.get(&key) {
            Some(index) => *index,
            None => {
                let index = self.parts.len();
                self.ids.insert(key, index);
                self.parts.push(object(span, Vec::new()));
                let translated = match how {
                    How::Raw => self.raw_target(target),
                    how => self.schema(target, &how),
                };
                if let Some(part) = self.parts.get_mut(index) {
                    *part = translated;
                }
                index
            }
        };
        let text = format!("#/definitions/{index}");
        object(span, vec![member("$ref", span, Data::String(text))])
    }

    /// The target of a reference as it is written, without what it defines.
    fn raw_target(&mut self, target: &Node) -> Node {
        let mut out = self.raw(target);
        if let Data::Object(members) = &mut out.data {
            members.retain(|member| !matches!(member.key.as_str(), "definitions" | "$defs"));
        }
        out
    }

    fn properties(&mut self, properties: &Node, required: &HashSet<&str>) -> Node {
        let members = properties
            .members()
            .iter()
            .map(|property| {
                let value = self.schema(&property.value, &How::Closed);
                let value = match (required.contains(property.key.as_str()), self.side) {
                    (true, _) => value,
                    (false, Side::Reader) => with_null(value),
                    (false, Side::Writer) => without_null(value),
                };
                Member { value, ..property.clone() }
            })
            .collect();
        object(properties.span, members)
    }

    /// The branches; an open union also takes an object whose tag is a string that no branch
    /// names.
    fn union(&mut self, branches: &Node, how: &How, open: bool) -> Node {
        let mut items: Vec<Node> =
            branches.items().iter().map(|branch| self.schema(branch, how)).collect();
        let followed = branches.items().iter().map(|branch| follow(self.root, branch).clone());
        let followed = Node { span: branches.span, data: Data::Array(followed.collect()) };
        if let (true, Some((tag, values))) = (open, tag(&followed)) {
            items.push(unknown_branch(branches.span, tag, values));
        }
        Node { span: branches.span, data: Data::Array(items) }
    }
}

/// An object whose tag is a string that no branch names.
fn unknown_branch(span: Span, tag: &str, values: Vec<Node>) -> Node {
    let known = object(span, vec![member("enum", span, Data::Array(values))]);
    let other = object(
        span,
        vec![
            member("type", span, Data::String("string".to_owned())),
            member("not", span, known.data),
        ],
    );
    let tags = object(span, vec![member(tag, span, other.data)]);
    object(
        span,
        vec![
            member("type", span, Data::String("object".to_owned())),
            member("required", span, Data::Array(vec![text(span, tag)])),
            member("properties", span, tags.data),
        ],
    )
}

/// What a schema and its `allOf` say together of the names of an object.
#[derive(Debug, Default)]
struct Whole<'a> {
    names: Vec<&'a Member>,
    patterns: Vec<&'a Member>,
    required: HashSet<&'a str>,
    /// Whether any schema of it has `properties` or `patternProperties`, if only empty ones.
    has_names: bool,
    /// Whether names stand anywhere beside the schema's own keywords.
    has_parts: bool,
    /// Whether something else decides which names there are.
    is_decided: bool,
    seen: HashSet<Span>,
}

impl<'a> Whole<'a> {
    fn of(root: &'a Node, schema: &'a Node) -> Whole<'a> {
        let mut whole = Whole::default();
        whole.add(root, schema, true);
        whole
    }

    fn add(&mut self, root: &'a Node, schema: &'a Node, is_own: bool) {
        if !self.seen.insert(schema.span) {
            return;
        }
        let (names, patterns) = (schema.get("properties"), schema.get("patternProperties"));
        self.has_names |= names.is_some() || patterns.is_some();
        self.names.extend(names.map(Node::members).unwrap_or_default());
        self.patterns.extend(patterns.map(Node::members).unwrap_or_default());
        self.required.extend(required(schema));
        self.has_parts |= !is_own;
        let explicit = ["additionalProperties", "unevaluatedProperties"];
        self.is_decided |= explicit
            .iter()
            .any(|key| schema.get(key).is_some_and(|value| value.as_bool() != Some(true)));
        for key in ["anyOf", "oneOf"] {
            let branches = schema.get(key).map(Node::items).unwrap_or_default();
            self.is_decided |= branches.iter().any(|branch| speaks_of_names(root, branch, 0));
        }
        for key in ["then", "else"] {
            let branch = schema.get(key);
            self.is_decided |= branch.is_some_and(|branch| speaks_of_names(root, branch, 0));
        }
        for key in ["dependencies", "dependentSchemas"] {
            let branches = schema.get(key).map(Node::members).unwrap_or_default();
            self.is_decided |=
                branches.iter().any(|branch| speaks_of_names(root, &branch.value, 0));
        }
        for branch in schema.get("allOf").map(Node::items).unwrap_or_default() {
            self.add(root, branch, false);
        }
        if let Some(text) = schema.get("$ref").and_then(Node::as_str)
            && let Some(target) = referred(root, text)
        {
            self.add(root, target, false);
        }
    }

    /// Closes the object over all names.
    fn close(&self, schema: &Node, out: &mut Vec<Member>) {
        if !self.has_names || self.is_decided {
            return;
        }
        let span = schema.span;
        if !self.has_parts {
            out.retain(|member| member.key != "additionalProperties");
            out.push(member("additionalProperties", span, Data::Bool(false)));
            return;
        }
        let any = |members: &[&Member]| {
            let mut seen = HashSet::new();
            let members = members.iter().filter(|member| seen.insert(member.key.as_str()));
            Data::Object(members.map(|m| member(&m.key, span, Data::Object(Vec::new()))).collect())
        };
        let names = object(
            span,
            vec![
                member("properties", span, any(&self.names)),
                member("patternProperties", span, any(&self.patterns)),
                member("additionalProperties", span, Data::Bool(false)),
            ],
        );
        match out.iter_mut().find(|member| member.key == "allOf") {
            Some(Member { value: Node { data: Data::Array(items), .. }, .. }) => items.push(names),
            _ => out.push(member("allOf", span, Data::Array(vec![names]))),
        }
    }
}

/// Whether a schema, or one that it applies to the same value, has names of properties.
fn speaks_of_names(root: &Node, schema: &Node, depth: u32) -> bool {
    let schema = follow(root, schema);
    let applied = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema.get(key));
    let mut branches = applied.flat_map(Node::items);
    schema.get("properties").is_some_and(|names| !names.members().is_empty())
        || schema.get("patternProperties").is_some()
        || depth < 20 && branches.any(|branch| speaks_of_names(root, branch, depth + 1))
}

/// The schema that a chain of references leads to.
fn follow<'a>(root: &'a Node, mut schema: &'a Node) -> &'a Node {
    for _ in 0..20 {
        let target = schema.get("$ref").and_then(Node::as_str).and_then(|at| referred(root, at));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// The schema that a reference names within its own document.
fn referred<'a>(root: &'a Node, reference: &str) -> Option<&'a Node> {
    let base = root.get("$id").or_else(|| root.get("id")).and_then(Node::as_str);
    let base = base.unwrap_or_default().trim_end_matches('#');
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    if !path.is_empty() && path != base {
        return None;
    }
    if fragment.is_empty() {
        return Some(root);
    }
    let fragment = fragment.replace("%25", "%").replace("%22", "\"").replace("%20", " ");
    if fragment.starts_with('/') { root.pointer(&fragment) } else { anchored(root, &fragment) }
}

/// The schema with an anchor, or with an `$id` that is a fragment.
fn anchored<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let is_named = |key: &str| {
        let text = node.get(key).and_then(Node::as_str).unwrap_or_default();
        text.strip_prefix('#').unwrap_or(text) == name
            && (key == "$anchor" || text.starts_with('#'))
    };
    if ["$anchor", "$id", "id"].into_iter().any(is_named) {
        return Some(node);
    }
    let mut below = node.members().iter().map(|member| &member.value).chain(node.items());
    below.find_map(|node| anchored(node, name))
}

/// Whether readers take other strings too: all its values are strings, or null.
fn is_open_enum(values: &Node) -> bool {
    let is_plain = |value: &Node| matches!(value.data, Data::String(_) | Data::Null);
    values.items().iter().any(|value| value.as_str().is_some())
        && values.items().iter().all(is_plain)
}

/// The type of an open enum that names none.
fn strings(values: &Node) -> Member {
    let span = values.span;
    let has_null = values.items().iter().any(|value| matches!(value.data, Data::Null));
    let string = text(span, "string");
    let data = if has_null { Data::Array(vec![string, text(span, "null")]) } else { string.data };
    member("type", span, data)
}

/// The message of a subject: the envelope around the payload, each already in its language.
///
/// `type` is the subject's event type, and the major of `version` is the subject's.
pub fn message(envelope: &Node, payload: &Node, subject: &Subject) -> Node {
    let mut message = envelope.clone();
    let Data::Object(members) = &mut message.data else { return message };
    for outer in members {
        let Data::Object(properties) = &mut outer.value.data else { continue };
        if outer.key != "properties" {
            continue;
        }
        for property in properties {
            let constraint = match property.key.as_str() {
                "type" => ("const", subject.event_type().to_string()),
                "version" => ("pattern", format!("^{}\\.[0-9]+$", subject.major())),
                "data" => {
                    property.value = payload.clone();
                    continue;
                }
                _ => continue,
            };
            let span = property.value.span;
            property.value = object(
                span,
                vec![
                    member("type", span, Data::String("string".to_owned())),
                    member(constraint.0, span, Data::String(constraint.1)),
                ],
            );
        }
    }
    message
}

/// The property that tells the branches of a union apart, and its value in each.
pub fn tag(branches: &Node) -> Option<(&str, Vec<Node>)> {
    let first = branches.items().first()?;
    let mut values: HashMap<&str, (HashSet<&str>, Vec<Node>)> = HashMap::new();
    for branch in branches.items() {
        let required = required(branch);
        for property in branch.get("properties").map(Node::members).unwrap_or_default() {
            let is_tag =
                required.contains(property.key.as_str()) && !keywords::is_nullable(&property.value);
            let Some(value) = property.value.get("const").filter(|_| is_tag) else { continue };
            let (seen, values) = values.entry(property.key.as_str()).or_default();
            if value.as_str().is_some_and(|text| seen.insert(text)) {
                values.push(value.clone());
            }
        }
    }
    let properties = first.get("properties").map(Node::members).unwrap_or_default();
    properties.iter().find_map(|property| {
        let (_, values) = values.remove(property.key.as_str())?;
        (values.len() == branches.items().len()).then_some((property.key.as_str(), values))
    })
}

/// The schema, and null.
fn with_null(mut schema: Node) -> Node {
    let span = schema.span;
    if keywords::kind(&schema) == Some(Kind::Any) || keywords::is_nullable(&schema) {
        return schema;
    }
    let null = || text(span, "null");
    if !is_plain(&schema) {
        let null = object(span, vec![member("type", span, null().data)]);
        return object(span, vec![member("anyOf", span, Data::Array(vec![null, schema]))]);
    }
    if let Data::Object(members) = &mut schema.data {
        for member in members {
            match (member.key.as_str(), &mut member.value.data) {
                ("type", Data::Array(types)) => types.push(null()),
                ("type", _) => {
                    member.value.data = Data::Array(vec![member.value.clone(), null()]);
                }
                ("enum", Data::Array(values)) => values.push(Node { span, data: Data::Null }),
                _ => {}
            }
        }
    }
    schema
}

/// The schema without null.
fn without_null(mut schema: Node) -> Node {
    let span = schema.span;
    let not_null = || {
        let null = object(span, vec![member("type", span, text(span, "null").data)]);
        object(span, vec![member("not", span, null.data)])
    };
    if keywords::kind(&schema) == Some(Kind::Any) {
        return not_null();
    }
    if !may_be_null(&schema) {
        return schema;
    }
    if !is_plain(&schema) {
        return object(span, vec![member("allOf", span, Data::Array(vec![schema, not_null()]))]);
    }
    if let Data::Object(members) = &mut schema.data {
        for member in members {
            match (member.key.as_str(), &mut member.value.data) {
                ("type", Data::Array(types)) => {
                    types.retain(|name| name.as_str() != Some("null"));
                    if let [one] = types.as_slice() {
                        member.value.data = one.data.clone();
                    }
                }
                ("enum", Data::Array(values)) => {
                    values.retain(|value| !matches!(value.data, Data::Null));
                }
                _ => {}
            }
        }
    }
    schema
}

/// Whether the types of a schema's values are told by its `type` alone.
fn is_plain(schema: &Node) -> bool {
    const OTHERS: &[&str] =
        &["$ref", "const", "allOf", "anyOf", "oneOf", "not", "if", "$dynamicRef", "$recursiveRef"];
    schema.get("type").is_some() && !OTHERS.iter().any(|key| schema.get(key).is_some())
}

/// Whether null may be a value of a schema, as far as its keywords tell.
fn may_be_null(schema: &Node) -> bool {
    if let Data::Bool(verdict) = schema.data {
        return verdict;
    }
    if let Some(types) = schema.get("type") {
        return types.as_str() == Some("null") || keywords::is_nullable(schema);
    }
    if let Some(value) = schema.get("const") {
        return matches!(value.data, Data::Null);
    }
    if let Some(values) = schema.get("enum") {
        return values.items().iter().any(|value| matches!(value.data, Data::Null));
    }
    ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|key| schema.get(key))
        .all(|branches| branches.items().iter().any(may_be_null))
}

fn object(span: Span, members: Vec<Member>) -> Node {
    Node { span, data: Data::Object(members) }
}

fn member(key: &str, span: Span, data: Data) -> Member {
    Member { key: key.to_owned(), key_span: span, value: Node { span, data } }
}

fn text(span: Span, value: &str) -> Node {
    Node { span, data: Data::String(value.to_owned()) }
}
