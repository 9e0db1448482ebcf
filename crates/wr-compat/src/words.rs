//! The type of a place as a reader knows it: in Rust for a schema of the dialect, else in words.

use wr_schema::contract::integer_range;
use wr_schema::json::{Data, Node};
use wr_schema::keywords::{self, Kind};
use wr_schema::rust_names::Step;

use crate::documents::Documents;
use crate::walk::{Pair, Role, Site};

/// How deep a type is told.
const DEEPEST: u32 = 8;

/// The types of a place in both versions, where both can be told; none for a property that is no
/// field.
pub(crate) fn types(pair: &Pair<'_>) -> Option<(Option<String>, Option<String>)> {
    let of_place = |site: &Site<'_>, required: Option<bool>| {
        // What is always the same is no field in Rust.
        let is_constant = site.name.is_some() && site.node.get("const").is_some();
        if required == Some(true) && is_constant {
            return Some(None);
        }
        of_site(pair, site, required.unwrap_or(true)).map(Some)
    };
    let (old, new) = match pair.role {
        Role::Property { old, new } => (Some(old), Some(new)),
        Role::Root | Role::Inner => (None, None),
    };
    let (old, new) = (of_place(&pair.old, old)?, of_place(&pair.new, new)?);
    let is_union = |site: &Site<'_>| keywords::kind(site.node) == Some(Kind::Union);
    let word = |site| if is_union(site) { "enum" } else { "struct" };
    if old == new && is_union(&pair.old) != is_union(&pair.new) {
        let told = |site, ty: Option<String>| ty.map(|ty| format!("{} {ty}", word(site)));
        return Some((told(&pair.old, old), told(&pair.new, new)));
    }
    Some((old, new))
}

/// The types of a place in both versions in a sentence, whether they are required aside.
pub(crate) fn plain_types(pair: &Pair<'_>) -> Option<(String, String)> {
    let of = |site: &Site<'_>| {
        let told = of_site(pair, site, true)?;
        Some(if site.name.is_some() { format!("`{told}`") } else { told })
    };
    Some((of(&pair.old)?, of(&pair.new)?))
}

fn of_site(pair: &Pair<'_>, site: &Site<'_>, required: bool) -> Option<String> {
    of(pair.documents, site.node, site.name.as_deref(), required)
}

/// The type of a schema; `name` is the Rust name that it has or would have, where it is of the
/// dialect.
pub(crate) fn of(
    documents: &Documents,
    node: &Node,
    name: Option<&str>,
    required: bool,
) -> Option<String> {
    Some(match name {
        Some(name) => {
            let plain = rust(node, name);
            let is_option = !required || keywords::is_nullable(node);
            if is_option { format!("Option<{plain}>") } else { plain }
        }
        None => {
            let plain = words(documents, node, 0)?;
            if required { plain } else { format!("{plain}, optional") }
        }
    })
}

/// The Rust type of a schema of the dialect, as the generator writes it.
fn rust(node: &Node, name: &str) -> String {
    let inner = |keyword: &str, step: Step<'_>| match node.get(keyword) {
        Some(inner) => of_rust(inner, &step.name(name)),
        None => "Value".to_owned(),
    };
    match keywords::kind(node) {
        None | Some(Kind::Any | Kind::Reference) => "Value".to_owned(),
        Some(Kind::Boolean) => "bool".to_owned(),
        Some(Kind::Integer) => {
            let beyond = integer_range(node).is_some_and(|(_, most)| most > i64::MAX.into());
            if beyond { "u64" } else { "i64" }.to_owned()
        }
        Some(Kind::Number) => "f64".to_owned(),
        Some(Kind::Text) if node.get("const").is_some() => "String".to_owned(),
        Some(Kind::Text) if node.get("enum").is_some() => name.to_owned(),
        Some(Kind::Text) => match node.get("format").and_then(Node::as_str) {
            Some("uuid") => "Uuid",
            Some("date-time") => "DateTime<Utc>",
            Some("date") => "NaiveDate",
            Some("ipv4") => "Ipv4Addr",
            Some("ipv6") => "Ipv6Addr",
            _ => "String",
        }
        .to_owned(),
        Some(Kind::Struct | Kind::Union) => name.to_owned(),
        Some(Kind::Map) => {
            format!("BTreeMap<String, {}>", inner("additionalProperties", Step::Values))
        }
        Some(Kind::Array) => format!("Vec<{}>", inner("items", Step::Items)),
    }
}

fn of_rust(node: &Node, name: &str) -> String {
    let plain = rust(node, name);
    if keywords::is_nullable(node) { format!("Option<{plain}>") } else { plain }
}

/// A schema in words; none where its keywords do not say.
fn words(documents: &Documents, node: &Node, depth: u32) -> Option<String> {
    let node = documents.follow(node);
    if depth > DEEPEST {
        return None;
    }
    if let Some(value) = node.get("const") {
        return Some(format!("the constant `{}`", value.to_value()));
    }
    if let Some(values) = node.get("enum") {
        let is_plain = |value: &Node| matches!(value.data, Data::String(_) | Data::Null);
        let is_text = values.items().iter().all(is_plain);
        return Some(if is_text { "an enum of strings" } else { "an enum" }.to_owned());
    }
    if ["oneOf", "anyOf"].iter().any(|keyword| node.get(keyword).is_some()) {
        return Some("a union".to_owned());
    }
    let Some(types) = node.get("type") else {
        if node.get("properties").is_some() {
            return Some("a struct".to_owned());
        }
        return (keywords::kind(node) == Some(Kind::Any)).then(|| "anything".to_owned());
    };
    let one = types.as_str().into_iter();
    let names = one.chain(types.items().iter().filter_map(Node::as_str));
    let names: Option<Vec<String>> = names.map(|name| word(documents, node, name, depth)).collect();
    Some(names?.join(" or "))
}

fn word(documents: &Documents, node: &Node, name: &str, depth: u32) -> Option<String> {
    let inner = |keyword| match node.get(keyword) {
        Some(inner) if inner.is_object() => words(documents, inner, depth + 1),
        _ => Some("anything".to_owned()),
    };
    Some(match name {
        "string" => match node.get("format").and_then(Node::as_str) {
            Some(format) if keywords::TEXT_FORMATS.contains(&format) => format!("a `{format}`"),
            _ => "a string".to_owned(),
        },
        "integer" => "an integer".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "a boolean".to_owned(),
        "object" if node.get("properties").is_some() => "a struct".to_owned(),
        "object" => format!("a map of {}", inner("additionalProperties")?),
        "array" => format!("an array of {}", inner("items")?),
        other => other.to_owned(),
    })
}
