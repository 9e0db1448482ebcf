//! A struct: its fields, its construction, how it is read, checked and written.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote};
use wr_schema::contract::Shape;
use wr_schema::rust_names;

use super::{docs, literal, rule, tokens, write};
use crate::model::{Item, Property, RustField, Struct};
use crate::shape::RustType;

/// The struct of the required fields.
pub(super) fn required_ident(ident: &str) -> String {
    rust_names::required(ident)
}

/// Whether there is a struct of the required fields.
pub(super) fn has_required(structure: &Struct<'_>) -> bool {
    fields(structure).any(|(_, field)| field.required)
}

/// Whether some value of the struct breaks its schema.
pub(super) fn checks_something(structure: &Struct<'_>) -> bool {
    fields(structure).any(|(property, field)| field_rule(property, field, "").can_fail)
}

/// The struct with all that belongs to it, in parts; `root` is the type that the file is about,
/// whose rules need no prefix.
pub(super) fn emit(item: &Item<'_>, structure: &Struct<'_>, root: &str) -> Vec<TokenStream> {
    let ident = tokens::ident(&item.ident);
    let prefix = prefix(&item.ident, root);
    let ruled = ruled(structure, &prefix);
    vec![
        definition(item, structure),
        construction(item, structure),
        rules(structure, &prefix),
        contract(&ident, structure, &ruled),
        one_pass(item, structure, &ruled),
        serialize(&ident, structure),
        quote!(wr_core::deserialize!(#ident);),
    ]
}

/// The properties that are Rust fields.
fn fields<'a, 'b>(
    structure: &'b Struct<'a>,
) -> impl Iterator<Item = (&'b Property<'a>, &'b RustField)> {
    structure.properties.iter().filter_map(|property| Some((property, property.field.as_ref()?)))
}

fn definition(item: &Item<'_>, structure: &Struct<'_>) -> TokenStream {
    let ident = tokens::ident(&item.ident);
    let doc = tokens::doc(&docs::of_type(item));
    let members = fields(structure).map(|(property, field)| {
        let doc = tokens::doc(&docs::of_field(property.ty, property.since));
        let name = tokens::ident(&field.ident);
        let ty = tokens::rust_type(&field.ty);
        let ty = if field.required { ty } else { quote!(Option<#ty>) };
        quote!(#doc pub #name: #ty)
    });
    let default = (!has_required(structure)).then(|| quote!(, Default));
    quote! {
        #doc
        #[derive(Clone, Debug, PartialEq #default)]
        #[non_exhaustive]
        pub struct #ident {
            #(#members),*
        }
    }
}

fn construction(item: &Item<'_>, structure: &Struct<'_>) -> TokenStream {
    let ident = tokens::ident(&item.ident);
    let required: Vec<_> = fields(structure).filter(|(_, field)| field.required).collect();
    let optional: Vec<_> = fields(structure).filter(|(_, field)| !field.required).collect();
    let names: Vec<Ident> = required.iter().map(|(_, field)| tokens::ident(&field.ident)).collect();
    let unset: Vec<Ident> = optional.iter().map(|(_, field)| tokens::ident(&field.ident)).collect();
    let companion = tokens::ident(&required_ident(&item.ident));
    let (companion_definition, new) = if required.is_empty() {
        let new = quote! {
            /// The value without any of its optional fields.
            pub fn new() -> Self {
                Self::default()
            }
        };
        (quote!(), new)
    } else {
        let doc = tokens::doc(&[format!("The required fields of {}.", docs::link(&item.ident))]);
        let members = required.iter().map(|(property, field)| {
            let doc = tokens::doc(&docs::of_field(property.ty, None));
            let name = tokens::ident(&field.ident);
            let ty = tokens::rust_type(&field.ty);
            quote!(#doc pub #name: #ty)
        });
        let definition = quote! {
            #doc
            #[derive(Debug)]
            pub struct #companion {
                #(#members),*
            }
        };
        let new = quote! {
            /// The value of its required fields, without any of its optional ones.
            pub fn new(required: #companion) -> Self {
                Self { #(#names: required.#names,)* #(#unset: None),* }
            }
        };
        (definition, new)
    };
    let setters = optional.iter().map(|(property, field)| setter(property, field));
    let accessors = optional.iter().filter_map(|(property, field)| accessor(property, field));
    quote! {
        #companion_definition
        impl #ident {
            #new
            #(#setters)*
            #(#accessors)*
        }
    }
}

fn setter(property: &Property<'_>, field: &RustField) -> TokenStream {
    let doc = tokens::doc(&[format!("Sets {}.", docs::code(property.name))]);
    let method = format_ident!("with_{}", bare(field));
    let name = tokens::ident(&field.ident);
    let ty = tokens::rust_type(&field.ty);
    let (ty, value) = match field.ty {
        RustType::String => (quote!(impl Into<String>), quote!(#name.into())),
        _ => (ty, quote!(#name)),
    };
    quote! {
        #doc
        #[must_use]
        pub fn #method(mut self, #name: #ty) -> Self {
            self.#name = Some(#value);
            self
        }
    }
}

/// The name of a field inside the name of a method, where no keyword is in the way.
fn bare(field: &RustField) -> &str {
    field.ident.trim_end_matches('_')
}

/// What is meant where an optional field with a default is missing.
fn accessor(property: &Property<'_>, field: &RustField) -> Option<TokenStream> {
    let default = field.default.as_ref()?;
    let method = format_ident!("{}_or_default", bare(field));
    let name = tokens::ident(&field.ident);
    let text = property.ty.docs.default.as_ref().map(|value| docs::code(&value.to_string()));
    // What is long stands above the field, and below as Rust.
    let text = text.filter(|text| text.len() <= 60).unwrap_or_else(|| "its default".to_owned());
    let doc = format!("{}, or {text} where it is missing.", docs::code(property.name));
    let doc = tokens::doc(&[doc]);
    let (ty, value) = literal::or_default(&quote!(self.#name), &field.ty, default);
    Some(quote! {
        #doc
        pub fn #method(&self) -> #ty {
            #value
        }
    })
}

/// The statics that reading and checking share.
fn rules(structure: &Struct<'_>, prefix: &str) -> TokenStream {
    let statics = statics(structure, prefix, "");
    let mut seen = BTreeSet::new();
    let differ = statics.iter().all(|(name, _)| seen.insert(name));
    // A field `a` with a pattern may stand beside a field `a_pattern`.
    let statics = if differ { statics } else { self::statics(structure, prefix, "__") };
    statics.into_iter().map(|(_, item)| item).collect()
}

/// The statics with their names; `separator` stands in those of patterns, behind the field's.
fn statics(structure: &Struct<'_>, prefix: &str, separator: &str) -> Vec<(Ident, TokenStream)> {
    let mut statics = Vec::new();
    for (property, field) in fields(structure) {
        let name = static_name(prefix, field);
        let rule = field_rule(property, field, &format!("{name}{separator}"));
        statics.extend(rule.patterns);
        if !rule.is_plain {
            let (name, ty, value) = (tokens::ident(&name), &rule.ty, &rule.value);
            let item = quote!(static #name: #ty = #value;);
            statics.push((name, item));
        }
    }
    statics
}

/// A property that is a Rust field, with its rule as reading and checking name it.
struct Ruled<'b> {
    property: &'b Property<'b>,
    field: &'b RustField,
    rule: TokenStream,
    /// Whether some value of the Rust type breaks it.
    can_fail: bool,
}

fn ruled<'b>(structure: &'b Struct<'b>, prefix: &str) -> Vec<Ruled<'b>> {
    let ruled = fields(structure).map(|(property, field)| {
        let name = static_name(prefix, field);
        let rule = field_rule(property, field, &name);
        let can_fail = rule.can_fail;
        let rule =
            if rule.is_plain { rule.value } else { TokenTree::from(tokens::ident(&name)).into() };
        Ruled { property, field, rule, can_fail }
    });
    ruled.collect()
}

fn contract(ident: &Ident, structure: &Struct<'_>, ruled: &[Ruled<'_>]) -> TokenStream {
    let constants = structure.properties.iter().filter(|property| property.field.is_none());
    let constants: Vec<TokenStream> = constants
        .map(|property| {
            let name = property.name;
            let rule = rule::of(property.ty, "").value;
            quote!(let _: String = object.required(#name, &#rule)?;)
        })
        .collect();
    let reads = ruled.iter().map(|Ruled { property, field, rule, .. }| {
        let (name, json) = (tokens::ident(&field.ident), property.name);
        let method = if field.required { quote!(required) } else { quote!(optional) };
        quote!(#name: object.#method(#json, &#rule)?)
    });
    let checks: Vec<TokenStream> = ruled
        .iter()
        .filter(|ruled| ruled.can_fail)
        .map(|Ruled { property, field, rule, .. }| {
            let (name, json) = (tokens::ident(&field.ident), property.name);
            if field.required {
                quote!(#rule.check(&self.#name, &at.name(#json))?;)
            } else {
                // `at` is where the struct is.
                let value = if field.ident == "at" { tokens::ident("value") } else { name.clone() };
                quote! {
                    if let Some(#value) = &self.#name {
                        #rule.check(#value, &at.name(#json))?;
                    }
                }
            }
        })
        .collect();
    let reads: Vec<TokenStream> = reads.collect();
    let object = if structure.properties.is_empty() {
        quote!(Object::read(value, at)?;)
    } else {
        quote!(let mut object = Object::read(value, at)?;)
    };
    let at = if checks.is_empty() { quote!(_) } else { quote!(at) };
    let write = write::structure(structure);
    quote! {
        impl Contract for #ident {
            fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
                #object
                #(#constants)*
                Ok(Self { #(#reads),* })
            }

            fn validate_at(&self, #at: &At<'_>) -> Result<(), Error> {
                #(#checks)*
                Ok(())
            }

            #write
        }
    }
}

/// The view, and the parser of one pass, by a line for each property.
fn one_pass(item: &Item<'_>, structure: &Struct<'_>, ruled: &[Ruled<'_>]) -> TokenStream {
    let ident = tokens::ident(&item.ident);
    let view = tokens::ident(&rust_names::view(&item.ident));
    let constants = structure.properties.iter().filter(|property| property.field.is_none());
    let constants: Vec<TokenStream> = constants
        .enumerate()
        .map(|(index, property)| {
            let slot = format_ident!("__constant_{index}");
            let rule = rule::of(property.ty, "").value;
            let name = key(property);
            quote!(#slot = #name, #rule;)
        })
        .collect();
    let constants = (!constants.is_empty()).then(|| quote!(constants { #(#constants)* }));
    let fields = ruled.iter().map(|Ruled { property, field, rule, .. }| {
        let kind = if field.required { quote!(required) } else { quote!(optional) };
        let slot = tokens::ident(&field.ident);
        let ty = tokens::rust_type(&field.ty);
        let name = key(property);
        quote!(#kind #slot: #ty = #name, #rule;)
    });
    quote!(wr_core::record! { #ident, #view #constants { #(#fields)* } })
}

/// The name of a property, and how JSON spells it where that is not the same.
fn key(property: &Property<'_>) -> TokenStream {
    let name = property.name;
    let quoted = serde_json::Value::from(name).to_string();
    match quoted.get(1..quoted.len() - 1) {
        Some(spelled) if spelled != name => quote!(#name as #spelled),
        _ => quote!(#name),
    }
}

fn serialize(ident: &Ident, structure: &Struct<'_>) -> TokenStream {
    let puts: Vec<TokenStream> = structure
        .properties
        .iter()
        .map(|property| {
            let json = property.name;
            match (&property.field, &property.ty.shape) {
                (Some(field), _) => {
                    let name = tokens::ident(&field.ident);
                    let put = if field.required { quote!(put) } else { quote!(put_some) };
                    quote!(fields.#put(#json, &self.#name)?;)
                }
                (None, Shape::Constant(value)) => quote!(fields.put(#json, #value)?;),
                (None, _) => quote!(),
            }
        })
        .collect();
    let body = if puts.is_empty() {
        quote!(Fields::begin(serializer)?.end())
    } else {
        quote!(let mut fields = Fields::begin(serializer)?; #(#puts)* fields.end())
    };
    quote! {
        impl Serialize for #ident {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #body
            }
        }
    }
}

/// The rule of a field. Null is read as absent where the property is optional, so the rule of the
/// value does not know it, and any value is any but null.
fn field_rule(property: &Property<'_>, field: &RustField, name: &str) -> rule::Rule {
    if field.required {
        return rule::of(property.ty, name);
    }
    let rule = rule::without_null(property.ty, name);
    match property.ty.shape {
        Shape::Any => {
            let not_null = quote!(NotNull);
            rule::Rule { value: not_null.clone(), ty: not_null, can_fail: true, ..rule }
        }
        _ => rule,
    }
}

fn static_name(prefix: &str, field: &RustField) -> String {
    let mut name = prefix.to_owned();
    field.ident.chars().for_each(|c| push_upper(&mut name, c));
    name
}

/// Nothing for the type that the file is about, else its name with two underscores, which no field
/// name holds. No two types have the same: `XY` gives `X_Y__`, and `Xy` gives `XY__`.
fn prefix(ident: &str, root: &str) -> String {
    if ident == root {
        return String::new();
    }
    let rest = ident.strip_prefix(root).unwrap_or(ident);
    // A property `1st` may be there beside one called `x1st`.
    let mut prefix =
        if rest.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" }.to_owned();
    for c in rest.trim_end_matches('_').chars() {
        if c.is_ascii_uppercase() && !prefix.is_empty() {
            prefix.push('_');
        }
        push_upper(&mut prefix, c);
    }
    prefix.push_str("__");
    prefix
}

/// A letter beyond ASCII may have no upper case, and a static may not be called as a field.
fn push_upper(name: &mut String, c: char) {
    match c.is_ascii() {
        true => name.push(c.to_ascii_uppercase()),
        false => name.push_str(&format!("__U{:X}", u32::from(c))),
    }
}
