//! The schemas that a generated crate carries as text: each version's own, and both its languages.

use serde_json::{Value, json};
use wr_schema::Catalog;
use wr_schema::catalog::Minor;

use crate::HEADER;

/// The three texts of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// The schema with its references replaced.
    Schema,
    /// The writer language.
    Writer,
    /// The reader language.
    Reader,
}

impl Text {
    const ALL: [Text; 3] = [Text::Schema, Text::Writer, Text::Reader];

    fn name(self) -> &'static str {
        match self {
            Text::Schema => "schema",
            Text::Writer => "writer",
            Text::Reader => "reader",
        }
    }
}

/// The path of a text in the crate, from the path of its source: `contracts/{subject}/{version}`.
pub(crate) fn path(minor: &Minor, text: Text) -> String {
    let stem = minor.path.strip_suffix(".json").unwrap_or(&minor.path);
    format!("contracts/{stem}.{}.json", text.name())
}

/// Every text, with its path.
pub(crate) fn files(catalog: &Catalog) -> Vec<(String, String)> {
    let subjects = catalog.subjects.iter().flat_map(|history| &history.minors);
    let dead_letters = catalog.dead_letters.iter().flat_map(|history| &history.minors);
    subjects
        .chain(dead_letters)
        .flat_map(|minor| Text::ALL.map(|text| (path(minor, text), contents(minor, text))))
        .collect()
}

/// The value as text, the header first.
pub(crate) fn with_header(mut value: Value) -> String {
    if let Value::Object(members) = &mut value {
        members.insert("$comment".to_owned(), json!(HEADER));
    }
    format!("{value:#}\n")
}

fn contents(minor: &Minor, text: Text) -> String {
    let schema = match text {
        Text::Schema => &minor.schema,
        Text::Writer => &minor.writer,
        Text::Reader => &minor.reader,
    };
    let text = schema.to_pretty();
    match text.strip_prefix("{\n") {
        Some(members) => format!(
            "{{\n  \"$comment\": \"{HEADER}\",\n  \
             \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n{members}"
        ),
        None => text,
    }
}
