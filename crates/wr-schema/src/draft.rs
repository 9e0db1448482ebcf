//! A catalogue as it was read: parsed, placed, not yet judged.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::json::{self, FileId, Member, Node, Span, SyntaxError};
use crate::names::{NameError, Subject, Version};
use crate::source::Sources;
use crate::topology::{MAX_WILDCARDS, Topology, has_wildcard};

/// Every file of a catalogue that is JSON, and what became of the others.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// One entry a file, in the order of the sources.
    pub files: Vec<DraftFile<'a>>,
    /// Where in `files` each path is.
    paths: HashMap<&'a str, usize>,
}

/// One file.
#[derive(Debug)]
pub struct DraftFile<'a> {
    /// Its id.
    pub id: FileId,
    /// Its path below the folder of schemas.
    pub path: &'a str,
    /// What its path says it is.
    pub place: Place,
    /// Its content.
    pub content: Result<Node, SyntaxError>,
    /// Where in the root's `definitions` each name is.
    definitions: HashMap<String, usize>,
}

/// What the path of a file says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `{subject}/{version}.json`
    Event(Subject, Version),
    /// `envelope/{version}.json`
    Envelope(Version),
    /// `definitions/{version}.json`
    Definitions(Version),
    /// `dead-letter/{version}.json`
    DeadLetter(Version),
    /// `topology.json`
    Topology,
    /// `waivers.json`
    Waivers,
    /// A folder that is no subject.
    NoSubject(NameError),
    /// A file in a good folder that is no version.
    NoVersion(NameError),
    /// A file at the top that has no business there.
    Stray,
}

impl Place {
    /// Reads a path below the folder of schemas.
    pub fn of(path: &str) -> Place {
        let Some((folder, file)) = path.split_once('/') else {
            return match path {
                "topology.json" => Place::Topology,
                "waivers.json" => Place::Waivers,
                _ => Place::Stray,
            };
        };
        let version = match Version::parse(file.strip_suffix(".json").unwrap_or(file)) {
            Ok(version) => version,
            Err(error) => return Place::NoVersion(error),
        };
        match folder {
            "envelope" => Place::Envelope(version),
            "definitions" => Place::Definitions(version),
            "dead-letter" => Place::DeadLetter(version),
            _ => match Subject::parse(folder) {
                Ok(subject) => Place::Event(subject, version),
                Err(error) => Place::NoSubject(error),
            },
        }
    }

    /// The version that the file name gives.
    pub fn version(&self) -> Option<Version> {
        match self {
            Place::Event(_, version)
            | Place::Envelope(version)
            | Place::Definitions(version)
            | Place::DeadLetter(version) => Some(*version),
            Place::Topology
            | Place::Waivers
            | Place::NoSubject(_)
            | Place::NoVersion(_)
            | Place::Stray => None,
        }
    }

    /// The Rust type that the file describes, which is its title.
    pub fn type_name(&self) -> Option<String> {
        match self {
            Place::Event(subject, _) => Some(subject.type_name()),
            Place::Envelope(version) => Some(format!("EnvelopeV{}", version.major)),
            Place::Definitions(version) => Some(format!("DefinitionsV{}", version.major)),
            Place::DeadLetter(version) => Some(format!("DeadLetterV{}", version.major)),
            Place::Topology
            | Place::Waivers
            | Place::NoSubject(_)
            | Place::NoVersion(_)
            | Place::Stray => None,
        }
    }
}

impl<'a> Draft<'a> {
    /// Parses every file.
    pub fn of(sources: &'a Sources) -> Draft<'a> {
        let files: Vec<DraftFile<'a>> = sources
            .iter()
            .map(|(id, file)| {
                let content = json::parse(id, &file.text);
                DraftFile {
                    id,
                    path: &file.path,
                    place: Place::of(&file.path),
                    definitions: index(content.as_ref().ok()),
                    content,
                }
            })
            .collect();
        let paths = files.iter().enumerate().map(|(at, file)| (file.path, at)).collect();
        Draft { sources, files, paths }
    }

    /// The files that are schemas of the dialect and are JSON.
    pub fn schemas(&self) -> impl Iterator<Item = (&DraftFile<'a>, &Node)> {
        self.files.iter().filter_map(|file| {
            file.place.version()?;
            Some((file, file.content.as_ref().ok()?))
        })
    }

    /// The file at a path below the folder of schemas.
    pub fn at(&self, path: &str) -> Option<&DraftFile<'a>> {
        self.files.get(*self.paths.get(path)?)
    }

