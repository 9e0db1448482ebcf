//! Refuses two names that become one name in Rust.
//!
//! `fooBar` and `foo_bar` are both the field `foo_bar`; `a-b.c` and `a_b.c` are both the module
//! `a_b`; a property `client` of `OrderPlacedV1` and a shared definition `order_placed_v1_client`
//! are both the type `OrderPlacedV1Client`. An open enum has a variant `Unknown` of its own, and a
//! generated crate has modules of its own.
//!
//! Rename one of the two.

use std::collections::{BTreeMap, HashMap};

use unicode_normalization::UnicodeNormalization;

use crate::contract::Type;
use crate::draft::{Draft, DraftFile, Place, Role, Site};
use crate::json::{Node, Span};
use crate::keywords::{self, Kind};
use crate::language;
use crate::lint::{Check, Report};
use crate::names::{Subject, Version, rust_field, rust_type};
use crate::resolve;
use crate::rust_names::{self, RESERVED_MODULES, RESERVED_TYPES, Step};

pub(super) const CHECK: Check = Check::Catalog(check);

const HELP: &str = "rename one of the two";

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    for file in &draft.files {
        let is_small = resolve::too_large(draft, file).is_none();
        for site in file.sites() {
            match keywords::kind(site.node) {
                Some(Kind::Struct) => fields(draft, &site, report),
                Some(Kind::Text) => variants(&site, report),
                Some(Kind::Union) if is_small => branches(draft, &site, report),
                Some(
                    Kind::Reference
                    | Kind::Any
                    | Kind::Integer
                    | Kind::Number
                    | Kind::Boolean
                    | Kind::Map
                    | Kind::Array
                    | Kind::Union,
                )
                | None => {}
            }
        }
    }
    modules(draft, report);
    types(draft, report);
}

/// Names that are taken, each with what took it.
#[derive(Default)]
struct Taken(HashMap<String, String>);

impl Taken {
    /// Takes a name, or says who has it.
    ///
    /// Rust takes composed and decomposed letters for the same.
    fn by(&mut self, rust: String, who: &str) -> Option<String> {
        let rust: String = rust.nfc().collect();
        if let Some(other) = self.0.get(&rust) {
            return Some(other.clone());
        }
        self.0.insert(rust, who.to_owned());
        None
    }
}

/// Names of types that are taken, each with the file that took it and the way to it there.
type Types = HashMap<String, (String, Vec<String>)>;

fn fields(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let mut names = Taken::default();
    let mut methods = Taken::default();
    let required = crate::draft::required(site.node);
    let mut seen = std::collections::HashSet::new();
    for member in site.node.get("properties").map(Node::members).unwrap_or_default() {
        let name = member.key.as_str();
        let field = rust_field(name);
        // The same key twice is for the rule `duplicate_key`.
        if !seen.insert(name) {
            continue;
        }
        if let Some(other) = names.by(field.clone(), name) {
            let message = format!("`{name}` and `{other}` are both the field `{field}` in Rust");
            report.at(member.key_span, message, HELP);
            continue;
        }
        if required.contains(name) {
            continue;
        }
        let way = resolve::way(draft, site.file, &member.value);
        let has_default = way.iter().any(|at| at.get("default").is_some());
        let accessor = has_default.then(|| format!("{field}_or_default"));
        for method in std::iter::once(format!("with_{field}")).chain(accessor) {
            if let Some(other) = methods.by(method.clone(), name) {
                let message = format!("`{name}` and `{other}` both have a method `{method}`");
                report.at(member.key_span, message, HELP);
            }
        }
    }
}

fn variants(site: &Site<'_>, report: &mut Report<'_>) {
    let values = site.node.get("enum").map(Node::items).unwrap_or_default();
    let texts = values.iter().filter_map(|value| Some((value.as_str()?, value.span)));
    each_variant(site.node, texts, report);
}

