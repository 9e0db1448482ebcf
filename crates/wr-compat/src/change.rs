//! What a rule has seen: a change, how to make it alone, and what it is where it breaks no reader.

use wr_schema::json::{Data, Node, Span};
use wr_schema::rust_names;

use crate::documents::{Edit, Step, What, escaped};
use crate::walk::{Field, Pair, Site};
use crate::words;

/// A change at one place.
#[derive(Debug)]
pub(crate) struct Change {
    /// The place.
    pub(crate) pointer: String,
    /// What to underline in the old file.
    pub(crate) old: Option<Span>,
    /// What to underline in the new file.
    pub(crate) new: Option<Span>,
    /// What changed.
    pub(crate) message: String,
    /// What to do instead.
    pub(crate) help: String,
    /// Whether it is of those changes of which new readers may refuse a message.
    pub(crate) backward: bool,
    /// Whether it is of those changes of which deployed readers may refuse a message.
    pub(crate) forward: bool,
    /// What makes this change, and no other, in the old version.
    pub(crate) to_new: Vec<Edit>,
    /// What takes this change, and no other, back in the new version.
    pub(crate) to_old: Vec<Edit>,
    /// What it is where no reader refuses anything.
    pub(crate) otherwise: Otherwise,
    /// Whether nothing is said of it unless both languages are proved to be the same.
    pub(crate) if_equal: bool,
}

/// What a change is where no reader refuses anything.
#[derive(Debug)]
pub(crate) enum Otherwise {
    /// Nothing that anybody notices, or only what older readers may ignore.
    Allowed,
    /// A message means something else.
    Meaning {
        /// Such a message.
        sample: Sample,
        /// What it means to old readers.
        old: String,
        /// What it means to new ones.
        new: String,
    },
    /// Code that uses the type does not compile.
    Code {
        /// The path.
        path: String,
        /// The old type.
        old: Option<String>,
        /// The new type.
        new: Option<String>,
    },
}

/// A message of the old version.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The place that it must have.
    pub(crate) path: Vec<Step>,
    /// What else it must obey.
    pub(crate) edits: Vec<Edit>,
}

/// The end of most help lines.
pub(crate) const MAJOR: &str = "undo this, or make the change in a new major";

