//! Where another checker says otherwise, we still say what was examined: the cases of
//! `oracles/cases`, which `cargo xtask fuzz --oracles` holds to those checkers.

use std::fs;

use serde_json::Value;
use wr_compat::{Mode, Verdict, direction};
use wr_schema::validator::Compiled;
use wr_tests::compat_fuzz::node;

#[test]
fn our_verdicts_are_as_recorded() {
    let cases = wr_tests::repository().join("tests/oracles/cases");
    for entry in fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let (writer, reader) = (&case["writer"], &case["reader"]);
        let (word, witness) = match direction(&node(writer), &node(reader), Mode::Raw) {
            Verdict::Compatible => ("compatible", Value::Null),
            Verdict::Breaking(witness) => ("breaking", witness.document),
            Verdict::Unproven(reason) => panic!("{name}: {reason}"),
        };
        assert_eq!((&case["ours"], &case["witness"]), (&Value::from(word), &witness), "{name}");
        assert_ne!(case["ours"], case["says"], "{name}: where is the disagreement?");
        assert!(case["why"].is_string(), "{name}: why are we right?");
        if word == "breaking" {
            let accepts = |schema| Compiled::detect(schema).unwrap().accepts(&witness);
            assert!(accepts(writer) && !accepts(reader), "{name}: {witness} is no witness");
        }
    }
}
