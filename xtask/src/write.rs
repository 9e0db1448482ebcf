//! The one place where generated files meet the file system: written, checked, removed.
//!
//! A folder belongs to the generator as far as its files carry the header; whatever else is in the
//! way is an error, and then nothing at all is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::Error;
use crate::diff::Change;

/// Whether to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Make the files what they should be.
    Write,
    /// Only tell what would change.
    Check,
}

/// What there should be.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The folders that hold generated files.
    pub(crate) folders: Vec<Folder>,
    /// The files, with their whole paths.
    pub(crate) files: Vec<WantedFile>,
}

/// A folder whose files the generator owns as far as they carry its header.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Its path.
    pub(crate) path: PathBuf,
    /// What a file in it is that neither is wanted nor carries the header.
    pub(crate) foreign: Foreign,
}

/// What to do with a file that is not generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// It has no business there: an error.
    Refuse,
    /// Another verb wrote it: let it be.
    Leave,
}

/// A file that should be there.
#[derive(Debug)]
pub(crate) struct WantedFile {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) contents: String,
    /// Whether a file that is there already is left as it is.
    pub(crate) only_if_missing: bool,
}

/// What differed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Every file that was not as it should be, in the order of the paths.
    pub(crate) changes: Vec<Change>,
    /// How many files were.
    pub(crate) unchanged: usize,
}

/// A path below a folder, as a generator gives it.
///
/// # Errors
/// The path leads out of the folder.
pub(crate) fn below(folder: &Path, path: &str) -> Result<PathBuf, Error> {
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if inside && !path.is_empty() {
        return Ok(folder.join(path));
    }
    Err(Error::failed(
        format!("the generator asks for `{path}`, which is no path below `{}`", folder.display()),
        "this is a mistake of the generator: report it with the schemas that show it",
    ))
}

/// Makes the files what they should be, or tells what would change; looks at all of them before
/// it touches one.
pub(crate) fn ensure(
    wanted: Wanted,
    is_generated: fn(&str) -> bool,
    mode: Mode,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let mut in_the_way = Vec::new();
    let paths: BTreeSet<PathBuf> = wanted.files.iter().map(|file| file.path.clone()).collect();
    let mut changes = BTreeMap::new();
    for file in wanted.files {
        match read(&file.path)? {
            Found::Nothing => {
                changes.insert(file.path, (None, Some(file.contents)));
            }
            Found::Text(_) | Found::Other if file.only_if_missing => outcome.unchanged += 1,
            Found::Text(old) if old == file.contents => outcome.unchanged += 1,
            Found::Text(old) if is_generated(&old) => {
                changes.insert(file.path, (Some(old), Some(file.contents)));
            }
            Found::Text(_) | Found::Other => in_the_way.push(file.path),
        }
    }
    for folder in &wanted.folders {
        for path in files_below(&folder.path)? {
            if paths.contains(&path) {
                continue;
            }
            match read(&path)? {
                Found::Text(old) if is_generated(&old) => {
                    changes.insert(path, (Some(old), None));
                }
                Found::Nothing => {}
                Found::Text(_) | Found::Other => match folder.foreign {
                    Foreign::Refuse => in_the_way.push(path),
                    Foreign::Leave => {}
                },
            }
        }
    }
    if !in_the_way.is_empty() {
        return Err(foreign(&in_the_way));
    }
    outcome.changes =
        changes.into_iter().map(|(path, (old, new))| Change { path, old, new }).collect();
    if mode == Mode::Write {
        apply(&outcome.changes, &wanted.folders)?;
    }
    Ok(outcome)
}

/// What stands at a path.
enum Found {
    Nothing,
    Text(String),
    /// A folder, or a file that is no text.
    Other,
}

fn read(path: &Path) -> Result<Found, Error> {
    let found = match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_or(Found::Other, Found::Text),
        // A file where a folder should be is found when its own turn comes.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A symbolic link to nothing is something.
            if path.is_symlink() { Found::Other } else { Found::Nothing }
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Found::Nothing,
        Err(_) if path.is_dir() => Found::Other,
        Err(error) => return Err(Error::file("read", path, &error)),
    };
    Ok(found)
}

