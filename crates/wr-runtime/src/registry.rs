//! Validation by name (the specification's `SchemaRegistry`).

use std::collections::HashMap;

use serde_json::Value;
use wr_core::{At, Catalogue, Subject};

use crate::error::{Error, ErrorKind};
use crate::validator::Compiled;

/// Judges payloads and messages of a catalogue, by the writer and reader languages that it carries
/// as text; every schema is compiled once.
#[derive(Debug)]
pub struct Registry {
    catalogue: &'static Catalogue,
    subjects: HashMap<&'static str, Languages>,
}

/// Which side of a message is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is about to be sent, by the writer language of the minor that it names.
    Publish,
    /// What has come, by the reader language of the newest minor, whatever minor it names.
    Consume,
}

/// The compiled languages of one subject.
#[derive(Debug)]
struct Languages {
    subject: &'static Subject,
    /// One a minor, oldest first.
    writers: Vec<(u32, Language)>,
    /// Of the newest minor.
    reader: Language,
}

#[derive(Debug)]
struct Language {
    message: Compiled,
    payload: Compiled,
}

impl Registry {
    /// Compiles the schemas of a catalogue.
    ///
    /// # Errors
    /// [`ErrorKind::Catalogue`]: a text of the catalogue is no schema.
    pub fn new(catalogue: &'static Catalogue) -> Result<Registry, Error> {
        let mut subjects = HashMap::new();
        for subject in catalogue.subjects {
            let newest = subject.newest().ok_or_else(|| {
                ErrorKind::Catalogue(format!("`{}` has no version", subject.subject))
            })?;
            let writers = subject.minors.iter();
            let languages = Languages {
                subject,
                writers: writers
                    .map(|minor| Ok((minor.minor, Language::new(minor.writer)?)))
                    .collect::<Result<_, Error>>()?,
                reader: Language::new(newest.reader)?,
            };
            subjects.insert(subject.subject, languages);
        }
        Ok(Registry { catalogue, subjects })
    }

    /// The catalogue that it judges by.
    pub fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }

    /// Judges a payload, the envelope's `data`, of an event type such as `position.enqueued` and a
    /// version such as `1.0`.
    ///
    /// # Errors
    /// The payload is not in the language, or the event type, the major, or on the publishing side
    /// the minor, is not known.
    pub fn validate(
        &self,
        side: Side,
        event_type: &str,
        version: &str,
        data: &[u8],
    ) -> Result<(), Error> {
        let (major, minor) = wr_core::parse_version(version).ok_or(ErrorKind::InvalidVersion)?;
        // A major is spelled one way; a number that is too large for one is not known either.
        let subject = format!("{}.{event_type}.v{major}", self.catalogue.domain);
        let languages = self.languages(&subject)?;
        let language = match side {
            Side::Publish => languages.writer(minor)?,
            Side::Consume => &languages.reader,
        };
        language.payload.validate(&serde_json::from_slice(data)?)
    }

    /// Judges a message, envelope and payload, that is to be sent or has come on a subject.
    ///
    /// # Errors
    /// The message is not in the language, its `type` or major is not the subject's, or the
    /// subject, or on the publishing side the minor, is not known.
    pub fn validate_message(&self, side: Side, subject: &str, message: &[u8]) -> Result<(), Error> {
        let languages = self.languages(subject)?;
        let message: Value = serde_json::from_slice(message)?;
        if let Value::Object(members) = &message {
            let Subject { event_type, major, .. } = languages.subject;
            wr_core::judge_subject(members, event_type, *major, &At::ROOT).map_err(kind)?;
        }
        let version = message.get("version").and_then(Value::as_str);
        let language = match (side, version.and_then(wr_core::parse_version)) {
            (Side::Publish, Some((_, minor))) => languages.writer(minor)?,
            // Without a version the newest writer language says what is wrong with it.
            (Side::Publish, None) => languages.newest_writer()?,
            (Side::Consume, _) => &languages.reader,
        };
        language.message.validate(&message)
    }

    fn languages(&self, subject: &str) -> Result<&Languages, Error> {
        self.subjects.get(subject).ok_or_else(|| kind(self.catalogue.unknown(subject)))
    }
}

impl Languages {
    fn newest_writer(&self) -> Result<&Language, Error> {
        let newest = self.writers.last().map(|(_, language)| language);
        newest.ok_or_else(|| ErrorKind::UnknownMinor.into())
    }

    fn writer(&self, minor: &str) -> Result<&Language, Error> {
        let known = minor.parse().ok().and_then(|minor: u32| {
            self.writers.iter().find(|(known, _)| *known == minor).map(|(_, language)| language)
        });
        known.ok_or_else(|| ErrorKind::UnknownMinor.into())
    }
}

impl Language {
    /// Of the text of a message's schema, in which the payload's is the property `data`.
    fn new(text: &str) -> Result<Language, Error> {
        let reason = |reason: &str| Error::from(ErrorKind::Catalogue(reason.to_owned()));
        let message: Value =
            serde_json::from_str(text).map_err(|error| reason(&error.to_string()))?;
        let payload = message
            .pointer("/properties/data")
            .ok_or_else(|| reason("a message has no property `data`"))?;
        Ok(Language { payload: Compiled::new(payload)?, message: Compiled::new(&message)? })
    }
}

