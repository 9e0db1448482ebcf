//! Small pieces of syntax.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::shape::RustType;

/// An identifier; the names that come here are none of Rust's keywords.
pub(super) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// `/// ...` lines, broken between words.
pub(super) fn doc(lines: &[String]) -> TokenStream {
    let lines = lines.iter().flat_map(|line| wrapped(line));
    let lines = lines.map(|line| {
        let line = if line.is_empty() { String::new() } else { format!(" {line}") };
        quote!(#[doc = #line])
    });
    quote!(#(#lines)*)
}

/// The line in pieces of up to 92 characters; a code span stays whole.
pub(super) fn wrapped(line: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut in_code = false;
    for word in line.split(' ') {
        if let Some(last) = pieces.last_mut() {
            if last.is_empty() {
                last.push_str(word);
            } else if in_code || last.chars().count() + word.chars().count() < 92 {
                last.push(' ');
                last.push_str(word);
            } else {
                pieces.push(word.to_owned());
            }
        }
        in_code ^= word.matches('`').count() % 2 == 1;
    }
    pieces
}

/// Some texts as a choice, for an error.
pub(super) fn one_of(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// A whole number without a suffix.
pub(super) fn integer(value: i128) -> TokenStream {
    let digits = Literal::i128_unsuffixed(value.abs());
    match value {
        i128::MIN..0 => quote!(-#digits),
        _ => quote!(#digits),
    }
}

/// A count without a suffix.
pub(super) fn count(value: u64) -> Literal {
    Literal::u64_unsuffixed(value)
}

/// A finite number.
pub(super) fn float(value: f64) -> TokenStream {
    let literal = Literal::f64_unsuffixed(value.abs());
    if value.is_sign_negative() && value != 0.0 { quote!(-#literal) } else { quote!(#literal) }
}

/// A string, raw where that spares escapes.
pub(super) fn raw(text: &str) -> Literal {
    let hashes =
        (0..).map(|count| "#".repeat(count)).find(|hashes| !text.contains(&format!("\"{hashes}")));
    let hashes = hashes.unwrap_or_default();
    if text.contains('\r') {
        return Literal::string(text);
    }
    format!("r{hashes}\"{text}\"{hashes}").parse().unwrap_or_else(|_| Literal::string(text))
}

/// A type as it stands in a field.
pub(super) fn rust_type(ty: &RustType) -> TokenStream {
    match ty {
        RustType::Bool => quote!(bool),
        RustType::I64 => quote!(i64),
        RustType::U64 => quote!(u64),
        RustType::F64 => quote!(f64),
        RustType::String => quote!(String),
        RustType::Uuid => quote!(Uuid),
        RustType::DateTime => quote!(DateTime<Utc>),
        RustType::Date => quote!(NaiveDate),
        RustType::Ipv4 => quote!(Ipv4Addr),
        RustType::Ipv6 => quote!(Ipv6Addr),
        RustType::Value => quote!(Value),
        RustType::List(items) => {
            let items = rust_type(items);
            quote!(Vec<#items>)
        }
        RustType::Map(values) => {
            let values = rust_type(values);
            quote!(BTreeMap<String, #values>)
        }
        RustType::Option(inner) => {
            let inner = rust_type(inner);
            quote!(Option<#inner>)
        }
        RustType::Named(name) => {
            let name = ident(name);
            quote!(#name)
        }
        RustType::Shared(name) => {
            let name = ident(name);
            quote!(#name)
        }
    }
}

/// The `use` lines that a body needs, by the names that stand in it; `traits` are those whose
/// methods and constants it uses without naming them.
pub(super) fn imports(body: &TokenStream, traits: &[&str]) -> TokenStream {
    let mut names: BTreeSet<String> = traits.iter().map(|name| (*name).to_owned()).collect();
    collect(body.clone(), &mut names);
    let from = |candidates: &[&str]| -> Vec<Ident> {
        let found = candidates.iter().filter(|name| names.contains(**name));
        found.map(|name| ident(name)).collect()
    };
    let line = |path: TokenStream, found: Vec<Ident>| match found.as_slice() {
        [] => quote!(),
        [one] => quote!(use #path::#one;),
        several => quote!(use #path::{#(#several),*};),
    };
    let collections = line(quote!(std::collections), from(&["BTreeMap"]));
    let net = line(quote!(std::net), from(&["Ipv4Addr", "Ipv6Addr"]));
    let chrono = line(quote!(wr_core::chrono), from(&["DateTime", "NaiveDate", "Utc"]));
    let serde = line(quote!(wr_core::serde), from(&["Serialize", "Serializer"]));
    let json = line(quote!(wr_core::serde_json), from(&["Value"]));
    let uuid = line(quote!(wr_core::uuid), from(&["Uuid"]));
    let core = line(
        quote!(wr_core),
        from(&[
            "Any",
            "At",
            "Boolean",
            "Catalogue",
            "Constant",
            "Contract",
            "DeadLetterMinors",
            "Error",
            "Event",
            "EventSet",
            "Fields",
            "Integer",
            "Keyword",
            "List",
            "Map",
            "Minor",
            "Nested",
            "NotNull",
            "Nullable",
            "Number",
            "Object",
            "Pattern",
            "Payload",
            "Rule",
            "Subject",
            "Text",
            "UnknownBranch",
        ]),
    );
    quote!(#collections #net #chrono #serde #json #uuid #core)
}

fn collect(tokens: TokenStream, names: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Group(group) => collect(group.stream(), names),
            proc_macro2::TokenTree::Ident(name) => {
                names.insert(name.to_string());
            }
            proc_macro2::TokenTree::Punct(_) | proc_macro2::TokenTree::Literal(_) => {}
        }
    }
}
