//! What is JSON and what is not: every entry point says of each document what `serde_json` says, of
//! the document as the whole message, and of the document as a free-form value in a message.

use std::fs;

use serde_json::Value;
use wr_events::{AnyEvent, EventSet, Payload, PositionEnqueuedV1};
use wr_tests::differential::{Counts, Differential};

/// A document: its name, which begins with what is expected, and its bytes.
fn documents() -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(wr_tests::cases("json")).unwrap();
    let mut documents: Vec<(String, Vec<u8>)> = files
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    documents.sort();
    documents
}

/// A message that holds the document as a value that no schema says anything of.
fn holding(document: &[u8]) -> Vec<u8> {
    let before = br#"{"id":"0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a","version":"1.1","type":"position.enqueued","timestamp":"2024-01-01T12:00:00Z","source":"waitingroom-api","data":{"position_id":"pos-xyz789","priority":0,"metadata":{"value":"#;
    [before, document, br#"},"queue_length":1}}"#].concat()
}

#[test]
fn documents_are_json_or_not_as_their_names_say() {
    let documents = documents();
    assert!(documents.len() > 300);
    for (name, bytes) in documents {
        let is_json = serde_json::from_slice::<Value>(&bytes).is_ok();
        match name.split_once('_') {
            Some(("y", _)) => assert!(is_json, "{name}"),
            Some(("n", _)) => assert!(!is_json, "{name}"),
            Some(("i", _)) => {}
            _ => panic!("{name}: a name begins with `y_`, `n_` or, where readers differ, `i_`"),
        }
    }
}

#[test]
fn every_entry_point_says_of_a_document_what_serde_json_says() {
    let differential = Differential::<AnyEvent>::new();
    let subject = PositionEnqueuedV1::SUBJECT;
    let mut counts = Counts::default();
    for (name, bytes) in documents() {
        let held = holding(&bytes);
        for message in [&bytes, &held] {
            let agreed = differential.message(subject, message, &mut counts);
            assert!(agreed.is_ok(), "{name}: {}", agreed.unwrap_err());
        }
        // Whatever the value is, the message obeys the schema: being JSON is all that is asked.
        let is_json = serde_json::from_slice::<Value>(&held).is_ok();
        assert_eq!(AnyEvent::decode(subject, &held).is_ok(), is_json, "{name}");
    }
    assert!(counts.accepted > 100);
}

/// The longest way through a message that a fuzzer mostly misses: each byte of it.
#[test]
fn a_message_is_judged_alike_wherever_it_is_damaged() {
    let differential = Differential::<AnyEvent>::new();
    let mut counts = Counts::default();
    let agreed = differential.everywhere(PositionEnqueuedV1::SUBJECT, &mut counts);
    assert!(agreed.is_ok(), "{}", agreed.unwrap_err());
    assert!(0 < counts.accepted && counts.accepted < counts.documents);
}
