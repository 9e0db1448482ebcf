//! Both versions as one document, so that a part of one can stand in the other.

use std::collections::HashSet;

use wr_schema::json::{Data, FileId, Member, Node, Span};
use wr_schema::keywords;
use wr_schema::language::percent_decoded;

/// One of the two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// The old one.
    Old,
    /// The new one.
    New,
}

/// One step from a schema to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To a property.
    Property(String),
    /// To the items of an array.
    Items,
    /// To the values of a map.
    Values,
    /// To one of the schemas of `allOf`, `anyOf` or `oneOf`.
    Part(&'static str, usize),
}

/// What is put in place of what.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// The schema that changes.
    pub(crate) path: Vec<Step>,
    /// What of it.
    pub(crate) what: What,
}

/// What an [`Edit`] changes.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The whole schema.
    Whole(Node),
    /// Some keywords; one without a value goes.
    Keywords(Vec<(String, Option<Node>)>),
    /// One property; without a schema it goes.
    Property(String, Option<Node>),
    /// Elements of the array that a keyword holds.
    Items {
        /// The keyword.
        keyword: &'static str,
        /// What comes.
        add: Vec<Node>,
        /// What goes.
        remove: Vec<Node>,
    },
}

/// Both versions, their references rewritten so that they mean the same wherever they stand.
#[derive(Debug)]
pub(crate) struct Documents {
    old: Document,
    new: Document,
}

#[derive(Debug)]
struct Document {
    root: Node,
    has_references: bool,
}

/// How far a chain of references is followed.
const LONGEST_CHAIN: usize = 20;

impl Documents {
    pub(crate) fn new(old: &Node, new: &Node) -> Documents {
        Documents { old: Document::of(old, "old"), new: Document::of(new, "new") }
    }

    fn document(&self, age: Age) -> &Document {
        match age {
            Age::Old => &self.old,
            Age::New => &self.new,
        }
    }

    /// The root of one version.
    pub(crate) fn root(&self, age: Age) -> &Node {
        &self.document(age).root
    }

    /// The schema that a chain of references leads to, or the one where it breaks off.
    pub(crate) fn follow<'a>(&'a self, mut node: &'a Node) -> &'a Node {
        for _ in 0..LONGEST_CHAIN {
            match node.get("$ref").and_then(Node::as_str).and_then(|text| self.referred(text)) {
                Some(target) => node = target,
                None => break,
            }
        }
        node
    }

    fn referred(&self, text: &str) -> Option<&Node> {
        let rest = text.strip_prefix("#/definitions/")?;
        let (document, pointer) = match (rest.strip_prefix("old"), rest.strip_prefix("new")) {
            (Some(pointer), _) => (&self.old, pointer),
            (None, Some(pointer)) => (&self.new, pointer),
            (None, None) => return None,
        };
        document.root.pointer(&percent_decoded(pointer))
    }

    /// One version with some of it replaced.
    pub(crate) fn hybrid(&self, age: Age, edits: &[Edit]) -> Node {
        let mut root = self.root(age).clone();
        for edit in edits {
            root = self.rebuilt(&root, &edit.path, false, &|node| edit.what.apply(node));
        }
        self.whole(age, root)
    }

    /// One version with some of it replaced, and so that every value has something at `path`.
    pub(crate) fn forced(&self, age: Age, path: &[Step], edits: &[Edit]) -> Node {
        let mut root = self.root(age).clone();
        for edit in edits {
            root = self.rebuilt(&root, &edit.path, false, &|node| edit.what.apply(node));
        }
        root = self.rebuilt(&root, path, true, &|node| node);
        self.whole(age, root)
    }

    /// A root that has all that references mean, and a span of its own for each part.
    fn whole(&self, age: Age, mut root: Node) -> Node {
        if self.old.has_references || self.new.has_references {
            let entry = |key: &str, document: &Document| Member {
                key: key.to_owned(),
                key_span: document.root.span,
                value: document.root.clone(),
            };
            let both = vec![entry("old", &self.old), entry("new", &self.new)];
            let both = Node { span: root.span, data: Data::Object(both) };
            set(&mut root, "definitions", Some(both));
        }
        if let Some(draft) = self.root(age).get("$schema") {
            set(&mut root, "$schema", Some(draft.clone()));
        }
        let mut next = 0;
        renumber(&mut root, &mut next);
        root
    }

