//! Pairs of schemas whose verdicts are known, both ways.

use std::fs;

use serde_json::Value;
use wr_compat::{Mode, Verdict, direction};
use wr_schema::json::{FileId, Node, parse};

/// One pair of `cases/compat/pairs.jsonl`.
fn pairs() -> Vec<Value> {
    let path = wr_tests::cases("compat").join("pairs.jsonl");
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn node(schema: &Value) -> Node {
    parse(FileId(0), &schema.to_string()).unwrap()
}

fn is_compatible(verdict: &Verdict) -> Option<bool> {
    match verdict {
        Verdict::Compatible => Some(true),
        Verdict::Breaking(_) => Some(false),
        Verdict::Unproven(_) => None,
    }
}

#[test]
fn both_directions_are_decided_as_known() {
    let mut wrong = Vec::new();
    for pair in pairs() {
        let (old, new) = (node(&pair["old"]), node(&pair["new"]));
        for (name, writer, reader, mode) in [
            ("backward", &old, &new, Mode::Languages),
            ("forward", &new, &old, Mode::Languages),
            ("raw_backward", &old, &new, Mode::Raw),
            ("raw_forward", &new, &old, Mode::Raw),
        ] {
            let verdict = direction(writer, reader, mode);
            if is_compatible(&verdict) != pair[name].as_bool() {
                wrong.push(format!("{} {name}: {verdict:?}", pair["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_witness_is_small_and_the_same_every_time() {
    let pairs = pairs();
    let pair = pairs.iter().find(|pair| pair["name"] == "minimum_loosened").unwrap();
    let (old, new) = (node(&pair["old"]), node(&pair["new"]));
    let Verdict::Breaking(witness) = direction(&new, &old, Mode::Languages) else {
        panic!("a loosened bound breaks deployed readers");
    };
    assert_eq!(witness.document.to_string(), r#"{"position_id":"","priority":-1}"#);
    assert_eq!(witness.violations[0].pointer, "/priority");
    assert_eq!(witness.violations[0].keyword, "minimum");
}
