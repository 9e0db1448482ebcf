//! Old and new schemas, place by place: what stands at the same place of a message is a pair.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use wr_schema::draft::required;
use wr_schema::json::{Data, Node, Span};
use wr_schema::keywords::{self, Kind};
use wr_schema::language;
use wr_schema::names::rust_field;
use wr_schema::rust_names;

use crate::documents::{Age, Documents, Edit, Step, What, escaped, spelled};

/// The same place of both versions.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// Both versions.
    pub(crate) documents: &'a Documents,
    /// The place, as a pointer into a message.
    pub(crate) pointer: String,
    /// What the place is to the one around it.
    pub(crate) role: Role,
    /// The old schema.
    pub(crate) old: Site<'a>,
    /// The new schema.
    pub(crate) new: Site<'a>,
}

/// A place in one version.
#[derive(Clone, Debug)]
pub(crate) struct Site<'a> {
    /// The way to it.
    pub(crate) path: Vec<Step>,
    /// What stands there, perhaps a reference.
    pub(crate) at: &'a Node,
    /// The schema, which is no reference.
    pub(crate) node: &'a Node,
    /// What to underline for the whole of it.
    pub(crate) head: Span,
    /// Its Rust type's name, where it had one, in a schema of the dialect.
    pub(crate) name: Option<String>,
    /// How a reader calls the place.
    pub(crate) owner: String,
    /// The properties, where it is an object.
    pub(crate) fields: Vec<Field<'a>>,
}

/// What a place is to the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The whole message.
    Root,
    /// A property, and whether it is required, in either version.
    Property {
        /// In the old version.
        old: bool,
        /// In the new version.
        new: bool,
    },
    /// Items, map values, a branch, a part.
    Inner,
}

/// A property, wherever the schema of the object has it.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    /// What to underline.
    pub(crate) span: Span,
    /// Its schema; none where the name is only required.
    pub(crate) node: Option<&'a Node>,
    /// Whether it is required.
    pub(crate) required: bool,
    /// The way from the object to the schema that has it.
    pub(crate) holder: Vec<Step>,
    /// The ways from the object to the schemas that require it.
    pub(crate) requirers: Vec<Vec<Step>>,
}

/// A tagged union.
#[derive(Debug)]
pub(crate) struct Union<'a> {
    /// `oneOf` or `anyOf`
    pub(crate) keyword: &'static str,
    /// The property.
    pub(crate) tag: String,
    /// The value of the tag and where among the branches it stands.
    pub(crate) branches: Vec<(String, &'a Node)>,
}

/// How deep places may nest.
const DEEPEST: usize = 128;

/// Every pair, outer ones first, in the order of the new version; and whether all were reached.
pub(crate) fn pairs(documents: &Documents) -> (Vec<Pair<'_>>, bool) {
    let mut walk = Walk { documents, seen: HashSet::new(), pairs: Vec::new(), complete: true };
    let name = |age| {
        let root = documents.root(age);
        let title = root.get("title").and_then(Node::as_str)?;
        let is_name = title.starts_with(|c: char| c.is_ascii_uppercase())
            && title.chars().all(|c| c.is_ascii_alphanumeric());
        (is_name && keywords::is_sound(root)).then(|| title.to_owned())
    };
    let names = name(Age::Old).zip(name(Age::New));
    let (old_name, new_name) = names.map_or((None, None), |(old, new)| (Some(old), Some(new)));
    let old = walk.site(Vec::new(), documents.root(Age::Old), None, old_name, String::new());
    let new = walk.site(Vec::new(), documents.root(Age::New), None, new_name, String::new());
    walk.enter(Pair { documents, pointer: String::new(), role: Role::Root, old, new }, 0);
    (walk.pairs, walk.complete)
}

struct Walk<'a> {
    documents: &'a Documents,
    /// The targets that have been paired, by their addresses: each two are walked once.
    seen: HashSet<(usize, usize)>,
    pairs: Vec<Pair<'a>>,
    complete: bool,
}

