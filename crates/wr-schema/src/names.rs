//! Names, parsed once at the edge: subjects, event types, versions, and the Rust names they become.

use std::fmt;

use heck::{ToPascalCase, ToSnakeCase};

/// `{domain}.{entity}.{action}.v{major}`, for example `waitingroom.position.enqueued.v1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    domain: String,
    entity: String,
    action: String,
    major: u32,
}

/// `{entity}.{action}`, for example `position.enqueued`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType {
    entity: String,
    action: String,
}

/// `{major}.{minor}`, for example `1.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// A new major is a new subject.
    pub major: u32,
    /// A new minor only adds what an older reader may ignore.
    pub minor: u32,
}

/// Why a text is no name of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub(crate) String);

impl Subject {
    /// Parses a subject.
    ///
    /// # Errors
    /// The text is no `{domain}.{entity}.{action}.v{major}` of tokens `[a-z][a-z0-9_-]*`.
    pub fn parse(text: &str) -> Result<Subject, NameError> {
        let shape = || {
            NameError(format!(
                "`{text}` is not of the form `{{domain}}.{{entity}}.{{action}}.v{{major}}`"
            ))
        };
        let mut parts = text.split('.');
        let (Some(domain), Some(entity), Some(action), Some(major), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(shape());
        };
        for token in [domain, entity, action] {
            token_of(token, text)?;
        }
        let major = major.strip_prefix('v').and_then(counting_number).ok_or_else(shape)?;
        if major == 0 {
            return Err(NameError(format!("`{text}` has major 0; majors start at v1")));
        }
        Ok(Subject {
            domain: domain.to_owned(),
            entity: entity.to_owned(),
            action: action.to_owned(),
            major,
        })
    }

    /// The subject of an event type.
    pub fn new(domain: &str, event_type: &EventType, major: u32) -> Result<Subject, NameError> {
        Subject::parse(&format!("{domain}.{event_type}.v{major}"))
    }

    /// The first token.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The second token.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// The third token.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The number in the last token.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The second and third token: the envelope's `type`.
    pub fn event_type(&self) -> EventType {
        EventType { entity: self.entity.clone(), action: self.action.clone() }
    }

    /// The Rust type of the payload: `PositionEnqueuedV1`.
    pub fn type_name(&self) -> String {
        rust_type(&format!("{}-{}-v{}", self.entity, self.action, self.major))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.v{}", self.domain, self.entity, self.action, self.major)
    }
}

impl EventType {
    /// Parses an event type.
    ///
    /// # Errors
    /// The text is no `{entity}.{action}` of tokens `[a-z][a-z0-9_-]*`.
    pub fn parse(text: &str) -> Result<EventType, NameError> {
        let Some((entity, action)) = text.split_once('.') else {
            return Err(NameError(format!("`{text}` is not of the form `{{entity}}.{{action}}`")));
        };
        for token in [entity, action] {
            token_of(token, text)?;
        }
        Ok(EventType { entity: entity.to_owned(), action: action.to_owned() })
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.entity, self.action)
    }
}

impl Version {
    /// Parses a version; `01.0` is none.
    ///
    /// # Errors
    /// The text is no `{major}.{minor}` in decimal digits without leading zeros.
    pub fn parse(text: &str) -> Result<Version, NameError> {
        text.split_once('.')
            .and_then(|(major, minor)| {
                Some(Version { major: counting_number(major)?, minor: counting_number(minor)? })
            })
            .ok_or_else(|| NameError(format!("`{text}` is not of the form `{{major}}.{{minor}}`")))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Checks one token of a subject.
pub(crate) fn token_of(token: &str, whole: &str) -> Result<(), NameError> {
    let starts = token.starts_with(|c: char| c.is_ascii_lowercase());
    let holds = token.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-'));
    if starts && holds && token.len() <= 64 {
        return Ok(());
    }
    Err(NameError(format!(
        "`{token}` in `{whole}` is no token of a subject: a lower-case letter, then lower-case \
         letters, digits, `_` or `-`, 64 at the most"
    )))
}

/// Decimal digits without a leading zero.
fn counting_number(text: &str) -> Option<u32> {
    let plain = text == "0" || !text.starts_with('0');
    (plain && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The Rust name of a type or an enum variant: `heartbeat_timeout` becomes `HeartbeatTimeout`.
///
/// The same steps as typify's, so that the lint judges the names that will be generated.
pub fn rust_type(name: &str) -> String {
    identifier(name, "X", str::to_pascal_case)
}

/// The Rust name of a field or a module: `fooBar` becomes `foo_bar`, `type` becomes `type_`.
pub fn rust_field(name: &str) -> String {
    identifier(name, "x", str::to_snake_case)
}

/// What a name adds to the Rust name of a type around it: `schema_errors` adds `SchemaErrors`.
pub fn rust_type_part(name: &str) -> String {
    let part = separated(name).to_pascal_case();
    if part.is_empty() { "X".to_owned() } else { part }
}

fn identifier(name: &str, prefix: &str, case: fn(&str) -> String) -> String {
    let name = match name {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => case(&separated(name)),
    };
    let name = match name.chars().next() {
        Some(first) if unicode_ident::is_xid_start(first) || first == '_' => name,
        _ => format!("{prefix}{name}"),
    };
    if KEYWORDS.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// The name with `-` for every character that no identifier holds.
fn separated(name: &str) -> String {
    name.replace('\'', "").replace(|c: char| !unicode_ident::is_xid_continue(c), "-")
}

/// What typify does not take as an identifier.
const KEYWORDS: &[&str] = &[
    "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "Self", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_and_written() {
        let subject = Subject::parse("waitingroom.position.enqueued.v1").unwrap();
        assert_eq!(subject.to_string(), "waitingroom.position.enqueued.v1");
        assert_eq!(subject.event_type().to_string(), "position.enqueued");
        assert_eq!(subject.type_name(), "PositionEnqueuedV1");
    }

    #[test]
    fn what_is_no_subject_is_refused() {
        for text in [
            "",
            "a",
            "a.b.c",
            "a.b.c.1",
            "a.b.c.v0",
            "a.b.c.v01",
            "a.b.c.v1.d",
            "A.b.c.v1",
            "a..c.v1",
            "a.b c.d.v1",
            "a.b.>.v1",
            "a.b.c.v99999999999",
            "é.b.c.v1",
            "1.b.c.v1",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        assert_eq!(Version::parse("1.10").unwrap(), Version { major: 1, minor: 10 });
        for text in ["", "1", "1.", "01.0", "1.00", "1.0.0", "+1.0", "1.99999999999"] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rust_names() {
        assert_eq!(rust_field("fooBar"), "foo_bar");
        assert_eq!(rust_field("type"), "type_");
        assert_eq!(rust_field("1st"), "x1st");
        assert_eq!(rust_type("heartbeat_timeout"), "HeartbeatTimeout");
        assert_eq!(rust_type(""), "X");
        assert_eq!(rust_type("self"), "Self_");
        assert_eq!(rust_field("x\u{b2}\u{24b6}"), "x");
        assert_eq!(rust_type_part("1st"), "1st");
        assert_eq!(rust_type_part("-"), "X");
    }
}
