//! The dialect's own JSON Schema: what an editor can see of what the lint sees.

use std::collections::BTreeSet;

use serde_json::Value;
use wr_schema::draft::Draft;
use wr_schema::validator::Compiled;
use wr_schema::{Sources, dialect};

use crate::lint::cases;

/// The rules of single schemas that a JSON Schema cannot hold, or holds only in part: they compare
/// two places, follow references, read patterns or look at how a number is written.
const BEYOND_A_SCHEMA: &[&str] = &[
    "contract_too_large",
    "contradictory_bound",
    "default_on_required",
    "default_rejected",
    "duplicate_key",
    "example_rejected",
    "id_mismatch",
    "integer_range",
    "invalid_json",
    "name_collision",
    "pattern_invalid",
    "pattern_not_portable",
    "ref_cycle",
    "required_without_property",
    "title_mismatch",
    "too_few_examples",
];

/// Single cases of the other rules.
const BEYOND_IN_PART: &[&str] = &[
    "enum_values/fires_null",
    "enum_values/fires_null_alone",
    "enum_values/fires_null_missing",
    "keyword_value/fires_bound",
    "keyword_value/fires_digits",
    "keyword_value/fires_exponent",
    "keyword_value/fires_float",
    "pattern_unanchored/fires_branches",
    "ref_unresolved/fires",
    "ref_unresolved/fires_file",
    "ref_unresolved/fires_in_use",
    "untagged_union/fires_other_tag",
    "untagged_union/fires_same_value",
];

/// The schema files of a catalogue, each with its path.
fn files(sources: &Sources) -> Vec<(String, Value)> {
    let draft = Draft::of(sources);
    draft.schemas().map(|(file, root)| (file.path.to_owned(), root.to_value())).collect()
}

#[test]
fn it_accepts_what_the_lint_accepts() {
    let compiled = Compiled::new(&dialect::json_schema()).unwrap();
    let mut catalogues = vec![Sources::load(&wr_tests::schemas()).unwrap()];
    catalogues.extend(cases().iter().filter(|case| !case.fires()).map(|case| case.sources()));
    for (path, schema) in catalogues.iter().flat_map(files) {
        assert_eq!(compiled.violations(&schema), [], "{path}\n{schema:#}");
    }
}

#[test]
fn it_refuses_what_a_schema_can_see() {
    let compiled = Compiled::new(&dialect::json_schema()).unwrap();
    let mut accepted = BTreeSet::new();
    for case in cases() {
        let is_one_file = case.fires() && case.path.is_file();
        if is_one_file && !BEYOND_A_SCHEMA.contains(&case.rule.as_str()) {
            let files = files(&case.sources());
            if files.iter().all(|(_, schema)| compiled.violations(schema).is_empty()) {
                accepted.insert(format!("{}/{}", case.rule, case.name));
            }
        }
    }
    let expected: BTreeSet<String> = BEYOND_IN_PART.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(accepted, expected);
}