impl<'a> Walk<'a> {
    fn site(
        &self,
        path: Vec<Step>,
        at: &'a Node,
        head: Option<Span>,
        name: Option<String>,
        owner: String,
    ) -> Site<'a> {
        let node = self.documents.follow(at);
        let mut fields =
            Fields { documents: self.documents, found: Vec::new(), index: BTreeMap::new() };
        fields.gather(node, &mut Vec::new());
        let head = head.unwrap_or(at.head());
        Site { path, at, node, head, name, owner, fields: fields.found }
    }

    fn enter(&mut self, pair: Pair<'a>, depth: usize) {
        let key =
            (std::ptr::from_ref(pair.old.node).addr(), std::ptr::from_ref(pair.new.node).addr());
        if !self.seen.insert(key) {
            return;
        }
        if depth > DEEPEST {
            self.complete = false;
            return;
        }
        if pair.is_retyped() {
            self.pairs.push(pair);
            return;
        }
        let inner = self.inner(&pair);
        self.pairs.push(pair);
        inner.into_iter().for_each(|pair| self.enter(pair, depth + 1));
    }

    /// The pairs one step below.
    fn inner(&self, pair: &Pair<'a>) -> Vec<Pair<'a>> {
        let mut inner = Vec::new();
        for (old, new) in pair.kept() {
            let (Some(old_node), Some(new_node)) = (old.node, new.node) else { continue };
            let role = Role::Property { old: old.required, new: new.required };
            let site = |site: &Site<'a>, field: &Field<'a>, node| {
                let step = rust_names::Step::Property(field.name);
                let name = site.name.as_deref().map(|name| step.name(name));
                self.site(
                    site.to_field(field),
                    node,
                    Some(field.span),
                    name,
                    site.owner_of(field.name),
                )
            };
            inner.push(Pair {
                documents: self.documents,
                pointer: format!("{}/{}", pair.pointer, escaped(new.name)),
                role,
                old: site(&pair.old, old, old_node),
                new: site(&pair.new, new, new_node),
            });
        }
        for (keyword, step, name, owner) in [
            ("items", Step::Items, rust_names::Step::Items, "items"),
            ("additionalProperties", Step::Values, rust_names::Step::Values, "values"),
        ] {
            let (old, new) = (pair.old.node.member(keyword), pair.new.node.member(keyword));
            let (Some(old), Some(new)) = (old, new) else { continue };
            if ![&old.value, &new.value].iter().all(|node| node.is_object()) {
                continue;
            }
            let site = |site: &Site<'a>, member: &'a wr_schema::json::Member| {
                let path = site.to(step.clone());
                let name = site.name.as_deref().map(|parent| name.name(parent));
                let owner = format!("{} {owner}", site.owner).trim_start().to_owned();
                self.site(path, &member.value, Some(member.key_span), name, owner)
            };
            inner.push(Pair {
                documents: self.documents,
                pointer: format!("{}/*", pair.pointer),
                role: Role::Inner,
                old: site(&pair.old, old),
                new: site(&pair.new, new),
            });
        }
        inner.extend(self.parts(pair));
        inner
    }

    /// The branches of tagged unions by their tags; the schemas of other lists by their places,
    /// where both have as many.
    fn parts(&self, pair: &Pair<'a>) -> Vec<Pair<'a>> {
        let mut matched: Vec<(&'static str, &'static str, usize, usize, Option<String>)> =
            Vec::new();
        let unions = pair.unions();
        if let Some((old, new)) = &unions
            && old.tag == new.tag
        {
            for (new_at, (value, _)) in new.branches.iter().enumerate() {
                let old_at = old.branches.iter().position(|(other, _)| other == value);
                if let Some(old_at) = old_at {
                    matched.push((old.keyword, new.keyword, old_at, new_at, Some(value.clone())));
                }
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let is_union = unions
                .as_ref()
                .is_some_and(|(old, new)| keyword == old.keyword || keyword == new.keyword);
            let (old, new) = (pair.old.items(keyword), pair.new.items(keyword));
            if old.len() == new.len() && !is_union {
                matched.extend((0..new.len()).map(|at| (keyword, keyword, at, at, None)));
            }
        }
        let mut inner = Vec::new();
        for (old_keyword, new_keyword, old_at, new_at, tag) in matched {
            let (old, new) = (pair.old.items(old_keyword), pair.new.items(new_keyword));
            let (Some(old), Some(new)) = (old.get(old_at), new.get(new_at)) else { continue };
            let site = |site: &Site<'a>, step, node| {
                let parent = site.name.as_deref();
                let name = parent.map(|parent| match &tag {
                    Some(tag) => rust_names::Step::Branch(tag).name(parent),
                    None => parent.to_owned(),
                });
                self.site(site.to(step), node, None, name, site.owner.clone())
            };
            let mut part = Pair {
                documents: self.documents,
                pointer: pair.pointer.clone(),
                role: Role::Inner,
                old: site(&pair.old, Step::Part(old_keyword, old_at), old),
                new: site(&pair.new, Step::Part(new_keyword, new_at), new),
            };
            if old_keyword == "allOf" {
                // Its properties are those of the whole.
                part.old.fields.clear();
                part.new.fields.clear();
            }
            inner.push(part);
        }
        inner
    }
}

/// The properties of an object, its `allOf` included.
struct Fields<'a> {
    documents: &'a Documents,
    found: Vec<Field<'a>>,
    index: BTreeMap<&'a str, usize>,
}

