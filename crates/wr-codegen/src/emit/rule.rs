//! A contract as a rule of `wr-core`: an expression that both reading and checking use.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use wr_schema::contract::{Shape, TextFormat, Type};
use wr_schema::pattern;

use super::tokens;

/// A rule, its type, and the statics it needs.
pub(super) struct Rule {
    /// The expression.
    pub(super) value: TokenStream,
    /// Its type.
    pub(super) ty: TokenStream,
    /// `static`s of the patterns in it, with their names.
    pub(super) patterns: Vec<(Ident, TokenStream)>,
    /// Whether some value of the Rust type breaks it.
    pub(super) can_fail: bool,
    /// Whether it is short enough to stand where it is used.
    pub(super) is_plain: bool,
}

/// The rule of a type; `name` is what a static of its own would be called.
pub(super) fn of(ty: &Type, name: &str) -> Rule {
    let rule = without_null(ty, name);
    if !ty.nullable {
        return rule;
    }
    let (value, inner) = (rule.value, rule.ty);
    Rule { value: quote!(Nullable(#value)), ty: quote!(Nullable<#inner>), ..rule }
}

/// The rule of a type, null aside.
pub(super) fn without_null(ty: &Type, name: &str) -> Rule {
    if ty.shared.is_some() {
        return plain(quote!(Nested), true);
    }
    match &ty.shape {
        Shape::Any => plain(quote!(Any), false),
        Shape::Boolean => plain(quote!(Boolean), false),
        Shape::Struct { .. } | Shape::Enum { .. } | Shape::Union { .. } => {
            plain(quote!(Nested), true)
        }
        Shape::Integer { minimum, maximum, multiple_of } => {
            let (low, high) = (tokens::integer(*minimum), tokens::integer(*maximum));
            let multiple = multiple_of.map(tokens::count).map(|n| quote!(.multiple_of(#n)));
            own(quote!(Integer::new(#low, #high)#multiple), quote!(Integer), Vec::new())
        }
        Shape::Number { minimum, maximum } => {
            let lower = minimum.map(|bound| {
                let value = tokens::float(bound.value);
                if bound.exclusive { quote!(.more_than(#value)) } else { quote!(.at_least(#value)) }
            });
            let upper = maximum.map(|bound| {
                let value = tokens::float(bound.value);
                if bound.exclusive { quote!(.less_than(#value)) } else { quote!(.at_most(#value)) }
            });
            own(quote!(Number::new()#lower #upper), quote!(Number), Vec::new())
        }
        Shape::Constant(value) => own(quote!(Constant::new(#value)), quote!(Constant), Vec::new()),
        Shape::Text { min, max, pattern, format } => {
            let text = text(*min, *max, pattern.as_deref(), name);
            let can_fail =
                !text.is_plain || matches!(format, Some(TextFormat::DateTime | TextFormat::Date));
            Rule { can_fail, ..text }
        }
        Shape::Array { items, min, max, unique } => {
            let inner = of(items, &format!("{name}_ITEM"));
            let (value, ty) = (inner.value, inner.ty);
            let min = min.map(tokens::count).map(|n| quote!(.min(#n)));
            let max = max.map(tokens::count).map(|n| quote!(.max(#n)));
            let unique = unique.then(|| quote!(.unique()));
            own(quote!(List::of(#value)#min #max #unique), quote!(List<#ty>), inner.patterns)
        }
        Shape::Map { values, keys, min, max } => {
            let inner = of(values, &format!("{name}_VALUE"));
            let (value, ty) = (inner.value, inner.ty);
            let min = min.map(tokens::count).map(|n| quote!(.min(#n)));
            let max = max.map(tokens::count).map(|n| quote!(.max(#n)));
            let mut patterns = inner.patterns;
            let names = text(keys.min, keys.max, keys.pattern.as_deref(), &format!("{name}_NAME"));
            let keys = (!names.is_plain).then(|| {
                let value = names.value;
                quote!(.keys(#value))
            });
            patterns.extend(names.patterns);
            own(quote!(Map::of(#value)#keys #min #max), quote!(Map<#ty>), patterns)
        }
    }
}

fn text(min: Option<u64>, max: Option<u64>, pattern: Option<&str>, name: &str) -> Rule {
    let is_plain = min.is_none() && max.is_none() && pattern.is_none();
    let min = min.map(tokens::count).map(|n| quote!(.min(#n)));
    let max = max.map(tokens::count).map(|n| quote!(.max(#n)));
    let static_name = tokens::ident(&format!("{name}_PATTERN"));
    let patterns = pattern.map(|pattern| {
        let text = tokens::raw(&pattern::to_rust(pattern));
        let item = quote!(static #static_name: Pattern = Pattern::new(#text););
        (static_name.clone(), item)
    });
    let pattern = pattern.map(|_| quote!(.pattern(&#static_name)));
    let value = quote!(Text::new()#min #max #pattern);
    Rule { is_plain, ..own(value, quote!(Text), patterns.into_iter().collect()) }
}

fn plain(value: TokenStream, can_fail: bool) -> Rule {
    Rule { ty: value.clone(), value, patterns: Vec::new(), can_fail, is_plain: true }
}

fn own(value: TokenStream, ty: TokenStream, patterns: Vec<(Ident, TokenStream)>) -> Rule {
    Rule { value, ty, patterns, can_fail: true, is_plain: false }
}
