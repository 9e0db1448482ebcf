//! Syntax trees to text, with a blank line where a person would leave one.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Item, ItemMacro, MacroDelimiter};

use crate::{Error, HEADER};

/// The text of a file of some items, whose names are written as they are.
///
/// They come in small parts, each of which is forgotten before the next one is parsed: syntax trees
/// are many small allocations, which go faster the fewer there are at a time.
pub(crate) fn file(
    path: &str,
    docs: &[String],
    parts: impl IntoIterator<Item = TokenStream>,
) -> Result<String, Error> {
    let syntax = |source| Error::Syntax { file: path.to_owned(), source };
    let mut text = format!("// {HEADER}\n");
    for line in docs {
        text.push_str(if line.is_empty() { "//!" } else { "//! " });
        text.push_str(line);
        text.push('\n');
    }
    // rustfmt would lay some of it out otherwise, and two layouts cannot both be fresh.
    text.push_str("#![cfg_attr(rustfmt, rustfmt_skip)]\n");
    let mut before = None;
    for part in parts {
        let parsed: syn::File = syn::parse2(part).map_err(syntax)?;
        for item in parsed.items {
            let group = Group::of(&item);
            if group.is_none() || group != before {
                text.push('\n');
            }
            before = group;
            if let Item::Macro(table) = &item
                && let Some(written) = self::table(table)
            {
                text.push_str(&written);
                continue;
            }
            let is_impl = matches!(item, Item::Impl(_));
            let attrs = Vec::new();
            let alone = syn::File { shebang: None, frontmatter: None, attrs, items: vec![item] };
            let written = prettyplease::unparse(&alone);
            match is_impl {
                true => text.push_str(&spaced(&written)),
                false => text.push_str(&written),
            }
        }
    }
    Ok(text)
}

/// Items that stand on lines next to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Uses,
    Statics,
    Modules,
}

impl Group {
    fn of(item: &Item) -> Option<Group> {
        match item {
            Item::Use(_) => Some(Group::Uses),
            Item::Static(_) => Some(Group::Statics),
            Item::Mod(module) if module.content.is_none() => Some(Group::Modules),
            _ => None,
        }
    }
}

/// A macro of lines in braces, laid out as such; prettyplease fills them up like a paragraph.
fn table(item: &ItemMacro) -> Option<String> {
    let MacroDelimiter::Brace(_) = item.mac.delimiter else { return None };
    let path = item.mac.path.to_token_stream().to_string().replace(' ', "");
    let mut out = format!("{path}! {{\n    ");
    lay_out(item.mac.tokens.clone(), 1, &mut out);
    out.push_str("\n}\n");
    Some(out)
}

/// Writes tokens on one line, but for what stands in braces: there, every line has its own.
fn lay_out(tokens: TokenStream, depth: usize, out: &mut String) {
    // Whether a space goes before a word: behind a word, and behind some signs.
    let mut is_apart = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                out.push_str(if is_apart { " {" } else { "{" });
                lines(group.stream(), depth + 1, out);
                out.push_str(&format!("\n{}}}", "    ".repeat(depth)));
                is_apart = true;
            }
            TokenTree::Group(group) => {
                out.push('(');
                lay_out(group.stream(), depth, out);
                out.push(')');
                is_apart = true;
            }
            TokenTree::Punct(sign) => {
                let sign = sign.as_char();
                // `=` and `=>` stand alone, `:` and `,` follow a word; all else is inside a path.
                if sign == '=' {
                    out.push(' ');
                }
                out.push(sign);
                let is_path = sign == ':' && out.ends_with("::");
                is_apart = matches!(sign, '=' | ',' | ':') && !is_path
                    || sign == '>' && out.ends_with("=>");
            }
            word @ (TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                if is_apart {
                    out.push(' ');
                }
                out.push_str(&word.to_string());
                is_apart = true;
            }
        }
    }
}

/// Writes what stands in braces: what ends with `;` where something does, else what ends with `,`.
fn lines(tokens: TokenStream, depth: usize, out: &mut String) {
    let is = |token: &TokenTree, end: char| matches!(token, TokenTree::Punct(sign) if sign.as_char() == end);
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let end = if tokens.iter().any(|token| is(token, ';')) { ';' } else { ',' };
    for line in tokens.split_inclusive(|token| is(token, end)) {
        out.push_str(&format!("\n{}", "    ".repeat(depth)));
        lay_out(line.iter().cloned().collect(), depth, out);
    }
}

/// A blank line between the members of an `impl`, where one of them is a function.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut ended = false;
    for line in text.lines() {
        let is_member = line.starts_with("    ") && !line.starts_with("     ");
        let begins_function = ["    fn ", "    pub fn ", "    ///", "    #["]
            .iter()
            .any(|start| line.starts_with(start));
        if ended && begins_function {
            out.push('\n');
        }
        ended = is_member && (line == "    }" || line.ends_with(';'));
        out.push_str(line);
        out.push('\n');
    }
    out
}
