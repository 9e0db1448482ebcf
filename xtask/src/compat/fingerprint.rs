//! The fingerprint of a finding: what a waiver names it by.
//!
//! It stays the same however the files are formatted, in whatever order their members stand and
//! whatever their descriptions say, and on every machine; it changes with the rule, the subject,
//! the versions, the place, and what either version allows there.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use wr_compat::Finding;
use wr_schema::json::Node;

/// Keywords whose values tell a reader of the file something, and a machine nothing.
const ANNOTATIONS: &[&str] =
    &["$comment", "$id", "$schema", "deprecated", "description", "examples", "title", "x-wr-pii"];

/// Keywords whose members are names, not keywords.
const NAMES: &[&str] =
    &["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// Keywords whose values are documents.
const DOCUMENTS: &[&str] = &["const", "default", "enum"];

/// Sixteen hexadecimal digits.
pub(super) fn fingerprint(
    finding: &Finding,
    subject: &str,
    versions: (&str, &str),
    schemas: (Option<&Node>, Option<&Node>),
) -> String {
    let part = |schema: Option<&Node>| {
        let schema = schema?.to_value();
        Some(contract(at(&schema, &finding.pointer).unwrap_or(&schema)))
    };
    let text = json!([
        finding.rule,
        subject,
        versions.0,
        versions.1,
        finding.pointer,
        part(schemas.0),
        part(schemas.1),
    ]);
    let digest = Sha256::digest(text.to_string());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The schema that a pointer into values leads to.
fn at<'a>(schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    pointer.split('/').skip(1).try_fold(schema, |schema, token| {
        let name = token.replace("~1", "/").replace("~0", "~");
        let property = schema.get("properties").and_then(|names| names.get(&name));
        let inside = ["items", "additionalProperties"].into_iter();
        let inside = inside.filter(|_| token == "*").find_map(|keyword| schema.get(keyword));
        property.or(inside)
    })
}

/// A schema without what only a person reads.
fn contract(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let kept = members.iter().filter(|(key, _)| !ANNOTATIONS.contains(&key.as_str()));
            let kept = kept.map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    (key, Value::Object(names)) if NAMES.contains(&key) => {
                        let of_name =
                            |(name, value): (&String, &Value)| (name.clone(), contract(value));
                        Value::Object(names.iter().map(of_name).collect::<Map<_, _>>())
                    }
                    (key, value) if DOCUMENTS.contains(&key) => value.clone(),
                    (_, value) => contract(value),
                };
                (key.clone(), value)
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().map(contract).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use wr_compat::{Evidence, Kind};
    use wr_schema::json::{FileId, parse};

    use super::*;

    fn of(rule: &'static str, pointer: &str, old: &str, new: &str) -> String {
        let finding = Finding {
            rule,
            kind: Kind::Meaning,
            pointer: pointer.to_owned(),
            old: None,
            new: None,
            message: String::new(),
            help: String::new(),
            evidence: Evidence::None,
        };
        let (old, new) = (parse(FileId(0), old).unwrap(), parse(FileId(0), new).unwrap());
        fingerprint(&finding, "a.b.c.v1", ("1.0", "1.1"), (Some(&old), Some(&new)))
    }

    #[test]
    fn what_it_knows_and_what_it_does_not() {
        let old = r#"{"properties":{"n":{"type":"integer","default":0,"description":"N."}}}"#;
        let new =
            r#"{"properties":{"n":{"type":"integer","default":1},"m":{"const":{"title":1}}}}"#;
        let first = of("default_changed", "/n", old, new);
        // Written down, so that a change of the algorithm is seen: it would end every waiver.
        assert_eq!(first, "2deda571031847de");
        let spaced = new.replace(",", " ,\n ").replace(r#""type":"integer" ,"#, "");
        let moved =
            spaced.replace(r#""default":1}"#, r#""default":1,"type":"integer","title":"N"}"#);
        assert_eq!(of("default_changed", "/n", old, &moved), first);
        for other in [
            of("default_added", "/n", old, new),
            of("default_changed", "/m", old, new),
            of("default_changed", "/n", old, &new.replace(":1}", ":2}")),
            of("default_changed", "", old, new),
        ] {
            assert_ne!(other, first);
        }
        let titled = new.replace(r#"{"title":1}"#, r#"{"title":2}"#);
        assert_ne!(of("default_changed", "", old, new), of("default_changed", "", old, &titled));
    }
}
