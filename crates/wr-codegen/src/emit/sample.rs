//! How a service publishes and handles an event, as Rust that compiles: for documentation.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use wr_schema::catalog::History;
use wr_schema::contract::{Field, Shape, Type};
use wr_schema::names::{rust_field, rust_type};
use wr_schema::rust_names::{self, Step};

use super::{literal, tokens};
use crate::literal::Literal;
use crate::shape::{self, RustType};
use crate::{Error, model};

/// How a service uses an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The payload: the example with the most fields.
    pub payload: Value,
    /// Builds it, and publishes it.
    pub publish: String,
    /// Takes it as a handler.
    pub handle: String,
    /// What the handler is called.
    pub handler: String,
}

/// How a service uses the newest minor of an event, with the generated crate imported as `krate`.
///
/// # Errors
/// The names make no Rust, which the lint should not have let pass.
pub fn sample(history: &History, krate: &str) -> Result<Sample, Error> {
    let home = history.subject.type_name();
    let handler = rust_field(history.subject.action());
    let empty = Type { shape: Shape::Any, nullable: false, shared: None, docs: Default::default() };
    let contract = history.newest().map_or(&empty, |minor| &minor.contract);
    let payload = fullest(&contract.docs.examples).cloned().unwrap_or_default();
    let publish = publish(&home, contract, &payload, krate)?;
    Ok(Sample { payload, publish, handle: handle(&home, &handler, contract, krate)?, handler })
}

/// The example with the most fields; of several, the first.
fn fullest(examples: &[Value]) -> Option<&Value> {
    let size = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    examples.iter().rev().max_by_key(|value| size(value))
}

fn publish(home: &str, contract: &Type, example: &Value, krate: &str) -> Result<String, Error> {
    let mut writer = Writer::default();
    let ty = RustType::Named(home.to_owned());
    let payload =
        writer.value(contract, &ty, example, false).ok_or_else(|| Error::Disagreement {
            name: home.to_owned(),
            found: "no value".to_owned(),
            expected: "its example".to_owned(),
        })?;
    let body = quote! {
        async fn publish(publisher: &wr_runtime::Publisher) -> wr_runtime::Result<()> {
            let payload = #payload;
            let event = publisher.event(payload);
            publisher.publish(&event).await?;
            Ok(())
        }
    };
    text(home, writer.imports, body, krate)
}

fn handle(home: &str, handler: &str, contract: &Type, krate: &str) -> Result<String, Error> {
    let (ty, name) = (tokens::ident(home), tokens::ident(handler));
    let held = contract.fields().iter().filter(|field| contract.constant(&field.name).is_none());
    let fields = held.map(|field| tokens::ident(&rust_field(&field.name)));
    let body = quote! {
        async fn #name(
            event: Event<#ty>,
            _delivery: wr_runtime::Delivery,
        ) -> wr_runtime::Handled {
            let #ty { #(#fields,)* .. } = event.data;
            Ok(())
        }
    };
    let imports = BTreeSet::from([Import::Root("Event".to_owned()), Import::Root(home.to_owned())]);
    text(home, imports, body, krate)
}

/// A name that stands in the code, by where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Import {
    /// Not from the generated crate.
    Path(&'static str, &'static str),
    /// From its root.
    Root(String),
}

