//! The fingerprint of a catalogue: what a stream is marked with, so that an operator sees which
//! schemas it was set up for.
//!
//! It is taken of both languages of every version, which hold no annotations: it changes with a new
//! version, and with what a version admits; a description, an example, `x-wr-pii`, white space and
//! the order of members leave it as it is. Streams and consumers have no part in it, for those are
//! compared setting by setting.

use serde_json::Value;
use sha2::{Digest, Sha256};
use wr_schema::Catalog;
use wr_schema::catalog::Minor;

/// Sixteen hexadecimal digits.
pub(crate) fn of(catalog: &Catalog) -> String {
    let subjects = catalog
        .subjects
        .iter()
        .map(|history| entry(history.subject.to_string().into(), &history.minors));
    let dead_letters =
        catalog.dead_letters.iter().map(|history| entry(history.major.into(), &history.minors));
    // The members of an object are written in alphabetical order.
    let all = Value::from(vec![Value::from_iter(subjects), Value::from_iter(dead_letters)]);
    let digest = Sha256::digest(all.to_string());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A name and its minors. Lists are put together by hand: `json!` copies what it is given.
fn entry(name: Value, minors: &[Minor]) -> Value {
    let minors = minors.iter().map(|minor| {
        let number = Value::from(minor.version.minor);
        Value::from(vec![number, minor.writer.to_value(), minor.reader.to_value()])
    });
    Value::from(vec![name, minors.collect()])
}

#[cfg(test)]
mod tests {
    use wr_schema::Sources;

    use super::*;

    const PATH: &str = "shop.order.placed.v1/1.0.json";
    const EVENT: &str = r#"{
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://shop.example.com/schemas/shop.order.placed.v1/1.0.json",
        "title": "OrderPlacedV1",
        "description": "An order was placed.",
        "type": "object",
        "required": ["count"],
        "properties": {
            "count": {"type": "integer", "description": "How many.", "minimum": 0, "maximum": 9},
            "note": {"type": "string", "description": "A note.", "maxLength": 9},
            "kind": {"type": "string", "description": "Which one.", "enum": ["a", "b"]}
        },
        "examples": [{"count": 1}, {"count": 2, "note": "a", "kind": "b"}]
    }"#;

    fn of_files(files: &[(&str, &str)]) -> String {
        of(&Catalog::build(&Sources::from_texts(files.iter().copied())).unwrap())
    }

    fn changed(old: &str, new: &str) -> String {
        assert!(EVENT.contains(old), "{old}");
        of_files(&[(PATH, &EVENT.replace(old, new))])
    }

    #[test]
    fn what_it_knows_and_what_it_does_not() {
        let first = of_files(&[(PATH, EVENT)]);
        // Written down, so that a change of the algorithm is seen: every stream would seem to be
        // of another catalogue.
        assert_eq!(first, "64bf16bca06d1d25");
        let count =
            r#"{"type": "integer", "description": "How many.", "minimum": 0, "maximum": 9}"#;
        for same in [
            changed("How many.", "How many things."),
            changed("\n", "\n\n"),
            changed(
                count,
                r#"{"maximum": 9, "minimum": 0, "description": "N.", "type": "integer"}"#,
            ),
            changed("\"A note.\"", "\"A note.\", \"x-wr-pii\": \"personal\""),
            changed(r#"{"count": 2, "note": "a""#, r#"{"count": 2, "note": "b""#),
        ] {
            assert_eq!(same, first);
        }
        let minor = EVENT.replace("placed.v1/1.0.json", "placed.v1/1.1.json");
        for other in [
            changed("\"maximum\": 9", "\"maximum\": 8"),
            changed(r#"["a", "b"]"#, r#"["a", "b"], "x-wr-closed": true"#),
            of_files(&[(PATH, EVENT), ("shop.order.placed.v1/1.1.json", &minor)]),
        ] {
            assert_ne!(other, first);
        }
    }
}
