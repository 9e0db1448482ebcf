//! The design document's own samples: their ids are no UUIDs, so every reader refuses them there,
//! and nowhere else.

use std::fs;

use serde_json::Value;
use wr_schema::validator::Compiled;
use wr_schema::{Catalog, Sources, Subject};

const UUID: &str = "018cc4e5-2200-73a1-8c7e-5d20b94f6a81";

#[test]
fn the_samples_of_the_design_document_are_refused_for_their_ids_alone() {
    let catalog = Catalog::build(&Sources::load(&wr_tests::schemas()).unwrap()).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(wr_tests::cases("spec-samples")).unwrap() {
        let path = entry.unwrap().path();
        let sample: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let subject = Subject::parse(sample["subject"].as_str().unwrap()).unwrap();
        for minor in &catalog.history(&subject).unwrap().minors {
            let reader = Compiled::new(&minor.reader.to_value()).unwrap();
            let mut message = sample["message"].clone();
            let violations = reader.violations(&message);
            let found: Vec<(&str, &str)> = violations
                .iter()
                .map(|violation| (violation.pointer.as_str(), violation.keyword.as_str()))
                .collect();
            let expected =
                (sample["refused_at"].as_str().unwrap(), sample["rule"].as_str().unwrap());
            assert_eq!(found, [expected], "{} of {}", path.display(), minor.path);
            message["id"] = UUID.into();
            assert_eq!(reader.violations(&message), [], "{} of {}", path.display(), minor.path);
        }
        count += 1;
    }
    assert!(count >= 4);
}
