//! Our own events by the differential engine, what it once found, and proof that it finds things.

use std::fs;
use std::marker::PhantomData;

use serde_json::{Value, json};
use wr_events::AnyEvent;
use wr_events::wr_core::serde::{Serialize, Serializer};
use wr_events::wr_core::{At, Catalogue, Error, EventSet, Keyword};
use wr_tests::differential::{BOON_IS_WRONG, Counts, Differential, Oracle};

#[test]
fn decoders_and_validators_agree_on_thousands_of_messages() {
    let differential = Differential::<AnyEvent>::new();
    let random = fastrand::u64(..1 << 48);
    for (seed, cases) in [(0, 6_000), (random, 2_000)] {
        println!("{cases} cases from --seed {seed}");
        let counts = differential.run_each(seed, cases, &mut std::io::sink()).unwrap();
        assert_eq!(counts.len(), AnyEvent::CATALOGUE.subjects.len());
        for (subject, counts) in counts {
            assert!(0 < counts.accepted && counts.accepted < counts.documents, "{subject}");
            assert!(0 < counts.writable && counts.writable < counts.values, "{subject}");
        }
    }
}

#[test]
fn every_message_that_was_ever_disputed_is_judged_as_it_should_be() {
    let differential = Differential::<AnyEvent>::new();
    let mut counts = Counts::default();
    for entry in fs::read_dir(wr_tests::cases("messages")).unwrap() {
        let path = entry.unwrap().path();
        let case: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let bytes = bytes(&case);
        let subject = case["subject"].as_str().unwrap();
        let name = path.display();
        let agreed = differential.message(subject, &bytes, &mut counts);
        assert!(agreed.is_ok(), "{name}: {}", agreed.unwrap_err());
        match AnyEvent::decode(subject, &bytes) {
            Ok(_) => assert_eq!(case["expected"], "accepted", "{name}"),
            Err(error) => {
                assert_eq!(case["expected"], "refused", "{name}: {error}");
                assert_eq!(case["refused_at"], error.pointer(), "{name}: {error}");
            }
        }
    }
    assert!(counts.documents > 50);
}

/// The bytes of a case: `text`, or `hex` where they are no text.
fn bytes(case: &Value) -> Vec<u8> {
    if let Some(text) = case["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let digits = case["hex"].as_str().unwrap();
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

#[test]
fn each_class_in_which_boon_is_wrong_has_a_document_that_shows_it() {
    let cases = [
        (json!({ "maximum": i64::MAX }), json!(9_223_372_036_854_775_808_u64), false),
        (json!({ "format": "date-time" }), json!("2024-+1-01T12:00:00Z"), false),
    ];
    assert_eq!(cases.len(), BOON_IS_WRONG.len());
    for (class, (schema, document, accepts)) in BOON_IS_WRONG.iter().zip(cases) {
        assert!((class.applies)(&document), "{}", class.why);
        let verdict = Oracle::new(&schema).verdict(&document).unwrap();
        assert!(verdict.boon_was_wrong && verdict.accepts == accepts, "{}", class.why);
    }
}

/// One way to read or to check wrongly.
trait Mistake {
    fn read(subject: &str, value: Value, at: &At<'_>) -> Result<AnyEvent, Error> {
        AnyEvent::read(subject, value, at)
    }

    fn check(event: &AnyEvent, at: &At<'_>) -> Result<(), Error> {
        event.validate_at(at)
    }

    fn written(event: &AnyEvent) -> Value {
        serde_json::to_value(event).unwrap()
    }

    fn text(event: &AnyEvent) -> String {
        Self::written(event).to_string()
    }
}

/// Our events, with a mistake.
struct Wrong<M>(AnyEvent, PhantomData<M>);

impl<M> PartialEq for Wrong<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<M: Mistake> Serialize for Wrong<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        M::written(&self.0).serialize(serializer)
    }
}

impl<M: Mistake> EventSet for Wrong<M> {
    const CATALOGUE: &'static Catalogue = AnyEvent::CATALOGUE;

    type View<'a> = Self;

    fn decode_view(subject: &str, bytes: &[u8]) -> Result<Self, Error> {
        Self::decode(subject, bytes)
    }

    fn from_view(view: Self) -> Self {
        view
    }

    fn read(subject: &str, value: Value, at: &At<'_>) -> Result<Self, Error> {
        M::read(subject, value, at).map(|event| Wrong(event, PhantomData))
    }

    fn validate_at(&self, at: &At<'_>) -> Result<(), Error> {
        M::check(&self.0, at)
    }

    fn write_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(M::text(&self.0).as_bytes());
    }

    fn subject(&self) -> &'static str {
        self.0.subject()
    }
}

