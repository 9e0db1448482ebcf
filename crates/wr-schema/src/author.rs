//! The text of the next file: a new event, a new minor, a new major.
//!
//! A copy is made text-wise, so that formatting and order survive: only `$id`, and in a new major
//! `title`, differ. The rest of the catalogue may have findings.

use std::collections::BTreeSet;

use crate::draft::{Draft, DraftFile, Place};
use crate::json::Span;
use crate::names::{EventType, NameError, Subject, Version, rust_field};
use crate::rust_names::RESERVED_MODULES;

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// The path below the folder of schemas.
    pub path: String,
    /// The text.
    pub contents: String,
    /// The subject it belongs to.
    pub subject: Subject,
    /// The version it holds.
    pub version: Version,
    /// The path of the file it was copied from.
    pub copied_from: Option<String>,
}

/// Why there is no next file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text names no event.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The name has no domain, and the catalogue gives none.
    #[error("`{name}` has no domain, and the catalogue has none yet")]
    NoDomain {
        /// What was asked for.
        name: String,
    },
    /// The catalogue has another domain.
    #[error("the catalogue holds the domain `{held}`, not `{asked}`")]
    OtherDomain {
        /// The domain of the catalogue; several where the catalogue is wrong.
        held: String,
        /// The domain that was asked for.
        asked: String,
    },
    /// The event is there already.
    #[error("`{event_type}` exists already: `{subject}`", event_type = subject.event_type())]
    Exists {
        /// Its newest subject.
        subject: Subject,
    },
    /// An event of that Rust name is there already.
    #[error("`{asked}` and `{other}` would both be `{name}` in Rust", name = other.type_name())]
    SameRustName {
        /// What was asked for.
        asked: EventType,
        /// What is there.
        other: Box<Subject>,
    },
    /// A second token that stands for something else than events, or a module of its own.
    #[error("`{entity}` in `{subject}` is reserved: no entity is called so")]
    Reserved {
        /// What was asked for.
        subject: Subject,
        /// The token.
        entity: String,
    },
    /// A new event has another major than 1.
    #[error("a new event starts at v1, not at v{major}")]
    FirstMajor {
        /// The major that was asked for.
        major: u32,
    },
    /// The catalogue has no such event.
    #[error("the catalogue has no `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Every event that there is.
        known: Vec<String>,
    },
    /// A major was named twice, differently, or where none may be named.
    #[error("`{name}` names v{major}, which is not the one to go on from")]
    WrongMajor {
        /// What was asked for.
        name: String,
        /// The major in it.
        major: u32,
    },
    /// The file to copy is not as the lint wants it.
    #[error("`{path}` cannot be copied: it {problem}")]
    Unfit {
        /// The path of the file, below the folder of schemas.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no number after the largest.
    #[error("`{path}` has the largest version that there is")]
    Last {
        /// The path of the file, below the folder of schemas.
        path: String,
    },
}

/// Entities that are no entities: the dead-letter queue and the way back from it.
const RESERVED: &[&str] = &["dlq", "redrive"];

/// The first version of a new event.
///
/// `name` is a subject or an event type, with or without its domain and major: where the catalogue
/// has a domain, it may be left out.
///
/// # Errors
/// The name is no name of an event, is taken, or belongs to another domain.
pub fn event(draft: &Draft<'_>, name: &str) -> Result<NewFile, Error> {
    let name = Name::parse(name)?;
    let subject = Subject::new(&domain(draft, &name)?, &name.event_type, name.major.unwrap_or(1))?;
    let module = rust_field(subject.entity());
    if RESERVED.contains(&subject.entity()) || RESERVED_MODULES.contains(&module.as_str()) {
        let entity = subject.entity().to_owned();
        return Err(Error::Reserved { subject, entity });
    }
    let same = |other: &&Subject| other.event_type() == subject.event_type();
    if let Some(other) = subjects(draft).iter().rev().find(same) {
        return Err(Error::Exists { subject: other.clone() });
    }
    if subject.major() != 1 {
        return Err(Error::FirstMajor { major: subject.major() });
    }
    let type_name = subject.type_name();
    if let Some(other) = subjects(draft).into_iter().find(|other| other.type_name() == type_name) {
        return Err(Error::SameRustName { asked: subject.event_type(), other: Box::new(other) });
    }
    let version = Version { major: 1, minor: 0 };
    let path = path_of(&subject, version);
    let id = format!("{}/{path}", base(draft, None, &subject));
    let contents = first(&id, &subject);
    Ok(NewFile { path, contents, subject, version, copied_from: None })
}