/// The kinds of `wr-core` that are about names.
fn kind(error: wr_core::Error) -> Error {
    match error.kind() {
        wr_core::ErrorKind::TypeMismatch { .. } => ErrorKind::TypeMismatch.into(),
        wr_core::ErrorKind::MajorMismatch { .. } => ErrorKind::MajorMismatch.into(),
        wr_core::ErrorKind::UnknownMajor => ErrorKind::UnknownMajor.into(),
        _ => ErrorKind::UnknownType.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wr_events::CATALOGUE;

    use super::*;

    fn registry() -> Registry {
        Registry::new(&CATALOGUE).unwrap()
    }

    fn payload() -> Value {
        json!({ "position_id": "pos-1", "priority": 0, "queue_length": 3 })
    }

    fn message() -> Value {
        json!({
            "id": "0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a",
            "version": "1.1",
            "type": "position.enqueued",
            "timestamp": "2024-01-01T12:00:00Z",
            "source": "waitingroom-api",
            "data": payload(),
        })
    }

    const SUBJECT: &str = "waitingroom.position.enqueued.v1";

    /// The kind of what a registry says of a payload.
    fn of_payload(side: Side, event_type: &str, version: &str, data: &Value) -> Option<ErrorKind> {
        let result = registry().validate(side, event_type, version, data.to_string().as_bytes());
        result.err().map(|error| error.kind().clone())
    }

    /// The kind of what a registry says of a message.
    fn of_message(side: Side, subject: &str, message: &Value) -> Option<ErrorKind> {
        let result = registry().validate_message(side, subject, message.to_string().as_bytes());
        result.err().map(|error| error.kind().clone())
    }

    fn violation(pointer: &str, keyword: &str) -> Option<ErrorKind> {
        let violation = Violation { pointer: pointer.to_owned(), keyword: keyword.to_owned() };
        Some(ErrorKind::Violations(vec![violation]))
    }

    use crate::error::Violation;

    #[test]
    fn publishing_is_judged_by_the_named_minor() {
        let mut data = payload();
        data["estimated_wait_seconds"] = json!(60);
        assert_eq!(of_payload(Side::Publish, "position.enqueued", "1.1", &data), None);
        assert_eq!(
            of_payload(Side::Publish, "position.enqueued", "1.0", &data),
            violation("", "additionalProperties"),
        );
        let mut message = message();
        message["data"] = data;
        assert_eq!(of_message(Side::Publish, SUBJECT, &message), None);
        message["version"] = json!("1.0");
        assert_eq!(
            of_message(Side::Publish, SUBJECT, &message),
            violation("/data", "additionalProperties"),
        );
    }

    #[test]
    fn consuming_is_judged_by_the_newest_minor() {
        let mut data = payload();
        data["from_the_future"] = json!([1, 2]);
        for version in ["1.0", "1.1", "1.7", "1.99999999999999999999"] {
            assert_eq!(of_payload(Side::Consume, "position.enqueued", version, &data), None);
        }
        data["estimated_wait_seconds"] = json!(-1);
        assert_eq!(
            of_payload(Side::Consume, "position.enqueued", "1.0", &data),
            violation("/estimated_wait_seconds", "minimum"),
        );
    }

    #[test]
    fn unknown_names_are_kinds_of_their_own() {
        let data = payload();
        for side in [Side::Publish, Side::Consume] {
            let kind = |event_type, version| of_payload(side, event_type, version, &data);
            assert_eq!(kind("position.teleported", "1.0"), Some(ErrorKind::UnknownType));
            assert_eq!(kind("position.enqueued", "2.0"), Some(ErrorKind::UnknownMajor));
            assert_eq!(kind("position.enqueued", "01.0"), Some(ErrorKind::UnknownMajor));
            assert_eq!(kind("position.enqueued", "99999999999.0"), Some(ErrorKind::UnknownMajor));
            assert_eq!(kind("position.enqueued", "1"), Some(ErrorKind::InvalidVersion));
            let message = message();
            let kind = |subject| of_message(side, subject, &message);
            assert_eq!(kind("waitingroom.position.enqueued.v2"), Some(ErrorKind::UnknownMajor));
            assert_eq!(kind("elsewhere.position.enqueued.v1"), Some(ErrorKind::UnknownType));
            assert_eq!(kind("waitingroom.position.expired.v1"), Some(ErrorKind::TypeMismatch));
        }
        assert_eq!(
            of_payload(Side::Publish, "position.enqueued", "1.7", &data),
            Some(ErrorKind::UnknownMinor),
        );
    }

    #[test]
    fn another_type_or_major_is_judged_before_the_payload() {
        let mut message = message();
        message["data"] = json!(null);
        message["type"] = json!("position.expired");
        assert_eq!(of_message(Side::Consume, SUBJECT, &message), Some(ErrorKind::TypeMismatch));
        message["type"] = json!("position.enqueued");
        message["version"] = json!("2.0");
        assert_eq!(of_message(Side::Consume, SUBJECT, &message), Some(ErrorKind::MajorMismatch));
    }

    #[test]
    fn errors_carry_no_value() {
        let mut message = message();
        message["id"] = json!("secret");
        message["data"]["ip_address"] = json!("192.0.2.17");
        let bytes = message.to_string();
        let error = registry()
            .validate_message(Side::Consume, SUBJECT, bytes.as_bytes())
            .unwrap_err()
            .to_string();
        assert_eq!(error, "`/data/ip_address`: `pattern`; `/id`: `format`");
        let error = registry().validate_message(Side::Consume, SUBJECT, b"{\"id\": secret}");
        assert_eq!(error.unwrap_err().kind(), &ErrorKind::Syntax { line: 1, column: 8 });
    }

    #[test]
    fn of_two_equal_keys_the_last_counts() {
        let data = br#"{"position_id": "", "priority": 0, "queue_length": 3, "position_id": "a"}"#;
        assert!(registry().validate(Side::Publish, "position.enqueued", "1.0", data).is_ok());
    }
}