    /// The schema with the one at the end of a path changed; references on the way are replaced, so
    /// that only this place changes.
    fn rebuilt(
        &self,
        node: &Node,
        path: &[Step],
        force: bool,
        leaf: &dyn Fn(Node) -> Node,
    ) -> Node {
        let mut node = self.follow(node).clone();
        let Some((step, rest)) = path.split_first() else { return leaf(node) };
        let inner = |node: &Node| self.rebuilt(node, rest, force, leaf);
        let span = node.span;
        match step {
            Step::Property(name) => {
                let Some(properties) = value_mut(&mut node, "properties") else { return node };
                let Some(property) = value_mut(properties, name) else { return node };
                *property = inner(property);
                if force {
                    let mut names = node.get("required").map(Node::items).unwrap_or(&[]).to_vec();
                    if !names.iter().any(|other| other.as_str() == Some(name)) {
                        names.push(Node { span, data: Data::String(name.clone()) });
                    }
                    set(&mut node, "required", Some(Node { span, data: Data::Array(names) }));
                }
            }
            Step::Items => {
                let Some(items) = value_mut(&mut node, "items") else { return node };
                *items = inner(items);
                if force {
                    at_least_one(&mut node, "minItems");
                }
            }
            Step::Values => {
                let key = "additionalProperties";
                let Some(values) = value_mut(&mut node, key) else { return node };
                *values = inner(values);
                if force {
                    at_least_one(&mut node, "minProperties");
                }
            }
            Step::Part(keyword, index) => {
                let Some(parts) = value_mut(&mut node, keyword) else { return node };
                let Data::Array(parts) = &mut parts.data else { return node };
                let Some(part) = parts.get_mut(*index) else { return node };
                *part = inner(part);
                if force && *keyword != "allOf" {
                    *parts = vec![part.clone()];
                }
            }
        }
        node
    }
}

impl Document {
    fn of(root: &Node, name: &str) -> Document {
        let draft = root.get("$schema").and_then(Node::as_str).unwrap_or_default();
        let mut adoption = Adoption {
            root,
            prefix: format!("#/definitions/{name}"),
            reads_siblings: draft.contains("/2019-09/") || draft.contains("/2020-12/"),
            has_references: false,
        };
        let adopted = adoption.schema(root);
        Document { root: adopted, has_references: adoption.has_references }
    }
}

/// A document on its way beside another one.
struct Adoption<'a> {
    root: &'a Node,
    prefix: String,
    reads_siblings: bool,
    has_references: bool,
}

impl Adoption<'_> {
    fn schema(&mut self, node: &Node) -> Node {
        let data = match &node.data {
            Data::Array(items) => Data::Array(items.iter().map(|item| self.schema(item)).collect()),
            Data::Object(members) => {
                let members = members.iter().filter_map(|member| self.keyword(member)).collect();
                let mut node = Node { span: node.span, data: Data::Object(members) };
                if self.reads_siblings {
                    beside(&mut node);
                }
                return node;
            }
            other => other.clone(),
        };
        Node { span: node.span, data }
    }

    fn keyword(&mut self, member: &Member) -> Option<Member> {
        let value = match (member.key.as_str(), &member.value.data) {
            ("$ref", Data::String(text)) => match self.rewritten(text) {
                Some(text) => {
                    self.has_references = true;
                    Node { span: member.value.span, data: Data::String(text) }
                }
                None => member.value.clone(),
            },
            ("$id" | "id" | "$anchor", Data::String(_)) => return None,
            ("const" | "enum" | "default" | "examples" | "example", _) => member.value.clone(),
            (
                "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas"
                | "dependencies",
                Data::Object(members),
            ) => {
                let entry = |member: &Member| {
                    let value = match member.value.data {
                        Data::Array(_) => member.value.clone(),
                        _ => self.schema(&member.value),
                    };
                    Member { value, ..member.clone() }
                };
                let members = members.iter().map(entry).collect();
                Node { span: member.value.span, data: Data::Object(members) }
            }
            _ => self.schema(&member.value),
        };
        Some(Member { value, ..member.clone() })
    }

    /// The reference as it reads beside the other document, where it stays within this one.
    fn rewritten(&self, text: &str) -> Option<String> {
        let base = self.root.get("$id").or_else(|| self.root.get("id")).and_then(Node::as_str);
        let base = base.unwrap_or_default().trim_end_matches('#');
        let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
        if !path.is_empty() && path != base {
            return None;
        }
        if fragment.is_empty() || fragment.starts_with('/') {
            return Some(format!("{}{fragment}", self.prefix));
        }
        let pointer = anchor(self.root, fragment, 0)?;
        Some(format!("{}{}", self.prefix, pointer.replace('%', "%25")))
    }
}

