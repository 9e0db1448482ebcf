//! The three forms of a dead letter: which one fits, how it is written, how it is read.

use async_nats::HeaderMap;
use bytes::Bytes;

use super::circumstances::{self, FORM, number};
use super::{DeadLetter, ROOM, block, document};
use crate::deliver::Outgoing;
use crate::error::{ErrorKind, Result};
use crate::headers::{self, CONTENT_TYPE, JSON, MESSAGE_ID};
use crate::trace::TraceContext;

/// `1/2`: which part, of how many.
const PART: &str = "Wr-Dead-Letter-Part";
/// What [`PART`] of the first begins with.
const FIRST: &str = "1/";
/// What the parts of one dead letter have in common: the id of the first.
const ID: &str = "Wr-Dead-Letter-Id";
/// Of the first part: the sequence numbers of the others in the dead-letter queue, in order.
const OTHERS: &str = "Wr-Dead-Letter-Others";
/// Of the first part: how many bytes of what was cut are headers.
const HEADER_BYTES: &str = "Wr-Dead-Letter-Header-Bytes";
/// Of the first part: how many bytes were cut.
const BYTES: &str = "Wr-Dead-Letter-Bytes";

/// Bytes of the headers of a first part that are written last, but for the id.
const PART_HEADERS: usize = 128;
/// What a part that is not the first may hold at least, or `max_payload` is too small for parts.
const LEAST_CHUNK: usize = 64;

/// A dead letter as messages.
#[derive(Debug)]
pub(super) struct Written {
    /// The message that stands for the dead letter.
    pub(super) head: Outgoing,
    /// The other parts: to be kept first, for the head names where they are.
    pub(super) others: Vec<Outgoing>,
}

/// What a message of the queue is.
#[derive(Debug)]
pub(super) enum Stored {
    /// A dead letter.
    Whole(Box<DeadLetter>),
    /// The first part of one.
    First(Box<First>),
    /// Another part.
    Later,
}

/// The first part of a dead letter.
#[derive(Debug)]
pub(super) struct First {
    letter: DeadLetter,
    id: String,
    others: Vec<u64>,
    header_bytes: usize,
    bytes: usize,
    chunk: Bytes,
}

/// Writes a dead letter in the first form that fits.
pub(super) fn write(
    letter: &DeadLetter,
    subject: &str,
    trace: &TraceContext,
    max_payload: usize,
) -> Result<Written> {
    let writer = Writer { letter, id: letter.id()?, subject, max_payload };
    let whole = match writer.document(trace)? {
        Some(document) => Some(document),
        None => writer.raw(trace),
    };
    match whole {
        Some(head) => Ok(Written { head, others: Vec::new() }),
        None => writer.parts(trace),
    }
}

struct Writer<'a> {
    letter: &'a DeadLetter,
    id: String,
    subject: &'a str,
    max_payload: usize,
}

impl Writer<'_> {
    fn document(&self, trace: &TraceContext) -> Result<Option<Outgoing>> {
        let mut headers = base("document", &self.id);
        headers.insert(CONTENT_TYPE, JSON);
        trace.write(&mut headers);
        circumstances::write(self.letter, &mut headers);
        if !self.has_room(&headers, document::least_size(self.letter.body.len())) {
            return Ok(None);
        }
        let body = document::write(self.letter)?;
        Ok(self.has_room(&headers, body.len()).then(|| self.outgoing(headers, body.into())))
    }

    fn raw(&self, trace: &TraceContext) -> Option<Outgoing> {
        let body = &self.letter.body;
        let mut headers = base("raw", &self.id);
        trace.write_parent(&mut headers);
        circumstances::write(self.letter, &mut headers);
        circumstances::write_originals(self.letter, &mut headers);
        self.has_room(&headers, body.len()).then(|| self.outgoing(headers, body.clone()))
    }

    /// Cuts the headers and the body of the original into as few messages as possible.
    ///
    /// Where the cuts are depends on the sizes alone, and the ids of the parts say where: what an
    /// earlier attempt kept and what a later one keeps fit together, or have nothing in common.
    fn parts(&self, trace: &TraceContext) -> Result<Written> {
        let mut bytes = block::encode(&self.letter.original_headers);
        let header_bytes = bytes.len();
        bytes.extend_from_slice(&self.letter.body);
        let bytes = Bytes::from(bytes);

        let mut head = base("part", &self.id);
        trace.write_parent(&mut head);
        circumstances::write(self.letter, &mut head);
        head.insert(HEADER_BYTES, header_bytes.to_string());
        head.insert(BYTES, bytes.len().to_string());
        let chunk = self.chunk(&head)?;
        let count = bytes.len().div_ceil(chunk);
        let part = |mut headers: HeaderMap, index: usize| {
            block::append(&mut headers, ID, &self.id);
            headers.insert(PART, format!("{}/{count}", index + 1));
            let start = index * chunk;
            self.outgoing(headers, bytes.slice(start..(start + chunk).min(bytes.len())))
        };
        let others = (1..count).map(|index| {
            let id = format!("{}.{}.{count}.{chunk}", self.id, index + 1);
            part(base("part", &id), index)
        });
        Ok(Written { others: others.collect(), head: part(head, 0) })
    }

    /// How many bytes a part holds. It is the same whatever the circumstances, as long as they take
    /// no more than [`ROOM`].
    fn chunk(&self, head: &HeaderMap) -> Result<usize> {
        let needed = headers::size(head) + self.id.len() + PART_HEADERS;
        let room = ROOM.max(needed);
        match self.max_payload.saturating_sub(room) {
            0..LEAST_CHUNK => {
                Err(ErrorKind::TooLarge { size: room, limit: self.max_payload }.into())
            }
            chunk => Ok(chunk),
        }
    }

    fn has_room(&self, headers: &HeaderMap, body: usize) -> bool {
        headers::size(headers) + body <= self.max_payload
    }

    fn outgoing(&self, headers: HeaderMap, body: Bytes) -> Outgoing {
        Outgoing { subject: self.subject.into(), headers: headers.into(), body }
    }
}

