//! Formats, as drafts have them.

use super::read::Dialect;

/// A format, as a draft has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) dialect: Dialect,
}

impl Format {
    /// The drafts that mean the same by a format are as one.
    pub(crate) fn named(name: &str, dialect: Dialect) -> Option<Format> {
        let name = FORMATS.iter().copied().find(|other| *other == name)?;
        let is_old = matches!(dialect, Dialect::Draft4 | Dialect::Draft6);
        let dialect = match name {
            "date" | "date-time" | "email" | "ipv4" | "ipv6" | "regex" | "time" | "uri"
            | "uuid" => Dialect::Draft7,
            "hostname" if is_old => Dialect::Draft4,
            "hostname" => Dialect::Draft7,
            _ => dialect,
        };
        Some(Format { name, dialect })
    }
}

/// The formats that validators check; any other says nothing.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];
