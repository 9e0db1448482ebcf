//! Models to syntax trees to the texts of a crate, one module a kind of file.

mod any_event;
mod catalogue;
mod definitions;
mod docs;
mod enumeration;
mod library;
mod literal;
mod manifest;
mod rule;
mod sample;
mod structure;
mod subject;
mod tokens;
mod topology;
mod union;
mod write;

use proc_macro2::TokenStream;
use wr_schema::{Catalog, rust_names};

use crate::model::{Item, ItemKind};
use crate::{Error, contracts, cores};

use subject::{File, Module};

pub use docs::bounds;
pub(crate) use manifest::manifest;
pub use sample::{Sample, sample};

/// Every Rust file of the crate, and the schemas that it carries, with their paths.
pub(crate) fn crate_files(catalog: &Catalog) -> Result<Vec<File>, Error> {
    let (subjects, mut files) =
        cores::map(&catalog.subjects, subject::event, || whole_catalogue(catalog))?;
    let (of_subjects, modules): (Vec<File>, Vec<Module>) = subjects.into_iter().unzip();
    files.extend(of_subjects);
    let dead_letters = subject::dead_letters(catalog)?;
    files.extend(dead_letters.iter().map(|(file, _)| file.clone()));
    let definitions = definitions::file(catalog)?;
    let has_definitions = definitions.is_some();
    files.extend(definitions);
    files.extend(library::files(catalog, &modules, &dead_letters, has_definitions)?);
    Ok(files)
}

/// The files that are about all subjects and need nothing of their modules.
fn whole_catalogue(catalog: &Catalog) -> Result<Vec<File>, Error> {
    let mut files = contracts::files(catalog);
    files.extend(topology::file(catalog)?);
    files.push(any_event::file(catalog)?);
    files.push(catalogue::file(catalog)?);
    Ok(files)
}

/// A type with all that belongs to it, in parts.
fn item(item: &Item<'_>, root: &str) -> Vec<TokenStream> {
    match &item.kind {
        ItemKind::Struct(structure) => structure::emit(item, structure, root),
        ItemKind::Enum(enumeration) => vec![enumeration::emit(item, enumeration)],
        ItemKind::Union(union) => vec![union::emit(item, union)],
    }
}

/// The public types that an item brings.
fn public_types(item: &Item<'_>) -> Vec<String> {
    let ident = item.ident.clone();
    let view = rust_names::view(&ident);
    match &item.kind {
        ItemKind::Struct(structure) if structure::has_required(structure) => {
            let required = structure::required_ident(&ident);
            vec![ident, required, view]
        }
        ItemKind::Struct(_) | ItemKind::Union(_) => vec![ident, view],
        ItemKind::Enum(_) => vec![ident],
    }
}

/// The traits whose methods some items use without naming them.
fn traits(items: &[Item<'_>]) -> &'static [&'static str] {
    let uses_rules = items.iter().any(|item| match &item.kind {
        ItemKind::Struct(structure) => structure::checks_something(structure),
        ItemKind::Enum(_) => true,
        ItemKind::Union(_) => false,
    });
    if uses_rules { &["Rule"] } else { &[] }
}