fn base(form: &str, id: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    block::append(&mut headers, MESSAGE_ID, id);
    headers.insert(FORM, form);
    headers
}

/// An id for a part that is to be kept again, which the queue does not know.
pub(super) fn another_id(headers: &HeaderMap) -> String {
    let id = headers.get(MESSAGE_ID).map(|id| id.as_str()).unwrap_or_default();
    format!("{id}.{:016x}", fastrand::u64(..))
}

impl Written {
    /// Tells the head where the other parts are.
    pub(super) fn refer(&mut self, sequences: &[u64]) {
        if !sequences.is_empty() {
            let sequences: Vec<String> = sequences.iter().map(u64::to_string).collect();
            self.head.headers.insert(OTHERS, sequences.join(" "));
        }
    }
}

/// Reads one message of the queue.
pub(super) fn read(headers: &HeaderMap, body: Bytes) -> Result<Stored> {
    match headers.get(FORM).map(|form| form.as_str()) {
        // Who writes no headers writes documents.
        None | Some("document") => Ok(Stored::Whole(Box::new(document::read(&body)?))),
        Some("raw") => {
            let original_headers = circumstances::originals(headers);
            let letter = circumstances::read(headers)?;
            Ok(Stored::Whole(Box::new(DeadLetter { body, original_headers, ..letter })))
        }
        Some("part") => read_part(headers, body),
        Some(_) => Err(ErrorKind::DeadLetter("its form is not known".to_owned()).into()),
    }
}

/// Whether the headers alone tell the circumstances: `Some(false)` for a part that is not the first,
/// none where nobody wrote such headers.
pub(super) fn is_told_by_headers(headers: &HeaderMap) -> Option<bool> {
    headers.get(FORM)?;
    Some(headers.get(PART).is_none_or(|part| part.as_str().starts_with(FIRST)))
}

fn read_part(headers: &HeaderMap, chunk: Bytes) -> Result<Stored> {
    let wrong = || ErrorKind::DeadLetter("its parts are not told".to_owned());
    let part = headers.get(PART).ok_or_else(wrong)?;
    if !part.as_str().starts_with(FIRST) {
        return Ok(Stored::Later);
    }
    let others = headers.get(OTHERS).map(|others| others.as_str()).unwrap_or_default();
    let others = others.split(' ').filter(|sequence| !sequence.is_empty());
    let first = First {
        letter: circumstances::read(headers)?,
        id: headers.get(ID).ok_or_else(wrong)?.to_string(),
        others: others
            .map(|sequence| sequence.parse().map_err(|_| wrong()))
            .collect::<Result<Vec<u64>, ErrorKind>>()?,
        header_bytes: number(headers, HEADER_BYTES).ok_or_else(wrong)?,
        bytes: number(headers, BYTES).ok_or_else(wrong)?,
        chunk,
    };
    Ok(Stored::First(Box::new(first)))
}

impl First {
    /// Where the other parts are, in order.
    pub(super) fn others(&self) -> &[u64] {
        &self.others
    }

    /// Puts the parts together; the others come in order.
    pub(super) fn join(self, others: &[(HeaderMap, Bytes)]) -> Result<DeadLetter> {
        let wrong = || ErrorKind::DeadLetter("its parts do not belong together".to_owned());
        let ours = |headers: &HeaderMap| headers.get(ID).is_some_and(|id| id.as_str() == self.id);
        if !others.iter().all(|(headers, _)| ours(headers)) {
            return Err(wrong().into());
        }
        let mut bytes = self.chunk.to_vec();
        others.iter().for_each(|(_, chunk)| bytes.extend_from_slice(chunk));
        if bytes.len() != self.bytes || bytes.len() < self.header_bytes {
            return Err(wrong().into());
        }
        let body = Bytes::from(bytes.split_off(self.header_bytes));
        Ok(DeadLetter { body, original_headers: block::decode(&bytes), ..self.letter })
    }
}
