//! Syntax trees to text, with a blank line where a person would leave one.

use proc_macro2::TokenStream;
use syn::Item;

use crate::{Error, HEADER, emit};

/// The text of a file.
pub(crate) fn file(path: &str, docs: &[String], tokens: TokenStream) -> Result<String, Error> {
    let syntax = |source| Error::Syntax { file: path.to_owned(), source };
    let parsed: syn::File = syn::parse2(emit::named(tokens)).map_err(syntax)?;
    let mut text = format!("// {HEADER}\n");
    for line in docs {
        text.push_str(if line.is_empty() { "//!" } else { "//! " });
        text.push_str(line);
        text.push('\n');
    }
    // rustfmt would lay some of it out otherwise, and two layouts cannot both be fresh.
    text.push_str("#![cfg_attr(rustfmt, rustfmt_skip)]\n");
    let mut before: Option<&Item> = None;
    for item in &parsed.items {
        if before.is_none_or(|before| !are_one_group(before, item)) {
            text.push('\n');
        }
        let alone = syn::File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![item.clone()],
        };
        let written = prettyplease::unparse(&alone);
        match item {
            Item::Impl(_) => text.push_str(&spaced(&written)),
            _ => text.push_str(&written),
        }
        before = Some(item);
    }
    Ok(text)
}

/// Whether two items stand on lines next to each other.
fn are_one_group(a: &Item, b: &Item) -> bool {
    matches!((a, b), (Item::Use(_), Item::Use(_)) | (Item::Static(_), Item::Static(_)))
        || matches!((a, b), (Item::Mod(a), Item::Mod(b)) if a.content.is_none() && b.content.is_none())
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
