//! `$ref`: which schema a reference means, and a schema with all of its references replaced.

use crate::draft::{Draft, DraftFile, Place};
use crate::json::{Data, Member, Node, Span};
use crate::keywords::{self, Kind};
use crate::names::Version;

/// The most nodes that a schema may have once its references are replaced.
pub const MAX_NODES: usize = 20_000;

/// The deepest that a schema may nest once its references are replaced.
///
/// A level takes up to three levels of JSON in the text of a language, and a text nested deeper than
/// 127 is none to serde_json, which reads it in every service.
pub const MAX_DEPTH: usize = 40;

/// The most that types may weigh which stand in each other: a map 10, an array 3, a struct, a union
/// and an `Option` 1.
///
/// rustc asks of every type whether it is `Send`, and of every type inside; by default it stops at
/// 128 of them, and a map has some of its own.
pub const MAX_WEIGHT: usize = 100;

/// What a chain of references leads to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The schema, which is no reference.
    pub node: &'a Node,
    /// The file it stands in.
    pub file: &'a DraftFile<'a>,
    /// The name of the definition; empty where no reference was followed.
    pub name: &'a str,
    /// The name of the shared definition, where the schema is one.
    pub shared: Option<&'a str>,
}

/// Why a reference means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefError {
    /// What kind of failure.
    pub kind: RefErrorKind,
    /// The value of the `$ref`.
    pub span: Span,
    /// What is wrong, as a fragment.
    pub message: String,
}

/// What kind of failure a [`RefError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefErrorKind {
    /// It leads out of the folder, or to a file that holds no shared definitions.
    Remote,
    /// It leads to nothing.
    Unresolved,
    /// It leads back to itself.
    Cycle,
    /// It leads from one reference to the next, more than [`MAX_DEPTH`] times.
    TooLong,
}

/// Follows a schema's `$ref`, and that one's, to a schema that is no reference.
///
/// # Errors
/// A reference leads nowhere, out of the catalogue, or in a circle of references alone.
pub fn follow<'a>(
    draft: &'a Draft<'a>,
    file: &'a DraftFile<'a>,
    node: &'a Node,
) -> Result<Target<'a>, RefError> {
    let mut target = Target { node, file, name: "", shared: None };
    let mut seen = Vec::new();
    while let Some(reference) = target.node.get("$ref") {
        if seen.contains(&reference.span) {
            return Err(RefError {
                kind: RefErrorKind::Cycle,
                span: node.get("$ref").map_or(node.span, |first| first.span),
                message: "this reference leads back to itself".to_owned(),
            });
        }
        if seen.len() == MAX_DEPTH {
            return Err(RefError {
                kind: RefErrorKind::TooLong,
                span: node.get("$ref").map_or(node.span, |first| first.span),
                message: format!("this reference leads through more than {MAX_DEPTH} others"),
            });
        }
        seen.push(reference.span);
        target = step(draft, target.file, reference)?;
    }
    Ok(target)
}

/// The schemas on the way of a schema's references, itself first and the target last: what they
/// say beside a `$ref` counts, the first most.
///
/// Where a reference means nothing, the way ends before it.
pub fn way<'a>(draft: &'a Draft<'a>, file: &'a DraftFile<'a>, node: &'a Node) -> Vec<&'a Node> {
    let mut way = vec![node];
    let mut at = Target { node, file, name: "", shared: None };
    while let Some(reference) = at.node.get("$ref")
        && way.len() <= MAX_DEPTH
        && let Ok(next) = step(draft, at.file, reference)
    {
        way.push(next.node);
        at = next;
    }
    way
}

/// One step: the schema that the text of a `$ref` names, which may be a reference itself.
///
/// # Errors
/// The reference leads nowhere, or out of the catalogue.
pub fn step<'a>(
    draft: &'a Draft<'a>,
    file: &'a DraftFile<'a>,
    reference: &'a Node,
) -> Result<Target<'a>, RefError> {
    let error = |kind, message| RefError { kind, span: reference.span, message };
    let text = reference
        .as_str()
        .ok_or_else(|| error(RefErrorKind::Unresolved, "`$ref` is no string".to_owned()))?;
    let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
    let target = if path.is_empty() {
        file
    } else {
        let shared = path
            .strip_prefix("../definitions/")
            .and_then(|name| name.strip_suffix(".json"))
            .and_then(|name| Version::parse(name).ok());
        let Some(version) = shared else {
            let message = format!("`{path}` is no versioned file of `definitions/`");
            return Err(error(RefErrorKind::Remote, message));
        };
        let found = draft.at(&format!("definitions/{version}.json"));
        found.ok_or_else(|| {
            let message = format!("there is no `definitions/{version}.json`");
            error(RefErrorKind::Unresolved, message)
        })?
    };
    let Some(name) = fragment.strip_prefix("/definitions/").filter(|name| !name.contains('/'))
    else {
        let message = format!("`#{fragment}` is not of the form `#/definitions/NAME`");
        return Err(error(RefErrorKind::Unresolved, message));
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    let Some(found) = target.definition(&name) else {
        let message = format!("`{}` has no definition `{name}`", target.path);
        return Err(error(RefErrorKind::Unresolved, message));
    };
    let name = found.key.as_str();
    let shared = matches!(target.place, Place::Definitions(_)).then_some(name);
    Ok(Target { node: &found.value, file: target, name, shared })
}

