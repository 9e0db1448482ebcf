//! The form of a document: the specification's `DLQMessage`, as `schemas/dead-letter/` has it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_nats::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use wr_core::chrono::{DateTime, Utc};

use super::{DeadLetter, Reason, block};
use crate::error::{Error, ErrorKind, Result, Violation};

/// The body.
#[derive(Serialize, Deserialize)]
struct Document<'a> {
    original_subject: Cow<'a, str>,
    original_data: Cow<'a, str>,
    reason: Cow<'a, str>,
    error: Cow<'a, str>,
    timestamp: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_headers: Option<BTreeMap<Cow<'a, str>, Vec<Cow<'a, str>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_errors: Option<Vec<Item<'a>>>,
}

/// One violation.
#[derive(Serialize, Deserialize)]
struct Item<'a> {
    pointer: Cow<'a, str>,
    keyword: Cow<'a, str>,
}

/// The fewest bytes that the document of a body of so many takes.
pub(super) fn least_size(body: usize) -> usize {
    body.div_ceil(3).saturating_mul(4)
}

/// The document of a dead letter.
pub(super) fn write(letter: &DeadLetter) -> Result<Vec<u8>> {
    let headers = block::sorted(&letter.original_headers).into_iter();
    let headers = headers.map(|(name, values)| {
        let values = values.iter().map(|value| Cow::Borrowed(value.as_str()));
        (Cow::Borrowed(name), values.collect())
    });
    let errors = letter.schema_errors.iter().map(|error| Item {
        pointer: Cow::Borrowed(&error.pointer),
        keyword: Cow::Borrowed(&error.keyword),
    });
    let document = Document {
        original_subject: Cow::Borrowed(&letter.original_subject),
        original_data: STANDARD.encode(&letter.body).into(),
        reason: letter.reason.as_str().into(),
        error: Cow::Borrowed(&letter.error),
        timestamp: letter.timestamp,
        stream: letter.stream.as_deref().map(Cow::Borrowed),
        consumer: letter.consumer.as_deref().map(Cow::Borrowed),
        stream_sequence: letter.stream_sequence,
        stored_at: letter.stored_at,
        deliveries: letter.deliveries,
        original_headers: (!letter.original_headers.is_empty()).then(|| headers.collect()),
        schema_errors: (!letter.schema_errors.is_empty()).then(|| errors.collect()),
    };
    serde_json::to_vec(&document)
        .map_err(|error| ErrorKind::DeadLetter(format!("its document: {error}")).into())
}

/// The dead letter of a document.
pub(super) fn read(body: &[u8]) -> Result<DeadLetter> {
    let document: Document<'_> = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
    let data = STANDARD.decode(document.original_data.as_bytes());
    let data = data.map_err(|_| not("`/original_data` is not base64"))?;
    let mut original_headers = HeaderMap::new();
    for (name, values) in document.original_headers.unwrap_or_default() {
        for value in values {
            block::append(&mut original_headers, &name, &value);
        }
    }
    let violation = |item: Item<'_>| Violation {
        pointer: item.pointer.into_owned(),
        keyword: item.keyword.into_owned(),
    };
    Ok(DeadLetter {
        original_subject: document.original_subject.into_owned(),
        body: data.into(),
        reason: Reason::parse(&document.reason),
        error: document.error.into_owned(),
        timestamp: document.timestamp,
        stream: document.stream.map(Cow::into_owned),
        consumer: document.consumer.map(Cow::into_owned),
        stream_sequence: document.stream_sequence,
        stored_at: document.stored_at,
        deliveries: document.deliveries,
        original_headers,
        schema_errors: document.schema_errors.into_iter().flatten().map(violation).collect(),
    })
}

fn not(text: &str) -> Error {
    ErrorKind::DeadLetter(text.to_owned()).into()
}

/// What is wrong with a document, without a value of it.
fn wrong(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    not(&format!("its body is not the document of one (line {line}, column {column})"))
}