/// How deep `allOf` may nest.
const DEEPEST_PART: usize = 12;

impl<'a> Fields<'a> {
    fn gather(&mut self, node: &'a Node, way: &mut Vec<Step>) {
        for property in node.get("properties").map(Node::members).unwrap_or_default() {
            if !self.index.contains_key(property.key.as_str()) {
                self.index.insert(&property.key, self.found.len());
                self.found.push(Field {
                    name: &property.key,
                    span: property.key_span,
                    node: Some(&property.value),
                    required: false,
                    holder: way.clone(),
                    requirers: Vec::new(),
                });
            }
        }
        if way.len() < DEEPEST_PART {
            let parts = node.get("allOf").map(Node::items).unwrap_or_default();
            for (at, part) in parts.iter().enumerate() {
                way.push(Step::Part("allOf", at));
                self.gather(self.documents.follow(part), way);
                way.pop();
            }
        }
        for name in node.get("required").map(Node::items).unwrap_or_default() {
            let Some(text) = name.as_str() else { continue };
            let at = *self.index.entry(text).or_insert(self.found.len());
            if at == self.found.len() {
                self.found.push(Field {
                    name: text,
                    span: name.span,
                    node: None,
                    required: true,
                    holder: Vec::new(),
                    requirers: Vec::new(),
                });
            }
            if let Some(field) = self.found.get_mut(at) {
                field.required = true;
                field.requirers.push(way.clone());
            }
        }
    }
}

impl<'a> Site<'a> {
    /// The way to a schema one step below.
    pub(crate) fn to(&self, step: Step) -> Vec<Step> {
        let mut path = self.path.clone();
        path.push(step);
        path
    }

    fn to_field(&self, field: &Field<'a>) -> Vec<Step> {
        let mut path = self.below(&field.holder);
        path.push(Step::Property(field.name.to_owned()));
        path
    }

    /// The way to a schema some steps below.
    pub(crate) fn below(&self, way: &[Step]) -> Vec<Step> {
        let mut path = self.path.clone();
        path.extend_from_slice(way);
        path
    }

    /// How a reader calls a property of this object.
    pub(crate) fn owner_of(&self, property: &str) -> String {
        match &self.name {
            Some(name) => format!("{name}.{}", rust_field(property)),
            None if self.owner.is_empty() => property.to_owned(),
            None => format!("{}.{property}", self.owner),
        }
    }

    /// How a reader calls this place.
    pub(crate) fn called(&self) -> String {
        match &self.name {
            _ if !self.owner.is_empty() => self.owner.clone(),
            Some(name) => name.clone(),
            None => "the message".to_owned(),
        }
    }

    /// How a message calls this place.
    pub(crate) fn place(&self) -> String {
        let called = self.path.iter().rev().find_map(|step| match step {
            Step::Property(name) => Some(format!("`{name}`")),
            Step::Items => Some("an item".to_owned()),
            Step::Values => Some("a value".to_owned()),
            Step::Part(..) => None,
        });
        let last = self.path.iter().rev().find(|step| !matches!(step, Step::Part(..)));
        let around = self.path.iter().rev().find_map(|step| match step {
            Step::Property(name) => Some(name),
            Step::Items | Step::Values | Step::Part(..) => None,
        });
        match (called, last, around) {
            (Some(called), Some(Step::Items | Step::Values), Some(around)) => {
                format!("{called} of `{around}`")
            }
            (Some(called), ..) => called,
            (None, ..) => "the message".to_owned(),
        }
    }

