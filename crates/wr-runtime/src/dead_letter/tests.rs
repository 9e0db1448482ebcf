//! The forms of dead letters, held to the schema, to the limit and to what was written.

use async_nats::HeaderMap;
use bytes::Bytes;
use fastrand::Rng;
use serde_json::Value;
use uuid::Uuid;
use wr_core::chrono::DateTime;
use wr_core::serde_json;
use wr_events::dead_letter::v1::DeadLetterV1;
use wr_events::{CATALOGUE, PositionEnqueuedV1, PositionEnqueuedV1Required};

use super::circumstances::PREFIX;
use super::form::{self, Stored, Written};
use super::{DeadLetter, DeadLetterQueue, ROOM, Reason, RedriveOptions, Selection, block};
use crate::error::{ErrorKind, Violation};
use crate::headers::{self, Headers, MESSAGE_ID};
use crate::trace::TraceContext;
use crate::validator::Compiled;

fn letter(body: impl Into<Bytes>) -> DeadLetter {
    DeadLetter {
        original_subject: "waitingroom.position.enqueued.v1".to_owned(),
        body: body.into(),
        reason: Reason::UnmarshalError,
        error: "not JSON at line 1, column 1".to_owned(),
        timestamp: DateTime::from_timestamp_nanos(1_704_110_402_310_000_000),
        stream: Some("POSITION_EVENTS".to_owned()),
        consumer: Some("analytics-processor".to_owned()),
        stream_sequence: Some(48_211),
        stored_at: Some(DateTime::from_timestamp_nanos(1_704_110_401_287_123_456)),
        deliveries: Some(3),
        original_headers: HeaderMap::new(),
        schema_errors: Vec::new(),
    }
}

fn write(letter: &DeadLetter, max_payload: usize) -> Written {
    let written = form::write(letter, "dlq.s.c", &TraceContext::root(), max_payload).unwrap();
    for message in written.others.iter().chain([&written.head]) {
        let size = headers::size(&message.headers.map()) + message.body.len();
        assert!(size <= max_payload, "{size} > {max_payload}");
    }
    written
}

fn form_of(written: &Written) -> String {
    written.head.headers.map().get("Wr-Dead-Letter-Form").unwrap().to_string()
}

/// What is read of what was written, after a way over the wire.
fn read(mut written: Written) -> DeadLetter {
    let over_the_wire = |headers: &HeaderMap| block::decode(&block::encode(headers));
    let others: Vec<_> = (0..written.others.len() as u64).map(|number| number + 7).collect();
    written.refer(&others);
    match form::read(&over_the_wire(&written.head.headers.map()), written.head.body).unwrap() {
        Stored::Whole(letter) => *letter,
        Stored::First(first) => {
            assert_eq!(first.others(), others);
            let parts = written.others.into_iter();
            let parts: Vec<_> =
                parts.map(|part| (over_the_wire(&part.headers.map()), part.body)).collect();
            first.join(&parts).unwrap()
        }
        Stored::Later => panic!("the head is a later part"),
    }
}

fn text(rng: &mut Rng, most: usize) -> String {
    let alphabet: Vec<char> = "abcXYZ019 .,:;%\"{}äß\u{a0}日本-_".chars().collect();
    let text: String = (0..rng.usize(..=most)).map(|_| *rng.choice(&alphabet).unwrap()).collect();
    text.trim().to_owned()
}

fn random(rng: &mut Rng, size: usize) -> DeadLetter {
    let mut letter = letter(std::iter::repeat_with(|| rng.u8(..)).take(size).collect::<Vec<_>>());
    for _ in 0..rng.usize(..6) {
        let names =
            ["Content-Type", "traceparent", "X", "x", "Wr-Dead-Letter-Form", "wr-dead-letter-x"];
        let name = match rng.choice(names).unwrap() {
            "X" => format!("X-{}", rng.u32(..100)),
            name => name.to_owned(),
        };
        for _ in 0..rng.usize(1..4) {
            let most = if rng.u8(..10) == 0 { 2_000 } else { 30 };
            block::append(&mut letter.original_headers, &name, &text(rng, most));
        }
    }
    letter.reason = rng.choice(&Reason::ALL).unwrap().clone();
    letter.error = text(rng, 1_000);
    letter.original_subject = format!("a.{}", text(rng, 20));
    letter.stream_sequence = Some(rng.u64(..));
    letter.deliveries = Some(rng.i64(0..));
    letter.stored_at = Some(DateTime::from_timestamp_nanos(rng.i64(0..)));
    for _ in 0..rng.usize(..20) {
        let (pointer, keyword) = (format!("/{}", text(rng, 40)), "maximum".to_owned());
        letter.schema_errors.push(Violation { pointer, keyword });
    }
    letter
}

/// What the headers tell of a dead letter, which is all but the end of long texts.
fn check_circumstances(read: &DeadLetter, written: &DeadLetter) {
    let DeadLetter { error, schema_errors, .. } = read;
    assert!(written.schema_errors.starts_with(schema_errors));
    let whole = DeadLetter {
        error: written.error.clone(),
        schema_errors: written.schema_errors.clone(),
        ..read.clone()
    };
    assert_eq!(&whole, written);
    assert!(error.len() <= 512);
}

