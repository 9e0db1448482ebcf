//! The envelope: what every event has around its payload (the specification's base event).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::contract::{Contract, Payload};
use crate::error::{Error, ErrorKind, Keyword};
use crate::object::{Fields, Object};
use crate::pointer::At;
use crate::rules::{Constant, Nested, Rule, Text};

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
        self.validate()?;
        let traced = Traced { event: self, trace_id, span_id };
        serde_json::to_vec(&traced).map_err(|error| Error::syntax(&error))
    }

    fn serialize_with<S: Serializer>(
        &self,
        serializer: S,
        trace_id: Option<&str>,
        span_id: Option<&str>,
    ) -> Result<S::Ok, S::Error> {
        let mut fields = Fields::begin(serializer)?;
        fields.put("id", &self.id)?;
        fields.put("version", &self.version)?;
        fields.put("type", T::EVENT_TYPE)?;
        fields.put("timestamp", &self.timestamp)?;
        fields.put("source", &self.source)?;
        fields.put_some("trace_id", &trace_id)?;
        fields.put_some("span_id", &span_id)?;
        fields.put_some("queue_id", &self.queue_id)?;
        fields.put("data", &self.data)?;
        fields.end()
    }
}

/// An event that is written with a trace.
struct Traced<'a, T> {
    event: &'a Event<T>,
    trace_id: &'a str,
    span_id: &'a str,
}

impl<T: Payload> Serialize for Traced<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.event.trace_id, &self.event.span_id) {
            (None, None) => {
                self.event.serialize_with(serializer, Some(self.trace_id), Some(self.span_id))
            }
            // A span without its trace says nothing, and a trace with another's span says wrong.
            _ => self.event.serialize(serializer),
        }
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
}

impl<T: Payload> Serialize for Event<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_with(serializer, self.trace_id.as_deref(), self.span_id.as_deref())
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
        Some((text, _)) if text != major.to_string() => {
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
            Some((major, _)) if major == self.major.to_string() => Ok(()),
            _ => {
                let expected = format!("`{}.` and the minor in digits", self.major);
                Err(at.violation(Keyword::Pattern, expected))
            }
        }
    }
}

/// The digits before and after the dot of an envelope's `version`.
pub fn parse_version(text: &str) -> Option<(&str, &str)> {
    let (major, minor) = text.split_once('.')?;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (is_digits(major) && is_digits(minor)).then_some((major, minor))
}
