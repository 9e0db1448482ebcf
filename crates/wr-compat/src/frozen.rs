//! Published files: what of them may change.

use wr_schema::json::{Data, Member, Node, Span};

use crate::compare::compare;
use crate::direction::Mode;
use crate::documents::escaped;
use crate::report::{Evidence, Finding, Kind};

/// What changed in a published file that may not change; nothing where only annotations did.
///
/// `base` is the file as it was published and `now` as it is, neither with its references replaced.
/// A change that breaks no message is of kind [`Kind::Code`], since services are built from it.
pub fn frozen(base: &Node, now: &Node) -> Vec<Finding> {
    let mut edits = Vec::new();
    schema(base, now, "", &mut edits);
    if edits.is_empty() {
        return Vec::new();
    }
    let found = compare(base, now, Mode::Languages).findings;
    let breaks = |finding: &&Finding| match finding.kind {
        Kind::Backward | Kind::Forward | Kind::Meaning | Kind::Code => true,
        Kind::Allowed | Kind::Unproven => false,
    };
    let finding = |edit: Edit| {
        let there = found.iter().filter(breaks).find(|finding| finding.pointer == edit.pointer);
        let (kind, evidence) = match there {
            Some(finding) => (finding.kind, finding.evidence.clone()),
            None => (Kind::Code, Evidence::Reason(WHY.to_owned())),
        };
        Finding {
            rule: "frozen_file_changed",
            kind,
            pointer: edit.pointer,
            old: edit.old.or(Some(base.head())),
            new: edit.new.or(Some(now.head())),
            message: edit.message,
            help: HELP.to_owned(),
            evidence,
        }
    };
    edits.into_iter().map(finding).collect()
}

const WHY: &str = "services are built from this file as it was published";
const HELP: &str = "undo the edit, and write it in a new minor, or in a new major where it breaks";

/// An edit of a published file.
struct Edit {
    pointer: String,
    old: Option<Span>,
    new: Option<Span>,
    message: String,
}

/// What may change.
const ANNOTATIONS: &[&str] = &["title", "description", "examples", "deprecated", "$comment"];

/// What may be added.
const ADDITIONS: &[&str] = &["x-wr-unit", "x-wr-pii"];

/// Keywords that hold schemas under names.
const NAMED: &[&str] = &["properties", "patternProperties", "definitions", "$defs"];

/// Keywords that hold a schema, or a list of them.
const SCHEMAS: &[&str] = &["items", "additionalProperties", "oneOf", "anyOf", "allOf"];

fn schema(base: &Node, now: &Node, pointer: &str, edits: &mut Vec<Edit>) {
    if !base.is_object() || !now.is_object() {
        if base.to_value() != now.to_value() {
            edits.push(Edit {
                pointer: pointer.to_owned(),
                old: Some(base.head()),
                new: Some(now.head()),
                message: "the schema changed".to_owned(),
            });
        }
        return;
    }
    for (key, was, is) in entries(base, now) {
        let may_come = was.is_none() && ADDITIONS.contains(&key);
        if ANNOTATIONS.contains(&key) || may_come {
            continue;
        }
        match (was, is) {
            (Some(was), Some(is)) if NAMED.contains(&key) => {
                named(key, &was.value, &is.value, pointer, edits);
            }
            (Some(was), Some(is)) if SCHEMAS.contains(&key) => {
                schemas(key, was, is, pointer, edits);
            }
            _ => plain(&format!("`{key}`"), pointer, was, is, edits),
        }
    }
}

/// Schemas under names.
fn named(keyword: &str, base: &Node, now: &Node, pointer: &str, edits: &mut Vec<Edit>) {
    for (name, was, is) in entries(base, now) {
        let below = match keyword {
            "properties" => format!("{pointer}/{}", escaped(name)),
            _ => pointer.to_owned(),
        };
        match (was, is) {
            (Some(was), Some(is)) => schema(&was.value, &is.value, &below, edits),
            _ => plain(&format!("`{name}` of `{keyword}`"), &below, was, is, edits),
        }
    }
}

/// A schema, or a list of them.
fn schemas(key: &str, was: &Member, is: &Member, pointer: &str, edits: &mut Vec<Edit>) {
    let (base, now) = (&was.value, &is.value);
    match (&base.data, &now.data) {
        (Data::Array(base), Data::Array(now)) if base.len() == now.len() => {
            base.iter().zip(now).for_each(|(base, now)| schema(base, now, pointer, edits));
        }
        (Data::Object(_), Data::Object(_)) => {
            schema(base, now, &format!("{pointer}/*"), edits);
        }
        _ => plain(&format!("`{key}`"), pointer, Some(was), Some(is), edits),
    }
}

/// What is compared as it is written.
fn plain(
    what: &str,
    pointer: &str,
    was: Option<&Member>,
    is: Option<&Member>,
    edits: &mut Vec<Edit>,
) {
    let value = |member: Option<&Member>| member.map(|member| member.value.to_value());
    if value(was) == value(is) {
        return;
    }
    let verb = match (was, is) {
        (None, _) => "was added",
        (_, None) => "was removed",
        (Some(_), Some(_)) => "changed",
    };
    edits.push(Edit {
        pointer: pointer.to_owned(),
        old: was.map(|member| member.key_span),
        new: is.map(|member| member.key_span),
        message: format!("{what} {verb} in a published file"),
    });
}

/// The members of both objects by their keys, in the order of the new one; what is gone comes last.
fn entries<'a>(
    base: &'a Node,
    now: &'a Node,
) -> Vec<(&'a str, Option<&'a Member>, Option<&'a Member>)> {
    let index = |node: &'a Node| -> std::collections::HashMap<&'a str, &'a Member> {
        node.members().iter().map(|member| (member.key.as_str(), member)).collect()
    };
    let (old, new) = (index(base), index(now));
    let kept = now.members().iter().map(|member| {
        let key = member.key.as_str();
        (key, old.get(key).copied(), Some(member))
    });
    let gone = base.members().iter().filter(|member| !new.contains_key(member.key.as_str()));
    kept.chain(gone.map(|member| (member.key.as_str(), Some(member), None))).collect()
}