#[test]
fn every_form_is_read_back() {
    let base = fastrand::u64(..);
    let mut forms = std::collections::BTreeMap::<_, u32>::new();
    for seed in (0..600).map(|number| base.wrapping_add(number)) {
        let case = std::panic::AssertUnwindSafe(|| {
            let mut rng = Rng::with_seed(seed);
            let max_payload = rng.usize(9_000..60_000);
            let size = rng.usize(..=max_payload + 4_000);
            let letter = random(&mut rng, size);
            let written = write(&letter, max_payload);
            let form = form_of(&written);
            let read = read(written);
            match form.as_str() {
                "document" => assert_eq!(read, letter),
                _ => check_circumstances(&read, &letter),
            }
            form
        });
        let form = std::panic::catch_unwind(case).unwrap_or_else(|_| panic!("seed {seed}"));
        *forms.entry(form).or_default() += 1;
    }
    assert_eq!(forms.len(), 3, "{forms:?}");
}

#[test]
fn every_document_is_in_the_writer_language() {
    let minors = CATALOGUE.dead_letters.last().unwrap().minors;
    let schema: Value = serde_json::from_str(minors.last().unwrap().writer).unwrap();
    let schema = Compiled::new(&schema).unwrap();
    let base = fastrand::u64(..);
    for seed in (0..200).map(|number| base.wrapping_add(number)) {
        let mut rng = Rng::with_seed(seed);
        let size = rng.usize(..300);
        let letter = random(&mut rng, size);
        let written = write(&letter, 1 << 20);
        assert_eq!(form_of(&written), "document");
        let body = &written.head.body;
        schema.validate(&serde_json::from_slice(body).unwrap()).unwrap();
        let generated: DeadLetterV1 = serde_json::from_slice(body).unwrap();
        assert_eq!(generated.reason.as_str(), letter.reason.as_str(), "seed {seed}");
        assert_eq!(generated.stored_at, letter.stored_at, "seed {seed}");
        assert_eq!(generated.stream_sequence, letter.stream_sequence, "seed {seed}");
    }
}

#[test]
fn the_schemas_reasons_are_ours() {
    let schema = CATALOGUE.dead_letters.last().unwrap().minors.last().unwrap().schema;
    let schema: Value = serde_json::from_str(schema).unwrap();
    let theirs = schema.pointer("/properties/reason/enum").unwrap().as_array().unwrap();
    let ours: Vec<_> = Reason::ALL.iter().map(|reason| Value::from(reason.as_str())).collect();
    assert_eq!(theirs, &ours);
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.as_str()), reason);
    }
    assert_eq!(Reason::parse("x"), Reason::Unknown("x".to_owned()));
}

#[test]
fn what_others_write_is_read() {
    let minors = CATALOGUE.dead_letters.last().unwrap().minors;
    let schema: Value = serde_json::from_str(minors.last().unwrap().schema).unwrap();
    let mut examples = schema.pointer("/examples").and_then(Value::as_array).cloned();
    let examples = examples.get_or_insert_default();
    examples.push(serde_json::json!({
        "original_subject": "a.b", "original_data": "eyI=", "reason": "new", "error": "",
        "timestamp": "2024-01-01T13:00:02+01:00", "stream": null, "more": 1,
    }));
    for example in &*examples {
        let body = Bytes::from(example.to_string());
        let letter = DeadLetter::read(&HeaderMap::new(), body).unwrap();
        assert_eq!(letter.original_subject, example["original_subject"].as_str().unwrap());
    }
    for body in ["", "{}", r#"{"original_data": "?"}"#, "[]"] {
        let error = DeadLetter::read(&HeaderMap::new(), body.into()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::DeadLetter(_)), "{error}");
    }
}

/// An event of ours that is as large as the publisher lets it be, with names of the longest that
/// NATS has, redriven before.
#[test]
fn what_our_publisher_sends_fits_in_one_message() {
    let required =
        PositionEnqueuedV1Required { position_id: String::new(), priority: 0, queue_length: 0 };
    let event = wr_core::Event::new("s".repeat(2_000), PositionEnqueuedV1::new(required))
        .with_queue_id("q".repeat(500));
    let headers = Headers::of_event(&event, TraceContext::root(), true).map();
    let max_payload = 64 << 10;
    let room = max_payload - ROOM - headers::size(&headers);
    let mut letter = letter(vec![b'x'; room]);
    letter.original_headers = block::without_control(Some(&headers));
    letter.original_headers.insert("Wr-Redrive-Sequence", u64::MAX.to_string());
    letter.original_headers.insert("Wr-Redrive-Count", u64::MAX.to_string());
    letter.original_subject = "s".repeat(255);
    letter.stream = Some("S".repeat(255));
    letter.consumer = Some("C".repeat(255));
    letter.stream_sequence = Some(u64::MAX);
    letter.stored_at = Some(DateTime::from_timestamp_nanos(i64::MAX));
    letter.timestamp = DateTime::from_timestamp_nanos(i64::MAX);
    letter.deliveries = Some(i64::MAX);
    letter.reason = Reason::MaxDeliveriesExceeded;
    letter.error = "e".repeat(10_000);
    letter.schema_errors =
        vec![Violation { pointer: "/p".repeat(40), keyword: "k".to_owned() }; 100];
    let written = write(&letter, max_payload);
    assert_eq!((form_of(&written).as_str(), written.others.len()), ("raw", 0));
    check_circumstances(&read(written), &letter);
}

