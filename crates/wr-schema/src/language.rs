//! The two languages of a schema: what its writers send and what its readers take.
//!
//! The generator, the checker and the lint all come here; nothing else decides what null, an
//! unknown property or an unknown enum value means.

mod location;
mod null;
mod references;
mod whole;

use std::collections::{HashMap, HashSet};

use crate::draft::required;
use crate::json::{Data, Member, Node, Span};
use crate::keywords;
use crate::names::Subject;
pub use location::percent_decoded;
use null::{with_null, without_null};
use references::{References, address};
use whole::Whole;

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
/// `if`, `contains`, `dependencies` and `propertyNames` is taken as written. An `enum` of strings is
/// open to readers, but for one that is the tag of a union, as a `const` would be.
pub fn language(schema: &Node, side: Side) -> Node {
    translated(schema, side, &How::Closed)
}

/// A schema as it is written, with every reference within it a pointer into `definitions`: without
/// `$id`, `$anchor` and dynamic references.
///
/// A reference that leads out of the document, or nowhere, is left.
pub fn resolved(schema: &Node) -> Node {
    translated(schema, Side::Reader, &How::Raw)
}

fn translated(schema: &Node, side: Side, how: &How) -> Node {
    let mut translation = Translation {
        side,
        references: References::of(schema),
        parts: Vec::new(),
        ids: HashMap::new(),
        queue: Vec::new(),
    };
    let mut out = translation.schema(schema, how);
    let span = schema.span;
    // Targets one after the other, so that no chain of references is too long.
    while let Some((index, target, how)) = translation.queue.pop() {
        let translated = translation.schema(target, &how);
        if let Some(part) = translation.parts.get_mut(index) {
            *part = translated;
        }
    }
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
    side: Side,
    references: References<'a>,
    /// The targets of references, each translated once for each way that it is used.
    parts: Vec<Node>,
    ids: HashMap<(usize, How), usize>,
    /// The targets that are not translated yet.
    queue: Vec<(usize, &'a Node, How)>,
}

/// The most targets of references, and ways that they are used, that are translated.
const MAX_PARTS: usize = 20_000;

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

impl<'a> Translation<'a> {
    fn schema(&mut self, schema: &'a Node, how: &How) -> Node {
        let Data::Object(members) = &schema.data else { return schema.clone() };
        if *how == How::Raw {
            return self.raw(schema);
        }
        if self.is_only_reference(schema) {
            return self.reference(schema, how);
        }
        let whole = Whole::of(&self.references, schema);
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
        let mut dynamic: Vec<Node> = Vec::new();
        for member in members {
            let name = member.key.as_str();
            let is_annotation =
                keywords::keyword(name).is_some_and(|keyword| keyword.is_annotation());
            let value = match name {
                _ if is_annotation => continue,
                "x-wr-closed" => continue,
                _ if is_address(name) => continue,
                "$dynamicRef" | "$recursiveRef" => {
                    match self.references.dynamic_target(schema, name) {
                        Some(target) => {
                            dynamic.push(self.part(member.value.span, target, part()));
                            continue;
                        }
                        None => member.value.clone(),
                    }
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
        conjoined(schema.span, &mut out, dynamic);
        if self.side == Side::Writer && *how == How::Closed {
            whole.close(schema, &mut out);
        }
        Node { span: schema.span, data: Data::Object(out) }
    }

    /// Every schema of an object or an array of schemas.
    fn each(&mut self, schemas: &'a Node, how: &How) -> Node {
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
    fn raw(&mut self, schema: &'a Node) -> Node {
        let data = match &schema.data {
            Data::Array(items) => Data::Array(items.iter().map(|item| self.raw(item)).collect()),
            Data::Object(_) if self.is_only_reference(schema) => {
                return self.reference(schema, &How::Raw);
            }
            Data::Object(members) => {
                let mut out = Vec::new();
                let mut dynamic: Vec<Node> = Vec::new();
                for member in members {
                    let value = match member.key.as_str() {
                        name if is_address(name) => continue,
                        name @ ("$dynamicRef" | "$recursiveRef") => {
                            match self.references.dynamic_target(schema, name) {
                                Some(target) => {
                                    dynamic.push(self.part(member.value.span, target, How::Raw));
                                    continue;
                                }
                                None => member.value.clone(),
                            }
                        }
                        "$ref" => match self.reference(schema, &How::Raw).member("$ref") {
                            Some(reference) => reference.value.clone(),
                            None => member.value.clone(),
                        },
                        "properties" | "patternProperties" | "dependencies"
                        | "dependentSchemas" => self.each(&member.value, &How::Raw),
                        "allOf"
                        | "anyOf"
                        | "oneOf"
                        | "not"
                        | "if"
                        | "then"
                        | "else"
                        | "items"
                        | "prefixItems"
                        | "additionalItems"
                        | "unevaluatedItems"
                        | "contains"
                        | "additionalProperties"
                        | "unevaluatedProperties"
                        | "propertyNames" => self.raw(&member.value),
                        _ => member.value.clone(),
                    };
                    out.push(Member { value, ..member.clone() });
                }
                conjoined(schema.span, &mut out, dynamic);
                Data::Object(out)
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
        self.references.stand_alone()
            || schema.members().iter().all(|member| {
                member.key == "$ref"
                    || is_address(&member.key)
                    || keywords::keyword(&member.key).is_some_and(|keyword| keyword.is_annotation())
            })
    }

    /// A reference to the translation of its target; one that leads nowhere leads nowhere after.
    fn reference(&mut self, schema: &'a Node, how: &How) -> Node {
        match self.references.target(schema) {
            Some(target) => self.part(schema.span, target, how.clone()),
            None => {
                let text = schema.get("$ref").and_then(Node::as_str).unwrap_or_default();
                let is_within = text.starts_with('#') || text.is_empty();
                let text = if is_within { "#/definitions/none" } else { text };
                let span = schema.span;
                object(span, vec![member("$ref", span, Data::String(text.to_owned()))])
            }
        }
    }

    fn part(&mut self, span: Span, target: &'a Node, how: How) -> Node {
        let next = self.parts.len();
        let index = *self.ids.entry((address(target), how.clone())).or_insert(next);
        if index == next && index < MAX_PARTS {
            self.parts.push(object(span, Vec::new()));
            self.queue.push((index, target, how));
        }
        let text = format!("#/definitions/{index}");
        object(span, vec![member("$ref", span, Data::String(text))])
    }

    fn properties(&mut self, properties: &'a Node, required: &HashSet<&str>) -> Node {
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
    fn union(&mut self, branches: &'a Node, how: &How, open: bool) -> Node {
        let mut items: Vec<Node> =
            branches.items().iter().map(|branch| self.schema(branch, how)).collect();
        let followed: Vec<&Node> =
            branches.items().iter().map(|branch| self.references.follow(branch)).collect();
        if self.side == Side::Reader {
            // Branches that are no objects need no tag to be told from the others.
            let objects: Vec<&Node> =
                followed.iter().copied().filter(|branch| !is_no_object(branch)).collect();
            let tag = tag_of(&objects, false).or_else(|| tag_of(&objects, true));
            if let Some((tag, values)) = tag {
                for (item, branch) in items.iter_mut().zip(&followed) {
                    if let Some(known) = listed_tags(branch, tag) {
                        *item = with_tags(item, tag, known);
                    }
                }
                if open && objects.len() == followed.len() {
                    items.push(unknown_branch(branches.span, tag, values));
                }
            }
        }
        Node { span: branches.span, data: Data::Array(items) }
    }
}

/// Whether a branch says by its `type` that it is no object.
fn is_no_object(branch: &Node) -> bool {
    let Some(types) = branch.get("type") else { return false };
    let is_object = |name: &Node| name.as_str() == Some("object");
    !is_object(types) && !types.items().iter().any(is_object)
}

/// The `enum` that is the tag of a branch.
fn listed_tags<'n>(branch: &'n Node, tag: &str) -> Option<&'n Node> {
    let property = branch.get("properties").filter(|_| !is_no_object(branch))?.get(tag)?;
    property.get("enum").filter(|_| property.get("const").is_none())
}

/// A branch whose tag is one of these: unlike other enums, that of a tag is not open, or every
/// branch would take the tags of all others.
fn with_tags(branch: &Node, tag: &str, values: &Node) -> Node {
    let span = branch.span;
    let known = object(span, vec![member("enum", span, values.data.clone())]);
    let tags = object(span, vec![member(tag, span, known.data)]);
    let tagged = object(span, vec![member("properties", span, tags.data)]);
    object(span, vec![member("allOf", span, Data::Array(vec![branch.clone(), tagged]))])
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

/// Whether a keyword only says where schemas are found.
fn is_address(keyword: &str) -> bool {
    const ADDRESSES: &[&str] = &[
        "$schema",
        "$id",
        "id",
        "$anchor",
        "$dynamicAnchor",
        "$recursiveAnchor",
        "$vocabulary",
        "definitions",
        "$defs",
    ];
    ADDRESSES.contains(&keyword)
}

/// Adds schemas of the same value to the others.
fn conjoined(span: Span, out: &mut Vec<Member>, schemas: Vec<Node>) {
    if schemas.is_empty() {
        return;
    }
    match out.iter_mut().find(|member| member.key == "allOf") {
        Some(Member { value: Node { data: Data::Array(items), .. }, .. }) => items.extend(schemas),
        _ => out.push(member("allOf", span, Data::Array(schemas))),
    }
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
    tag_of(&branches.items().iter().collect::<Vec<_>>(), false)
}

/// The tag of a union, which is a `const` in each branch, or in some an `enum`.
fn tag_of<'n>(branches: &[&'n Node], may_list: bool) -> Option<(&'n str, Vec<Node>)> {
    let first = branches.first()?;
    let mut found: HashMap<&str, Tags<'_>> = HashMap::new();
    for branch in branches {
        let required = required(branch);
        for property in branch.get("properties").map(Node::members).unwrap_or_default() {
            let is_tag =
                required.contains(property.key.as_str()) && !keywords::is_nullable(&property.value);
            if is_tag {
                found.entry(property.key.as_str()).or_default().add(&property.value, may_list);
            }
        }
    }
    let properties = first.get("properties").map(Node::members).unwrap_or_default();
    properties.iter().find_map(|property| {
        let tags = found.remove(property.key.as_str())?;
        (tags.branches == branches.len()).then_some((property.key.as_str(), tags.values))
    })
}

/// What the branches of a union say of one property.
#[derive(Default)]
struct Tags<'n> {
    seen: HashSet<&'n str>,
    values: Vec<Node>,
    /// The branches that list strings which no other does.
    branches: usize,
}

impl<'n> Tags<'n> {
    fn add(&mut self, property: &'n Node, may_list: bool) {
        let values = match (property.get("const"), property.get("enum")) {
            (Some(value), _) => std::slice::from_ref(value),
            (None, Some(values)) if may_list => values.items(),
            (None, _) => return,
        };
        let fresh: HashSet<&str> = values.iter().filter_map(Node::as_str).collect();
        if !fresh.is_empty() && fresh.len() == values.len() && self.seen.is_disjoint(&fresh) {
            self.seen.extend(fresh);
            self.values.extend(values.iter().cloned());
            self.branches += 1;
        }
    }
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
