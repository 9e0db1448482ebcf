//! Small pieces of syntax.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::quote;

use crate::shape::RustType;

/// An identifier from a schema; the names that come here are none of Rust's keywords.
///
/// Until the file is rendered it is a raw one, which tells it from the names of generated code's
/// own: a shared type may be called `Error` too.
pub(super) fn ident(name: &str) -> Ident {
    Ident::new_raw(name, Span::call_site())
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
    for word in visible(line).split(' ') {
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

/// The text with what nobody sees, or what hides something else, escaped.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// Controls, and characters without width; some of them turn the direction of what follows, which
/// rustc refuses in a source.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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

/// A finite number, with an exponent where it would be long without.
pub(super) fn float(value: f64) -> TokenStream {
    let digits = format!("{:?}", value.abs());
    let literal = digits.parse().unwrap_or_else(|_| Literal::f64_unsuffixed(value.abs()));
    if value.is_sign_negative() && value != 0.0 { quote!(-#literal) } else { quote!(#literal) }
}

/// A string, raw where that spares escapes.
pub(super) fn raw(text: &str) -> Literal {
    let hashes =
        (0..).map(|count| "#".repeat(count)).find(|hashes| !text.contains(&format!("\"{hashes}")));
    let hashes = hashes.unwrap_or_default();
    if text.chars().any(is_hidden) {
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

/// What generated code names, and where it is from.
const IMPORTS: &[(&str, &[&str])] = &[
    ("std::collections", &["BTreeMap"]),
    ("std::net", &["Ipv4Addr", "Ipv6Addr"]),
    ("wr_core::codec", &["write"]),
    ("wr_core::chrono", &["DateTime", "NaiveDate", "Utc"]),
    ("wr_core::serde", &["Serialize", "Serializer"]),
    ("wr_core::serde_json", &["Value", "json"]),
    ("wr_core::uuid", &["Uuid"]),
    (
        "wr_core",
        &[
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
            "EventView",
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
        ],
    ),
];

/// Names of the standard library that generated code uses without importing them.
const PRELUDE: &[(&str, &[&str])] = &[("std::convert", &["Into"])];

/// The parts of a body behind the `use` lines that they need, by the names that stand in them, and
/// then `ours`; `traits` are those whose methods and constants they use without naming them.
///
/// A name that one of the shared types in scope, `shared`, has too is written with its path; names
/// from schemas are written as they are.
pub(super) fn with_imports(
    body: Vec<TokenStream>,
    traits: &[&str],
    shared: &BTreeSet<String>,
    ours: TokenStream,
) -> Vec<TokenStream> {
    let own = || IMPORTS.iter().chain(PRELUDE).flat_map(|(_, names)| *names);
    let clashes = own().any(|name| shared.contains(*name));
    let mut names = Names::default();
    let parts = body.into_iter().map(|part| {
        let part = if clashes { qualified(part, shared) } else { part };
        names.written(part)
    });
    let mut parts: Vec<TokenStream> = parts.collect();
    let names = names.own;
    let lines = IMPORTS.iter().map(|(path, candidates)| {
        let path = self::path(path);
        let of_trait = |name: &str| traits.contains(&name);
        let used =
            candidates.iter().copied().filter(|name| of_trait(name) || names.contains(*name));
        let (clashing, found): (Vec<&str>, Vec<&str>) = used.partition(|it| shared.contains(*it));
        let hidden = clashing.into_iter().filter(|name| of_trait(name)).map(ident);
        let hidden = quote!(#(use #path::#hidden as _;)*);
        let found: Vec<Ident> = found.into_iter().map(ident).collect();
        match found.as_slice() {
            [] => hidden,
            [one] => quote!(use #path::#one; #hidden),
            several => quote!(use #path::{#(#several),*}; #hidden),
        }
    });
    let lines = named(quote!(#(#lines)* #ours));
    parts.insert(0, lines);
    parts
}

fn path(text: &str) -> TokenStream {
    let segments = text.split("::").map(ident);
    quote!(#(#segments)::*)
}

/// The tokens with the path before each of generated code's own names that is also in `taken`.
fn qualified(tokens: TokenStream, taken: &BTreeSet<String>) -> TokenStream {
    let mut out = TokenStream::new();
    // `S::Error` is what `S` says: nothing behind `::` is a name of its own.
    let (mut colons, mut follows_path) = (0, false);
    for token in tokens {
        let is_colon = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
        colons = if is_colon { colons + 1 } else { 0 };
        match token {
            TokenTree::Group(group) => out.extend([within(group, |it| qualified(it, taken))]),
            TokenTree::Ident(name) => {
                let text = name.to_string();
                let home = IMPORTS.iter().chain(PRELUDE).find(|(_, names)| {
                    !follows_path && taken.contains(&text) && names.contains(&text.as_str())
                });
                if let Some((home, _)) = home {
                    let home = path(home);
                    out.extend(quote!(#home::));
                }
                out.extend([TokenTree::Ident(name)]);
            }
            other @ (TokenTree::Punct(_) | TokenTree::Literal(_)) => out.extend([other]),
        }
        follows_path = colons == 2;
    }
    out
}

/// The tokens with the names from schemas written as they are.
pub(crate) fn named(tokens: TokenStream) -> TokenStream {
    Names::default().written(tokens)
}

/// Tells the names from schemas from generated code's own.
#[derive(Default)]
struct Names {
    /// Those of generated code's own that were met.
    own: BTreeSet<String>,
    /// The name at hand.
    text: String,
}

impl Names {
    /// The tokens with the names from schemas written as they are.
    fn written(&mut self, tokens: TokenStream) -> TokenStream {
        tokens
            .into_iter()
            .map(|token| match token {
                TokenTree::Group(group) => within(group, |tokens| self.written(tokens)),
                TokenTree::Ident(name) => TokenTree::Ident(self.name(name)),
                other @ (TokenTree::Punct(_) | TokenTree::Literal(_)) => other,
            })
            .collect()
    }

    fn name(&mut self, name: Ident) -> Ident {
        self.text.clear();
        let _ = write!(self.text, "{name}");
        match self.text.strip_prefix("r#") {
            Some(from_schema) => Ident::new(from_schema, name.span()),
            None => {
                if !self.own.contains(&self.text) {
                    self.own.insert(self.text.clone());
                }
                name
            }
        }
    }
}

/// A group with its tokens changed. The group goes first: while it holds its tokens, taking them
/// copies them.
fn within(group: Group, change: impl FnOnce(TokenStream) -> TokenStream) -> TokenTree {
    let (delimiter, tokens) = (group.delimiter(), group.stream());
    drop(group);
    TokenTree::Group(Group::new(delimiter, change(tokens)))
}