/// The next minor of an event: the newest file of its newest major, or of `major`, with a new
/// `$id`.
///
/// # Errors
/// There is no such event, or its newest file is no JSON with an `$id`.
pub fn minor(draft: &Draft<'_>, name: &str, major: Option<u32>) -> Result<NewFile, Error> {
    let parsed = Name::parse(name)?;
    let major = match (parsed.major, major) {
        (Some(named), Some(major)) if named != major => {
            return Err(Error::WrongMajor { name: name.to_owned(), major: named });
        }
        (named, major) => named.or(major),
    };
    let newest = newest(draft, name, &parsed, major)?;
    let minor = newest.version.minor.checked_add(1).ok_or_else(|| newest.last())?;
    let version = Version { minor, ..newest.version };
    let subject = newest.subject.clone();
    newest.copy(draft, subject, version, None)
}

/// The next major of an event: the newest file of its newest major, with a new `$id` and `title`.
///
/// # Errors
/// There is no such event, or its newest file is no JSON with an `$id` and a `title`.
pub fn major(draft: &Draft<'_>, name: &str) -> Result<NewFile, Error> {
    let parsed = Name::parse(name)?;
    let newest = newest(draft, name, &parsed, None)?;
    match parsed.major {
        Some(major) if major != newest.version.major => {
            return Err(Error::WrongMajor { name: name.to_owned(), major });
        }
        _ => {}
    }
    let major = newest.version.major.checked_add(1).ok_or_else(|| newest.last())?;
    let subject = Subject::new(newest.subject.domain(), &newest.subject.event_type(), major)?;
    let title = subject.type_name();
    newest.copy(draft, subject, Version { major, minor: 0 }, Some(title))
}

/// A subject as a person types it.
struct Name {
    domain: Option<String>,
    event_type: EventType,
    major: Option<u32>,
}

impl Name {
    fn parse(text: &str) -> Result<Name, NameError> {
        let (rest, major) = match text.rsplit_once('.') {
            Some((rest, last)) if rest.contains('.') && is_major(last) => {
                (rest, Some(major_of(last, text)?))
            }
            _ => (text, None),
        };
        let (domain, event_type) = match rest.split_once('.') {
            Some((domain, event_type)) if event_type.contains('.') => (Some(domain), event_type),
            _ => (None, rest),
        };
        let event_type = EventType::parse(event_type)?;
        if let Some(domain) = domain {
            Subject::new(domain, &event_type, 1)?;
        }
        Ok(Name { domain: domain.map(str::to_owned), event_type, major })
    }
}

fn is_major(token: &str) -> bool {
    token.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn major_of(token: &str, whole: &str) -> Result<u32, NameError> {
    let digits = token.strip_prefix('v').filter(|digits| !digits.starts_with('0'));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        NameError(format!("`{token}` in `{whole}` is no major: write `v1`, `v2` and so on"))
    })
}

/// The subjects that the folder has, in order.
fn subjects(draft: &Draft<'_>) -> BTreeSet<Subject> {
    let subject = |file: &DraftFile<'_>| match &file.place {
        Place::Event(subject, _) => Some(subject.clone()),
        _ => None,
    };
    draft.files.iter().filter_map(subject).collect()
}

