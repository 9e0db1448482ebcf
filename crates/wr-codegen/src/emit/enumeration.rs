//! An enum of strings.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{docs, tokens, write};
use crate::model::{Enum, Item};

/// The enum with all that belongs to it.
pub(super) fn emit(item: &Item<'_>, enumeration: &Enum<'_>) -> TokenStream {
    let ident = tokens::ident(&item.ident);
    let doc = tokens::doc(&docs::of_type(item));
    let texts: Vec<&str> = enumeration.variants.iter().map(|(text, _)| *text).collect();
    let variants: Vec<Ident> =
        enumeration.variants.iter().map(|(_, variant)| tokens::ident(variant)).collect();
    let docs = texts.iter().map(|text| tokens::doc(&[docs::code(text)]));
    let expected = tokens::one_of(&texts);
    let open = Open::new(enumeration.closed);
    let (attribute, unknown, unknown_text) = (open.attribute, open.variant, open.text);
    let otherwise = if enumeration.closed {
        quote!(return Err(at.violation(Keyword::Enum, #expected)))
    } else {
        quote!(Self::Unknown(text))
    };
    let check = if enumeration.closed {
        quote! {
            fn validate_at(&self, _: &At<'_>) -> Result<(), Error> {
                Ok(())
            }
        }
    } else {
        quote! {
            fn validate_at(&self, at: &At<'_>) -> Result<(), Error> {
                match self.as_str() {
                    #(#texts)|* => Ok(()),
                    _ => Err(at.violation(Keyword::Enum, #expected)),
                }
            }
        }
    };
    let otherwise_unknown = (!enumeration.closed).then(|| quote!(_ => Unknown,));
    let write = write::function(quote!(write::field(out, "", self.as_str());));
    quote! {
        #doc
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #attribute
        pub enum #ident {
            #(#docs #variants,)*
            #unknown
        }

        impl #ident {
            /// The value in JSON.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #texts,)*
                    #unknown_text
                }
            }
        }

        impl Contract for #ident {
            fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
                let text: String = Text::new().read(value, at)?;
                Ok(match text.as_str() {
                    #(#texts => Self::#variants,)*
                    _ => #otherwise,
                })
            }

            #check

            #write
        }

        wr_core::choice! { #ident { #(#texts => #variants,)* #otherwise_unknown } }

        impl Serialize for #ident {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        wr_core::deserialize!(#ident);
    }
}

/// What an enum that may grow has and a closed one has not.
struct Open {
    attribute: TokenStream,
    variant: TokenStream,
    text: TokenStream,
}

impl Open {
    fn new(closed: bool) -> Open {
        if closed {
            return Open { attribute: quote!(), variant: quote!(), text: quote!() };
        }
        Open {
            attribute: quote!(#[non_exhaustive]),
            variant: quote! {
                /// A value that a newer minor brought: it can be read and not be sent.
                Unknown(String),
            },
            text: quote!(Self::Unknown(text) => text,),
        }
    }
}