fn branches(draft: &Draft<'_>, site: &Site<'_>, report: &mut Report<'_>) {
    let Ok(resolved) = resolve::resolve(draft, site.file, site.node) else { return };
    let tag = resolved.get("oneOf").and_then(language::tag);
    let sites = site.node.get("oneOf").map(Node::items).unwrap_or_default();
    let values = tag.iter().flat_map(|(_, values)| values).zip(sites);
    let texts = values.filter_map(|(value, branch)| {
        let is_here = value.span.file == site.file.id;
        Some((value.as_str()?, if is_here { value.span } else { branch.head() }))
    });
    each_variant(site.node, texts, report);
}

fn each_variant<'a>(
    schema: &Node,
    texts: impl Iterator<Item = (&'a str, Span)>,
    report: &mut Report<'_>,
) {
    let mut names = Taken::default();
    let mut seen = std::collections::HashSet::new();
    let is_closed = schema.get("x-wr-closed").and_then(Node::as_bool) == Some(true);
    for (text, span) in texts {
        let variant = rust_type(text);
        if !seen.insert(text) {
            continue;
        }
        if variant == "Unknown" && !is_closed {
            let message = format!("`{text}` is the variant `Unknown`, which holds what is not known");
            report.at(span, message, "rename it, or close the set by `x-wr-closed`");
        } else if let Some(other) = names.by(variant.clone(), text) {
            let message = format!("`{text}` and `{other}` are both the variant `{variant}` in Rust");
            report.at(span, message, HELP);
        }
    }
}

/// Entities are modules of the crate, actions are modules of their entity.
fn modules(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut names = Taken::default();
    let mut entities: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for file in &draft.files {
        if let (Place::Event(subject, _), Some((folder, _))) =
            (&file.place, file.path.split_once('/'))
        {
            let actions = entities.entry(subject.entity()).or_default();
            actions.entry(subject.action()).or_insert(folder);
        }
    }
    for (entity, actions) in &entities {
        let module = rust_field(entity);
        let first = actions.values().next().copied().unwrap_or_default();
        if RESERVED_MODULES.contains(&module.as_str()) {
            let message = format!("the generated crate has a module `{module}` of its own");
            report.path(first, message, format!("rename the entity `{entity}`"));
        } else if let Some(other) = names.by(module.clone(), entity) {
            let message = format!("`{entity}` and `{other}` are both the module `{module}`");
            report.path(first, message, HELP);
        }
        let mut names = Taken::default();
        for (action, folder) in actions {
            let module = rust_field(action);
            if let Some(other) = names.by(module.clone(), action) {
                let message = format!("`{action}` and `{other}` are both the module `{module}`");
                report.path(folder, message, HELP);
            }
        }
    }
}

/// What the types of one file stand under: a payload, a dead letter, or shared definitions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Home<'a> {
    Shared(u32),
    DeadLetter(u32),
    Payload(&'a Subject),
}

/// The types of the newest minors.
fn types(draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut newest: BTreeMap<Home<'_>, (Version, &DraftFile<'_>, &Node)> = BTreeMap::new();
    for (file, root) in draft.schemas() {
        let (home, version) = match &file.place {
            Place::Event(subject, version) => (Home::Payload(subject), *version),
            Place::DeadLetter(version) => (Home::DeadLetter(version.major), *version),
            Place::Definitions(version) => (Home::Shared(version.major), *version),
            Place::Envelope(_)
            | Place::Topology
            | Place::Waivers
            | Place::NoSubject(_)
            | Place::NoVersion(_)
            | Place::Stray => continue,
        };
        let other = newest.get(&home);
        if other.is_none_or(|(newest, ..)| *newest < version) {
            newest.insert(home, (version, file, root));
        }
    }
    let mut names = Types::default();
    for (home, (_, file, root)) in &newest {
        if resolve::too_large(draft, file).is_some() {
            continue;
        }
        match home {
            Home::Shared(_) => {
                for site in file.sites() {
                    if let Role::Definition { name } = site.role {
                        shared(draft, &site, name, &mut names, report);
                    }
                }
            }
            Home::DeadLetter(_) | Home::Payload(_) => {
                let name = file.place.type_name().unwrap_or_default();
                if let Some(ty) = Type::of(draft, file, root) {
                    let top = root.member("title").map_or(root.head(), |title| title.value.span);
                    take(draft, (file, root, top), &name, &ty, &mut names, report);
                }
            }
        }
    }
}