    /// How a reader calls the type of this place.
    pub(crate) fn type_called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.called())
    }

    /// Where the shared definition stands whose Rust type it has: in another file than the place it
    /// is used at.
    pub(crate) fn shared_at(&self) -> Option<Span> {
        let has_own_type = match keywords::kind(self.node) {
            Some(Kind::Struct | Kind::Union) => true,
            Some(Kind::Text) => self.node.get("enum").is_some(),
            Some(
                Kind::Reference
                | Kind::Any
                | Kind::Integer
                | Kind::Number
                | Kind::Boolean
                | Kind::Map
                | Kind::Array,
            )
            | None => false,
        };
        let keyword = ["properties", "oneOf", "enum"];
        let keywords = keyword.iter().filter_map(|keyword| self.node.member(keyword));
        let mut spans = keywords.map(|member| member.key_span);
        spans.find(|span| has_own_type && span.file != self.node.span.file)
    }

    fn items(&self, keyword: &str) -> &'a [Node] {
        self.node.get(keyword).map(Node::items).unwrap_or_default()
    }

    /// A keyword with its value, or the head of the schema where it is not there.
    pub(crate) fn span(&self, keyword: &str) -> Span {
        let Some(member) = self.node.member(keyword).or_else(|| self.at.member(keyword)) else {
            return self.head;
        };
        let (key, value) = (member.key_span, member.value.span);
        let is_one = key.file == value.file && key.start <= value.end;
        if is_one { Span { end: value.end, ..key } } else { key }
    }

    /// An annotation: beside a reference it wins over that of its target.
    pub(crate) fn annotation(&self, keyword: &str) -> Option<&'a Node> {
        self.at.get(keyword).or_else(|| self.node.get(keyword))
    }

    /// Whether readers refuse what its enum or union does not name.
    pub(crate) fn is_closed(&self) -> bool {
        self.node.get("x-wr-closed").and_then(Node::as_bool) == Some(true)
    }
}

impl<'a> Union<'a> {
    /// The branches that another union has not.
    pub(crate) fn beyond(&self, other: &Union<'_>) -> Vec<(&str, &'a Node)> {
        let known: HashSet<&str> = other.branches.iter().map(|(value, _)| value.as_str()).collect();
        let branches = self.branches.iter().map(|(value, branch)| (value.as_str(), *branch));
        branches.filter(|(value, _)| !known.contains(value)).collect()
    }

    /// The union with a branch more.
    pub(crate) fn with(&self, site: &Site<'_>, branch: &Node) -> Edit {
        self.edit(site, vec![branch.clone()], Vec::new())
    }

    /// The union without a branch.
    pub(crate) fn without(&self, site: &Site<'_>, value: &str) -> Edit {
        let branches = self.branches.iter().filter(|(other, _)| other == value);
        self.edit(site, Vec::new(), branches.map(|(_, branch)| (*branch).clone()).collect())
    }

    /// The union with one branch alone.
    pub(crate) fn only(&self, site: &Site<'_>, branch: &Node) -> Edit {
        let branches = Node { span: branch.span, data: Data::Array(vec![branch.clone()]) };
        let what = What::Keywords(vec![(self.keyword.to_owned(), Some(branches))]);
        Edit { path: site.path.clone(), what }
    }

    fn edit(&self, site: &Site<'_>, add: Vec<Node>, remove: Vec<Node>) -> Edit {
        let what = What::Items { keyword: self.keyword, add, remove };
        Edit { path: site.path.clone(), what }
    }
}

impl<'a> Pair<'a> {
    /// A keyword in both versions.
    pub(crate) fn both(&self, keyword: &str) -> (Option<&'a Node>, Option<&'a Node>) {
        (self.old.node.get(keyword), self.new.node.get(keyword))
    }

    /// Whether a keyword, not what its references lead to, differs.
    pub(crate) fn differs(&self, keyword: &str) -> bool {
        let (old, new) = self.both(keyword);
        old.map(spelled) != new.map(spelled)
    }

    /// The properties that both versions have, in the order of the new one.
    pub(crate) fn kept(&self) -> Vec<(&Field<'a>, &Field<'a>)> {
        let old: BTreeMap<&str, &Field<'a>> =
            self.old.fields.iter().map(|field| (field.name, field)).collect();
        let new = self.new.fields.iter();
        new.filter_map(|field| Some((*old.get(field.name)?, field))).collect()
    }

