//! The file of one subject and major, and that of a dead letter.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use wr_schema::catalog::{History, Minor};
use wr_schema::names::rust_field;
use wr_schema::{Catalog, Version};

use super::{docs, public_types, tokens};
use crate::contracts::{self, Text};
use crate::model::{self, Item};
use crate::shape::RustType;
use crate::{Error, render};

/// A path and its text.
pub(super) type File = (String, String);

/// A module that the crate's root re-exports from.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// Its path, for example `position`, `enqueued`, `v1`.
    pub(super) path: Vec<String>,
    /// What it is about, as the schemas call it: the event type, or `dead-letter`.
    pub(super) about: String,
    /// The public types in it.
    pub(super) types: Vec<String>,
}

/// The file of a subject.
pub(super) fn event(history: &History) -> Result<(File, Module), Error> {
    let subject = &history.subject;
    let major = format!("v{}", subject.major());
    let path = vec![rust_field(subject.entity()), rust_field(subject.action()), major.clone()];
    let newest = newest(&history.minors, subject)?;
    let payload = payload(history, newest);
    let head = vec![format!("`{subject}`, newest version {}.", newest.version), String::new()];
    let about = subject.event_type().to_string();
    file(&path, &about, &subject.type_name(), &history.minors, newest, head, payload)
}

/// The files of the dead letter, one a major.
pub(super) fn dead_letters(catalog: &Catalog) -> Result<Vec<(File, Module)>, Error> {
    catalog
        .dead_letters
        .iter()
        .map(|history| {
            let path = vec!["dead_letter".to_owned(), format!("v{}", history.major)];
            let name = format!("DeadLetterV{}", history.major);
            let newest = newest(&history.minors, &"dead-letter")?;
            let head = vec![
                format!("What the dead-letter queue carries, newest version {}.", newest.version),
                String::new(),
            ];
            let (file, module) =
                file(&path, "dead-letter", &name, &history.minors, newest, head, quote!())?;
            Ok((file, module))
        })
        .collect()
}

fn newest<'a>(minors: &'a [Minor], name: &dyn std::fmt::Display) -> Result<&'a Minor, Error> {
    minors.last().ok_or_else(|| Error::Disagreement {
        name: name.to_string(),
        found: "no version".to_owned(),
        expected: "at least one".to_owned(),
    })
}

fn file(
    path: &[String],
    about: &str,
    name: &str,
    minors: &[Minor],
    newest: &Minor,
    mut head: Vec<String>,
    payload: TokenStream,
) -> Result<(File, Module), Error> {
    let history: Vec<(Version, &wr_schema::contract::Type)> =
        minors.iter().map(|minor| (minor.version, &minor.contract)).collect();
    let items = model::items(name, &newest.contract, &history)?;
    let mut bodies = items.iter().map(|item| super::item(item, name));
    let mut body = bodies.next().unwrap_or_default();
    body.push(payload);
    body.extend(bodies.flatten());
    let shared = shared_types(&items);
    let ours = shared_imports(&shared);
    let file = tokens::with_imports(body, super::traits(&items), &shared, ours);
    let description = docs::sentences(&newest.contract.docs.description);
    head.extend(description.iter().flat_map(|line| tokens::wrapped(line)));
    let path_text = format!("src/{}.rs", path.join("/"));
    let text = render::file(&path_text, &head, file)?;
    let types = items.iter().flat_map(public_types).collect();
    Ok(((path_text, text), Module { path: path.to_vec(), about: about.to_owned(), types }))
}

/// The constants of a payload.
fn payload(history: &History, newest: &Minor) -> TokenStream {
    let subject = history.subject.to_string();
    let event_type = history.subject.event_type().to_string();
    let ident = tokens::ident(&history.subject.type_name());
    let version = newest.version.to_string();
    let (major, minor) =
        (tokens::count(newest.version.major.into()), tokens::count(newest.version.minor.into()));
    let schema = format!("../../../{}", contracts::path(newest, Text::Schema));
    quote! {
        impl Payload for #ident {
            const SUBJECT: &'static str = #subject;
            const EVENT_TYPE: &'static str = #event_type;
            const MAJOR: u32 = #major;
            const MINOR: u32 = #minor;
            const VERSION: &'static str = #version;
            const SCHEMA: &'static str = include_str!(#schema);
        }
    }
}

/// The shared types that stand in some items.
fn shared_types(items: &[Item<'_>]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in items {
        match &item.kind {
            model::ItemKind::Struct(structure) => {
                let fields = structure.properties.iter().filter_map(|p| p.field.as_ref());
                for field in fields {
                    collect(&field.ty, &mut names);
                    let defaults = field.default.iter();
                    defaults.for_each(|it| it.each_type(&mut |ty| collect(ty, &mut names)));
                }
            }
            model::ItemKind::Union(union) => {
                union.variants.iter().for_each(|(_, _, ty)| collect(ty, &mut names));
            }
            model::ItemKind::Enum(_) => {}
        }
    }
    names
}

/// The `use` line of some shared types.
fn shared_imports(names: &BTreeSet<String>) -> TokenStream {
    let names: Vec<_> = names.iter().map(|name| tokens::ident(name)).collect();
    match names.as_slice() {
        [] => quote!(),
        [one] => quote!(use crate::definitions::#one;),
        several => quote!(use crate::definitions::{#(#several),*};),
    }
}

fn collect(ty: &RustType, names: &mut BTreeSet<String>) {
    match ty {
        RustType::Shared(name) => {
            names.insert(name.clone());
        }
        RustType::List(inner) | RustType::Map(inner) | RustType::Option(inner) => {
            collect(inner, names);
        }
        RustType::Bool
        | RustType::I64
        | RustType::U64
        | RustType::F64
        | RustType::String
        | RustType::Uuid
        | RustType::DateTime
        | RustType::Date
        | RustType::Ipv4
        | RustType::Ipv6
        | RustType::Value
        | RustType::Named(_) => {}
    }
}
