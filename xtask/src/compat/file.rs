//! A schema file that the user named, in or outside the dialect.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wr_schema::Sources;
use wr_schema::draft::{Draft, Place};
use wr_schema::finding::LineColumn;
use wr_schema::json::{Data, Node};
use wr_schema::resolve::resolve;

use super::Texts;
use crate::Error;

/// The largest file that is compared, in bytes: foreign schemas are larger than those of a
/// catalogue.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// One version, read.
#[derive(Debug)]
pub(crate) struct Loaded {
    sources: Sources,
    /// The path of the file, as the user typed it.
    path: PathBuf,
    /// The event it is a version of, where its folder and name say so.
    pub(crate) event: Option<String>,
    /// The schema as it is written.
    pub(crate) written: Node,
    /// With every reference replaced, where the file is a version of the dialect.
    pub(crate) resolved: Option<Node>,
}

impl Loaded {
    /// The texts that its spans lead into.
    pub(crate) fn texts(&self) -> Texts<'_> {
        Texts::of(&self.sources, |name| match name.strip_prefix("definitions/") {
            Some(rest) if !self.path.ends_with(name) => {
                let folder = self.path.parent().map(Path::to_path_buf).unwrap_or_default();
                let shown = match (folder.parent(), folder.file_name()) {
                    (Some(above), Some(_)) => above.join("definitions"),
                    _ => folder.join("../definitions"),
                };
                shown.join(rest).display().to_string()
            }
            _ => self.path.display().to_string(),
        })
    }
}

/// Reads a schema file.
///
/// A file whose folder and name say that it is a version of a subject is read as one: what it
/// refers to in `../definitions` is read too.
pub(crate) fn load(path: &Path) -> Result<Loaded, Error> {
    let text = read(path)?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let part = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let folder = absolute.parent().and_then(part).unwrap_or_default();
    let name = format!("{folder}/{}", part(&absolute).unwrap_or_default());
    let place = Place::of(&name);
    let is_version = place.version().is_some();
    let event = match place {
        Place::Event(subject, _) => Some(subject.event_type().to_string()),
        _ => None,
    };
    let mut texts = vec![(name.clone(), text)];
    if is_version && folder != "definitions" {
        texts.extend(definitions(&absolute));
    }
    let sources = Sources::from_texts(texts);
    let (written, resolved) = {
        let draft = Draft::of(&sources);
        let file = draft.at(&name).ok_or_else(|| unreadable(path, "it has no name"))?;
        let written = match &file.content {
            Ok(node) if node.is_object() || node.as_bool().is_some() => node.clone(),
            Ok(_) => return Err(unreadable(path, "a schema is an object, or `true` or `false`")),
            Err(error) => {
                let text = sources.file(error.span.file).map_or("", |file| file.text.as_str());
                let at = LineColumn::of(text, error.span.start);
                return Err(Error::failed(
                    format!("`{}:{at}` is no JSON: {}", path.display(), error.message),
                    "mend the file, then run the command again",
                ));
            }
        };
        let ours = is_version && is_draft_07(&written);
        let resolved = ours.then(|| resolve(&draft, file, &written).ok()).flatten();
        (written, resolved.filter(|node| !refers(node)))
    };
    Ok(Loaded { sources, path: path.to_owned(), event, written, resolved })
}

fn read(path: &Path) -> Result<String, Error> {
    let metadata = fs::metadata(path).map_err(|error| missing(path, &error))?;
    if metadata.is_dir() {
        return Err(Error::usage(
            format!("`{}` is a folder", path.display()),
            "name two files, or compare two folders with `--schemas DIR --against DIR`",
        ));
    }
    if metadata.len() > MAX_BYTES {
        return Err(unreadable(path, &format!("it has more than {MAX_BYTES} bytes")));
    }
    let bytes = fs::read(path).map_err(|error| missing(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        unreadable(path, &format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()))
    })
}

fn missing(path: &Path, error: &io::Error) -> Error {
    Error::file("read", path, error)
}

fn unreadable(path: &Path, why: &str) -> Error {
    Error::failed(
        format!("cannot read `{}` as a schema: {why}", path.display()),
        "name a file that holds a JSON Schema",
    )
}

/// The shared definitions beside a version's folder; none where there is no such folder.
fn definitions(file: &Path) -> Vec<(String, String)> {
    let folder = file.parent().and_then(Path::parent).map(|above| above.join("definitions"));
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok());
    let texts = entries.into_iter().flatten().filter_map(|entry| {
        let path = entry.ok()?.path();
        let name = format!("definitions/{}", path.file_name()?.to_string_lossy());
        Place::of(&name).version()?;
        Some((name, read(&path).ok()?))
    });
    texts.collect()
}

fn is_draft_07(node: &Node) -> bool {
    node.get("$schema").and_then(Node::as_str).is_some_and(|name| name.contains("draft-07"))
}

/// Whether any reference is left.
fn refers(node: &Node) -> bool {
    match &node.data {
        Data::Object(members) => {
            members.iter().any(|member| member.key == "$ref" || refers(&member.value))
        }
        Data::Array(items) => items.iter().any(refers),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => false,
    }
}
