//! References within a document that is not of the dialect.

use std::cell::RefCell;
use std::collections::HashMap;

use super::location::{joined, percent_decoded};
use crate::json::{Data, Node};

/// How many references, or schemas of one value, are followed, one after another.
pub(super) const DEPTH: u32 = 100;

/// Where the references of a document lead.
pub(super) struct References<'a> {
    resources: Vec<Resource<'a>>,
    /// The resources by their addresses; of two with one address, none.
    addressed: HashMap<String, Option<usize>>,
    /// The schemas that refer, by the resource that they are read in; the root's are not listed.
    scopes: HashMap<usize, usize>,
    draft: Draft,
    known: RefCell<HashMap<(usize, String), Option<&'a Node>>>,
}

/// A schema with an address, and what is named in it.
struct Resource<'a> {
    root: &'a Node,
    address: String,
    /// By `$anchor`, or by an `$id` that is a fragment.
    anchors: HashMap<&'a str, &'a Node>,
    /// By `$dynamicAnchor`.
    dynamic: HashMap<&'a str, &'a Node>,
    /// Whether it is of another draft than the document: then nothing refers to it.
    is_foreign: bool,
}

/// What drafts differ in, as far as references go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Draft {
    /// `id`
    Four,
    /// `$id`; nothing beside a `$ref` counts.
    Six,
    /// `$anchor`, `$recursiveRef`
    Later,
    /// `$dynamicRef`
    Last,
}

impl Draft {
    fn of(root: &Node) -> Draft {
        let name = root.get("$schema").and_then(Node::as_str).unwrap_or_default();
        if name.contains("draft-04") {
            Draft::Four
        } else if name.contains("/2019-09/") {
            Draft::Later
        } else if name.contains("/2020-12/") {
            Draft::Last
        } else {
            Draft::Six
        }
    }
}

/// The keywords whose values are no schemas.
const VALUES: &[&str] = &["enum", "const", "default", "examples", "example"];

/// The keywords that hold schemas by names.
const NAMED: &[&str] = &[
    "properties",
    "patternProperties",
    "definitions",
    "$defs",
    "dependencies",
    "dependentSchemas",
];

impl<'a> References<'a> {
    pub(super) fn of(root: &'a Node) -> References<'a> {
        let mut references = References {
            resources: Vec::new(),
            addressed: HashMap::new(),
            scopes: HashMap::new(),
            draft: Draft::of(root),
            known: RefCell::default(),
        };
        let own = ["$id", "id"].iter().find_map(|key| root.get(key)?.as_str());
        let own = own.map_or("", |text| text.split('#').next().unwrap_or_default());
        references.enter(root, joined(NOWHERE, own));
        references.walk(root);
        references
    }

    /// Whether nothing that stands beside a `$ref` counts.
    pub(super) fn stand_alone(&self) -> bool {
        self.draft < Draft::Later
    }

    fn enter(&mut self, root: &'a Node, address: String) -> usize {
        let at = self.resources.len();
        let is_new = !self.addressed.contains_key(&address);
        self.addressed.insert(address.clone(), is_new.then_some(at));
        let is_foreign = at > 0 && root.get("$schema").is_some() && Draft::of(root) != self.draft;
        let (anchors, dynamic) = (HashMap::new(), HashMap::new());
        self.resources.push(Resource { root, address, anchors, dynamic, is_foreign });
        at
    }

    fn walk(&mut self, root: &'a Node) {
        let mut rest = vec![(root, 0, false)];
        while let Some((node, mut scope, is_named)) = rest.pop() {
            if !is_named && node.is_object() {
                scope = self.schema(node, scope);
            }
            for member in node.members() {
                let key = member.key.as_str();
                if is_named || !VALUES.contains(&key) {
                    rest.push((&member.value, scope, !is_named && NAMED.contains(&key)));
                }
            }
            rest.extend(node.items().iter().map(|item| (item, scope, false)));
        }
    }

    /// Notes the names of a schema; the resource that what is in it is read in.
    fn schema(&mut self, node: &'a Node, mut scope: usize) -> usize {
        let refers = REFERENCES.iter().any(|key| node.get(key).is_some());
        let key = if self.draft == Draft::Four { "id" } else { "$id" };
        let is_hidden = self.stand_alone() && node.get("$ref").is_some();
        let text = node.get(key).and_then(Node::as_str).filter(|_| !is_hidden);
        if let Some((path, fragment)) = text.map(|text| text.split_once('#').unwrap_or((text, "")))
        {
            let is_root =
                self.resources.first().is_some_and(|first| std::ptr::eq(first.root, node));
            if !path.is_empty() && !is_root {
                let base = self.resources.get(scope).map_or(NOWHERE, |resource| &resource.address);
                let address = joined(base, path);
                scope = self.enter(node, address);
            }
            self.name(scope, fragment, node, false);
        }
        for (key, is_dynamic) in [("$anchor", false), ("$dynamicAnchor", true)] {
            let name = node.get(key).and_then(Node::as_str).unwrap_or_default();
            if self.draft >= Draft::Later {
                self.name(scope, name, node, is_dynamic);
            }
        }
        if refers && scope > 0 {
            self.scopes.insert(address(node), scope);
        }
        scope
    }

    fn name(&mut self, scope: usize, name: &'a str, node: &'a Node, is_dynamic: bool) {
        if let Some(resource) = self.resources.get_mut(scope).filter(|_| !name.is_empty()) {
            resource.anchors.entry(name).or_insert(node);
            if is_dynamic {
                resource.dynamic.entry(name).or_insert(node);
            }
        }
    }

    /// A resource that shares its address with no other.
    fn resource(&self, at: usize) -> Option<&Resource<'a>> {
        let resource = self.resources.get(at)?;
        self.addressed.get(&resource.address)?.map(|_| resource)
    }