/// The domain of a new event.
fn domain(draft: &Draft<'_>, name: &Name) -> Result<String, Error> {
    let held: BTreeSet<String> =
        subjects(draft).iter().map(|subject| subject.domain().to_owned()).collect();
    let all = || held.iter().cloned().collect::<Vec<_>>().join("`, `");
    match (&name.domain, held.first()) {
        (Some(asked), None) => Ok(asked.clone()),
        (Some(asked), Some(_)) if held.contains(asked) => Ok(asked.clone()),
        (Some(asked), Some(_)) => Err(Error::OtherDomain { held: all(), asked: asked.clone() }),
        (None, Some(only)) if held.len() == 1 => Ok(only.clone()),
        (None, _) => Err(Error::NoDomain { name: name.event_type.to_string() }),
    }
}

/// The newest file of an event.
struct Newest<'a> {
    file: &'a DraftFile<'a>,
    subject: Subject,
    version: Version,
}

fn newest<'a>(
    draft: &'a Draft<'a>,
    name: &str,
    parsed: &Name,
    major: Option<u32>,
) -> Result<Newest<'a>, Error> {
    let found = draft.files.iter().filter_map(|file| match &file.place {
        Place::Event(subject, version)
            if subject.event_type() == parsed.event_type
                && parsed.domain.as_deref().is_none_or(|domain| domain == subject.domain())
                && major.is_none_or(|major| major == subject.major())
                && version.major == subject.major() =>
        {
            Some(Newest { file, subject: subject.clone(), version: *version })
        }
        _ => None,
    });
    found.max_by_key(|newest| newest.version).ok_or_else(|| Error::Unknown {
        name: match major.filter(|_| parsed.major.is_none()) {
            Some(major) => format!("{name}.v{major}"),
            None => name.to_owned(),
        },
        known: subjects(draft).iter().map(|subject| subject.event_type().to_string()).collect(),
    })
}

impl Newest<'_> {
    fn last(&self) -> Error {
        Error::Last { path: self.file.path.to_owned() }
    }

    fn unfit(&self, problem: &'static str) -> Error {
        Error::Unfit { path: self.file.path.to_owned(), problem }
    }

    /// The text of the file with another `$id`, and another title where one is given.
    fn copy(
        &self,
        draft: &Draft<'_>,
        subject: Subject,
        version: Version,
        title: Option<String>,
    ) -> Result<NewFile, Error> {
        let root = self.file.content.as_ref().map_err(|_| self.unfit("is no JSON"))?;
        let text = |key: &str| root.get(key).filter(|value| value.as_str().is_some());
        let path = path_of(&subject, version);
        let id = text("$id").ok_or_else(|| self.unfit("has no `$id`"))?.span;
        let mut changes = vec![(id, format!("{}/{path}", base(draft, Some(self.file), &subject)))];
        if let Some(title) = title {
            let old = text("title").ok_or_else(|| self.unfit("has no `title`"))?.span;
            changes.push((old, title));
        }
        let source = draft.sources.file(self.file.id).map_or("", |file| &file.text);
        let contents = replaced(source, changes).ok_or_else(|| self.unfit("cannot be read"))?;
        let copied_from = Some(self.file.path.to_owned());
        Ok(NewFile { path, contents, subject, version, copied_from })
    }
}