/// Every file below a folder, hidden ones left out: editors and systems leave them, and no
/// generator asks for one. A symbolic link counts as a file, and is not followed.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file("read the folder", folder, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::file("read the folder", folder, &error))?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn foreign(paths: &[PathBuf]) -> Error {
    let shown: Vec<String> =
        paths.iter().take(10).map(|path| format!("`{}`", path.display())).collect();
    let more = paths.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let (stands, it) = if paths.len() == 1 { ("stands", "it") } else { ("stand", "them") };
    Error::failed(
        format!(
            "{}{more} {stands} where generated files belong, without the header of one; nothing \
             was written",
            shown.join(", ")
        ),
        format!(
            "move {it} elsewhere, or delete {it} if {it} was generated and damaged, then run the \
             command again"
        )
        .replace("them was", "they were"),
    )
}

/// Removals first, so that a file can give way to a folder of its name.
fn apply(changes: &[Change], folders: &[Folder]) -> Result<(), Error> {
    for change in changes.iter().filter(|change| change.new.is_none()) {
        fs::remove_file(&change.path)
            .map_err(|error| Error::file("remove", &change.path, &error))?;
        remove_empty(change.path.parent(), folders);
    }
    for change in changes {
        if let Some(contents) = &change.new {
            replace(&change.path, contents)
                .map_err(|error| Error::file("write", &change.path, &error))?;
        }
    }
    Ok(())
}

/// Removes a folder and those above it, up to one of ours, as long as they are empty.
fn remove_empty(folder: Option<&Path>, ours: &[Folder]) {
    let mut folder = folder;
    while let Some(path) = folder {
        let top = ours.iter().any(|ours| ours.path == path);
        // Not empty, or gone: either way there is nothing to do.
        if fs::remove_dir(path).is_err() || top {
            return;
        }
        folder = path.parent();
    }
}

