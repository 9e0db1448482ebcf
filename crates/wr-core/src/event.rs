//! The envelope: what every event has around its payload (the specification's base event).

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::codec::{Borrowed, Check, Cursor, Mode, Owned, Parse, write};
use crate::contract::{Contract, Payload, USUAL_LENGTH};
use crate::error::{Error, ErrorKind, Keyword};
use crate::object::{Fields, Object};
use crate::pointer::At;
use crate::rules::{Constant, Nested, Rule, Text};
use crate::view::Readable;

/// An event: the envelope around a payload.
///
/// The envelope's `type` is no field: it is the payload's [`Payload::EVENT_TYPE`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event<T> {
    /// The event's id; a retried publish keeps it.
    pub id: Uuid,
    /// The version of the payload's schema, `{major}.{minor}`, as its writer gave it. Whoever sends
    /// on what they received, changed, gives it [`Payload::VERSION`] again: a message is judged by
    /// the minor that it names.
    pub version: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// The service that produced it.
    pub source: String,
    /// The trace it belongs to.
    pub trace_id: Option<String>,
    /// The span that produced it.
    pub span_id: Option<String>,
    /// The queue it is about.
    pub queue_id: Option<String>,
    /// The payload.
    pub data: T,
}

impl<T: Payload> Event<T> {
    /// A new event of the newest minor, with a new UUIDv7 id, now.
    pub fn new(source: impl Into<String>, data: T) -> Event<T> {
        Event {
            id: Uuid::now_v7(),
            version: T::VERSION.to_owned(),
            timestamp: Utc::now(),
            source: source.into(),
            trace_id: None,
            span_id: None,
            queue_id: None,
            data,
        }
    }

