//! The one module that reads files: a folder of schemas becomes texts with names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::finding::{Finding, Place};
use crate::json::{FileId, Span};

/// The largest schema file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The folder that `gen` writes into; nothing in it is a source.
pub const GENERATED: &str = "generated";

/// Every text of a catalogue, in the order of the paths.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    problems: Vec<Finding>,
}

/// One text with its path.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path below the folder of schemas, with `/` between its parts.
    pub path: String,
    /// The text.
    pub text: String,
}

/// Why a folder could not be read at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the folder of schemas {path}", path = path.display())]
pub struct LoadError {
    path: PathBuf,
    source: io::Error,
}

impl Sources {
    /// Reads every file of a folder of schemas.
    ///
    /// A single file that cannot be read is a finding of [`Sources::problems`].
    ///
    /// # Errors
    /// The folder itself cannot be read.
    pub fn load(folder: &Path) -> Result<Sources, LoadError> {
        let error = |source| LoadError { path: folder.to_owned(), source };
        let mut sources = Sources::default();
        for entry in sorted(folder).map_err(error)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name == GENERATED {
                continue;
            }
            match fs::metadata(entry.path()) {
                Ok(metadata) if metadata.is_dir() => sources.load_folder(&entry.path(), &name),
                Ok(_) => sources.load_file(&entry.path(), name),
                Err(error) => sources.unreadable(name, &error),
            }
        }
        Ok(sources)
    }

    /// Texts that stand in no folder.
    pub fn from_texts<P: Into<String>, T: Into<String>>(
        texts: impl IntoIterator<Item = (P, T)>,
    ) -> Sources {
        let mut files: Vec<SourceFile> = texts
            .into_iter()
            .map(|(path, text)| SourceFile { path: path.into(), text: text.into() })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Sources { files, problems: Vec::new() }
    }

    /// The files, each with its id.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// One file.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(usize::try_from(id.0).ok()?)
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).and_then(|file| file.text.get(span.start..span.end)).unwrap_or("")
    }

    /// The path of a place.
    pub fn path<'a>(&'a self, place: &'a Place) -> &'a str {
        match place {
            Place::Span(span) => self.file(span.file).map_or("", |file| &file.path),
            Place::Path(path) => path,
        }
    }

    /// What could not be read.
    pub fn problems(&self) -> &[Finding] {
        &self.problems
    }

    /// Versions lie one folder deep; what is deeper is a finding, and is not walked: a symbolic
    /// link that leads back up ends here.
    fn load_folder(&mut self, folder: &Path, name: &str) {
        let entries = match sorted(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(name.to_owned(), &error),
        };
        if entries.is_empty() {
            self.problem(
                "unexpected_file",
                name.to_owned(),
                "an empty folder".to_owned(),
                "put the first version, `1.0.json`, into it, or remove it".to_owned(),
            );
        }
        for entry in entries {
            let path = format!("{name}/{}", entry.file_name().to_string_lossy());
            match fs::metadata(entry.path()) {
                Ok(metadata) if metadata.is_dir() => self.problem(
                    "unexpected_file",
                    path,
                    "a folder inside the folder of a subject".to_owned(),
                    "a subject's folder holds its versions only: move it out of the schemas"
                        .to_owned(),
                ),
                Ok(_) => self.load_file(&entry.path(), path),
                Err(error) => self.unreadable(path, &error),
            }
        }
    }

    fn load_file(&mut self, file: &Path, path: String) {
        if !path.ends_with(".json") {
            if !path.ends_with(".md") {
                self.problem(
                    "unexpected_file",
                    path,
                    "a file that is no schema".to_owned(),
                    "only `.json` schemas and `.md` notes belong here: move it out, or name it \
                     `{major}.{minor}.json`"
                        .to_owned(),
                );
            }
            return;
        }
        match fs::metadata(file) {
            Ok(metadata) if metadata.len() > MAX_FILE_BYTES => self.problem(
                "file_too_large",
                path,
                format!("{} bytes, more than the {MAX_FILE_BYTES} that are read", metadata.len()),
                "a schema describes one event: split what grew beyond that".to_owned(),
            ),
            Ok(metadata) if !metadata.is_file() => self.problem(
                "unreadable",
                path,
                "no regular file".to_owned(),
                "replace it by a file".to_owned(),
            ),
            Ok(_) => match fs::read(file) {
                Ok(bytes) => self.add_bytes(path, bytes),
                Err(error) => self.unreadable(path, &error),
            },
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn add_bytes(&mut self, path: String, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => self.files.push(SourceFile { path, text }),
            Err(error) => self.problem(
                "invalid_utf8",
                path,
                format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()),
                "save the file as UTF-8".to_owned(),
            ),
        }
    }

    fn unreadable(&mut self, path: String, error: &io::Error) {
        self.problem(
            "unreadable",
            path,
            error.to_string(),
            "make it readable, or remove it (a symbolic link must lead to a file)".to_owned(),
        );
    }

    fn problem(&mut self, rule: &'static str, path: String, message: String, help: String) {
        self.problems.push(Finding { rule, place: Place::Path(path), message, help });
    }
}

fn sorted(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}
