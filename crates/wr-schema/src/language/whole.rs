//! An object as a whole: the names that a schema and its `allOf` admit together.

use std::collections::HashSet;

use super::references::{DEPTH, References, address};
use super::{member, object};
use crate::draft::required;
use crate::json::{Data, Member, Node};

/// What a schema and its `allOf` say together of the names of an object.
#[derive(Debug, Default)]
pub(super) struct Whole<'a> {
    names: Vec<&'a Member>,
    patterns: Vec<&'a Member>,
    pub(super) required: HashSet<&'a str>,
    /// Whether any schema of it has `properties` or `patternProperties`, if only empty ones.
    pub(super) has_names: bool,
    /// Whether names stand anywhere beside the schema's own keywords.
    has_parts: bool,
    /// Whether something else decides which names there are.
    is_decided: bool,
    seen: HashSet<usize>,
}

impl<'a> Whole<'a> {
    pub(super) fn of(references: &References<'a>, schema: &'a Node) -> Whole<'a> {
        let mut whole = Whole::default();
        whole.add(references, schema, 0);
        whole
    }

    fn add(&mut self, references: &References<'a>, schema: &'a Node, depth: u32) {
        if !self.seen.insert(address(schema)) {
            return;
        }
        if depth > DEPTH {
            self.is_decided = true;
            return;
        }
        if let Some(target) = references.target(schema).filter(|_| references.stand_alone()) {
            self.add(references, target, depth + 1);
            return;
        }
        let (names, patterns) = (schema.get("properties"), schema.get("patternProperties"));
        self.has_names |= names.is_some() || patterns.is_some();
        self.names.extend(names.map(Node::members).unwrap_or_default());
        self.patterns.extend(patterns.map(Node::members).unwrap_or_default());
        self.required.extend(required(schema));
        self.has_parts |= depth > 0;
        let explicit = ["additionalProperties", "unevaluatedProperties"];
        self.is_decided |= explicit
            .iter()
            .any(|key| schema.get(key).is_some_and(|value| value.as_bool() != Some(true)));
        for key in ["anyOf", "oneOf"] {
            let branches = schema.get(key).map(Node::items).unwrap_or_default();
            self.is_decided |= branches.iter().any(|branch| speaks_of_names(references, branch));
        }
        for key in ["then", "else"] {
            let branch = schema.get(key);
            self.is_decided |= branch.is_some_and(|branch| speaks_of_names(references, branch));
        }
        for key in ["dependencies", "dependentSchemas"] {
            let branches = schema.get(key).map(Node::members).unwrap_or_default();
            self.is_decided |=
                branches.iter().any(|branch| speaks_of_names(references, &branch.value));
        }
        for branch in schema.get("allOf").map(Node::items).unwrap_or_default() {
            self.add(references, branch, depth + 1);
        }
        let dynamic = ["$dynamicRef", "$recursiveRef"].into_iter();
        let dynamic = dynamic.filter_map(|key| references.dynamic_target(schema, key));
        for target in references.target(schema).into_iter().chain(dynamic) {
            self.add(references, target, depth + 1);
        }
    }

    /// Closes the object over all names.
    pub(super) fn close(&self, schema: &Node, out: &mut Vec<Member>) {
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
fn speaks_of_names<'a>(references: &References<'a>, schema: &'a Node) -> bool {
    let mut seen = HashSet::new();
    let mut rest = vec![schema];
    while let Some(schema) = rest.pop() {
        if !seen.insert(address(schema)) {
            continue;
        }
        if let Some(target) = references.target(schema) {
            rest.push(target);
            if references.stand_alone() {
                continue;
            }
        }
        if schema.get("properties").is_some_and(|names| !names.members().is_empty())
            || schema.get("patternProperties").is_some()
        {
            return true;
        }
        let applied = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema.get(key));
        rest.extend(applied.flat_map(Node::items));
    }
    false
}
