//! The fields of a payload as rows of a table: nested ones below the one that holds them.

use std::collections::BTreeMap;

use serde::Serialize;
use wr_schema::catalog::Minor;
use wr_schema::contract::{Shape, Type};

use crate::text;

/// A row of the table of fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    /// The way to the field from the payload, as in `window.starts_at`, `items[].name` and
    /// `checks{}`.
    pub(crate) path: String,
    /// What of the path the fields around it do not say.
    pub(crate) name: String,
    /// How many fields are around it.
    pub(crate) depth: usize,
    /// The kind of its values, in words.
    pub(crate) ty: String,
    /// What the values may be beyond that, in words, as Markdown.
    pub(crate) limits: String,
    /// Whether it must be there; none of what is no property.
    pub(crate) required: Option<bool>,
    pub(crate) unit: Option<String>,
    /// How its personal data is masked, where it holds any.
    pub(crate) personal_data: Option<String>,
    pub(crate) deprecated: bool,
    /// The minor that brought it.
    pub(crate) since: String,
    /// Whether that is not the first minor.
    pub(crate) is_later: bool,
    /// What it means.
    pub(crate) description: String,
}

/// The fields of the newest of some minors of one major, oldest first.
pub(crate) fn rows(minors: &[Minor]) -> Vec<Row> {
    let Some(newest) = minors.last() else { return Vec::new() };
    let mut since: BTreeMap<String, String> = BTreeMap::new();
    for minor in minors.iter().rev() {
        // The oldest that has it writes last.
        for row in of_type(&minor.contract) {
            since.insert(row.path, minor.version.to_string());
        }
    }
    let first = minors.first().map(|minor| minor.version.to_string()).unwrap_or_default();
    let mut rows = of_type(&newest.contract);
    for row in &mut rows {
        row.since = since.get(&row.path).cloned().unwrap_or_default();
        row.is_later = row.since != first;
    }
    rows
}

fn of_type(ty: &Type) -> Vec<Row> {
    let mut rows = Vec::new();
    inside(ty, "", 0, &mut rows);
    rows
}

/// What is inside of a type, below `path`.
fn inside(ty: &Type, path: &str, depth: usize, rows: &mut Vec<Row>) {
    match &ty.shape {
        Shape::Struct { fields } => {
            for field in fields {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", field.name);
                rows.push(row(&field.ty, path.clone(), &field.name, depth, Some(field.required)));
                inside(&field.ty, &path, depth + 1, rows);
            }
        }
        Shape::Array { items, .. } => element(items, &format!("{path}[]"), "[]", depth, rows),
        Shape::Map { values, .. } => element(values, &format!("{path}{{}}"), "{}", depth, rows),
        Shape::Union { tag, branches, .. } => {
            for branch in branches {
                let name = format!("({tag} = {})", branch.value);
                let path = format!("{path}{name}");
                rows.push(row(&branch.ty, path.clone(), &name, depth, None));
                inside(&branch.ty, &path, depth + 1, rows);
            }
        }
        Shape::Any
        | Shape::Boolean
        | Shape::Integer { .. }
        | Shape::Number { .. }
        | Shape::Text { .. }
        | Shape::Constant(_)
        | Shape::Enum { .. } => {}
    }
}

/// The items of a list or the values of a map: a row of their own only where there is something to
/// say that the kind of the list does not.
fn element(ty: &Type, path: &str, name: &str, depth: usize, rows: &mut Vec<Row>) {
    if matches!(ty.shape, Shape::Any) && ty.docs.description.is_empty() {
        return;
    }
    rows.push(row(ty, path.to_owned(), name, depth, None));
    inside(ty, path, depth + 1, rows);
}

fn row(ty: &Type, path: String, name: &str, depth: usize, required: Option<bool>) -> Row {
    Row {
        path,
        name: name.to_owned(),
        depth,
        ty: kind(ty),
        limits: limits(ty),
        required,
        unit: ty.docs.unit.clone(),
        personal_data: ty.docs.personal_data.clone(),
        deprecated: ty.docs.deprecated,
        since: String::new(),
        is_later: false,
        description: ty.docs.description.clone(),
    }
}

/// The kind of a type's values, in words.
fn kind(ty: &Type) -> String {
    let kind = match &ty.shape {
        Shape::Any => "any value".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Integer { .. } => "integer".to_owned(),
        Shape::Number { .. } => "number".to_owned(),
        Shape::Text { format: None, .. } | Shape::Constant(_) => "string".to_owned(),
        Shape::Text { format: Some(format), .. } => format.name().to_owned(),
        Shape::Enum { .. } => "enum".to_owned(),
        Shape::Struct { .. } => "object".to_owned(),
        Shape::Map { values, .. } => match &values.shape {
            Shape::Any => "free object".to_owned(),
            _ => format!("map of {}", kind(values)),
        },
        Shape::Array { items, .. } => format!("list of {}", kind(items)),
        Shape::Union { tag, .. } => format!("object, one kind a `{tag}`"),
    };
    if ty.nullable { format!("{kind} or null") } else { kind }
}

/// What the values may be beyond their kind, in words, as Markdown.
fn limits(ty: &Type) -> String {
    let mut all = wr_codegen::bounds(&ty.shape);
    if let Shape::Enum { values, .. } = &ty.shape {
        let values: Vec<String> = values.iter().map(|value| text::code(value)).collect();
        all.push(format!("{}.", values.join(", ")));
    }
    if let Shape::Enum { closed: true, .. } | Shape::Union { closed: true, .. } = &ty.shape {
        all.push("No other is ever added.".to_owned());
    }
    if let Some(default) = &ty.docs.default {
        all.push(format!("Missing means {}.", text::code(&default.to_string())));
    }
    all.join(" ")
}
