//! What is measured of a message: our entry points, the unchecked derive that they are held against,
//! and what else there is.

use std::hint::black_box;

use serde::Serialize;
use serde_json::Value;
use wr_events::{Contract, Event};

use crate::hostile;
use crate::messages::{Message, bytes};
use crate::plain::Plain;
use crate::rivals::{Boon, jsonschema};

/// One thing that can be done with a message.
pub(crate) struct Row {
    /// What `cargo xtask bench` knows it by.
    pub(crate) name: &'static str,
    /// Does it so many times.
    pub(crate) run: Box<dyn FnMut(u64)>,
}

/// What is done once, as a row.
pub(crate) fn row<R>(name: &'static str, mut once: impl FnMut() -> R + 'static) -> Row {
    let run = Box::new(move |times| {
        for _ in 0..times {
            black_box(once());
        }
    });
    Row { name, run }
}

/// Our rows of a message, and what they are held against; before they are returned, each has given
/// the right result.
pub(crate) fn ours<M: Message>() -> Vec<Row> {
    let message: &'static [u8] = bytes::<M>().leak();
    let mut rows = decoding::<M>(message);
    rows.extend(hostile::<M>(message));
    rows.extend(encoding::<M>(message));
    rows
}

/// What has been read, as a document.
fn document(read: &impl Serialize) -> Value {
    serde_json::to_value(read).expect("what was read can be written")
}

fn decoding<M: Message>(message: &'static [u8]) -> Vec<Row> {
    let event = M::event();
    let plain = || serde_json::from_slice::<Plain<M::Plain>>(black_box(message));
    let owned = || Event::<M::Payload>::decode(black_box(message));
    assert_eq!(document(&plain().expect("serde takes it")), document(&event));
    assert_eq!(owned().expect("it is an event"), event);
    let view = || Event::<M::Payload>::decode_view(black_box(message));
    assert_eq!(view().expect("it is an event").into_owned(), event);
    let check = || Event::<M::Payload>::check(black_box(message));
    assert!(check().is_ok());
    let broken = broken(message);
    assert!(Event::<M::Payload>::decode(&broken).is_err());
    assert!(Event::<M::Payload>::decode_view(&broken).is_err());
    assert!(Event::<M::Payload>::check(&broken).is_err());
    vec![
        row("serde_decode", plain),
        row("decode_owned", owned),
        row("decode_view", view),
        row("check", check),
    ]
}

/// The message with an id that is none.
fn broken(message: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(message);
    text.replacen("0190a5d2-", "0190a5d2_", 1).into_bytes()
}

fn hostile<M: Message>(message: &[u8]) -> Vec<Row> {
    let event = M::event();
    let message: &'static [u8] = hostile::layout(message).leak();
    let plain = || serde_json::from_slice::<Plain<M::Plain>>(black_box(message));
    let owned = || Event::<M::Payload>::decode(black_box(message));
    assert_eq!(document(&plain().expect("serde takes it")), document(&event));
    assert_eq!(owned().expect("it is an event"), event);
    vec![row("serde_decode_hostile", plain), row("decode_hostile", owned)]
}

fn encoding<M: Message>(message: &[u8]) -> Vec<Row> {
    let plain: Plain<M::Plain> = serde_json::from_slice(message).expect("serde takes it");
    let vec = move || serde_json::to_vec(black_box(&plain));
    assert_eq!(vec().expect("it can be written"), message);
    // One buffer for all messages, as a publisher may have it.
    let (event, mut out) = (M::event(), Vec::with_capacity(2 * message.len()));
    event.write_into(&mut out);
    assert_eq!(out, message);
    let reused = move || {
        out.clear();
        black_box(&event).write_into(&mut out);
        black_box(&out).len()
    };
    let (event, mut out) = (M::event(), Vec::with_capacity(2 * message.len()));
    assert!(event.encode_into(&mut out).is_ok());
    assert_eq!(out, message);
    let proved = move || {
        out.clear();
        let proved = black_box(&event).encode_into(&mut out);
        (proved, black_box(&out).len())
    };
    vec![row("serde_encode", vec), row("encode_reused", reused), row("encode_proved", proved)]
}

/// What else there is, in the same way.
pub(crate) fn others<M: Message>() -> Vec<Row> {
    let message: &'static [u8] = bytes::<M>().leak();
    let expected = document(&M::event());
    let borrowed = || serde_json::from_slice::<M::Borrowed<'static>>(black_box(message));
    assert_eq!(document(&borrowed().expect("serde takes it")), expected);
    let sonic = || sonic_rs::from_slice::<Plain<M::Plain>>(black_box(message));
    assert_eq!(document(&sonic().expect("sonic-rs takes it")), expected);
    let lazy = || sonic_rs::from_slice::<M::Lazy<'static>>(black_box(message));
    let read = sonic_rs::to_vec(&lazy().expect("sonic-rs takes it")).expect("it can be written");
    assert_eq!(serde_json::from_slice::<Value>(&read).expect("it is JSON"), expected);

    // It writes into what it reads, so that it needs a copy.
    let mut copy = Vec::with_capacity(message.len());
    let mut simd = move || {
        copy.clear();
        copy.extend_from_slice(black_box(message));
        simd_json::serde::from_slice::<Plain<M::Plain>>(&mut copy)
    };
    assert_eq!(document(&simd().expect("simd-json takes it")), expected);

    let value = || serde_json::from_slice::<Value>(black_box(message));
    assert_eq!(value().expect("it is JSON"), expected);
    let validator = jsonschema::<M::Payload>();
    let judged = move || {
        let value: Value = serde_json::from_slice(black_box(message)).ok()?;
        validator.is_valid(&value).then(|| serde_json::from_value::<Plain<M::Plain>>(value))
    };
    let read = judged().expect("jsonschema takes it").expect("serde takes it");
    assert_eq!(document(&read), expected);
    let validator = Boon::new::<M::Payload>();
    let boon = move || {
        let value: Value = serde_json::from_slice(black_box(message)).ok()?;
        validator.accepts(&value).then_some(value)
    };
    assert_eq!(boon().expect("boon takes it"), expected);

    let typify = || serde_json::from_slice::<M::Typify>(black_box(message));
    let _: Value = document(&typify().expect("typify's types take it"));
    vec![
        row("serde_borrowed", borrowed),
        row("sonic_typed", sonic),
        row("sonic_borrowed", lazy),
        row("simd_typed", simd),
        row("value", value),
        row("value_jsonschema", judged),
        row("value_boon", boon),
        row("typify", typify),
    ]
}