#[test]
fn the_first_form_that_fits_is_taken() {
    let max_payload = 1 << 20;
    for (size, form, messages) in [
        (0, "document", 1),
        (700_000, "document", 1),
        (800_000, "raw", 1),
        (max_payload - ROOM, "raw", 1),
        (max_payload - 10, "part", 2),
        (max_payload * 3, "part", 4),
    ] {
        let written = write(&letter(vec![0; size]), max_payload);
        assert_eq!((form_of(&written).as_str(), written.others.len() + 1), (form, messages));
        assert_eq!(read(written), letter(vec![0; size]));
    }
}

#[test]
fn a_limit_that_leaves_no_room_is_told() {
    let error = form::write(&letter(vec![0; 5_000]), "s", &TraceContext::root(), 4_000);
    assert!(matches!(error.unwrap_err().kind(), ErrorKind::TooLarge { .. }));
}

#[test]
fn the_id_names_the_original_and_its_consumer() {
    let id = "dl.POSITION_EVENTS.48211.1704110401287123456.analytics-processor";
    for size in [0, 10_000, 20_000] {
        let written = write(&letter(vec![0; size]), 12_000);
        assert_eq!(written.head.headers.map().get(MESSAGE_ID).unwrap().as_str(), id);
        for part in &written.others {
            let headers = part.headers.map();
            let part = headers.get(MESSAGE_ID).unwrap().as_str();
            assert!(part.starts_with(id) && part != id, "{part}");
        }
    }
    for lack in [
        DeadLetter { stream: None, ..letter("") },
        DeadLetter { consumer: None, ..letter("") },
        DeadLetter { stream_sequence: None, ..letter("") },
        DeadLetter { stored_at: None, ..letter("") },
        DeadLetter { stream: Some("a\nb".to_owned()), ..letter("") },
        DeadLetter { consumer: Some("a\rb".to_owned()), ..letter("") },
    ] {
        assert!(matches!(lack.id().unwrap_err().kind(), ErrorKind::DeadLetter(_)));
    }
}

/// Two attempts, with another count of deliveries and another error: their parts fit together.
#[test]
fn parts_of_two_attempts_fit_together() {
    let (mut first, max_payload) = (letter(vec![7; 20_000]), 12_000);
    for number in 0..10 {
        block::append(&mut first.original_headers, &format!("x-{number}"), "value");
    }
    let second = DeadLetter { error: "e".repeat(400), deliveries: Some(1_000), ..first.clone() };
    let (first, mut mixed) = (write(&first, max_payload), write(&second, max_payload));
    let ids = |written: &Written| {
        let ids = written.others.iter().map(|part| part.headers.map().get(MESSAGE_ID).cloned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ids(&mixed));
    mixed.others = first.others;
    assert_eq!(read(mixed), second);
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let join = |mut one: Written, others: Vec<crate::deliver::Outgoing>| {
        one.refer(&[1]);
        let Stored::First(first) = form::read(&one.head.headers.map(), one.head.body).unwrap()
        else {
            panic!("not the first part");
        };
        first.join(
            &others.into_iter().map(|part| (part.headers.map(), part.body)).collect::<Vec<_>>(),
        )
    };
    let written = |sequence| {
        let letter = DeadLetter { stream_sequence: Some(sequence), ..letter(vec![0; 12_000]) };
        write(&letter, 12_000)
    };
    assert!(join(written(1), written(1).others).is_ok());
    assert!(join(written(1), written(2).others).is_err());
    assert!(join(written(1), Vec::new()).is_err());
    let part = written(1).others.remove(0);
    let error = DeadLetter::read(&part.headers.map(), part.body).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DeadLetter(_)), "{error}");
}

#[test]
fn headers_of_ours_in_the_original_are_kept_apart() {
    let mut letter = letter(vec![0; 11_000]);
    for name in ["Wr-Dead-Letter-Reason", "Wr-Dead-Letter-Original-X", "Wr-Dead-Letter-"] {
        assert!(name.starts_with(PREFIX));
        letter.original_headers.insert(name, Uuid::nil().to_string());
    }
    let written = write(&letter, 14_000);
    assert_eq!(form_of(&written), "raw");
    assert_eq!(read(written), letter);
}

#[test]
fn runs_over_the_queue_can_be_spawned() {
    fn spawn(_: impl Send) {}
    let _ = |queue: &DeadLetterQueue, all: &Selection| {
        spawn(queue.purge(all, true));
        spawn(queue.redrive(all, &RedriveOptions::new(), |_, _| {}));
    };
}