    /// Sets the id: 16 bytes, by convention a UUIDv7.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Event<T> {
        self.id = id;
        self
    }

    /// Sets when it happened.
    #[must_use]
    pub fn with_timestamp(mut self, timestamp: DateTime<Utc>) -> Event<T> {
        self.timestamp = timestamp;
        self
    }

    /// Sets the trace and the span it belongs to.
    #[must_use]
    pub fn with_trace(
        mut self,
        trace_id: impl Into<String>,
        span_id: impl Into<String>,
    ) -> Event<T> {
        self.trace_id = Some(trace_id.into());
        self.span_id = Some(span_id.into());
        self
    }

    /// Sets the queue it is about.
    #[must_use]
    pub fn with_queue_id(mut self, queue_id: impl Into<String>) -> Event<T> {
        self.queue_id = Some(queue_id.into());
        self
    }

    /// The subject it travels on.
    pub fn subject(&self) -> &'static str {
        T::SUBJECT
    }

    /// The envelope's `type`.
    pub fn event_type(&self) -> &'static str {
        T::EVENT_TYPE
    }

    /// The bytes of the event as part of a trace: its own where it names one, else this one.
    ///
    /// # Errors
    /// The event is not in the writer language.
    pub fn encode_traced(&self, trace_id: &str, span_id: &str) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        self.encode_traced_into(&mut out, trace_id, span_id)?;
        Ok(out)
    }

    /// Appends the bytes of the event as part of a trace to a buffer, which is left as it was where
    /// the event is refused.
    ///
    /// # Errors
    /// The event is not in the writer language.
    pub fn encode_traced_into(
        &self,
        out: &mut Vec<u8>,
        trace_id: &str,
        span_id: &str,
    ) -> Result<(), Error> {
        self.validate()?;
        out.reserve(USUAL_LENGTH);
        match (&self.trace_id, &self.span_id) {
            (None, None) => self.write_with(out, Some(trace_id), Some(span_id)),
            // A span without its trace says nothing, and a trace with another's span says wrong.
            _ => self.write_into(out),
        }
        Ok(())
    }

    /// As `Serialize` has it, with a trace.
    fn write_with(&self, out: &mut Vec<u8>, trace_id: Option<&str>, span_id: Option<&str>) {
        write::field(out, r#"{"id":"#, &self.id);
        write::field(out, r#","version":"#, &self.version);
        write::field(out, r#","type":"#, T::EVENT_TYPE);
        write::field(out, r#","timestamp":"#, &self.timestamp);
        write::field(out, r#","source":"#, &self.source);
        if let Some(trace_id) = trace_id {
            write::field(out, r#","trace_id":"#, trace_id);
        }
        if let Some(span_id) = span_id {
            write::field(out, r#","span_id":"#, span_id);
        }
        write::optional(out, r#","queue_id":"#, &self.queue_id);
        write::field(out, r#","data":"#, &self.data);
        write::raw(out, "}");
    }
}

/// Any string.
const TEXT: Text = Text::new();

impl<T: Payload> Contract for Event<T> {
    /// A `type` or a major that is not the subject's is judged before everything else.
    fn read(value: Value, at: &At<'_>) -> Result<Event<T>, Error> {
        let mut object = Object::read(value, at)?;
        judge_subject(object.members(), T::EVENT_TYPE, T::MAJOR, at)?;
        let id = object.required("id", &TEXT)?;
        let version = object.required("version", &VersionText { major: T::MAJOR })?;
        let _: String = object.required("type", &Constant::new(T::EVENT_TYPE))?;
        Ok(Event {
            id,
            version,
            timestamp: object.required("timestamp", &TEXT)?,
            source: object.required("source", &TEXT)?,
            trace_id: object.optional("trace_id", &TEXT)?,
            span_id: object.optional("span_id", &TEXT)?,
            queue_id: object.optional("queue_id", &TEXT)?,
            data: object.required("data", &Nested)?,
        })
    }

    fn validate_at(&self, at: &At<'_>) -> Result<(), Error> {
        VersionText { major: T::MAJOR }.check(&self.version, &at.name("version"))?;
        TEXT.check(&self.timestamp, &at.name("timestamp"))?;
        self.data.validate_at(&at.name("data"))
    }

    fn write_into(&self, out: &mut Vec<u8>) {
        self.write_with(out, self.trace_id.as_deref(), self.span_id.as_deref());
    }
}

/// An [`Event`] as it stands in the bytes of a message, which it borrows from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EventView<'a, T: Readable> {
    /// As [`Event::id`].
    pub id: Uuid,
    /// As [`Event::version`].
    pub version: Cow<'a, str>,
    /// As [`Event::timestamp`].
    pub timestamp: DateTime<Utc>,
    /// As [`Event::source`].
    pub source: Cow<'a, str>,
    /// As [`Event::trace_id`].
    pub trace_id: Option<Cow<'a, str>>,
    /// As [`Event::span_id`].
    pub span_id: Option<Cow<'a, str>>,
    /// As [`Event::queue_id`].
    pub queue_id: Option<Cow<'a, str>>,
    /// As [`Event::data`].
    pub data: T::View<'a>,
}

impl<T: Payload> EventView<'_, T> {
    /// The event that is viewed, borrowing nothing.
    pub fn into_owned(self) -> Event<T> {
        Event::from_view(self)
    }
}

/// What an envelope holds, read in one pass and made into an event, a view of one, or nothing.
fn envelope<'a, T: Payload, M: Mode, E>(
    cursor: &mut Cursor<'a>,
    make: impl FnOnce(Envelope<'a, T, M>) -> E,
) -> Option<E> {
    crate::properties! {
        M, cursor;
        required id: Uuid = "id", TEXT;
        required version: String = "version", VersionText { major: T::MAJOR };
        constant event_type: String = "type", const { Constant::new(T::EVENT_TYPE) };
        required timestamp: DateTime<Utc> = "timestamp", TEXT;
        required source: String = "source", TEXT;
        optional trace_id: String = "trace_id", TEXT;
        optional span_id: String = "span_id", TEXT;
        optional queue_id: String = "queue_id", TEXT;
        required data: T = "data", Nested;
    }
    event_type?;
    Some(make(Envelope {
        id: id?,
        version: version?,
        timestamp: timestamp?,
        source: source?,
        trace_id,
        span_id,
        queue_id,
        data: data?,
    }))
}

/// What an envelope holds, in the ways of a [`Mode`].
struct Envelope<'a, T: Readable, M: Mode> {
    id: M::Of<'a, Uuid>,
    version: M::Of<'a, String>,
    timestamp: M::Of<'a, DateTime<Utc>>,
    source: M::Of<'a, String>,
    trace_id: Option<M::Of<'a, String>>,
    span_id: Option<M::Of<'a, String>>,
    queue_id: Option<M::Of<'a, String>>,
    data: M::Of<'a, T>,
}

impl<T: Payload> Readable for Event<T> {
    type View<'a> = EventView<'a, T>;

    fn into_view<'a>(self) -> Self::View<'a> {
        EventView {
            id: self.id,
            version: self.version.into(),
            timestamp: self.timestamp,
            source: self.source.into(),
            trace_id: self.trace_id.map(Cow::Owned),
            span_id: self.span_id.map(Cow::Owned),
            queue_id: self.queue_id.map(Cow::Owned),
            data: self.data.into_view(),
        }
    }

    fn from_view(view: EventView<'_, T>) -> Event<T> {
        Event {
            id: view.id,
            version: view.version.into_owned(),
            timestamp: view.timestamp,
            source: view.source.into_owned(),
            trace_id: view.trace_id.map(Cow::into_owned),
            span_id: view.span_id.map(Cow::into_owned),
            queue_id: view.queue_id.map(Cow::into_owned),
            data: T::from_view(view.data),
        }
    }

    fn of_value(value: Value) -> Option<Event<T>> {
        Event::read(value, &At::ROOT).ok()
    }

    fn parse_owned(cursor: &mut Cursor<'_>) -> Option<Event<T>> {
        envelope::<T, Owned, _>(cursor, |it| Event {
            id: it.id,
            version: it.version,
            timestamp: it.timestamp,
            source: it.source,
            trace_id: it.trace_id,
            span_id: it.span_id,
            queue_id: it.queue_id,
            data: it.data,
        })
    }

    fn parse_view<'a>(cursor: &mut Cursor<'a>) -> Option<Self::View<'a>> {
        envelope::<T, Borrowed, _>(cursor, |it| EventView {
            id: it.id,
            version: it.version,
            timestamp: it.timestamp,
            source: it.source,
            trace_id: it.trace_id,
            span_id: it.span_id,
            queue_id: it.queue_id,
            data: it.data,
        })
    }

    fn parse_check(cursor: &mut Cursor<'_>) -> Option<()> {
        envelope::<T, Check, _>(cursor, drop)
    }
}

impl<T: Payload> Serialize for Event<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Fields::begin(serializer)?;
        fields.put("id", &self.id)?;
        fields.put("version", &self.version)?;
        fields.put("type", T::EVENT_TYPE)?;
        fields.put("timestamp", &self.timestamp)?;
        fields.put("source", &self.source)?;
        fields.put_some("trace_id", &self.trace_id)?;
        fields.put_some("span_id", &self.span_id)?;
        fields.put_some("queue_id", &self.queue_id)?;
        fields.put("data", &self.data)?;
        fields.end()
    }
}

impl<'de, T: Payload> Deserialize<'de> for Event<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Event<T>, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Event::read(value, &At::ROOT).map_err(serde::de::Error::custom)
    }
}

