//! The disagreements that were examined: what an oracle says wrongly, and why we are right.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::judges::Judges;
use crate::oracles::{Oracle, Verdict, judge};
use crate::pairs::{entries, read, repository};

/// A kept case.
pub(crate) struct Case {
    oracle: Oracle,
    /// What makes the oracle err: where these stand together and it says the same, it is the same.
    keywords: BTreeSet<String>,
    writer: Value,
    reader: Value,
    says: String,
    ours: String,
}

/// Every kept case, as it is said today.
pub(crate) fn load(judges: &mut Judges) -> Result<Vec<Case>, String> {
    let paths = entries(&repository().join("tests/oracles/cases"))?;
    let mut cases = Vec::new();
    for path in &paths {
        let case = Case::of(&read(path)?).and_then(|case| case.held(judges).map(|()| case));
        cases.push(case.map_err(|what| format!("{}: {what}", path.display()))?);
    }
    Ok(cases)
}

impl Case {
    fn of(case: &Value) -> Result<Case, String> {
        let field = |name: &str| case.get(name).ok_or_else(|| format!("no `{name}`"));
        let text = |name| field(name)?.as_str().ok_or_else(|| format!("`{name}` is no text"));
        let names = field("keywords")?.as_array().ok_or("`keywords` are no list")?;
        Ok(Case {
            keywords: names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            oracle: Oracle::named(text("oracle")?).ok_or("no such oracle")?,
            writer: field("writer")?.clone(),
            reader: field("reader")?.clone(),
            says: text("says")?.to_owned(),
            ours: text("ours")?.to_owned(),
        })
    }

    fn held(&self, judges: &mut Judges) -> Result<(), String> {
        let said = judges.oracle(self.oracle, &self.writer, &self.reader);
        if said.word() != self.says {
            return Err(format!("the oracle says {}: is this no case any more?", said.word()));
        }
        let [ours, _] = judges.ours(&self.writer, &self.reader)?;
        if ours.word() != self.ours {
            return Err(format!("we say {}", ours.word()));
        }
        match is_ours(&ours, &said, &self.writer, &self.reader) {
            Some(false) => Err("a document shows that we are wrong".to_owned()),
            Some(true) | None => Ok(()),
        }
    }

    /// Whether a reduced disagreement is one of this kind: the same is said where the keywords of
    /// the case stand.
    pub(crate) fn is_like(
        &self,
        oracle: Oracle,
        says: &str,
        writer: &Value,
        reader: &Value,
    ) -> bool {
        let found = &keywords(writer) | &keywords(reader);
        self.oracle == oracle && self.says == says && self.keywords.is_subset(&found)
    }
}

/// Whether a document shows that we are right, or that we are wrong.
pub(crate) fn is_ours(
    ours: &Verdict,
    said: &Verdict,
    writer: &Value,
    reader: &Value,
) -> Option<bool> {
    let accepts = |schema, document| judge(schema).map(|judge| judge.is_valid(document));
    let is_witness = |document| {
        accepts(writer, document) == Some(true) && accepts(reader, document) == Some(false)
    };
    match (ours, said) {
        (Verdict::Breaking(witness), _) => Some(witness.as_ref().is_some_and(is_witness)),
        (_, Verdict::Breaking(Some(document))) if is_witness(document) => Some(false),
        _ => None,
    }
}

/// The keywords of a schema and its parts.
fn keywords(schema: &Value) -> BTreeSet<String> {
    const MAPS: &[&str] =
        &["definitions", "dependentSchemas", "patternProperties", "properties", "$defs"];
    let mut all = BTreeSet::new();
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::Object(parts) if MAPS.contains(&key.as_str()) => {
                        all.extend(parts.values().flat_map(keywords));
                    }
                    _ if matches!(key.as_str(), "const" | "enum") => {}
                    _ => all.extend(keywords(value)),
                }
                all.insert(key.clone());
            }
        }
        Value::Array(items) => all.extend(items.iter().flat_map(keywords)),
        _ => {}
    }
    all
}