/// A reference that counts together with what stands beside it becomes one part of several.
fn beside(node: &mut Node) {
    let span = node.span;
    let has_siblings = node.members().iter().any(|member| {
        !matches!(member.key.as_str(), "$ref" | "definitions" | "$defs" | "$schema")
            && !keywords::keyword(&member.key).is_some_and(|keyword| keyword.is_annotation())
    });
    let Some(reference) = node.member("$ref").cloned().filter(|_| has_siblings) else { return };
    let mut parts = node.get("allOf").map(Node::items).unwrap_or(&[]).to_vec();
    parts.push(Node { span, data: Data::Object(vec![reference]) });
    set(node, "$ref", None);
    set(node, "allOf", Some(Node { span, data: Data::Array(parts) }));
}

/// The pointer to the schema with an anchor, or with an `$id` that is a fragment.
fn anchor(node: &Node, name: &str, depth: usize) -> Option<String> {
    let is_named = |key: &str| {
        let text = node.get(key).and_then(Node::as_str).unwrap_or_default();
        if key == "$anchor" { text == name } else { text.strip_prefix('#') == Some(name) }
    };
    if ["$anchor", "$id", "id"].into_iter().any(is_named) {
        return Some(String::new());
    }
    let members = node.members().iter().map(|member| (escaped(&member.key), &member.value));
    let items = node.items().iter().enumerate().map(|(at, item)| (at.to_string(), item));
    members
        .chain(items)
        .filter(|_| depth < 128)
        .find_map(|(key, inner)| anchor(inner, name, depth + 1).map(|rest| format!("/{key}{rest}")))
}

/// A name as it stands in a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl What {
    fn apply(&self, mut node: Node) -> Node {
        match self {
            What::Whole(other) => other.clone(),
            What::Keywords(keywords) => {
                if !node.is_object() {
                    node.data = Data::Object(Vec::new());
                }
                keywords.iter().for_each(|(key, value)| set(&mut node, key, value.clone()));
                node
            }
            What::Property(name, schema) => {
                let span = node.span;
                let empty = || Node { span, data: Data::Object(Vec::new()) };
                let mut properties = node.get("properties").cloned().unwrap_or_else(empty);
                set(&mut properties, name, schema.clone());
                set(&mut node, "properties", Some(properties));
                node
            }
            What::Items { keyword, add, remove } => {
                let gone: HashSet<String> = remove.iter().map(spelled).collect();
                let mut items = node.get(keyword).map(Node::items).unwrap_or_default().to_vec();
                items.retain(|item| !gone.contains(&spelled(item)));
                items.extend(add.iter().cloned());
                // In draft 04 no list is empty.
                let items = Node { span: node.span, data: Data::Array(items) };
                set(&mut node, keyword, Some(items).filter(|items| !items.items().is_empty()));
                node
            }
        }
    }
}

/// A schema as text, in which a reference reads the same in both versions.
pub(crate) fn spelled(node: &Node) -> String {
    node.to_value().to_string().replace("#/definitions/new", "#/definitions/old")
}

/// Sets or removes a member of an object.
pub(crate) fn set(node: &mut Node, key: &str, value: Option<Node>) {
    let span = node.span;
    let Data::Object(members) = &mut node.data else { return };
    let at = members.iter().position(|member| member.key == key);
    members.retain(|member| member.key != key);
    if let Some(value) = value {
        let member = Member { key: key.to_owned(), key_span: span, value };
        members.insert(at.unwrap_or(members.len()).min(members.len()), member);
    }
}

fn value_mut<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    let Data::Object(members) = &mut node.data else { return None };
    members.iter_mut().rev().find(|member| member.key == key).map(|member| &mut member.value)
}

fn at_least_one(node: &mut Node, keyword: &str) {
    if node.get(keyword).and_then(Node::as_integer).is_none_or(|count| count < 1) {
        set(node, keyword, Some(Node { span: node.span, data: Data::Number(1.into()) }));
    }
}

/// Gives each part a span of its own: the parts of two files may have the same.
fn renumber(node: &mut Node, next: &mut usize) {
    *next += 1;
    node.span = Span { file: FileId(u32::MAX), start: *next, end: *next + 1 };
    match &mut node.data {
        Data::Array(items) => items.iter_mut().for_each(|item| renumber(item, next)),
        Data::Object(members) => {
            members.iter_mut().for_each(|member| renumber(&mut member.value, next))
        }
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => {}
    }
}