/// Why a schema cannot stand on its own.
#[derive(Clone, Debug)]
pub enum ResolveError {
    /// A reference means nothing.
    Reference(RefError),
    /// More than [`MAX_NODES`] nodes, or deeper than [`MAX_DEPTH`].
    TooLarge(Span),
}

/// The first schema of a file that makes it too large: its root and its definitions, with their
/// references replaced, have more than [`MAX_NODES`] nodes together or nest deeper than
/// [`MAX_DEPTH`].
///
/// What a reference means that cannot be followed counts as one node. A file for which this is
/// nothing can be resolved piece by piece in linear time.
pub fn too_large<'a>(draft: &'a Draft<'a>, file: &'a DraftFile<'a>) -> Option<Span> {
    let root = file.content.as_ref().ok()?;
    let mut scale = Scale { draft, open: Vec::new(), nodes: 0, weight: 0 };
    let definitions = root.get("definitions").map(Node::members).unwrap_or_default();
    let schemas = definitions.iter().map(|member| &member.value);
    std::iter::once(root).chain(schemas).find_map(|schema| scale.weigh(file, schema))
}

/// Counts the nodes of schemas whose references are replaced.
struct Scale<'a> {
    draft: &'a Draft<'a>,
    open: Vec<Span>,
    nodes: usize,
    /// What the types weigh that hold the present one.
    weight: usize,
}

impl<'a> Scale<'a> {
    fn weigh(&mut self, file: &'a DraftFile<'a>, node: &'a Node) -> Option<Span> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || self.open.len() > MAX_DEPTH {
            return Some(node.head());
        }
        let target = match follow(self.draft, file, node) {
            Ok(target) if !self.open.contains(&target.node.span) => target,
            Err(error) if error.kind == RefErrorKind::TooLong => return Some(error.span),
            Ok(_) | Err(_) => return None,
        };
        let weight = weight(target.node);
        if self.weight + weight > MAX_WEIGHT {
            return Some(node.head());
        }
        self.weight += weight;
        self.open.push(target.node.span);
        let heavy = target.node.members().iter().find_map(|member| match member.key.as_str() {
            "properties" | "oneOf" => {
                let properties = member.value.members().iter().map(|property| &property.value);
                let mut schemas = properties.chain(member.value.items());
                schemas.find_map(|schema| self.weigh(target.file, schema))
            }
            "items" | "additionalProperties" => self.weigh(target.file, &member.value),
            _ => None,
        });
        self.open.pop();
        self.weight -= weight;
        heavy
    }
}

/// What a type weighs without those inside it, each counted as optional.
fn weight(node: &Node) -> usize {
    match keywords::kind(node) {
        Some(Kind::Map) => 11,
        Some(Kind::Array) => 4,
        Some(
            Kind::Struct
            | Kind::Union
            | Kind::Reference
            | Kind::Any
            | Kind::Text
            | Kind::Integer
            | Kind::Number
            | Kind::Boolean,
        )
        | None => 2,
    }
}

/// A schema with every reference replaced by what it means.
///
/// Annotations beside a `$ref` win over those of its target. `format` of an integer becomes its
/// range. `definitions` go. The keywords of a shared definition, which every later file has again,
/// stand where the first file has them, so that their place tells which definition it is.
///
/// # Errors
/// A reference means nothing or leads back to a schema that holds it, or the result is too large.
pub fn resolve<'a>(
    draft: &'a Draft<'a>,
    file: &'a DraftFile<'a>,
    node: &'a Node,
) -> Result<Node, ResolveError> {
    let mut resolver = Resolver { draft, open: Vec::new(), nodes: 0 };
    resolver.schema(file, node)
}

struct Resolver<'a> {
    draft: &'a Draft<'a>,
    /// The targets of references that are being replaced, outermost first.
    open: Vec<Span>,
    nodes: usize,
}

