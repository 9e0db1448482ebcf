//! What the checker says is true: random pairs held to documents, cases that were once wrong, and
//! schemas that no one should write.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wr_compat::{Mode, Verdict, direction};
use wr_tests::compat_fuzz::{self, Options, node};

#[test]
fn a_sample_of_random_pairs() {
    // The same pairs every time: what a new seed finds is found by the command, not by chance in CI.
    let seed = 20_261_123;
    println!("again: cargo xtask fuzz --compat --cases 40 --seed {seed}");
    let limit = Duration::from_secs(60);
    let options = Options { seed, cases: 40, documents: 300, limit };
    let counts = compat_fuzz::run(options, &mut std::io::stdout());
    assert!(counts.compatible > 0 && counts.breaking > 0, "{counts:?}");
    assert!(
        counts.wrong.is_empty(),
        "{} wrong, the first: {}",
        counts.wrong.len(),
        counts.wrong[0]
    );
}

#[test]
fn what_was_wrong_once() {
    let mut wrong = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(wr_tests::cases("compat").join("soundness"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mode = if case["raw"] == json!(true) { Mode::Raw } else { Mode::Languages };
        let verdict = direction(&node(&case["writer"]), &node(&case["reader"]), mode);
        let name = match verdict {
            Verdict::Compatible => "compatible",
            Verdict::Breaking(_) => "breaking",
            Verdict::Unproven(_) => "unproven",
        };
        let allowed = case["verdicts"].as_array().unwrap();
        if !allowed.iter().any(|other| other == name) {
            wrong.push(format!("{}: {verdict:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Schemas that are legal, or nearly so, and out of all proportion.
fn monsters() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    let mut deep = json!({ "type": "string" });
    for _ in 0..38 {
        deep = json!({ "type": "object", "properties": { "a": deep } });
    }
    all.push(("deep properties", deep));
    let mut deep = json!({ "type": "string" });
    for _ in 0..50 {
        deep = json!({ "anyOf": [deep] });
    }
    all.push(("deep unions", deep));
    let words: Vec<String> = (0..20_000).map(|n| format!("word{n}")).collect();
    all.push((
        "a huge enum",
        json!({ "type": "object", "properties": { "a": { "enum": words, "x-wr-closed": true } } }),
    ));
    let chain: serde_json::Map<String, Value> = (0..3_000)
        .map(|n| (format!("d{n}"), json!({ "$ref": format!("#/definitions/d{}", n + 1) })))
        .chain([("d3000".to_owned(), json!({ "type": "string" }))])
        .collect();
    all.push(("a long chain", json!({ "$ref": "#/definitions/d0", "definitions": chain })));
    let chain: serde_json::Map<String, Value> = (0..3_000)
        .map(|n| {
            let next = format!("#/definitions/d{}", n + 1);
            (format!("d{n}"), json!({ "type": "object", "properties": { "a": { "$ref": next } } }))
        })
        .chain([("d3000".to_owned(), json!({ "type": "string" }))])
        .collect();
    all.push(("a long list", json!({ "$ref": "#/definitions/d0", "definitions": chain })));
    all.push((
        "a circle",
        json!({ "allOf": [{ "$ref": "#" }], "properties": { "a": { "$ref": "#" } } }),
    ));
    all.push(("a paradox", json!({ "not": { "$ref": "#" } })));
    all.push((
        "circles of choices",
        json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }, { "oneOf": [{ "$ref": "#" }, { "$ref": "#" }] }] }),
    ));
    let properties: serde_json::Map<String, Value> = (0..3_000)
        .map(|n| (format!("p{n}"), json!({ "type": "string", "maxLength": n })))
        .collect();
    let names: Vec<String> = (0..3_000).map(|n| format!("p{n}")).collect();
    all.push(("thousands of properties", json!({ "type": "object", "properties": properties })));
    all.push((
        "thousands of required properties",
        json!({ "type": "object", "properties": properties, "required": names }),
    ));
    let branch =
        |n: i32| json!({ "properties": { "a": { "minimum": n }, "b": { "maxLength": n } } });
    let some: Vec<Value> = (1..40).map(branch).collect();
    all.push((
        "unions of unions",
        json!({ "allOf": [{ "anyOf": some }, { "oneOf": some }, { "anyOf": some }] }),
    ));
    all.push(("a large oneOf", json!({ "oneOf": (0..150).map(|n| json!({ "required": [format!("p{n}")] })).collect::<Vec<_>>() })));
    for pattern in [
        "(a*)*b",
        "(a|a)*c",
        "(a{1,100}){1,100}",
        "^.{0,5000}$",
        "[\\s\\S]{9999}",
        "(?=x)y",
        "((((",
        "\\p{L}+",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(x+x+)+y",
        ".*.*.*.*=.*",
    ] {
        all.push((
            "a pattern",
            json!({ "properties": { "a": { "type": "string", "pattern": pattern } } }),
        ));
    }
    all.push(("a number", json!({ "minimum": -1e300, "maximum": 1e308, "multipleOf": 1e-300 })));
    all.push(("a huge step", json!({ "type": "number", "multipleOf": 1e30, "minimum": 1 })));
    all.push((
        "a tiny step",
        json!({ "type": "number", "multipleOf": 1e-9, "exclusiveMinimum": 0, "maximum": 1e-9 }),
    ));
    all.push(("a long text", json!({ "type": "string", "minLength": 9_007_199_254_740_992_u64 })));
    all.push((
        "a long array",
        json!({ "type": "array", "minItems": 1_000_000_000, "items": { "type": "string" } }),
    ));
    all.push(("distinct items", json!({ "type": "array", "minItems": 500, "uniqueItems": true, "items": { "type": "integer" } })));
    all.push((
        "lists of lists",
        json!({ "type": "array", "minItems": 3, "uniqueItems": true, "items": { "$ref": "#" } }),
    ));
    all.push(("many properties", json!({ "type": "object", "minProperties": 100_000 })));
    all.push((
        "the largest counts",
        json!({ "maxLength": u64::MAX, "maxItems": u64::MAX, "maxProperties": u64::MAX }),
    ));
    all.push(("a contained crowd", json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "contains": { "type": "string" }, "minContains": 18, "maxContains": 19 })));
    let dependencies: serde_json::Map<String, Value> =
        (0..200).map(|n| (format!("p{n}"), json!([format!("p{}", n + 1)]))).collect();
    all.push(("dependencies", json!({ "dependencies": dependencies })));
    let patterns: serde_json::Map<String, Value> =
        (0..30).map(|n| (format!("a{{{n}}}.*[{n}]"), json!({ "minLength": n }))).collect();
    all.push(("patterns of names", json!({ "type": "object", "patternProperties": patterns })));
    for garbage in [
        json!({ "type": "any" }),
        json!({ "type": 3 }),
        json!({ "properties": [] }),
        json!({ "required": true }),
        json!({ "enum": {} }),
        json!({ "minLength": -1 }),
        json!({ "minLength": "x" }),
        json!({ "items": 3 }),
        json!({ "$ref": 3 }),
        json!({ "$ref": "#/nowhere" }),
        json!({ "$ref": "https://example.com/x" }),
        json!({ "allOf": {} }),
        json!({ "anyOf": [] }),
        json!({ "oneOf": [3] }),
        json!({ "pattern": 3 }),
        json!({ "multipleOf": 0 }),
        json!({ "$schema": 3 }),
        json!({ "$schema": "https://example.com/none" }),
        json!({ "$schema": "http://json-schema.org/draft-03/schema#", "properties": { "a": { "required": true } } }),
        json!([]),
        json!(3),
        json!(null),
        json!("x"),
        json!(true),
        json!(false),
        json!({}),
    ] {
        all.push(("garbage", garbage));
    }
    all
}

