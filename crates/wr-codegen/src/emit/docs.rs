//! What is written above a type or a field, from its schema.

use wr_schema::Version;
use wr_schema::contract::{Keys, Shape, TextFormat, Type};

use crate::model::{Item, ItemKind};

/// The description of a type, as lines of Markdown.
pub(super) fn of_type(item: &Item<'_>) -> Vec<String> {
    let docs = item.docs;
    let mut lines = sentences(&docs.description);
    if lines.is_empty() {
        // Items and values need no description of their own.
        lines.push(match item.kind {
            ItemKind::Struct(_) => "An object that the schema does not describe.".to_owned(),
            ItemKind::Enum(_) => "A choice that the schema does not describe.".to_owned(),
            ItemKind::Union(_) => "An alternative that the schema does not describe.".to_owned(),
        });
    }
    if docs.deprecated {
        lines.extend([String::new(), "Deprecated.".to_owned()]);
    }
    lines
}

/// The description of a field and what its schema asks for, as lines of Markdown.
pub(super) fn of_field(ty: &Type, since: Option<Version>) -> Vec<String> {
    let mut facts = Vec::new();
    if ty.docs.deprecated {
        facts.push("Deprecated.".to_owned());
    }
    if let Some(unit) = &ty.docs.unit {
        facts.push(format!("Unit: {}.", escape(unit)));
    }
    facts.extend(bounds(&ty.shape));
    if let Some(default) = &ty.docs.default {
        facts.push(format!("Where it is missing, {} is meant.", code(&default.to_string())));
    }
    if let Some(masked) = &ty.docs.personal_data {
        facts.push(format!("Personal data: {}.", escape(masked.trim_end_matches('.'))));
    }
    if let Some(version) = since {
        facts.push(format!("Since {version}."));
    }
    let mut lines = sentences(&ty.docs.description);
    if !facts.is_empty() {
        lines.push(String::new());
        lines.extend(facts);
    }
    lines
}

/// A text as Markdown's code.
pub(super) fn code(text: &str) -> String {
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false if text.trim().is_empty() => format!("`\"{text}\"`"),
        false => format!("`{text}`"),
    }
}

/// A link to a struct; one may be called as a macro that derives.
pub(super) fn link(ident: &str) -> String {
    const DERIVED: &[&str] =
        &["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];
    match DERIVED.contains(&ident) {
        true => format!("[`{ident}`](struct@{ident})"),
        false => format!("[`{ident}`]"),
    }
}

/// One line a line of the description.
pub(super) fn sentences(text: &str) -> Vec<String> {
    text.trim().lines().map(|line| plain(&escape(line.trim()))).collect()
}

/// Keeps a line from beginning a list, a heading, a rule, a table or a block of code.
fn plain(line: &str) -> String {
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    match digits.chars().next() {
        Some('.' | ')') if digits.len() < line.len() => {
            let at = line.len() - digits.len();
            let (number, rest) = line.split_at(at);
            format!("{number}\\{rest}")
        }
        Some('-' | '+' | '#' | '=' | '|' | '~') if digits.len() == line.len() => {
            format!("\\{line}")
        }
        _ => line.to_owned(),
    }
}

/// Keeps rustdoc from reading links, HTML and bare addresses into plain text.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '`' => in_code = !in_code,
            '[' | ']' | '<' | '>' | '*' if !in_code => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    // An open code span would swallow what follows.
    if in_code { out.replace('`', "\\`") } else { out }.replace("://", ":\\//")
}

/// What the values of a type may be beyond its kind, in words: each a sentence in Markdown.
pub fn bounds(shape: &Shape) -> Vec<String> {
    match shape {
        Shape::Any | Shape::Boolean | Shape::Enum { .. } | Shape::Struct { .. } => Vec::new(),
        Shape::Union { .. } => Vec::new(),
        Shape::Integer { minimum, maximum, multiple_of } => {
            let (least, most) = match *maximum > i64::MAX.into() {
                true => (u64::MIN.into(), u64::MAX.into()),
                false => (i64::MIN.into(), i64::MAX.into()),
            };
            let low = (*minimum > least).then_some(minimum);
            let high = (*maximum < most).then_some(maximum);
            let range = match (low, high) {
                (Some(low), Some(high)) => Some(format!("From {low} to {high}.")),
                (Some(low), None) => Some(format!("At least {low}.")),
                (None, Some(high)) => Some(format!("At most {high}.")),
                (None, None) => None,
            };
            let mut facts: Vec<String> = range.into_iter().collect();
            facts.extend(multiple_of.map(|divisor| format!("A multiple of {divisor}.")));
            facts
        }
        Shape::Number { minimum, maximum } => {
            let lower = minimum.map(|bound| {
                let words = if bound.exclusive { "More than" } else { "At least" };
                format!("{words} {}.", bound.value)
            });
            let upper = maximum.map(|bound| {
                let words = if bound.exclusive { "Less than" } else { "At most" };
                format!("{words} {}.", bound.value)
            });
            lower.into_iter().chain(upper).collect()
        }
        Shape::Constant(value) => vec![format!("Always {}.", code(value))],
        Shape::Text { min, max, pattern, format } => {
            let mut facts: Vec<String> = range(*min, *max, "character").into_iter().collect();
            facts.extend(pattern.as_deref().map(matches));
            facts.extend(format.map(|format| match format {
                TextFormat::Uuid => "A UUID.".to_owned(),
                TextFormat::DateTime => "A moment, RFC 3339 in JSON.".to_owned(),
                TextFormat::Date => "A day, RFC 3339 in JSON.".to_owned(),
                TextFormat::Ipv4 => "An IPv4 address.".to_owned(),
                TextFormat::Ipv6 => "An IPv6 address.".to_owned(),
            }));
            facts
        }
        Shape::Map { keys, min, max, .. } => {
            let mut facts: Vec<String> = range(*min, *max, "entry").into_iter().collect();
            let Keys { min, max, pattern } = keys;
            let names = range(*min, *max, "character");
            facts.extend(names.map(|words| format!("Names: {words}")));
            facts.extend(pattern.as_deref().map(|pattern| format!("Names: {}", matches(pattern))));
            facts
        }
        Shape::Array { min, max, unique, .. } => {
            let mut facts: Vec<String> = range(*min, *max, "item").into_iter().collect();
            if *unique {
                facts.push("No two items are equal.".to_owned());
            }
            facts
        }
    }
}

fn matches(pattern: &str) -> String {
    format!("Matches {}.", code(pattern))
}

/// A count with its bounds, in words.
fn range(min: Option<u64>, max: Option<u64>, unit: &str) -> Option<String> {
    let many = |count: u64| match (count, unit) {
        (1, _) => format!("1 {unit}"),
        (_, "entry") => format!("{count} entries"),
        _ => format!("{count} {unit}s"),
    };
    match (min, max) {
        (None | Some(0), None) => None,
        (Some(min), None) => Some(format!("At least {}.", many(min))),
        (None | Some(0), Some(max)) => Some(format!("At most {}.", many(max))),
        (Some(min), Some(max)) if min == max => Some(format!("Exactly {}.", many(min))),
        (Some(min), Some(max)) => Some(format!("{min} to {}.", many(max))),
    }
}