impl<'a> Resolver<'a> {
    fn schema(&mut self, file: &'a DraftFile<'a>, node: &'a Node) -> Result<Node, ResolveError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || self.open.len() > MAX_DEPTH {
            return Err(ResolveError::TooLarge(node.span));
        }
        let target = follow(self.draft, file, node).map_err(ResolveError::Reference)?;
        if self.open.contains(&target.node.span) {
            return Err(ResolveError::Reference(RefError {
                kind: RefErrorKind::Cycle,
                span: node.get("$ref").map_or(node.span, |reference| reference.span),
                message: "this reference leads back to a schema that holds it".to_owned(),
            }));
        }
        self.open.push(target.node.span);
        let mut members = self.members(target.file, target.node)?;
        self.open.pop();
        if let Some(first) = target.shared.and_then(|name| self.first(target.file, name)) {
            stand_as(&mut members, first);
        }
        let way = way(self.draft, file, node);
        for site in way.iter().rev().skip(1) {
            overlay(&mut members, site);
        }
        if keywords::kind(target.node) == Some(keywords::Kind::Integer) {
            write_out_range(&mut members);
        }
        let data = match &target.node.data {
            Data::Object(_) => Data::Object(members),
            other => other.clone(),
        };
        Ok(Node { span: node.span, data })
    }

    /// A shared definition as the oldest file of its major has it.
    fn first(&self, file: &DraftFile<'a>, name: &str) -> Option<&'a Node> {
        let newest = file.place.version()?;
        let older = (0..newest.minor).map(|minor| Version { minor, ..newest });
        let mut files =
            older.filter_map(|version| self.draft.at(&format!("definitions/{version}.json")));
        Some(&files.find_map(|file| file.definition(name))?.value)
    }

    fn members(
        &mut self,
        file: &'a DraftFile<'a>,
        node: &'a Node,
    ) -> Result<Vec<Member>, ResolveError> {
        let mut members = Vec::new();
        for member in node.members() {
            let value = match member.key.as_str() {
                "definitions" | "$schema" | "$id" | "$comment" => continue,
                "properties" => self.each(file, &member.value)?,
                "oneOf" => self.each(file, &member.value)?,
                "items" | "additionalProperties" => self.schema(file, &member.value)?,
                _ => member.value.clone(),
            };
            members.push(Member { key: member.key.clone(), key_span: member.key_span, value });
        }
        Ok(members)
    }

    fn each(&mut self, file: &'a DraftFile<'a>, node: &'a Node) -> Result<Node, ResolveError> {
        let data = match &node.data {
            Data::Object(members) => Data::Object(
                members
                    .iter()
                    .map(|member| {
                        Ok(Member {
                            key: member.key.clone(),
                            key_span: member.key_span,
                            value: self.schema(file, &member.value)?,
                        })
                    })
                    .collect::<Result<_, ResolveError>>()?,
            ),
            Data::Array(items) => Data::Array(
                items.iter().map(|item| self.schema(file, item)).collect::<Result<_, _>>()?,
            ),
            other => other.clone(),
        };
        Ok(Node { span: node.span, data })
    }
}

/// Lets keywords stand where another schema has them.
fn stand_as(members: &mut [Member], other: &Node) {
    for member in members {
        if let Some(same) = other.member(&member.key) {
            member.key_span = same.key_span;
        }
    }
}

/// Puts the annotations that stand beside a `$ref` over those of its target.
fn overlay(members: &mut Vec<Member>, site: &Node) {
    for member in site.members() {
        if member.key == "$ref" || member.key == "$comment" {
            continue;
        }
        match members.iter_mut().find(|other| other.key == member.key) {
            Some(other) => *other = member.clone(),
            None => members.push(member.clone()),
        }
    }
}

/// Replaces the `format` of an integer by `minimum` and `maximum`, where those are wider.
fn write_out_range(members: &mut Vec<Member>) {
    let Some(at) = members.iter().position(|member| member.key == "format") else { return };
    let format = members.remove(at);
    let range =
        keywords::INTEGER_FORMATS.iter().find(|(name, _, _)| format.value.as_str() == Some(*name));
    let Some((_, low, high)) = range else { return };
    for (key, bound) in [("maximum", *high), ("minimum", *low)] {
        let written = members.iter().position(|member| member.key == key);
        let narrower = written.and_then(|at| members.get(at)).and_then(|m| m.value.as_integer());
        let bound = match narrower {
            Some(value) if key == "minimum" => bound.max(value),
            Some(value) => bound.min(value),
            None => bound,
        };
        let number = match u64::try_from(bound) {
            Ok(bound) => bound.into(),
            Err(_) => i64::try_from(bound).unwrap_or(i64::MIN).into(),
        };
        let value = Node { span: format.value.span, data: Data::Number(number) };
        match written.and_then(|at| members.get_mut(at)) {
            Some(member) => member.value = value,
            None => members.insert(
                at.min(members.len()),
                Member { key: key.to_owned(), key_span: format.key_span, value },
            ),
        }
    }
}
