//! Our own events by the differential engine, what it once found, and proof that it finds things.

use std::borrow::Cow;
use std::fs;
use std::marker::PhantomData;

use serde_json::{Value, json};
use wr_events::wr_core::serde::{Serialize, Serializer};
use wr_events::wr_core::{At, Catalogue, Error, EventSet, Keyword};
use wr_events::{AnyEvent, Contract as _, Event, Payload};
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

/// An event's own type says what the set of all says.
fn own_type_agrees<T: Payload + PartialEq>(bytes: &[u8]) -> Result<(), String> {
    let judged = AnyEvent::decode(T::SUBJECT, bytes);
    let errors = [
        Event::<T>::decode(bytes).err(),
        Event::<T>::decode_view(bytes).err(),
        Event::<T>::check(bytes).err(),
    ];
    if errors.iter().any(|error| error.as_ref() != judged.as_ref().err()) {
        return Err(format!("{judged:?}, and {errors:?}"));
    }
    let Ok(judged) = judged else { return Ok(()) };
    let owned = Event::<T>::decode(bytes).unwrap();
    assert_eq!(Event::<T>::decode_view(bytes).unwrap().into_owned(), owned);
    assert_eq!(serde_json::to_string(&judged).unwrap(), serde_json::to_string(&owned).unwrap());
    Ok(())
}

#[test]
fn each_type_says_of_a_message_what_the_set_of_all_says() {
    use wr_events::*;
    let differential = Differential::<AnyEvent>::new();
    macro_rules! agree {
        ($($payload:ident)*) => {{
            $(for (seed, bytes) in differential.messages($payload::SUBJECT).take(300) {
                let agreed = own_type_agrees::<$payload>(&bytes);
                assert_eq!(agreed, Ok(()), "{seed}: {}", String::from_utf8_lossy(&bytes));
            })*
            [$($payload::SUBJECT),*]
        }};
    }
    let subjects = agree! {
        PositionAdmittedV1 PositionCancelledV1 PositionEnqueuedV1 PositionExpiredV1
        PositionHeartbeatV1 QueueCreatedV1 QueueMaintenanceV1 QueuePausedV1 QueueResumedV1
        QueueUpdatedV1 SessionActiveV1 SessionExpiredV1 SessionStartedV1 SessionTerminatedV1
        SystemErrorV1 SystemHealthV1 SystemMetricsV1
    };
    assert!(subjects.iter().eq(AnyEvent::CATALOGUE.subjects.iter().map(|entry| &entry.subject)));
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

    /// The bytes as `decode_view` takes them.
    fn viewed(bytes: &[u8]) -> Cow<'_, [u8]> {
        bytes.into()
    }

    /// What is told of an event that was viewed.
    fn from_view(event: AnyEvent) -> AnyEvent {
        event
    }

    /// What `check` says, where it is not what decoding says.
    fn judged(_: &str, _: &[u8]) -> Option<Result<(), Error>> {
        None
    }

    fn written(event: &AnyEvent) -> Value {
        serde_json::to_value(event).unwrap()
    }

    fn text(event: &AnyEvent) -> String {
        Self::written(event).to_string()
    }

    fn encode(event: &AnyEvent, out: &mut Vec<u8>) -> Result<(), Error> {
        event.encode_into(out)
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
        Self::decode(subject, &M::viewed(bytes))
    }

    fn from_view(view: Self) -> Self {
        Wrong(M::from_view(view.0), PhantomData)
    }

    fn check(subject: &str, bytes: &[u8]) -> Result<(), Error> {
        M::judged(subject, bytes).unwrap_or_else(|| Self::decode(subject, bytes).map(drop))
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

    fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        M::encode(&self.0, out)
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

struct EncodesWhatMayNotBeSent;

impl Mistake for EncodesWhatMayNotBeSent {
    fn encode(event: &AnyEvent, out: &mut Vec<u8>) -> Result<(), Error> {
        event.write_into(out);
        Ok(())
    }
}

struct LeavesWhatItRefused;

impl Mistake for LeavesWhatItRefused {
    fn encode(event: &AnyEvent, out: &mut Vec<u8>) -> Result<(), Error> {
        event.write_into(out);
        event.validate()
    }
}

struct EncodesOverWhatWasThere;

impl Mistake for EncodesOverWhatWasThere {
    fn encode(event: &AnyEvent, out: &mut Vec<u8>) -> Result<(), Error> {
        out.clear();
        event.encode_into(out)
    }
}

struct ViewsWhatStandsInFront;

impl Mistake for ViewsWhatStandsInFront {
    fn viewed(bytes: &[u8]) -> Cow<'_, [u8]> {
        let end = bytes.iter().rposition(|byte| *byte == b'}').map_or(0, |at| at + 1);
        bytes[..end].into()
    }
}

struct ViewsBytesThatAreNoText;

impl Mistake for ViewsBytesThatAreNoText {
    fn viewed(bytes: &[u8]) -> Cow<'_, [u8]> {
        String::from_utf8_lossy(bytes).into_owned().into_bytes().into()
    }
}

struct ViewsNumbersBeyondF64;

impl Mistake for ViewsNumbersBeyondF64 {
    fn viewed(bytes: &[u8]) -> Cow<'_, [u8]> {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.replace("e400", "e40").into_bytes().into(),
            Err(_) => bytes.into(),
        }
    }
}

struct ForgetsWhatItViewed;

impl Mistake for ForgetsWhatItViewed {
    fn from_view(event: AnyEvent) -> AnyEvent {
        let written = ForgetsWhatItRead::written(&event);
        AnyEvent::read(event.subject(), written, &At::SHAPE_ONLY).unwrap()
    }
}

struct JudgesWithoutRules;

impl Mistake for JudgesWithoutRules {
    fn judged(subject: &str, bytes: &[u8]) -> Option<Result<(), Error>> {
        let value = serde_json::from_slice(bytes).ok()?;
        Some(AnyEvent::read(subject, value, &At::SHAPE_ONLY).map(drop))
    }
}

struct JudgesAnotherPlace;

impl Mistake for JudgesAnotherPlace {
    fn judged(subject: &str, bytes: &[u8]) -> Option<Result<(), Error>> {
        let judged = AnyEvent::decode(subject, bytes).map(drop);
        Some(judged.map_err(|_| At::ROOT.violation(Keyword::Type, "a mistake")))
    }
}

#[test]
fn a_subject_that_nobody_knows_is_said_before_anything_of_the_bytes() {
    struct NoMistake;
    impl Mistake for NoMistake {}
    let (subject, bytes) = ("waitingroom.position.unheard.v1", b"no JSON");
    let ours = AnyEvent::decode(subject, bytes).unwrap_err();
    assert_eq!(AnyEvent::check(subject, bytes).unwrap_err(), ours);
    assert_eq!(AnyEvent::decode_view(subject, bytes).unwrap_err(), ours);
    assert_eq!(Wrong::<NoMistake>::decode(subject, bytes).err(), Some(ours));
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
    caught::<EncodesWhatMayNotBeSent>();
    caught::<LeavesWhatItRefused>();
    caught::<EncodesOverWhatWasThere>();
    caught::<ViewsWhatStandsInFront>();
    caught::<ViewsBytesThatAreNoText>();
    caught::<ViewsNumbersBeyondF64>();
    caught::<ForgetsWhatItViewed>();
    caught::<JudgesWithoutRules>();
    caught::<JudgesAnotherPlace>();
}
