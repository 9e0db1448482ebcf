//! The catalogue as a constant.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use wr_schema::Catalog;
use wr_schema::catalog::Minor;

use super::subject::File;
use super::tokens;
use crate::contracts::{self, Text};
use crate::{Error, fingerprint, render};

/// `src/catalogue.rs`.
pub(super) fn file(catalog: &Catalog) -> Result<File, Error> {
    let domain = &catalog.domain;
    let fingerprint = fingerprint::of(catalog);
    let subjects = catalog.subjects.iter().map(|history| {
        let subject = history.subject.to_string();
        let event_type = history.subject.event_type().to_string();
        let major = tokens::count(history.subject.major().into());
        let minors = history.minors.iter().map(minor);
        quote! {
            Subject {
                subject: #subject,
                event_type: #event_type,
                major: #major,
                minors: &[#(#minors),*],
            }
        }
    });
    let dead_letters = catalog.dead_letters.iter().map(|history| {
        let major = tokens::count(history.major.into());
        let minors = history.minors.iter().map(minor);
        quote!(DeadLetterMinors { major: #major, minors: &[#(#minors),*] })
    });
    let topology = match catalog.topology {
        Some(_) => quote!(Some(&crate::topology::TOPOLOGY)),
        None => quote!(None),
    };
    let body = quote! {
        /// The subjects, their versions and their languages, for a runtime that is handed them.
        pub static CATALOGUE: Catalogue = Catalogue {
            domain: #domain,
            fingerprint: #fingerprint,
            subjects: &[#(#subjects),*],
            dead_letters: &[#(#dead_letters),*],
            topology: #topology,
        };
    };
    let file = tokens::with_imports(vec![body], &[], &BTreeSet::new(), quote!());
    let path = "src/catalogue.rs".to_owned();
    let docs = ["The catalogue as a constant.".to_owned()];
    let text = render::file(&path, &docs, file)?;
    Ok((path, text))
}

fn minor(minor: &Minor) -> TokenStream {
    let number = tokens::count(minor.version.minor.into());
    let text = |text| {
        let path = format!("../{}", contracts::path(minor, text));
        quote!(include_str!(#path))
    };
    let (schema, writer, reader) = (text(Text::Schema), text(Text::Writer), text(Text::Reader));
    quote!(Minor { minor: #number, schema: #schema, writer: #writer, reader: #reader })
}
