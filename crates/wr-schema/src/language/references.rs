//! References within a document that is not of the dialect.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::json::Node;

/// How many references, or schemas of one value, are followed, one after another.
pub(super) const DEPTH: u32 = 100;

/// Where the references of a document lead.
pub(super) struct References<'a> {
    root: &'a Node,
    /// Whether some part of the document has an address of its own, from which its references are
    /// read: then none is followed.
    is_scoped: bool,
    known: RefCell<HashMap<String, Option<&'a Node>>>,
}

impl<'a> References<'a> {
    pub(super) fn of(root: &'a Node) -> References<'a> {
        References { root, is_scoped: has_scopes(root), known: RefCell::default() }
    }

    /// The schema that a schema refers to.
    pub(super) fn target(&self, schema: &Node) -> Option<&'a Node> {
        let text = schema.get("$ref").and_then(Node::as_str).filter(|_| !self.is_scoped)?;
        if let Some(known) = self.known.borrow().get(text) {
            return *known;
        }
        let target = referred(self.root, text);
        self.known.borrow_mut().insert(text.to_owned(), target);
        target
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

/// Whether a schema below the root has an address.
fn has_scopes(root: &Node) -> bool {
    const SCHEMA: &[&str] = &["type", "properties", "$ref", "items", "allOf", "anyOf", "oneOf"];
    let mut rest: Vec<&Node> = root.members().iter().map(|member| &member.value).collect();
    while let Some(node) = rest.pop() {
        let is_address = |key: &str| {
            let text = node.get(key).and_then(Node::as_str);
            // `/properties/name` is what generators write; nothing is read from there.
            text.is_some_and(|text| !text.starts_with('#') && !text.starts_with('/'))
        };
        let is_schema = SCHEMA.iter().any(|key| node.get(key).is_some());
        if is_schema && (is_address("$id") || is_address("id")) {
            return true;
        }
        rest.extend(node.members().iter().map(|member| &member.value).chain(node.items()));
    }
    false
}

/// Where a node is in memory: what tells it from its equals, wherever they say they stand.
pub(super) fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
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
