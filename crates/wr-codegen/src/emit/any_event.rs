//! The enum over all events.

use std::collections::BTreeSet;

use quote::quote;
use wr_schema::Catalog;

use super::subject::File;
use super::tokens;
use crate::{Error, render};

/// `src/any.rs`.
pub(super) fn file(catalog: &Catalog) -> Result<File, Error> {
    let types: Vec<_> = catalog
        .subjects
        .iter()
        .map(|history| tokens::ident(&history.subject.type_name()))
        .collect();
    let subjects: Vec<String> =
        catalog.subjects.iter().map(|history| history.subject.to_string()).collect();
    let docs = subjects.iter().map(|subject| tokens::doc(&[format!("`{subject}`")]));
    let docs: Vec<_> = docs.collect();
    let body = quote! {
        /// An event of any subject, for those who match on the subject.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyEvent {
            #(#docs #types(Box<Event<#types>>),)*
        }

        /// An event of any subject as it stands in the bytes of a message, which it borrows from.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum AnyEventView<'a> {
            #(#docs #types(Box<EventView<'a, #types>>),)*
        }

        impl AnyEventView<'_> {
            /// The event that is viewed, borrowing nothing.
            pub fn into_owned(self) -> AnyEvent {
                AnyEvent::from_view(self)
            }
        }

        impl EventSet for AnyEvent {
            const CATALOGUE: &'static Catalogue = &CATALOGUE;

            type View<'a> = AnyEventView<'a>;

            fn read(subject: &str, value: Value, at: &At<'_>) -> Result<Self, Error> {
                match subject {
                    #(#types::SUBJECT => Event::read(value, at).map(Box::new).map(Self::#types),)*
                    _ => Err(CATALOGUE.unknown(subject)),
                }
            }

            fn decode(subject: &str, bytes: &[u8]) -> Result<Self, Error> {
                match subject {
                    #(#types::SUBJECT => Event::decode(bytes).map(Box::new).map(Self::#types),)*
                    _ => Err(CATALOGUE.unknown(subject)),
                }
            }

            fn decode_view<'a>(subject: &str, bytes: &'a [u8]) -> Result<AnyEventView<'a>, Error> {
                match subject {
                    #(#types::SUBJECT => {
                        Event::decode_view(bytes).map(Box::new).map(AnyEventView::#types)
                    })*
                    _ => Err(CATALOGUE.unknown(subject)),
                }
            }

            fn check(subject: &str, bytes: &[u8]) -> Result<(), Error> {
                match subject {
                    #(#types::SUBJECT => Event::<#types>::check(bytes),)*
                    _ => Err(CATALOGUE.unknown(subject)),
                }
            }

            fn from_view(view: AnyEventView<'_>) -> Self {
                match view {
                    #(AnyEventView::#types(view) => Self::#types(Box::new(view.into_owned())),)*
                }
            }

            fn validate_at(&self, at: &At<'_>) -> Result<(), Error> {
                match self {
                    #(Self::#types(event) => event.validate_at(at),)*
                }
            }

            fn write_into(&self, out: &mut Vec<u8>) {
                match self {
                    #(Self::#types(event) => event.write_into(out),)*
                }
            }

            fn subject(&self) -> &'static str {
                match self {
                    #(Self::#types(_) => #types::SUBJECT,)*
                }
            }
        }

        impl Serialize for AnyEvent {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    #(Self::#types(event) => event.serialize(serializer),)*
                }
            }
        }

        #(
            impl From<Event<#types>> for AnyEvent {
                fn from(event: Event<#types>) -> AnyEvent {
                    AnyEvent::#types(Box::new(event))
                }
            }
        )*
    };
    let ours = quote!(use crate::{CATALOGUE, #(#types),*};);
    let file = tokens::with_imports(vec![body], &["Contract", "Payload"], &BTreeSet::new(), ours);
    let path = "src/any.rs".to_owned();
    let docs = ["The events of the catalogue as one type.".to_owned()];
    let text = render::file(&path, &docs, file)?;
    Ok((path, text))
}