/// Imports sorted into one `use` a module, and what follows them.
fn text(
    home: &str,
    imports: BTreeSet<Import>,
    body: TokenStream,
    krate: &str,
) -> Result<String, Error> {
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for import in imports {
        let (module, name) = match import {
            Import::Path(module, name) if module.starts_with("wr_core") => {
                (format!("{krate}::{module}"), name.to_owned())
            }
            Import::Path(module, name) => (module.to_owned(), name.to_owned()),
            Import::Root(name) => (krate.to_owned(), name),
        };
        modules.entry(module).or_default().insert(name);
    }
    let mut uses = TokenStream::new();
    for (module, names) in &modules {
        let path = module.split("::").map(tokens::ident);
        let names: Vec<_> = names.iter().map(|name| tokens::ident(name)).collect();
        uses.extend(match names.as_slice() {
            [one] => quote!(use #(#path::)*#one;),
            several => quote!(use #(#path::)*{#(#several),*};),
        });
    }
    let syntax = |source| Error::Syntax { file: format!("the sample of `{home}`"), source };
    let parse = |tokens: TokenStream| syn::parse2(tokens::named(tokens)).map_err(syntax);
    let (uses, body) = (parse(uses)?, parse(body)?);
    Ok(format!("{}\n{}", prettyplease::unparse(&uses), prettyplease::unparse(&body)))
}

/// Writes values as a service writes them, and remembers what has to be imported.
#[derive(Default)]
struct Writer {
    imports: BTreeSet<Import>,
}

impl Writer {
    /// The expression of a value of a type; none where it is no value of it.
    fn value(
        &mut self,
        ty: &Type,
        rust: &RustType,
        value: &Value,
        in_shared: bool,
    ) -> Option<TokenStream> {
        Some(match (rust, value) {
            (RustType::Option(_), Value::Null) => quote!(None),
            (RustType::Option(inner), _) => {
                let inner = self.value(ty, inner, value, in_shared)?;
                quote!(Some(#inner))
            }
            (RustType::List(rust), Value::Array(values)) => {
                let Shape::Array { items, .. } = &ty.shape else { return None };
                let values = values.iter().map(|value| self.value(items, rust, value, in_shared));
                let values = values.collect::<Option<Vec<_>>>()?;
                // Inside `vec!`, prettyplease would lay nothing out.
                if values.is_empty() {
                    quote!(Vec::new())
                } else {
                    quote!(Vec::from([#(#values),*]))
                }
            }
            (RustType::Map(rust), Value::Object(entries)) => {
                let Shape::Map { values, .. } = &ty.shape else { return None };
                self.imports.insert(Import::Path("std::collections", "BTreeMap"));
                let mut written = Vec::new();
                for (name, value) in entries {
                    let value = self.value(values, rust, value, in_shared)?;
                    written.push(quote!((#name.to_owned(), #value)));
                }
                match written.is_empty() {
                    true => quote!(BTreeMap::new()),
                    false => quote!(BTreeMap::from([#(#written),*])),
                }
            }
            (RustType::Named(name), _) => self.named(ty, name, value, in_shared)?,
            (RustType::Shared(name), _) => self.named(ty, name, value, true)?,
            _ => self.leaf(&Literal::read(ty, rust, value)?),
        })
    }

    /// A value that no type of the generated crate stands in.
    fn leaf(&mut self, literal: &Literal) -> TokenStream {
        let import = match literal {
            Literal::Uuid(_) => Some(("wr_core::uuid", "Uuid")),
            Literal::Moment { .. } => Some(("wr_core::chrono", "DateTime")),
            Literal::Day(_) => Some(("wr_core::chrono", "NaiveDate")),
            Literal::Ipv4(_) => Some(("std::net", "Ipv4Addr")),
            Literal::Ipv6(_) => Some(("std::net", "Ipv6Addr")),
            Literal::Any(_) => Some(("wr_core::serde_json", "json")),
            Literal::Bool(_)
            | Literal::Integer(_)
            | Literal::Float(_)
            | Literal::Text(_)
            | Literal::List(_)
            | Literal::Map(_)
            | Literal::Option(_)
            | Literal::Struct { .. }
            | Literal::Variant { .. } => None,
        };
        self.imports.extend(import.map(|(module, name)| Import::Path(module, name)));
        let written = literal::expression(literal);
        if matches!(literal, Literal::Any(_)) && written.to_string().contains("Value ::") {
            self.imports.insert(Import::Path("wr_core::serde_json", "Value"));
        }
        written
    }

    /// A value of a struct, an enum or a union.
    fn named(
        &mut self,
        ty: &Type,
        name: &str,
        value: &Value,
        in_shared: bool,
    ) -> Option<TokenStream> {
        let home = self.home(name, in_shared);
        match &ty.shape {
            Shape::Struct { fields } => {
                let held: Vec<&Field> =
                    fields.iter().filter(|field| ty.constant(&field.name).is_none()).collect();
                let object = value.as_object()?;
                let (mut required, mut optional) = (Vec::new(), Vec::new());
                for field in held {
                    let Some(value) = object.get(&field.name) else {
                        if field.required {
                            return None;
                        }
                        continue;
                    };
                    let rust = model::field_type(name, field);
                    let value = self.value(&field.ty, &rust, value, in_shared)?;
                    let ident = rust_field(&field.name);
                    if field.required {
                        let ident = tokens::ident(&ident);
                        required.push(quote!(#ident: #value));
                    } else {
                        let with = format_ident!("with_{}", ident.trim_end_matches('_'));
                        optional.push(quote!(.#with(#value)));
                    }
                }
                let companion = rust_names::has_required(ty).then(|| {
                    let companion = rust_names::required(name);
                    let companion = self.home(&companion, in_shared);
                    quote!(#companion { #(#required),* })
                });
                Some(quote!(#home::new(#companion) #(#optional)*))
            }
            Shape::Enum { values, .. } => {
                let text = values.iter().find(|text| Some(text.as_str()) == value.as_str())?;
                let variant = tokens::ident(&rust_type(text));
                Some(quote!(#home::#variant))
            }
            Shape::Union { tag, branches, .. } => {
                let tag = value.get(tag)?.as_str()?;
                let branch = branches.iter().find(|branch| branch.value == tag)?;
                let rust = shape::rust_type_of(&branch.ty, &Step::Branch(tag).name(name));
                let inner = self.value(&branch.ty, &rust, value, in_shared)?;
                let variant = tokens::ident(&rust_type(tag));
                Some(quote!(#home::#variant(#inner)))
            }
            Shape::Any
            | Shape::Boolean
            | Shape::Integer { .. }
            | Shape::Number { .. }
            | Shape::Text { .. }
            | Shape::Constant(_)
            | Shape::Map { .. }
            | Shape::Array { .. } => None,
        }
    }

    /// A type of the generated crate. A shared one stands behind its module: it may be called as
    /// anything else that is imported.
    fn home(&mut self, name: &str, in_shared: bool) -> TokenStream {
        let ident = tokens::ident(name);
        if in_shared {
            self.imports.insert(Import::Root("definitions".to_owned()));
            return quote!(definitions::#ident);
        }
        self.imports.insert(Import::Root(name.to_owned()));
        quote!(#ident)
    }
}