/// The text with other strings at some places.
fn replaced(text: &str, mut changes: Vec<(Span, String)>) -> Option<String> {
    changes.sort_by_key(|(span, _)| span.start);
    let mut out = String::new();
    let mut at = 0;
    for (span, value) in changes {
        out.push_str(text.get(at..span.start)?);
        out.push_str(&serde_json::Value::from(value).to_string());
        at = span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

fn path_of(subject: &Subject, version: Version) -> String {
    format!("{subject}/{version}.json")
}

/// What stands before the path in every `$id`: as in the file to copy, else as in any file, else
/// after the domain.
fn base(draft: &Draft<'_>, file: Option<&DraftFile<'_>>, subject: &Subject) -> String {
    let of = |file: &DraftFile<'_>| {
        let id = file.content.as_ref().ok()?.get("$id")?.as_str()?;
        Some(id.strip_suffix(file.path)?.strip_suffix('/')?.to_owned())
    };
    file.and_then(of)
        .or_else(|| draft.files.iter().find_map(of))
        .unwrap_or_else(|| format!("https://{}.example.com/schemas", subject.domain()))
}

/// The first file of an event: clean as it is, with what its author must say in its place.
fn first(id: &str, subject: &Subject) -> String {
    let id = serde_json::Value::from(id);
    let title = subject.type_name();
    format!(
        r#"{{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": {id},
  "title": "{title}",
  "description": "Say what has happened when this event is sent, and which service sends it.",
  "type": "object",
  "required": [
    "example_id"
  ],
  "properties": {{
    "example_id": {{
      "description": "Rename it, and say what it identifies. A required property is in every message of this major.",
      "type": "string",
      "minLength": 1,
      "maxLength": 128
    }},
    "example_seconds": {{
      "description": "Rename or remove it, and say what it counts. An optional property may be missing.",
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "x-wr-unit": "seconds"
    }}
  }},
  "examples": [
    {{
      "example_id": "example-1"
    }},
    {{
      "example_id": "example-2",
      "example_seconds": 30
    }}
  ]
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint;
    use crate::source::Sources;

    const ENQUEUED: &str = "{\r\n  \"title\": \"PositionEnqueuedV1\", \"$id\": \"https://e.org/s/w.position.enqueued.v1/1.0.json\",\r\n\t\"$comment\": \"PositionEnqueuedV1\",\r\n  \"properties\": {\"a\": {\"$ref\": \"../definitions/1.0.json#/definitions/a\"}}\r\n}";

    fn sources(more: &[(&str, &str)]) -> Sources {
        let one = [("w.position.enqueued.v1/1.0.json", ENQUEUED)];
        Sources::from_texts(one.into_iter().chain(more.iter().copied()))
    }

    #[test]
    fn a_first_file_is_clean() {
        let file = event(&Draft::of(&Sources::default()), "shop.cart.opened").unwrap();
        assert_eq!(file.path, "shop.cart.opened.v1/1.0.json");
        assert!(
            file.contents
                .contains("\"https://shop.example.com/schemas/shop.cart.opened.v1/1.0.json\"")
        );
        let sources = Sources::from_texts([(file.path, file.contents)]);
        assert_eq!(lint::lint(&Draft::of(&sources)), []);
    }

    #[test]
    fn the_domain_and_the_base_come_from_the_catalogue() {
        let sources = sources(&[]);
        let draft = Draft::of(&sources);
        for name in
            ["w.position.moved", "position.moved", "position.moved.v1", "w.position.moved.v1"]
        {
            let file = event(&draft, name).unwrap();
            assert_eq!(file.path, "w.position.moved.v1/1.0.json");
            assert!(file.contents.contains("\"https://e.org/s/w.position.moved.v1/1.0.json\""));
            assert!(file.contents.contains("\"PositionMovedV1\""));
        }
    }

    #[test]
    fn what_is_no_new_event_is_refused() {
        let sources = sources(&[]);
        let draft = Draft::of(&sources);
        let refused = |name: &str| event(&draft, name).unwrap_err();
        assert!(matches!(refused("x.position.moved"), Error::OtherDomain { .. }));
        assert!(matches!(refused("position.enqueued"), Error::Exists { .. }));
        assert!(matches!(refused("position.enqueued.v2"), Error::Exists { .. }));
        assert!(matches!(refused("position.moved.v2"), Error::FirstMajor { major: 2 }));
        assert!(matches!(refused("dlq.moved"), Error::Reserved { .. }));
        assert!(matches!(refused("position.enqueued_"), Error::SameRustName { .. }));
        for name in [
            "",
            "moved",
            "a.b.c.d",
            "Position.moved",
            "position.moved.v0",
            "position..moved",
            "a.b.c.d.v1",
        ] {
            assert!(matches!(refused(name), Error::Name(_)), "{name}");
        }
        let empty = Sources::default();
        let error = event(&Draft::of(&empty), "position.moved").unwrap_err();
        assert!(matches!(error, Error::NoDomain { .. }));
    }

    #[test]
    fn a_minor_differs_in_its_id_alone() {
        let sources =
            sources(&[("w.position.enqueued.v1/broken.json", "{"), ("w.a.b.v1/1.0.json", "{")]);
        let draft = Draft::of(&sources);
        for name in ["position.enqueued", "w.position.enqueued", "w.position.enqueued.v1"] {
            let file = minor(&draft, name, None).unwrap();
            assert_eq!(file.path, "w.position.enqueued.v1/1.1.json");
            assert_eq!(file.contents, ENQUEUED.replace("1.0.json\",\r", "1.1.json\",\r"));
        }
    }

    #[test]
    fn a_major_differs_in_its_id_and_title_alone() {
        let sources = sources(&[]);
        let file = major(&Draft::of(&sources), "position.enqueued").unwrap();
        assert_eq!(file.path, "w.position.enqueued.v2/2.0.json");
        let expected = ENQUEUED
            .replace("\"title\": \"PositionEnqueuedV1\"", "\"title\": \"PositionEnqueuedV2\"")
            .replace("w.position.enqueued.v1/1.0.json\"", "w.position.enqueued.v2/2.0.json\"");
        assert_eq!(file.contents, expected);
    }

    #[test]
    fn the_newest_major_goes_on_unless_another_is_named() {
        let two = ENQUEUED.replace("v1/1.0", "v2/2.9");
        let sources = sources(&[
            ("w.position.enqueued.v2/2.9.json", &two),
            ("w.position.enqueued.v2/2.10.json", &two.replace("2.9", "2.10")),
        ]);
        let draft = Draft::of(&sources);
        let path = |file: Result<NewFile, Error>| file.unwrap().path;
        assert_eq!(
            path(minor(&draft, "position.enqueued", None)),
            "w.position.enqueued.v2/2.11.json"
        );
        assert_eq!(
            path(minor(&draft, "position.enqueued", Some(1))),
            "w.position.enqueued.v1/1.1.json"
        );
        assert_eq!(
            path(minor(&draft, "position.enqueued.v1", None)),
            "w.position.enqueued.v1/1.1.json"
        );
        assert_eq!(path(major(&draft, "position.enqueued")), "w.position.enqueued.v3/3.0.json");
        assert!(matches!(major(&draft, "position.enqueued.v1"), Err(Error::WrongMajor { .. })));
        let twice = minor(&draft, "position.enqueued.v1", Some(2));
        assert!(matches!(twice, Err(Error::WrongMajor { .. })));
        let unknown = minor(&draft, "position.enqueued", Some(7));
        assert!(matches!(unknown, Err(Error::Unknown { .. })));
    }

    #[test]
    fn what_cannot_be_copied_says_why() {
        for text in ["{", "{}", "{\"$id\": 1}"] {
            let sources = Sources::from_texts([("w.a.b.v1/1.0.json", text)]);
            let error = minor(&Draft::of(&sources), "a.b", None).unwrap_err();
            assert!(matches!(error, Error::Unfit { .. }), "{text}");
        }
        let path = "w.a.b.v1/1.4294967295.json";
        let sources = Sources::from_texts([(path, "{\"$id\": \"\"}")]);
        let error = minor(&Draft::of(&sources), "a.b", None).unwrap_err();
        assert!(matches!(error, Error::Last { .. }));
    }
}