/// Reads an event, and refuses it where `is_wrong` says so of a member of its payload, the value
/// that came and the value that would be written.
fn read_but(
    subject: &str,
    value: Value,
    at: &At<'_>,
    is_wrong: fn(&Value, Option<&Value>) -> bool,
) -> Result<AnyEvent, Error> {
    let event = AnyEvent::read(subject, value.clone(), at)?;
    let written = serde_json::to_value(&event).unwrap();
    let members = value["data"].as_object().unwrap();
    match members.iter().find(|(name, value)| is_wrong(value, written["data"].get(name))) {
        Some((name, _)) => Err(at.name("data").name(name).violation(Keyword::Type, "a mistake")),
        None => Ok(event),
    }
}

fn caught<M: Mistake>() {
    let run = Differential::<Wrong<M>>::new().run(0, 5_000, &mut std::io::sink());
    assert!(run.is_err(), "not caught: {}", std::any::type_name::<M>());
}

struct ReadsWithoutRules;

impl Mistake for ReadsWithoutRules {
    fn read(subject: &str, value: Value, _: &At<'_>) -> Result<AnyEvent, Error> {
        AnyEvent::read(subject, value, &At::SHAPE_ONLY)
    }
}

struct ChecksNothing;

impl Mistake for ChecksNothing {
    fn check(_: &AnyEvent, _: &At<'_>) -> Result<(), Error> {
        Ok(())
    }
}

struct RefusesUnknownFields;

impl Mistake for RefusesUnknownFields {
    fn read(subject: &str, value: Value, at: &At<'_>) -> Result<AnyEvent, Error> {
        read_but(subject, value, at, |came, written| !came.is_null() && written.is_none())
    }
}

struct RefusesNullForOptional;

impl Mistake for RefusesNullForOptional {
    fn read(subject: &str, value: Value, at: &At<'_>) -> Result<AnyEvent, Error> {
        read_but(subject, value, at, |came, written| came.is_null() && written.is_none())
    }
}

struct RefusesIntegersWithAFraction;

impl Mistake for RefusesIntegersWithAFraction {
    fn read(subject: &str, value: Value, at: &At<'_>) -> Result<AnyEvent, Error> {
        read_but(subject, value, at, |came, written| {
            came.is_f64() && written.is_some_and(|written| !written.is_f64())
        })
    }
}

struct CountsBytes;

impl Mistake for CountsBytes {
    fn check(event: &AnyEvent, at: &At<'_>) -> Result<(), Error> {
        event.validate_at(at)?;
        let newest = AnyEvent::CATALOGUE.find(event.subject())?.newest().unwrap();
        let writer: Value = serde_json::from_str(newest.writer).unwrap();
        let payload = &writer["properties"]["data"]["properties"];
        let written = serde_json::to_value(event).unwrap();
        for (name, value) in written["data"].as_object().unwrap() {
            let (bytes, most) = (value.as_str().map(str::len), payload[name]["maxLength"].as_u64());
            if let (Some(bytes), Some(most)) = (bytes, most)
                && bytes as u64 > most
            {
                return Err(at.name("data").name(name).violation(Keyword::MaxLength, "bytes"));
            }
        }
        Ok(())
    }
}

struct WritesNullForAbsent;

impl Mistake for WritesNullForAbsent {
    fn written(event: &AnyEvent) -> Value {
        let mut written = serde_json::to_value(event).unwrap();
        let members = written.as_object_mut().unwrap();
        members.entry("trace_id").or_insert(Value::Null);
        written
    }
}

struct ForgetsWhatItRead;

impl Mistake for ForgetsWhatItRead {
    fn written(event: &AnyEvent) -> Value {
        let mut written = serde_json::to_value(event).unwrap();
        written.as_object_mut().unwrap().remove("span_id");
        written
    }
}

struct EscapesWhatNeedsNoEscape;

impl Mistake for EscapesWhatNeedsNoEscape {
    fn text(event: &AnyEvent) -> String {
        Self::written(event).to_string().replace('\u{7f}', "\\u007f").replace('/', "\\/")
    }
}

#[test]
fn the_engine_catches_each_mistake() {
    caught::<ReadsWithoutRules>();
    caught::<ChecksNothing>();
    caught::<RefusesUnknownFields>();
    caught::<RefusesNullForOptional>();
    caught::<RefusesIntegersWithAFraction>();
    caught::<CountsBytes>();
    caught::<WritesNullForAbsent>();
    caught::<ForgetsWhatItRead>();
    caught::<EscapesWhatNeedsNoEscape>();
}
