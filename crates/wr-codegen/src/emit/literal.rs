//! A value as the expression of its Rust type.

use chrono::Datelike;
use proc_macro2::{Literal as Token, Punct, Spacing, TokenStream};
use quote::quote;
use serde_json::{Number, Value};

use super::tokens;
use crate::literal::Literal;
use crate::shape::RustType;

/// The expression of a value, owned.
pub(super) fn expression(literal: &Literal) -> TokenStream {
    match literal {
        Literal::Bool(value) => quote!(#value),
        Literal::Integer(value) => tokens::integer(*value),
        Literal::Float(value) => float(*value),
        Literal::Text(text) => quote!(#text.to_owned()),
        Literal::Uuid(bits) => {
            let bits = uuid(*bits);
            quote!(Uuid::from_u128(#bits))
        }
        Literal::Moment { seconds, nanoseconds } => {
            let seconds = tokens::integer((*seconds).into());
            let nanoseconds = tokens::count((*nanoseconds).into());
            quote!(DateTime::from_timestamp(#seconds, #nanoseconds).unwrap_or_default())
        }
        Literal::Day(day) => {
            let year = tokens::integer(day.year().into());
            let (month, day) = (tokens::count(day.month().into()), tokens::count(day.day().into()));
            quote!(NaiveDate::from_ymd_opt(#year, #month, #day).unwrap_or_default())
        }
        Literal::Ipv4(address) => {
            let octets = address.octets().map(|octet| tokens::count(octet.into()));
            quote!(Ipv4Addr::new(#(#octets),*))
        }
        Literal::Ipv6(address) => {
            let segments = address.segments().map(hexadecimal);
            quote!(Ipv6Addr::new(#(#segments),*))
        }
        Literal::Any(value) => any(value),
        Literal::List(items) if items.is_empty() => quote!(Vec::new()),
        Literal::List(items) => {
            let items = items.iter().map(expression);
            // Inside `vec!`, prettyplease would lay nothing out.
            quote!(Vec::from([#(#items),*]))
        }
        Literal::Map(entries) if entries.is_empty() => quote!(BTreeMap::new()),
        Literal::Map(entries) => {
            let entries = entries.iter().map(|(name, value)| {
                let value = expression(value);
                quote!((#name.to_owned(), #value))
            });
            quote!(BTreeMap::from([#(#entries),*]))
        }
        Literal::Option(None) => quote!(None),
        Literal::Option(Some(value)) => {
            let value = expression(value);
            quote!(Some(#value))
        }
        Literal::Struct { home, fields } => {
            let home = tokens::rust_type(home);
            let fields = fields.iter().map(|(name, value)| {
                let (name, value) = (tokens::ident(name), expression(value));
                quote!(#name: #value)
            });
            quote!(#home { #(#fields),* })
        }
        Literal::Variant { home, variant, inner } => {
            let (home, variant) = (tokens::rust_type(home), tokens::ident(variant));
            let inner = inner.as_deref().map(expression).map(|inner| quote!((#inner)));
            quote!(#home::#variant #inner)
        }
    }
}

/// The type of what `field` or a default gives, and the expression of it: by value where that
/// copies nothing that was allocated, a string as `&str`.
pub(super) fn or_default(
    field: &TokenStream,
    ty: &RustType,
    default: &Literal,
) -> (TokenStream, TokenStream) {
    if let Literal::Text(text) = default {
        return (quote!(&str), quote!(#field.as_deref().unwrap_or(#text)));
    }
    let field = if is_copy(ty) { field.clone() } else { quote!(#field.clone()) };
    let value = expression(default);
    let otherwise = match default {
        Literal::List(items) if items.is_empty() => quote!(unwrap_or_default()),
        Literal::Map(entries) if entries.is_empty() => quote!(unwrap_or_default()),
        default if is_constant(default) => quote!(unwrap_or(#value)),
        _ => quote!(unwrap_or_else(|| #value)),
    };
    (tokens::rust_type(ty), quote!(#field.#otherwise))
}

fn is_copy(ty: &RustType) -> bool {
    match ty {
        RustType::Bool
        | RustType::I64
        | RustType::U64
        | RustType::F64
        | RustType::Uuid
        | RustType::DateTime
        | RustType::Date
        | RustType::Ipv4
        | RustType::Ipv6 => true,
        RustType::String
        | RustType::Value
        | RustType::List(_)
        | RustType::Map(_)
        | RustType::Option(_)
        | RustType::Named(_)
        | RustType::Shared(_) => false,
    }
}

/// Whether the expression computes nothing.
fn is_constant(literal: &Literal) -> bool {
    match literal {
        Literal::Bool(_)
        | Literal::Integer(_)
        | Literal::Float(_)
        | Literal::Uuid(_)
        | Literal::Ipv4(_)
        | Literal::Ipv6(_) => true,
        Literal::Text(_)
        | Literal::Moment { .. }
        | Literal::Day(_)
        | Literal::List(_)
        | Literal::Map(_) => false,
        Literal::Any(value) => value.is_null() || value.is_boolean(),
        Literal::Option(value) => value.as_deref().is_none_or(is_constant),
        Literal::Struct { fields, .. } => fields.iter().all(|(_, value)| is_constant(value)),
        Literal::Variant { inner, .. } => inner.as_deref().is_none_or(is_constant),
    }
}

/// A finite number, minus zero included.
fn float(value: f64) -> TokenStream {
    let number = tokens::float(value.abs());
    if value.is_sign_negative() { quote!(-#number) } else { number }
}

/// The digits in the groups that a UUID is written in.
fn uuid(bits: u128) -> TokenStream {
    let mut digits = format!("{bits:032x}");
    for at in [20, 16, 12, 8] {
        digits.insert(at, '_');
    }
    format!("0x{digits}").parse().unwrap_or_else(|_| quote!(#bits))
}

fn hexadecimal(segment: u16) -> TokenStream {
    match segment {
        0..=9 => format!("{segment}"),
        _ => format!("{segment:#x}"),
    }
    .parse()
    .unwrap_or_else(|_| quote!(#segment))
}

/// The most values inside one `json!`, which calls itself up to five times for each; rustc stops a
/// macro after 128 calls.
const MOST_IN_A_MACRO: usize = 20;

/// Any JSON value.
fn any(value: &Value) -> TokenStream {
    if count(value) <= MOST_IN_A_MACRO {
        let value = json(value);
        return quote!(json!(#value));
    }
    match value {
        Value::Array(items) => {
            let items = items.iter().map(any);
            quote!(Value::from([#(#items),*]))
        }
        Value::Object(members) => {
            let names = members.keys();
            let values = members.values().map(any);
            quote!(Value::from_iter([#((#names, #values)),*]))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => json(value),
    }
}

/// How many values there are in a value.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(members) => members.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// A JSON value as it stands in `json!`.
fn json(value: &Value) -> TokenStream {
    match value {
        Value::Null => quote!(null),
        Value::Bool(value) => quote!(#value),
        Value::Number(value) => number(value),
        Value::String(text) => quote!(#text),
        Value::Array(items) => {
            let items = items.iter().map(json);
            quote!([#(#items),*])
        }
        Value::Object(members) => {
            let names = members.keys();
            let values = members.values().map(json);
            // Without a space before it, and, as prettyplease has it, without one behind it.
            let colon = Punct::new(':', Spacing::Joint);
            quote!({ #(#names #colon #values),* })
        }
    }
}

/// A number whose type nothing around it says.
fn number(number: &Number) -> TokenStream {
    let text = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(value), _, _) if i32::try_from(value).is_ok() => format!("{value}"),
        (Some(value), _, _) => format!("{value}_i64"),
        (None, Some(value), _) => format!("{value}_u64"),
        (None, None, value) => format!("{:?}", value.unwrap_or_default()),
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    // Without a space behind it.
    let minus = text.starts_with('-').then(|| Punct::new('-', Spacing::Joint));
    let digits = digits.parse().unwrap_or_else(|_| Token::string(digits));
    quote!(#minus #digits)
}
