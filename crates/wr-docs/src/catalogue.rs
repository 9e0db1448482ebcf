//! The catalogue in Markdown, for browsing in the repository.

use wr_schema::Catalog;

use crate::facts::{Event, Facts, Major};
use crate::fields::Row;
use crate::{Error, HEADER, Options, changes, text};

/// The catalogue, as text.
///
/// # Errors
/// A name that makes no Rust, which the lint should not have let pass.
pub fn markdown(catalog: &Catalog, options: &Options) -> Result<String, Error> {
    let facts = Facts::of(catalog, options)?;
    let mut out = format!("<!-- {HEADER} -->\n# The events of {}\n", text::markdown(&facts.domain));
    for entity in &facts.entities {
        out += &format!("\n## {}\n\n", text::markdown(&entity.name));
        out += "| event | what it means | published by | stream | consumed by | version |\n";
        out += "|---|---|---|---|---|---|\n";
        entity.events.iter().for_each(|event| out += &line(event));
        entity.events.iter().for_each(|event| out += &section(event));
    }
    out += &streams(&facts);
    Ok(out)
}

fn line(event: &Event) -> String {
    let Some(major) = event.majors.first() else { return String::new() };
    let stream = major.stream.as_ref();
    let stream = stream.map(|kept| format!("{}, kept {}", text::code(&kept.name), kept.age));
    format!(
        "| [{}](#{}) | {} | {} | {} | {} | {} |\n",
        text::markdown(&event.name),
        heading_anchor(&event.name),
        text::markdown(&event.summary),
        publishers(major),
        stream.unwrap_or_default(),
        consumers(major),
        event.newest
    )
}

fn publishers(major: &Major) -> String {
    if major.by_every_service { "every service".to_owned() } else { codes(&major.publishers) }
}

fn consumers(major: &Major) -> String {
    let names: Vec<String> = major.consumers.iter().map(|reader| reader.name.clone()).collect();
    codes(&names)
}

fn codes(names: &[String]) -> String {
    names.iter().map(|name| text::code(name)).collect::<Vec<_>>().join(", ")
}

/// The address that a heading gets where Markdown is shown: what is no letter, digit or `-` goes.
fn heading_anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_';
    heading.to_lowercase().chars().filter(kept).collect()
}

fn section(event: &Event) -> String {
    let mut out = format!("\n### {}\n\n", text::markdown(&event.name));
    out += &format!("{}\n", text::markdown(&event.description));
    for major in &event.majors {
        out += &format!("\n{} {}:\n\n", text::code(&major.subject), major.newest);
        out += &rows(&major.rows);
    }
    if let [newest, ..] = event.pairs.as_slice() {
        let (old, new, tone) = (&newest.old, &newest.new, changes::tone(newest.tone));
        out += &format!("\nFrom {old} to {new}, {tone}: {}.\n\n", newest.verdict);
        for change in &newest.changes {
            out += &format!("- {}\n", text::markdown(&change.sentence));
        }
        if newest.changes.is_empty() {
            out += "- nothing that a message or a reader could tell\n";
        }
    }
    out
}

fn rows(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "It has no fields.\n".to_owned();
    }
    let mut out = "| field | type | required | limits | since | what it means |\n".to_owned();
    out += "|---|---|---|---|---|---|\n";
    for row in rows {
        let mut limits = vec![text::markdown(&row.limits)];
        limits.extend(row.unit.as_ref().map(|unit| format!("Unit: {}.", text::markdown(unit))));
        limits.retain(|limit| !limit.is_empty());
        let mut means = vec![text::markdown(&row.description)];
        let personal = row.personal_data.as_deref();
        means.extend(personal.map(|text| format!("**Personal data:** {}", text::markdown(text))));
        if row.deprecated {
            means.insert(0, "**Deprecated.**".to_owned());
        }
        means.retain(|text| !text.is_empty());
        let required = match row.required {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        out += &format!(
            "| {} | {} | {required} | {} | {} | {} |\n",
            text::code(&row.path),
            text::markdown(&row.ty),
            limits.join(" "),
            row.since,
            means.join(" ")
        );
    }
    out
}

fn streams(facts: &Facts) -> String {
    let mut out = String::new();
    if !facts.streams.is_empty() {
        out += "\n## Streams\n\n| stream | what it carries | kept for | messages | size |\n";
        out += "|---|---|---|---|---|\n";
        for stream in &facts.streams {
            let limit = |name: &str| {
                let found = stream.limits.iter().find(|(key, _)| *key == name);
                found.map_or("", |(_, value)| value.as_str())
            };
            let (name, means) = (text::code(&stream.name), text::markdown(&stream.description));
            let (age, messages, size) = (&stream.age, limit("Messages"), limit("Size"));
            out += &format!("| {name} | {means} | {age} | {messages} | {size} |\n");
        }
    }
    if !facts.consumers.is_empty() {
        out += "\n## Consumers\n\n| consumer | what it does | stream | run by | events |\n";
        out += "|---|---|---|---|---|\n";
        for consumer in &facts.consumers {
            out += &format!(
                "| {} | {} | {} | {} | {} |\n",
                text::code(&consumer.name),
                text::markdown(&consumer.description),
                text::code(&consumer.stream),
                consumer.service.as_deref().map(text::code).unwrap_or_default(),
                codes(&consumer.events)
            );
        }
    }
    if !facts.services.is_empty() {
        out +=
            "\n## Services\n\n| service | what it does | publishes | runs |\n|---|---|---|---|\n";
        for service in &facts.services {
            out += &format!(
                "| {} | {} | {} | {} |\n",
                text::code(&service.name),
                text::markdown(&service.description),
                codes(&service.publishes),
                codes(&service.consumes)
            );
        }
    }
    out
}