/// What a question may take: a second where the checker is optimised and alone on its core.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 90 } else { 4 });

#[test]
fn monsters_are_judged_or_not_but_never_for_long() {
    let all = monsters();
    let plain = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let mut slow = String::new();
    for (name, monster) in &all {
        let small =
            Value::Object(serde_json::Map::from_iter([("not".to_owned(), monster.clone())]));
        for (writer, reader) in
            [(monster, monster), (monster, &plain), (&plain, monster), (&small, monster)]
        {
            for mode in [Mode::Languages, Mode::Raw] {
                let begin = Instant::now();
                let verdict = direction(&node(writer), &node(reader), mode);
                let took = begin.elapsed();
                if took > LIMIT {
                    let _ = writeln!(slow, "{name}, {mode:?}: {took:?}");
                }
                if let Verdict::Unproven(reason) = &verdict {
                    assert!(!reason.contains("failed"), "{name}: {reason}");
                }
                let is_same = std::ptr::eq(writer, reader) && mode == Mode::Raw;
                assert!(
                    !(is_same && matches!(verdict, Verdict::Breaking(_))),
                    "{name}: {verdict:?}"
                );
            }
        }
    }
    assert!(slow.is_empty(), "{slow}");
}

#[test]
fn the_features_of_the_json_crate_are_as_they_must_be() {
    // `arbitrary_precision` would read this, and `preserve_order` would keep `b` first.
    assert!(serde_json::from_str::<Value>("1E400").is_err());
    let value: Value = serde_json::from_str(r#"{"b": 1, "a": 2}"#).unwrap();
    assert_eq!(value.to_string(), r#"{"a":2,"b":1}"#);
    // `raw_value` would read a one.
    let raw = r#"{"$serde_json::private::RawValue":"1"}"#;
    assert_eq!(serde_json::from_str::<Value>(raw).unwrap().to_string(), raw);
}
