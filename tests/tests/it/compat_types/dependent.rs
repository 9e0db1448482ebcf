//! The code of somebody who depends on a generated crate, written from what the crate offers: it
//! names every type, field, variant and method, builds and takes apart, and matches with `..` and
//! `_` where the type may grow, and without where it may not.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Fields, FnArg, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Path, ReceiverKind,
    Signature, Token, Type, Visibility,
};

/// The modules of such a crate, each with its name, from the files of the generated one, which it
/// calls `events`.
pub(crate) fn modules(files: &[(String, String)]) -> Vec<(String, String)> {
    let paths = files.iter().filter_map(|(path, text)| {
        let path: Vec<&str> = path.strip_prefix("src/")?.strip_suffix(".rs")?.split('/').collect();
        let public = match path.as_slice() {
            ["any"] => Vec::new(),
            ["definitions"] | ["dead_letter", _] | [_, _, _] => path.clone(),
            _ => return None,
        };
        Some((path.join("_"), module(&public, text)))
    });
    paths.collect()
}

/// The root of such a crate.
pub(crate) fn root<'a>(modules: impl IntoIterator<Item = &'a str>) -> String {
    let modules = modules.into_iter().map(|module| format!("mod {module};\n"));
    let modules: String = modules.collect();
    format!("//! Depends on `events`.\n#![deny(warnings)]\n\n{modules}")
}

fn module(public: &[&str], text: &str) -> String {
    let file = syn::parse_file(text).unwrap();
    let path = public.iter().map(|segment| format_ident!("{segment}"));
    let items: Vec<TokenStream> = file.items.iter().map(item).collect();
    let types = file.items.iter().filter_map(public_type);
    // The root gives every type but those of the definitions once more.
    let at_root = (public != ["definitions"]).then(|| quote!(use ::events::{#(#types),*};));
    // Of what is generated here nothing is called; the tidiness of this repository is another thing.
    let allow = format_ident!("allow");
    let tokens = quote! {
        #![#allow(dead_code, non_snake_case, unreachable_patterns, unused_imports)]
        mod at_root { #at_root }
        use ::events::#(#path::)**;
        #(#items)*
    };
    prettyplease::unparse(&syn::parse2(replaced(tokens, "crate", &quote!(::events))).unwrap())
}

fn public_type(item: &Item) -> Option<&Ident> {
    match item {
        Item::Struct(item) if is_public(&item.vis) => Some(&item.ident),
        Item::Enum(item) if is_public(&item.vis) => Some(&item.ident),
        _ => None,
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn item(item: &Item) -> TokenStream {
    match item {
        Item::Use(item) => item.to_token_stream(),
        Item::Struct(item) => structure(item),
        Item::Enum(item) => enumeration(item),
        Item::Impl(item) => implementation(item),
        _ => quote!(),
    }
}

fn structure(item: &ItemStruct) -> TokenStream {
    let ident = &item.ident;
    let fields = item.fields.iter().filter(|field| is_public(&field.vis));
    let (names, types): (Vec<_>, Vec<_>) = fields.map(|it| (&it.ident, &it.ty)).unzip();
    let (taken, built) = (format_ident!("taken_{ident}"), format_ident!("built_{ident}"));
    let rest = may_grow(&item.attrs).then(|| quote!(..));
    let build = rest
        .is_none()
        .then(|| quote!(fn #built(#(#names: #types),*) -> #ident { #ident { #(#names),* } }));
    let derived = derived(ident, &item.attrs);
    quote! {
        fn #taken(value: #ident) {
            let #ident { #(#names,)* #rest } = value;
            #(let _: #types = #names;)*
        }
        #build
        #derived
    }
}

fn enumeration(item: &ItemEnum) -> TokenStream {
    let ident = &item.ident;
    let (matched, built) = (format_ident!("matched_{ident}"), format_ident!("built_{ident}"));
    let (mut arms, mut makers) = (Vec::new(), Vec::new());
    for variant in &item.variants {
        let name = &variant.ident;
        match &variant.fields {
            Fields::Unnamed(fields) => {
                let ty = &fields.unnamed[0].ty;
                arms.push(quote!(#ident::#name(value) => { let _: #ty = value; }));
                makers.push(quote!(let _: fn(#ty) -> #ident = #ident::#name;));
            }
            _ => {
                arms.push(quote!(#ident::#name => {}));
                makers.push(quote!(let _: #ident = #ident::#name;));
            }
        }
    }
    // What borrows is made by decoding alone, and its lifetime is written by nobody.
    if !item.generics.params.is_empty() {
        makers.clear();
        arms = arms.into_iter().map(|arm| replaced(arm, "a", &quote!(_))).collect();
    }
    let rest = may_grow(&item.attrs).then(|| quote!(_ => {}));
    let derived = derived(ident, &item.attrs);
    quote! {
        fn #matched(value: #ident) { match value { #(#arms)* #rest } }
        fn #built() { #(#makers)* }
        #derived
    }
}

fn may_grow(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

/// That the type has the traits that it derives.
fn derived(ident: &Ident, attributes: &[Attribute]) -> TokenStream {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let traits = derives.flat_map(|attribute| {
        attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).unwrap()
    });
    has(ident, traits)
}

/// That the type has some traits; two of those that are derived stand in no prelude.
fn has(ident: &Ident, traits: impl IntoIterator<Item = Path>) -> TokenStream {
    let traits =
        traits.into_iter().map(|path| match path.get_ident().map(Ident::to_string).as_deref() {
            Some("Debug") => quote!(::std::fmt::Debug),
            Some("Hash") => quote!(::std::hash::Hash),
            _ => quote!(#path),
        });
    quote!(const _: fn() = || { fn has<T: #(#traits)+*>() {} has::<#ident>(); };)
}

fn implementation(item: &ItemImpl) -> TokenStream {
    let ty = item.self_ty.to_token_stream();
    let Type::Path(path) = &*item.self_ty else { return quote!() };
    let Some(ident) = path.path.segments.last().map(|segment| segment.ident.clone()) else {
        return quote!();
    };
    if let Some((path, _)) = &item.trait_ {
        return has(&ident, [path.clone()]);
    }
    let methods = item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) if is_public(&method.vis) => Some(called(&ident, &method.sig)),
        _ => None,
    });
    replaced(methods.collect(), "Self", &ty)
}

/// A call of a method, with its types written out.
fn called(ident: &Ident, signature: &Signature) -> TokenStream {
    let method = &signature.ident;
    let (name, output) = (format_ident!("{method}_{ident}"), &signature.output);
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&input.ty),
        FnArg::Receiver(_) => None,
    });
    let (names, types): (Vec<_>, Vec<_>) =
        typed.enumerate().map(|(at, ty)| (format_ident!("value_{at}"), ty)).unzip();
    let receiver = signature.receiver().map(|receiver| match receiver.kind {
        ReceiverKind::Reference(..) => quote!(value: &#ident,),
        _ => quote!(value: #ident,),
    });
    let on = if receiver.is_some() { quote!(value.) } else { quote!(#ident::) };
    quote!(fn #name(#receiver #(#names: #types),*) #output { #on #method(#(#names),*) })
}

/// The tokens with other ones in place of a word.
fn replaced(tokens: TokenStream, word: &str, by: &TokenStream) -> TokenStream {
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(ident) if ident == word => by.clone(),
        TokenTree::Group(group) => {
            let mut other = Group::new(group.delimiter(), replaced(group.stream(), word, by));
            other.set_span(group.span());
            TokenTree::Group(other).into()
        }
        tree => tree.into(),
    });
    trees.collect()
}