impl Change {
    /// A change of some keywords; the first that is there is underlined.
    pub(crate) fn of_keywords(pair: &Pair<'_>, keywords: &[&str], message: String) -> Change {
        let edit = |site: &Site<'_>, from: &Node| Edit {
            path: site.path.clone(),
            what: What::Keywords(
                keywords
                    .iter()
                    .map(|keyword| ((*keyword).to_owned(), from.get(keyword).cloned()))
                    .collect(),
            ),
        };
        let span = |site: &Site<'_>| {
            let has = |keyword: &&&str| site.annotation(keyword).is_some();
            let keyword = keywords.iter().filter(|keyword| pair.differs(keyword)).find(has);
            let keyword = keyword.or_else(|| keywords.iter().find(has));
            keyword.map_or(site.head, |keyword| site.span(keyword))
        };
        Change {
            pointer: pair.pointer.clone(),
            old: Some(span(&pair.old)),
            new: Some(span(&pair.new)),
            message,
            help: MAJOR.to_owned(),
            backward: true,
            forward: true,
            to_new: vec![edit(&pair.old, pair.new.node)],
            to_old: vec![edit(&pair.new, pair.old.node)],
            otherwise: Otherwise::Allowed,
            if_equal: false,
        }
    }

    /// A change of the schema as a whole.
    pub(crate) fn of_whole(pair: &Pair<'_>, message: String) -> Change {
        let edit = |site: &Site<'_>, from: &Node| {
            vec![Edit { path: site.path.clone(), what: What::Whole(from.clone()) }]
        };
        Change {
            to_new: edit(&pair.old, pair.new.node),
            to_old: edit(&pair.new, pair.old.node),
            ..Change::of_keywords(pair, &["type"], message)
        }
    }

    /// A change of the names of types.
    pub(crate) fn of_type(pair: &Pair<'_>, message: String) -> Change {
        Change::of_keywords(pair, &["type"], message)
    }

    /// With a keyword underlined in either version.
    pub(crate) fn spans(self, pair: &Pair<'_>, old: &str, new: &str) -> Change {
        Change { old: Some(pair.old.span(old)), new: Some(pair.new.span(new)), ..self }
    }

    /// A property that only the new version has.
    pub(crate) fn of_added(pair: &Pair<'_>, field: &Field<'_>, message: String) -> Change {
        Change {
            pointer: below(pair, field),
            old: None,
            new: Some(field.span),
            message,
            help: MAJOR.to_owned(),
            backward: true,
            forward: true,
            to_new: with(&pair.old, field),
            to_old: without(&pair.new, field),
            otherwise: Otherwise::Allowed,
            if_equal: false,
        }
    }

    /// A property that only the old version has.
    pub(crate) fn of_removed(pair: &Pair<'_>, field: &Field<'_>, message: String) -> Change {
        let name = pair.old.name.as_deref();
        let step = rust_names::Step::Property(field.name);
        let name = name.map(|name| step.name(name));
        let node = field.node.map(|node| pair.documents.follow(node));
        let of = |node| words::of(pair.documents, node, name.as_deref(), field.required);
        Change {
            pointer: below(pair, field),
            old: Some(field.span),
            new: None,
            message,
            help: MAJOR.to_owned(),
            backward: true,
            forward: true,
            to_new: without(&pair.old, field),
            to_old: with(&pair.new, field),
            otherwise: match node {
                Some(node) => Otherwise::Code {
                    path: pair.old.owner_of(field.name),
                    old: Some(of(node).unwrap_or_else(|| "a property".to_owned())),
                    new: None,
                },
                None => Otherwise::Allowed,
            },
            if_equal: false,
        }
    }

    /// A property that is required in one of the versions only.
    pub(crate) fn of_required(
        pair: &Pair<'_>,
        old: &Field<'_>,
        new: &Field<'_>,
        message: String,
    ) -> Change {
        let type_of = |site: &Site<'_>, field: &Field<'_>| {
            let step = rust_names::Step::Property(field.name);
            let name = site.name.as_deref().map(|name| step.name(name));
            let node = field.node.map(|node| pair.documents.follow(node))?;
            words::of(pair.documents, node, name.as_deref(), field.required)
        };
        let (was, is) = (type_of(&pair.old, old), type_of(&pair.new, new));
        let (to_new, to_old) = if new.required {
            (vec![required(&pair.old, old.name)], unrequired(&pair.new, new))
        } else {
            (unrequired(&pair.old, old), vec![required(&pair.new, new.name)])
        };
        Change {
            pointer: below(pair, new),
            old: Some(old.span),
            new: Some(new.span),
            message,
            help: MAJOR.to_owned(),
            backward: true,
            forward: true,
            to_new,
            to_old,
            otherwise: if was == is {
                Otherwise::Allowed
            } else {
                Otherwise::Code { path: pair.new.owner_of(new.name), old: was, new: is }
            },
            if_equal: false,
        }
    }

    /// Whether it is the schema as a whole that changes.
    pub(crate) fn is_whole(&self) -> bool {
        self.to_new.iter().any(|edit| matches!(edit.what, What::Whole(_)))
    }

    /// With other words about what to do.
    pub(crate) fn help(self, help: impl Into<String>) -> Change {
        Change { help: help.into(), ..self }
    }

    /// A change of the Rust type, where there is one.
    pub(crate) fn typed(self, pair: &Pair<'_>) -> Change {
        let Some((old, new)) = words::types(pair).filter(|(old, new)| old != new) else {
            return self;
        };
        let path = pair.new.called();
        Change { otherwise: Otherwise::Code { path, old, new }, ..self }
    }
}

fn below(pair: &Pair<'_>, field: &Field<'_>) -> String {
    format!("{}/{}", pair.pointer, escaped(field.name))
}

/// The object with a property of the other version.
fn with(site: &Site<'_>, field: &Field<'_>) -> Vec<Edit> {
    let property = field.node.map(|schema| {
        let what = What::Property(field.name.to_owned(), Some(schema.clone()));
        Edit { path: site.path.clone(), what }
    });
    let name = field.required.then(|| required(site, field.name));
    property.into_iter().chain(name).collect()
}

/// The object without a property of its own.
fn without(site: &Site<'_>, field: &Field<'_>) -> Vec<Edit> {
    let property = field.node.map(|_| Edit {
        path: site.below(&field.holder),
        what: What::Property(field.name.to_owned(), None),
    });
    property.into_iter().chain(unrequired(site, field)).collect()
}

/// The object that requires a name.
fn required(site: &Site<'_>, name: &str) -> Edit {
    let add = vec![text(site, name)];
    let what = What::Items { keyword: "required", add, remove: Vec::new() };
    Edit { path: site.path.clone(), what }
}

/// Takes a name from every `required` of an object.
fn unrequired(site: &Site<'_>, field: &Field<'_>) -> Vec<Edit> {
    let of = |way: &Vec<Step>| {
        let remove = vec![text(site, field.name)];
        let what = What::Items { keyword: "required", add: Vec::new(), remove };
        Edit { path: site.below(way), what }
    };
    field.requirers.iter().map(of).collect()
}

fn text(site: &Site<'_>, value: &str) -> Node {
    Node { span: site.node.span, data: Data::String(value.to_owned()) }
}
