//! A schema with what the dialect asks of everyone and no language sees: a title, descriptions,
//! examples; and with the bounds that an integer has to have.

use serde_json::{Map, Value, json};
use wr_compat::{Mode, Verdict, direction};
use wr_schema::Subject;
use wr_tests::compat_fuzz::node;

/// The text of one version of a subject.
pub(crate) fn dressed(schema: &Value, subject: &Subject, version: &str) -> String {
    let mut schema = schema.clone();
    dress(&mut schema);
    let smallest = smallest(&schema);
    if let Value::Object(members) = &mut schema {
        let id = format!("https://cases.example.com/schemas/{subject}/{version}.json");
        members.insert("$id".to_owned(), json!(id));
        members.insert("title".to_owned(), json!(subject.type_name()));
        default(members, "$schema", json!("http://json-schema.org/draft-07/schema#"));
        default(members, "description", json!("Something happened."));
        let examples: Vec<&Value> = smallest.iter().chain(&smallest).collect();
        default(members, "examples", json!(examples));
    }
    schema.to_string()
}

/// The smallest document that may be sent: what breaks readers who take none.
fn smallest(schema: &Value) -> Option<Value> {
    match direction(&node(schema), &node(&json!(false)), Mode::Languages) {
        Verdict::Breaking(witness) => Some(witness.document),
        Verdict::Compatible | Verdict::Unproven(_) => None,
    }
}

fn dress(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    match members.get("const").or_else(|| members.get("enum")?.get(0)) {
        Some(Value::String(_)) => default(members, "type", json!("string")),
        Some(Value::Number(_)) => default(members, "type", json!("integer")),
        _ => {}
    }
    if members.get("type").is_some_and(is_integer) && !members.contains_key("format") {
        bounded(members, ["minimum", "exclusiveMinimum"], i64::MIN);
        bounded(members, ["maximum", "exclusiveMaximum"], i64::MAX);
    }
    for keyword in ["properties", "definitions"] {
        if let Some(Value::Object(schemas)) = members.get_mut(keyword) {
            schemas.values_mut().for_each(described);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        members.get_mut(keyword).into_iter().for_each(dress);
    }
    if let Some(Value::Array(branches)) = members.get_mut("oneOf") {
        branches.iter_mut().for_each(described);
    }
}

fn described(schema: &mut Value) {
    dress(schema);
    if let Value::Object(members) = schema {
        default(members, "description", json!("What it says."));
    }
}

fn is_integer(types: &Value) -> bool {
    [json!("integer"), json!(["integer", "null"])].contains(types)
}

fn bounded(members: &mut Map<String, Value>, keywords: [&str; 2], bound: i64) {
    if !keywords.iter().any(|keyword| members.contains_key(*keyword)) {
        members.insert(keywords[0].to_owned(), json!(bound));
    }
}

fn default(members: &mut Map<String, Value>, keyword: &str, value: Value) {
    members.entry(keyword).or_insert(value);
}
