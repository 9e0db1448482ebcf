//! A catalogue that the lint finds nothing wrong with: subjects, versions, contracts, languages.

use std::collections::BTreeMap;

use crate::contract::Type;
use crate::draft::{Draft, DraftFile, Place};
use crate::envelope::ENVELOPE;
use crate::finding::Finding;
use crate::json::{self, FileId, Node};
use crate::language::{Side, language, message};
use crate::lint;
use crate::names::{Subject, Version};
use crate::resolve;
use crate::rust_names::has_own_type;
use crate::source::Sources;
use crate::topology::Topology;

/// A checked catalogue.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The first token of every subject; empty where there is none.
    pub domain: String,
    /// The subjects, in alphabetical order, a major after the one before it.
    pub subjects: Vec<History>,
    /// The shared objects, enums and unions, in the order of the newest file of definitions.
    pub shared: Vec<Shared>,
    /// The majors of what a dead-letter queue carries.
    pub dead_letters: Vec<DeadLetters>,
    /// The versions of the envelope as this catalogue documents it, oldest first; their languages
    /// are the envelope's own.
    pub envelope: Vec<Minor>,
    /// Streams and consumers, where the catalogue has them.
    pub topology: Option<Topology>,
}

/// The minors of one subject.
#[derive(Clone, Debug)]
pub struct History {
    /// The subject.
    pub subject: Subject,
    /// The minors, oldest first; at least one.
    pub minors: Vec<Minor>,
}

/// The minors of one major of the dead letter.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// The major.
    pub major: u32,
    /// The minors, oldest first; at least one.
    pub minors: Vec<Minor>,
}

/// One version of a schema.
#[derive(Clone, Debug)]
pub struct Minor {
    /// The version.
    pub version: Version,
    /// The path of its file, below the folder of schemas.
    pub path: String,
    /// The payload's schema with every reference replaced.
    pub schema: Node,
    /// The payload's contract.
    pub contract: Type,
    /// The message's writer language W; of a dead letter, the body's.
    pub writer: Node,
    /// The message's reader language R; of a dead letter, the body's.
    pub reader: Node,
}

/// A shared definition that is a Rust type of its own.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Its name in `definitions/`.
    pub name: String,
    /// Its contract.
    pub ty: Type,
}

impl Catalog {
    /// Reads and checks a catalogue.
    ///
    /// # Errors
    /// What the lint finds.
    pub fn build(sources: &Sources) -> Result<Catalog, Vec<Finding>> {
        let draft = Draft::of(sources);
        let findings = lint::lint(&draft);
        if findings.is_empty() { Ok(Catalog::read(&draft)) } else { Err(findings) }
    }

    /// The history of a subject.
    pub fn history(&self, subject: &Subject) -> Option<&History> {
        self.subjects.iter().find(|history| &history.subject == subject)
    }

    fn read(draft: &Draft<'_>) -> Catalog {
        let envelope = envelope();
        let mut subjects: BTreeMap<Subject, Vec<Minor>> = BTreeMap::new();
        let mut dead_letters: BTreeMap<u32, Vec<Minor>> = BTreeMap::new();
        let mut envelopes = Vec::new();
        for (file, root) in draft.schemas() {
            let wrap = |payload: Node, side| match (&file.place, &envelope) {
                (Place::Event(subject, _), Some(envelope)) => {
                    message(&language(envelope, side), &payload, subject)
                }
                _ => payload,
            };
            let Some(minor) = minor(draft, file, root, wrap) else { continue };
            match &file.place {
                Place::Event(subject, _) => {
                    subjects.entry(subject.clone()).or_default().push(minor);
                }
                Place::DeadLetter(version) => {
                    dead_letters.entry(version.major).or_default().push(minor);
                }
                Place::Envelope(_) => envelopes.push(minor),
                _ => {}
            }
        }
        let subjects: Vec<History> = subjects
            .into_iter()
            .map(|(subject, minors)| History { subject, minors: by_version(minors) })
            .collect();
        Catalog {
            domain: subjects
                .first()
                .map(|first| first.subject.domain().to_owned())
                .unwrap_or_default(),
            subjects,
            shared: shared(draft),
            dead_letters: dead_letters
                .into_iter()
                .map(|(major, minors)| DeadLetters { major, minors: by_version(minors) })
                .collect(),
            envelope: by_version(envelopes),
            topology: draft
                .topology()
                .and_then(|node| serde_json::from_value(node.to_value()).ok()),
        }
    }
}

impl History {
    /// The newest minor.
    pub fn newest(&self) -> Option<&Minor> {
        self.minors.last()
    }
}

/// The envelope's contract, as a schema.
pub fn envelope() -> Option<Node> {
    json::parse(FileId(u32::MAX), ENVELOPE).ok()
}

fn minor(
    draft: &Draft<'_>,
    file: &DraftFile<'_>,
    root: &Node,
    wrap: impl Fn(Node, Side) -> Node,
) -> Option<Minor> {
    let schema = resolve::resolve(draft, file, root).ok()?;
    Some(Minor {
        version: file.place.version()?,
        path: file.path.to_owned(),
        contract: Type::of(draft, file, root)?,
        writer: wrap(language(&schema, Side::Writer), Side::Writer),
        reader: wrap(language(&schema, Side::Reader), Side::Reader),
        schema,
    })
}

fn by_version(mut minors: Vec<Minor>) -> Vec<Minor> {
    minors.sort_by_key(|minor| minor.version);
    minors
}

/// The definitions of the newest file that become Rust types; each file holds those of the one
/// before it.
fn shared(draft: &Draft<'_>) -> Vec<Shared> {
    let newest = draft
        .schemas()
        .filter(|(file, _)| matches!(file.place, Place::Definitions(_)))
        .max_by_key(|(file, _)| file.place.version());
    let Some((file, root)) = newest else { return Vec::new() };
    let definitions = root.get("definitions").map(Node::members).unwrap_or_default();
    definitions
        .iter()
        .filter_map(|member| {
            // A definition that refers to another is that one's type, but for one of the same name
            // in an older file.
            let target = resolve::follow(draft, file, &member.value).ok()?;
            if target.shared.is_some_and(|name| name != member.key) {
                return None;
            }
            let ty = Type::of(draft, file, &member.value)?;
            has_own_type(&ty.shape).then(|| Shared { name: member.key.clone(), ty })
        })
        .collect()
}
