//! How a type is written: the bytes that its `Serialize` has `serde_json` write.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;
use wr_schema::contract::Shape;

use super::tokens;
use crate::model::{Property, Struct};

/// The properties of a struct in order, each behind one text that holds all that is not its value.
pub(super) fn structure(structure: &Struct<'_>) -> TokenStream {
    let Some(first) = structure.properties.first() else {
        return function(quote!(write::raw(out, "{}");));
    };
    let begins = is_always_there(first);
    let properties = structure.properties.iter().enumerate().map(|(index, property)| {
        let before = if begins && index == 0 { '{' } else { ',' };
        self::property(property, before)
    });
    function(if begins {
        quote!(#(#properties)* write::raw(out, "}");)
    } else {
        quote!(let start = out.len(); #(#properties)* write::end_optional(out, start);)
    })
}

/// The method around its statements.
pub(super) fn function(body: TokenStream) -> TokenStream {
    quote! {
        fn write_into(&self, out: &mut Vec<u8>) {
            #body
        }
    }
}

fn is_always_there(property: &Property<'_>) -> bool {
    property.field.as_ref().is_none_or(|field| field.required)
}

fn property(property: &Property<'_>, before: char) -> TokenStream {
    let key = format!("{before}{}:", Value::from(property.name));
    match (&property.field, &property.ty.shape) {
        (Some(field), _) => {
            let name = tokens::ident(&field.ident);
            let key = literal(&key);
            let put = if field.required { quote!(field) } else { quote!(optional) };
            quote!(write::#put(out, #key, &self.#name);)
        }
        (None, Shape::Constant(value)) => {
            let member = literal(&format!("{key}{}", Value::from(value.as_str())));
            quote!(write::raw(out, #member);)
        }
        (None, _) => quote!(),
    }
}

fn literal(json: &str) -> Literal {
    tokens::raw(json)
}
