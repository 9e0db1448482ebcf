//! A union: an enum of objects, told apart by one property.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use wr_schema::rust_names;

use super::{docs, tokens, write};
use crate::model::{Item, Union};

/// The union with all that belongs to it.
pub(super) fn emit(item: &Item<'_>, union: &Union<'_>) -> TokenStream {
    let ident = tokens::ident(&item.ident);
    let doc = tokens::doc(&docs::of_type(item));
    let tag = union.tag;
    let texts: Vec<&str> = union.variants.iter().map(|(text, _, _)| *text).collect();
    let variants: Vec<Ident> =
        union.variants.iter().map(|(_, variant, _)| tokens::ident(variant)).collect();
    let types: Vec<TokenStream> =
        union.variants.iter().map(|(_, _, ty)| tokens::rust_type(ty)).collect();
    let docs = union.variants.iter().map(|(text, _, _)| {
        tokens::doc(&[format!("{} is {}.", docs::code(tag), docs::code(text))])
    });
    let attribute = (!union.closed).then(|| quote!(#[non_exhaustive]));
    let unknown = (!union.closed).then(|| {
        quote! {
            /// A branch that a newer minor brought: it can be read and not be sent.
            Unknown(UnknownBranch),
        }
    });
    let expected = format!("`{tag}` to be {}", tokens::one_of(&texts));
    let otherwise = if union.closed {
        quote!(return Err(at.violation(Keyword::OneOf, #expected)))
    } else {
        quote!(Self::Unknown(UnknownBranch::new(tag, value)))
    };
    let check_unknown = (!union.closed).then(|| {
        quote! {
            Self::Unknown(_) => {
                Err(at.violation(Keyword::OneOf, #expected))
            }
        }
    });
    let serialize_unknown = (!union.closed)
        .then(|| quote!(Self::Unknown(branch) => Serialize::serialize(branch, serializer),));
    let otherwise_unknown = (!union.closed).then(|| quote!(_ => Unknown,));
    let view = tokens::ident(&rust_names::view(&item.ident));
    let write_unknown =
        (!union.closed).then(|| quote!(Self::Unknown(branch) => write::field(out, "", branch),));
    let write = write::function(quote! {
        match self {
            #(Self::#variants(branch) => Contract::write_into(branch, out),)*
            #write_unknown
        }
    });
    quote! {
        #doc
        #[derive(Clone, Debug, PartialEq)]
        #attribute
        pub enum #ident {
            #(#docs #variants(#types),)*
            #unknown
        }

        impl Contract for #ident {
            fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
                let tag = UnknownBranch::tag_of(&value, #tag, at)?;
                Ok(match tag.as_str() {
                    #(#texts => Self::#variants(Contract::read(value, at)?),)*
                    _ => #otherwise,
                })
            }

            fn validate_at(&self, at: &At<'_>) -> Result<(), Error> {
                match self {
                    #(Self::#variants(branch) => Contract::validate_at(branch, at),)*
                    #check_unknown
                }
            }

            #write
        }

        wr_core::union! { #ident, #view by #tag { #(#texts => #variants(#types),)* #otherwise_unknown } }

        impl Serialize for #ident {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    #(Self::#variants(branch) => Serialize::serialize(branch, serializer),)*
                    #serialize_unknown
                }
            }
        }

        wr_core::deserialize!(#ident);
    }
}
