//! Refuses a root that is no object with properties.
//!
//! An event, the envelope and a dead letter are objects that can grow: only an object takes a new
//! optional property in a minor. A file of definitions describes nothing but its definitions.
//!
//! Write `"type": "object"` and `"properties"` at the root; a list or a single value becomes a
//! property.

use crate::draft::{Draft, DraftFile, Place};
use crate::keywords::{self, Kind};
use crate::lint::{Check, Report};

pub(super) const CHECK: Check = Check::File(check);

fn check(_: &Draft<'_>, file: &DraftFile<'_>, report: &mut Report<'_>) {
    let (Ok(root), Some(kind)) =
        (&file.content, file.content.as_ref().ok().and_then(keywords::kind))
    else {
        return;
    };
    let is_misspelt = ["properties", "type"].iter().any(|name| keywords::misspells(root, name));
    let span = ["$ref", "oneOf", "type"].iter().find_map(|name| root.member(name));
    let span = span.map_or(root.head(), |member| member.key_span);
    match &file.place {
        Place::Event(..) | Place::Envelope(_) | Place::DeadLetter(_) => {
            if kind == Kind::Struct && keywords::is_nullable(root) {
                report.at(span, "the root may be null", "write `\"type\": \"object\"`");
            } else if kind != Kind::Struct && !is_misspelt {
                report.at(
                    span,
                    "the root is no object with `properties`",
                    "write `\"type\": \"object\"` and `\"properties\"` at the root",
                );
            }
        }
        Place::Definitions(_) if kind != Kind::Any || !root.is_object() => report.at(
            span,
            "a file of definitions describes something itself",
            "put it into `definitions`, under a name",
        ),
        Place::Definitions(_)
        | Place::Topology
        | Place::Waivers
        | Place::NoSubject(_)
        | Place::NoVersion(_)
        | Place::Stray => {}
    }
}
