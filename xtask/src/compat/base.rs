//! What was published: the texts that frozen files are compared with, and where they are from.

use std::collections::BTreeMap;
use std::path::Path;

use wr_schema::Sources;
use wr_schema::draft::Place;

use crate::Error;
use crate::error::chain;
use crate::git::{self, Commit, Repository};

/// What the user asks to compare with.
#[derive(Clone, Debug)]
pub(super) enum Against {
    /// What `main` has, or the newest release.
    Main,
    /// A revision or a folder.
    Named(String),
    /// Nothing: histories alone.
    Nothing,
}

/// The published files.
#[derive(Debug)]
pub(super) struct Base {
    /// The texts, by their paths below the folder of schemas.
    pub(super) files: BTreeMap<String, String>,
    /// What it is, as a person reads it.
    pub(super) name: String,
    /// What to give `git checkout` to get a file back, where git has it.
    pub(super) revision: Option<String>,
    /// Whether anything was released, after which no edit of a published file can be waived.
    pub(super) is_released: bool,
    /// Where nothing was released: the files as `main` first brought them, which is what `main`
    /// itself will be compared with once this branch is in it.
    pub(super) first: BTreeMap<String, String>,
    /// Whether it is the one that guards `main`, so that a waiver that matches nothing is judged.
    pub(super) is_default: bool,
}

/// Whether a path is one that is frozen once it is published.
fn is_version(path: &str) -> bool {
    path.ends_with(".json") && Place::of(path).version().is_some()
}

impl Base {
    /// Finds what was published; none where nothing is asked for.
    pub(super) fn find(folder: &Path, against: &Against) -> Result<Option<Base>, Error> {
        match against {
            Against::Nothing => Ok(None),
            Against::Named(name) if Path::new(name).is_dir() => folder_of(name, folder).map(Some),
            Against::Named(name) => revision(folder, name).map(Some),
            Against::Main => of_main(folder).map(Some),
        }
    }
}

/// Another folder of schemas.
fn folder_of(name: &str, folder: &Path) -> Result<Base, Error> {
    let sources = Sources::load(Path::new(name)).map_err(|error| {
        Error::failed(chain(&error), "name a folder of schemas, or a revision, with `--against`")
    })?;
    let files = sources.iter().map(|(_, file)| (file.path.clone(), file.text.clone()));
    // Where there is no git to say whether anything was released, the stricter answer holds.
    let is_released = match Repository::around(folder) {
        Ok(repository) => repository.has_release()?,
        Err(_) => true,
    };
    Ok(Base {
        files: files.filter(|(path, _)| is_version(path)).collect(),
        name: format!("the folder `{name}`"),
        revision: None,
        is_released,
        first: BTreeMap::new(),
        is_default: false,
    })
}

/// A revision that the user names.
fn revision(folder: &Path, name: &str) -> Result<Base, Error> {
    let repository = Repository::around(folder)?;
    let commit = repository.commit(name)?.ok_or_else(|| git::unknown(name))?;
    Ok(Base {
        files: repository.files(&commit, is_version)?,
        name: format!("`{name}`"),
        revision: Some(name.to_owned()),
        is_released: repository.has_release()?,
        first: BTreeMap::new(),
        is_default: false,
    })
}

/// The merge base with `main`; on `main` itself the newest release, or what was first brought.
fn of_main(folder: &Path) -> Result<Base, Error> {
    let repository = Repository::around(folder)?;
    let head = repository.commit("HEAD")?.ok_or_else(git::no_commit)?;
    if repository.is_shallow()? {
        return Err(git::shallow());
    }
    let base = merge_base(&repository)?;
    let is_released = repository.has_release()?;
    let first = match is_released {
        true => BTreeMap::new(),
        false => repository.first_files(&base, is_version)?,
    };
    let made = |files, name, revision| Base {
        files,
        name,
        revision,
        is_released,
        first: first.clone(),
        is_default: true,
    };
    if base != head || !repository.is_unchanged()? {
        let name = format!("{}, where this branch leaves `main`", base.short());
        let files = repository.files(&base, is_version)?;
        return Ok(made(files, name, Some(base.short().to_owned())));
    }
    let release = match repository.newest_release()? {
        Some(tag) => repository.commit(&tag)?.map(|commit| (tag, commit)),
        None => None,
    };
    Ok(match release {
        Some((tag, commit)) => {
            let files = repository.files(&commit, is_version)?;
            made(files, format!("the release `{tag}`"), Some(tag))
        }
        None => {
            let name = "the commits that first brought each file".to_owned();
            made(repository.first_files(&head, is_version)?, name, None)
        }
    })
}

/// Where `HEAD` leaves `main`: of the local branch and the server's, whichever is nearer.
fn merge_base(repository: &Repository) -> Result<Commit, Error> {
    let mut found = false;
    let mut nearest: Option<Commit> = None;
    for name in ["refs/heads/main", "refs/remotes/origin/main"] {
        let Some(main) = repository.commit(name)? else { continue };
        found = true;
        let Some(base) = repository.merge_base(&main)? else { continue };
        let nearer = match &nearest {
            Some(nearest) => repository.is_ancestor(nearest, &base)?,
            None => true,
        };
        if nearer {
            nearest = Some(base);
        }
    }
    nearest.ok_or_else(if found { git::unrelated } else { git::no_main })
}