fn shared(
    draft: &Draft<'_>,
    site: &Site<'_>,
    name: &str,
    names: &mut Types,
    report: &mut Report<'_>,
) {
    let is_alias = site.node.get("$ref").is_some();
    let Some(ty) = Type::of(draft, site.file, site.node).filter(|_| !is_alias) else { return };
    if !rust_names::has_own_type(&ty.shape) {
        return;
    }
    let rust = rust_names::shared(name);
    if RESERVED_TYPES.contains(&rust.as_str()) {
        let message = format!("`{name}` is the type `{rust}`, which Rust has already");
        report.at(site.at, message, "rename the definition");
        return;
    }
    take(draft, (site.file, site.node, site.at), &rust, &ty, names, report);
}

/// Takes the name of a type and of every type inside it, of the struct of the required fields that
/// stands beside each struct, and of the view that stands beside each struct and union. What is
/// inside a type whose name is taken is not looked at.
fn take<'a>(
    draft: &'a Draft<'a>,
    (file, node, top): (&'a DraftFile<'a>, &'a Node, Span),
    name: &str,
    ty: &Type,
    names: &mut Types,
    report: &mut Report<'_>,
) {
    let mut refused: Vec<Vec<Step<'_>>> = Vec::new();
    for named in rust_names::walk(name, ty) {
        if refused.iter().any(|path| named.path.starts_with(path)) {
            continue;
        }
        let has_required = rust_names::has_required(named.ty);
        let companion = has_required.then(|| rust_names::required(&named.name));
        let view = rust_names::has_view(named.ty).then(|| rust_names::view(&named.name));
        let way = way(&named.path);
        for rust in std::iter::once(named.name.clone()).chain(companion).chain(view) {
            let Some((other, their_way)) = names.get(&rust) else {
                names.insert(rust, (file.path.to_owned(), way.clone()));
                continue;
            };
            // Two fields or two variants of one name are reported as such.
            if other != file.path || *their_way != way {
                let at = locate(draft, file, node, &named.path).unwrap_or(top);
                let message = format!("the type `{rust}` is also one of `{other}`");
                report.at(at, message, "rename the property, the definition or the subject");
            }
            refused.push(named.path);
            break;
        }
        if refused.len() > 100 {
            return;
        }
    }
}

/// The way to a type by the names in Rust.
fn way(path: &[Step<'_>]) -> Vec<String> {
    let name = |step: &Step<'_>| match step {
        Step::Property(name) => rust_field(name),
        Step::Items => "[]".to_owned(),
        Step::Values => "{}".to_owned(),
        Step::Branch(tag) => rust_type(tag),
    };
    path.iter().map(name).collect()
}

/// The key that leads to a type, as far as it stands in this file.
fn locate<'a>(
    draft: &'a Draft<'a>,
    file: &'a DraftFile<'a>,
    node: &'a Node,
    path: &[Step<'_>],
) -> Option<Span> {
    let mut at = None;
    let mut target = resolve::follow(draft, file, node).ok()?;
    for step in path {
        let (span, next) = match step {
            Step::Property(name) => {
                let member = target.node.get("properties")?.member(name)?;
                (member.key_span, &member.value)
            }
            Step::Items => (target.node.member("items")?.key_span, target.node.get("items")?),
            Step::Values => {
                let member = target.node.member("additionalProperties")?;
                (member.key_span, &member.value)
            }
            // The branches have no key of their own.
            Step::Branch(_) => return at,
        };
        if span.file == file.id {
            at = Some(span);
        }
        target = resolve::follow(draft, target.file, next).ok()?;
    }
    at
}