    /// The topology, where there is one that is JSON.
    pub fn topology(&self) -> Option<&Node> {
        self.at("topology.json")?.content.as_ref().ok()
    }

    /// The subjects of the catalogue.
    pub(crate) fn subjects(&self) -> BTreeSet<String> {
        let subjects = self.files.iter().filter_map(|file| match &file.place {
            Place::Event(subject, _) => Some(subject.to_string()),
            Place::Envelope(_)
            | Place::Definitions(_)
            | Place::DeadLetter(_)
            | Place::Topology
            | Place::Waivers
            | Place::NoSubject(_)
            | Place::NoVersion(_)
            | Place::Stray => None,
        });
        subjects.collect()
    }

    /// The topology as streams and consumers, and its text; nothing where it is none, which the
    /// rule `topology_invalid` says.
    pub fn streams(&self) -> Option<(Topology, &Node)> {
        let node = self.topology()?;
        let topology = Topology::of(node)?;
        let streams = topology.streams.iter().flat_map(|stream| &stream.subjects);
        let consumers = topology.consumers.iter().flat_map(|consumer| &consumer.filter_subjects);
        let wild = streams.chain(consumers).filter(|filter| has_wildcard(filter)).count();
        (wild <= MAX_WILDCARDS).then_some((topology, node))
    }
}

/// One schema inside a file: the root, a property, a branch, an item, a map value, a definition.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// The file it stands in.
    pub file: &'a DraftFile<'a>,
    /// The schema.
    pub node: &'a Node,
    /// What it describes.
    pub role: Role<'a>,
    /// What to underline where something is missing in it: the key that leads to it, else its
    /// first character.
    pub at: Span,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// The whole of a file.
    Root,
    /// A property of a struct.
    Property {
        /// Its name.
        name: &'a str,
        /// Whether the struct lists it as required.
        required: bool,
    },
    /// The items of an array.
    Items,
    /// The values of a map.
    MapValue,
    /// A branch of a union.
    Branch,
    /// An entry of `definitions`.
    Definition {
        /// Its name.
        name: &'a str,
    },
}

impl<'a> DraftFile<'a> {
    /// Every schema of the file, parents before children, in the order of the text.
    ///
    /// What stands below a keyword that the dialect refuses is not walked: the keyword itself is
    /// reported.
    pub fn sites(&'a self) -> Vec<Site<'a>> {
        let mut sites = Vec::new();
        if let (Some(_), Ok(node)) = (self.place.version(), &self.content) {
            self.collect(node, Role::Root, node.head(), &mut sites);
        }
        sites
    }

    /// The entry of the root's `definitions` that has this name.
    pub fn definition(&self, name: &str) -> Option<&Member> {
        let definitions = self.content.as_ref().ok()?.get("definitions")?;
        definitions.members().get(*self.definitions.get(name)?)
    }

    fn collect(&'a self, node: &'a Node, role: Role<'a>, at: Span, sites: &mut Vec<Site<'a>>) {
        sites.push(Site { file: self, node, role, at });
        for member in node.members() {
            match member.key.as_str() {
                "definitions" if role == Role::Root => {
                    for definition in member.value.members() {
                        let role = Role::Definition { name: &definition.key };
                        self.collect(&definition.value, role, definition.key_span, sites);
                    }
                }
                "properties" => {
                    let required = required(node);
                    for property in member.value.members() {
                        let name = property.key.as_str();
                        let role = Role::Property { name, required: required.contains(name) };
                        self.collect(&property.value, role, property.key_span, sites);
                    }
                }
                "items" if !matches!(member.value.data, json::Data::Array(_)) => {
                    self.collect(&member.value, Role::Items, member.key_span, sites);
                }
                "additionalProperties" if member.value.as_bool() != Some(false) => {
                    self.collect(&member.value, Role::MapValue, member.key_span, sites);
                }
                "oneOf" => {
                    for branch in member.value.items() {
                        self.collect(branch, Role::Branch, branch.head(), sites);
                    }
                }
                _ => {}
            }
        }
    }
}

fn index(root: Option<&Node>) -> HashMap<String, usize> {
    let definitions = root.and_then(|root| root.get("definitions"));
    let members = definitions.map(Node::members).unwrap_or_default();
    members.iter().enumerate().map(|(at, member)| (member.key.clone(), at)).collect()
}

/// The names that a struct lists as required.
pub fn required(schema: &Node) -> HashSet<&str> {
    let names = schema.get("required").map(Node::items).unwrap_or_default();
    names.iter().filter_map(Node::as_str).collect()
}
