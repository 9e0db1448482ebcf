//! References within a document that is not of the dialect.

use crate::json::Node;

/// The schema that a chain of references leads to.
pub(super) fn follow<'a>(root: &'a Node, mut schema: &'a Node) -> &'a Node {
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
pub(super) fn referred<'a>(root: &'a Node, reference: &str) -> Option<&'a Node> {
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