/// Whether a message is of the subject it came on: its `type` and the major of its `version`.
///
/// What has no such members, or members of other types, passes: it is for the schema to refuse.
///
/// # Errors
/// [`ErrorKind::TypeMismatch`] or [`ErrorKind::MajorMismatch`].
pub fn judge_subject(
    message: &Map<String, Value>,
    event_type: &'static str,
    major: u32,
    at: &At<'_>,
) -> Result<(), Error> {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    if text("type").is_some_and(|text| text != event_type) {
        return Err(at.name("type").error(ErrorKind::TypeMismatch { expected: event_type }));
    }
    match text("version").and_then(parse_version) {
        Some((text, _)) if !is_number(text, major) => {
            Err(at.name("version").error(ErrorKind::MajorMismatch { expected: major }))
        }
        _ => Ok(()),
    }
}

/// `{major}.{minor}` of one major.
struct VersionText {
    major: u32,
}

impl Rule<String> for VersionText {
    fn read(&self, value: Value, at: &At<'_>) -> Result<String, Error> {
        let version: String = TEXT.read(value, at)?;
        if at.enforces_rules() {
            self.check(&version, at)?;
        }
        Ok(version)
    }

    fn check(&self, version: &String, at: &At<'_>) -> Result<(), Error> {
        match parse_version(version) {
            Some((major, _)) if is_number(major, self.major) => Ok(()),
            _ => {
                let expected = format!("`{}.` and the minor in digits", self.major);
                Err(at.violation(Keyword::Pattern, expected))
            }
        }
    }
}

impl Parse<String> for VersionText {
    fn parse<'a, M: Mode>(&self, cursor: &mut Cursor<'a>) -> Option<M::Of<'a, String>> {
        // Two digits are what it mostly is.
        if let [b'"', major @ b'0'..=b'9', b'.', b'0'..=b'9', b'"', after @ ..] = cursor.rest
            && u32::from(major - b'0') == self.major
        {
            cursor.rest = cursor.rest.get(1..)?;
            let version = M::slice(cursor, 3)?;
            cursor.rest = after;
            return Some(version);
        }
        let version = cursor.string()?;
        let (major, _) = parse_version(&version)?;
        let is_shortest = !major.starts_with('0') || major.len() == 1;
        (is_shortest && major.parse() == Ok(self.major)).then(|| M::text(version))
    }
}

/// Whether digits are how the number is written.
fn is_number(digits: &str, number: u32) -> bool {
    digits == itoa::Buffer::new().format(number)
}

/// The digits before and after the dot of an envelope's `version`.
pub fn parse_version(text: &str) -> Option<(&str, &str)> {
    let (major, minor) = text.split_once('.')?;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (is_digits(major) && is_digits(minor)).then_some((major, minor))
}