    /// The schema that the `$ref` of a schema refers to.
    pub(super) fn target(&self, schema: &Node) -> Option<&'a Node> {
        let text = schema.get("$ref").and_then(Node::as_str)?;
        self.read(self.scope(schema), text)
    }

    /// The schema that a dynamic reference of a schema refers to, where it can be but one.
    pub(super) fn dynamic_target(&self, schema: &Node, key: &str) -> Option<&'a Node> {
        let text = schema.get(key).and_then(Node::as_str)?;
        let scope = self.scope(schema);
        match (key, self.draft) {
            ("$recursiveRef", Draft::Later) if self.resources.len() == 1 && text == "#" => {
                self.resource(scope).map(|resource| resource.root)
            }
            ("$dynamicRef", Draft::Last) => {
                let target = self.read(scope, text)?;
                let name = text.split_once('#').map_or("", |(_, name)| name);
                let holders =
                    self.resources.iter().filter(|resource| resource.dynamic.contains_key(name));
                (holders.count() <= 1).then_some(target)
            }
            _ => None,
        }
    }

    fn scope(&self, schema: &Node) -> usize {
        if self.scopes.is_empty() {
            return 0;
        }
        self.scopes.get(&address(schema)).copied().unwrap_or(0)
    }

    fn read(&self, scope: usize, text: &str) -> Option<&'a Node> {
        let key = (scope, text.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return *known;
        }
        let target = self.referred(scope, text);
        self.known.borrow_mut().insert(key, target);
        target
    }

    fn referred(&self, scope: usize, text: &str) -> Option<&'a Node> {
        let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
        let resource = if path.is_empty() {
            self.resource(scope)?
        } else {
            let address = joined(&self.resources.get(scope)?.address, path);
            self.resource((*self.addressed.get(&address)?)?)?
        };
        if resource.is_foreign {
            return None;
        }
        let fragment = percent_decoded(fragment);
        if fragment.is_empty() {
            return Some(resource.root);
        }
        if fragment.starts_with('/') {
            return resource.root.pointer(&fragment).filter(|node| is_schema(node));
        }
        resource.anchors.get(fragment.as_str()).copied()
    }

    /// The schema that a chain of references leads to.
    pub(super) fn follow(&self, mut schema: &'a Node) -> &'a Node {
        for _ in 0..DEPTH {
            match self.target(schema) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }
}

/// Where a node is in memory: what tells it from its equals, wherever they say they stand.
pub(super) fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

/// The keywords that refer.
const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];

/// The address of a document that has none.
const NOWHERE: &str = "json-schema:///";

fn is_schema(node: &Node) -> bool {
    matches!(node.data, Data::Object(_) | Data::Bool(_))
}