/// Writes beside the path, then renames, so that nobody reads half a file.
pub(crate) fn replace(path: &Path, contents: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::write(&beside, contents).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to tell; what is left over is hidden, and overwritten later.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "// @generated\none\n";
    const TWO: &str = "// @generated\ntwo\n";

    fn is_generated(text: &str) -> bool {
        text.starts_with("// @generated")
    }

    /// A folder of a test, with `src` refusing foreign files and `generated` leaving them.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Place {
            Place(tempfile::tempdir().unwrap())
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.path().join(path)
        }

        fn put(&self, path: &str, text: &str) {
            let path = self.at(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn text(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.at(path)).ok()
        }

        fn ensure(&self, mode: Mode, files: &[(&str, &str)]) -> Result<Outcome, Error> {
            let wanted = Wanted {
                folders: vec![
                    Folder { path: self.at("src"), foreign: Foreign::Refuse },
                    Folder { path: self.at("generated"), foreign: Foreign::Leave },
                ],
                files: files
                    .iter()
                    .map(|(path, contents)| WantedFile {
                        path: below(self.0.path(), path).unwrap(),
                        contents: (*contents).to_owned(),
                        only_if_missing: *path == "Cargo.toml",
                    })
                    .collect(),
            };
            ensure(wanted, is_generated, mode)
        }

        fn names(&self) -> Vec<String> {
            let name = |path: &PathBuf| {
                path.strip_prefix(self.0.path()).unwrap().to_string_lossy().replace('\\', "/")
            };
            files_below(self.0.path()).unwrap().iter().map(name).collect()
        }
    }

    #[test]
    fn writes_what_differs_and_nothing_twice() {
        let place = Place::new();
        let files = [("src/lib.rs", ONE), ("src/a/b.rs", TWO), ("Cargo.toml", "[package]\n")];
        assert_eq!(place.ensure(Mode::Write, &files).unwrap().changes.len(), 3);
        assert_eq!(place.names(), ["Cargo.toml", "src/a/b.rs", "src/lib.rs"]);
        let before = fs::metadata(place.at("src/lib.rs")).unwrap().modified().unwrap();
        let again = place.ensure(Mode::Write, &files).unwrap();
        assert_eq!(again, Outcome { changes: Vec::new(), unchanged: 3 });
        assert_eq!(fs::metadata(place.at("src/lib.rs")).unwrap().modified().unwrap(), before);
    }

    #[test]
    fn removes_what_nobody_asks_for_any_more() {
        let place = Place::new();
        place.ensure(Mode::Write, &[("src/lib.rs", ONE), ("src/a/b/c.rs", TWO)]).unwrap();
        let outcome = place.ensure(Mode::Write, &[("src/lib.rs", ONE)]).unwrap();
        assert_eq!(outcome.changes.len(), 1);
        assert_eq!(place.names(), ["src/lib.rs"]);
        assert!(!place.at("src/a").exists());
    }

    #[test]
    fn a_file_gives_way_to_a_folder_and_back() {
        let place = Place::new();
        place.ensure(Mode::Write, &[("src/a", ONE)]).unwrap();
        place.ensure(Mode::Write, &[("src/a/b.rs", ONE)]).unwrap();
        assert_eq!(place.names(), ["src/a/b.rs"]);
        place.ensure(Mode::Write, &[("src/c.rs", ONE)]).unwrap();
        assert_eq!(place.names(), ["src/c.rs"]);
    }

    #[test]
    fn a_foreign_file_stops_everything() {
        for foreign in ["src/notes.md", "src/lib.rs", "src/a/b.rs"] {
            let place = Place::new();
            place.put(foreign, "by hand\n");
            let files = [("src/lib.rs", ONE), ("src/z.rs", TWO)];
            let error = place.ensure(Mode::Write, &files).unwrap_err();
            assert!(error.to_string().contains(foreign), "{error}");
            assert_eq!(place.names(), [foreign]);
            assert_eq!(place.text(foreign).unwrap(), "by hand\n");
        }
    }

    #[test]
    fn a_folder_or_bytes_in_the_way_are_foreign() {
        let place = Place::new();
        fs::create_dir_all(place.at("src/lib.rs")).unwrap();
        assert!(place.ensure(Mode::Write, &[("src/lib.rs", ONE)]).is_err());
        let place = Place::new();
        place.put("src/lib.rs", "");
        fs::write(place.at("src/lib.rs"), [0xff, 0xfe]).unwrap();
        assert!(place.ensure(Mode::Write, &[("src/lib.rs", ONE)]).is_err());
    }

    #[test]
    fn what_other_verbs_wrote_is_left_alone() {
        let place = Place::new();
        place.put("generated/catalogue.md", "by another verb\n");
        place.put("generated/old.json", ONE);
        place.put("src/.lib.rs.swp", "an editor\n");
        place.ensure(Mode::Write, &[("generated/new.json", TWO)]).unwrap();
        assert_eq!(place.names(), ["generated/catalogue.md", "generated/new.json"]);
    }

    #[test]
    fn a_manifest_is_written_once() {
        let place = Place::new();
        place.put("Cargo.toml", "by hand\n");
        place.ensure(Mode::Write, &[("Cargo.toml", "[package]\n")]).unwrap();
        assert_eq!(place.text("Cargo.toml").unwrap(), "by hand\n");
    }

    #[test]
    fn a_check_writes_nothing() {
        let place = Place::new();
        place.ensure(Mode::Write, &[("src/lib.rs", ONE), ("src/old.rs", ONE)]).unwrap();
        let files = [("src/lib.rs", TWO), ("src/new.rs", ONE)];
        let outcome = place.ensure(Mode::Check, &files).unwrap();
        assert_eq!(outcome.changes.len(), 3);
        assert_eq!(place.names(), ["src/lib.rs", "src/old.rs"]);
        assert_eq!(place.text("src/lib.rs").unwrap(), ONE);
    }

    #[test]
    fn no_path_leads_out() {
        for path in ["", "..", "../a", "/a", "a/../../b", "./a/.."] {
            assert!(below(Path::new("out"), path).is_err(), "{path}");
        }
    }
}