    /// The properties that only the new version has.
    pub(crate) fn added(&self) -> Vec<&Field<'a>> {
        let old: BTreeSet<&str> = self.old.fields.iter().map(|field| field.name).collect();
        self.new.fields.iter().filter(|field| !old.contains(field.name)).collect()
    }

    /// The properties that only the old version has.
    pub(crate) fn removed(&self) -> Vec<&Field<'a>> {
        let new: BTreeSet<&str> = self.new.fields.iter().map(|field| field.name).collect();
        self.old.fields.iter().filter(|field| !new.contains(field.name)).collect()
    }

    /// Whether the two describe values of different kinds, so that nothing in them can be paired.
    pub(crate) fn is_retyped(&self) -> bool {
        let (old, new) = (keywords::kind(self.old.node), keywords::kind(self.new.node));
        if let (Some(old), Some(new)) = (old, new) {
            let is_numeric = |kind| matches!(kind, Kind::Integer | Kind::Number);
            let is_reference = |kind| kind == Kind::Reference;
            let is_same = old == new || is_numeric(old) && is_numeric(new);
            return !is_same && !is_reference(old) && !is_reference(new);
        }
        let (old, new) = (self.types(self.old.node), self.types(self.new.node));
        let plain = |types: BTreeSet<&'a str>| -> BTreeSet<&'a str> {
            types.into_iter().filter(|name| *name != "null").collect()
        };
        match (old.map(plain), new.map(plain)) {
            (Some(old), Some(new)) => {
                let is_numeric = |names: &BTreeSet<&str>| {
                    names.iter().any(|name| matches!(*name, "integer" | "number"))
                };
                old.is_disjoint(&new)
                    && !(is_numeric(&old) && is_numeric(&new))
                    && !(old.is_empty() || new.is_empty())
            }
            _ => false,
        }
    }

    /// The types that a schema names, by itself or by the branches of a union.
    pub(crate) fn types(&self, node: &'a Node) -> Option<BTreeSet<&'a str>> {
        types(self.documents, node, 0)
    }

    /// The tagged unions that both are.
    pub(crate) fn unions(&self) -> Option<(Union<'a>, Union<'a>)> {
        Some((union(self.documents, self.old.node)?, union(self.documents, self.new.node)?))
    }
}

fn types<'a>(documents: &'a Documents, node: &'a Node, depth: u32) -> Option<BTreeSet<&'a str>> {
    if let Some(types) = node.get("type") {
        let one = types.as_str().into_iter();
        return Some(one.chain(types.items().iter().filter_map(Node::as_str)).collect());
    }
    if let Some(value) = node.get("const") {
        return Some([type_of(value)].into());
    }
    if let Some(values) = node.get("enum") {
        return Some(values.items().iter().map(type_of).collect());
    }
    let branches = node.get("anyOf").or_else(|| node.get("oneOf"))?.items();
    let mut all = BTreeSet::new();
    for branch in branches {
        let branch = documents.follow(branch);
        all.extend((depth < 4).then(|| types(documents, branch, depth + 1)).flatten()?);
    }
    Some(all)
}

fn type_of(value: &Node) -> &'static str {
    match &value.data {
        Data::Null => "null",
        Data::Bool(_) => "boolean",
        Data::Number(_) if value.as_integer().is_some() => "integer",
        Data::Number(_) => "number",
        Data::String(_) => "string",
        Data::Array(_) => "array",
        Data::Object(_) => "object",
    }
}

fn union<'a>(documents: &'a Documents, node: &'a Node) -> Option<Union<'a>> {
    ["oneOf", "anyOf"].into_iter().find_map(|keyword| {
        let branches = node.get(keyword)?;
        let followed = branches.items().iter().map(|branch| documents.follow(branch).clone());
        let followed = Node { span: branches.span, data: Data::Array(followed.collect()) };
        let (tag, values) = language::tag(&followed)?;
        let values = values.iter().filter_map(Node::as_str).map(str::to_owned);
        let branches: Vec<_> = values.zip(branches.items()).collect();
        let requires = |node: &Node| required(documents.follow(node)).contains(tag);
        branches.iter().all(|(_, branch)| requires(branch)).then(|| Union {
            keyword,
            tag: tag.to_owned(),
            branches,
        })
    })
}
