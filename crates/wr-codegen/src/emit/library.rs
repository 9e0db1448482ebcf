//! The crate's root and the modules between it and the subjects.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use wr_schema::Catalog;

use super::subject::{File, Module};
use super::tokens;
use crate::{Error, render};

/// `src/lib.rs`, and one file an entity.
pub(super) fn files(
    catalog: &Catalog,
    modules: &[Module],
    dead_letters: &[(File, Module)],
    has_definitions: bool,
) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    let mut entities: BTreeMap<&str, BTreeMap<&str, Vec<&Module>>> = BTreeMap::new();
    for module in modules {
        if let [entity, action, _] = module.path.as_slice() {
            entities.entry(entity).or_default().entry(action).or_default().push(module);
        }
    }
    for (entity, actions) in &entities {
        let first =
            actions.values().flatten().next().and_then(|module| module.about.split_once('.'));
        let name = first.map(|(entity, _)| entity).unwrap_or_default();
        let actions = actions.iter().map(|(action, modules)| {
            let name = tokens::ident(action);
            let types: Vec<_> = modules.iter().map(|module| major(module)).collect();
            let about = modules.first().map(|module| module.about.as_str()).unwrap_or_default();
            let event_type = format!(" `{about}`, one module a major.");
            quote! {
                #[doc = #event_type]
                pub mod #name {
                    #(#types)*
                }
            }
        });
        let path = format!("src/{entity}.rs");
        let docs = [format!("Events of the entity `{name}`.")];
        let actions = tokens::named(quote!(#(#actions)*));
        files.push((path.clone(), render::file(&path, &docs, [actions])?));
    }
    if !dead_letters.is_empty() {
        let majors = dead_letters.iter().map(|(_, module)| major(module));
        let path = "src/dead_letter.rs".to_owned();
        let docs = ["What the dead-letter queue carries, one module a major.".to_owned()];
        let majors = tokens::named(quote!(#(#majors)*));
        files.push((path.clone(), render::file(&path, &docs, [majors])?));
    }
    files.push(root(catalog, &entities, modules, dead_letters, has_definitions)?);
    Ok(files)
}

fn major(module: &Module) -> TokenStream {
    let name = tokens::ident(module.path.last().map(String::as_str).unwrap_or_default());
    quote!(pub mod #name;)
}

/// `src/lib.rs`.
fn root(
    catalog: &Catalog,
    entities: &BTreeMap<&str, BTreeMap<&str, Vec<&Module>>>,
    modules: &[Module],
    dead_letters: &[(File, Module)],
    has_definitions: bool,
) -> Result<File, Error> {
    let private = ["any", "catalogue"].map(|name| {
        let name = format_ident!("{name}");
        quote!(mod #name;)
    });
    let mut public: Vec<&str> = entities.keys().copied().collect();
    if !dead_letters.is_empty() {
        public.push("dead_letter");
    }
    if has_definitions {
        public.push("definitions");
    }
    if catalog.topology.is_some() {
        public.push("topology");
    }
    public.sort_unstable();
    let public = public.iter().map(|name| {
        let name = tokens::ident(name);
        quote!(pub mod #name;)
    });
    let all = modules.iter().chain(dead_letters.iter().map(|(_, module)| module));
    let exports = all.map(|module| {
        let path = module.path.iter().map(|segment| tokens::ident(segment));
        let types: Vec<_> = module.types.iter().map(|name| tokens::ident(name)).collect();
        match types.as_slice() {
            [one] => quote!(pub use #(#path::)*#one;),
            several => quote!(pub use #(#path::)*{#(#several),*};),
        }
    });
    let domain = &catalog.domain;
    let docs = [
        format!("The events of `{domain}`, generated from their schemas."),
        String::new(),
        "A payload is built from its required fields, put into an [`Event`], and proved when it is"
            .to_owned(),
        "encoded; bytes are decoded by the type, or by [`AnyEvent`] from the subject they came on."
            .to_owned(),
    ];
    let tokens = quote! {
        #(#private)*
        #(#public)*

        pub use any::{AnyEvent, AnyEventView};
        pub use catalogue::CATALOGUE;
        pub use wr_core;
        pub use wr_core::{Contract, Error, ErrorKind, Event, EventSet, EventView, Payload};
        #(#exports)*
    };
    let path = "src/lib.rs".to_owned();
    let text = render::file(&path, &docs, [tokens::named(tokens)])?;
    Ok((path, text))
}
