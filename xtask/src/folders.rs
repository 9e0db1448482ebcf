//! Which folders a verb works on: those the user names, else those of this workspace.

use std::env;
use std::path::{Path, PathBuf};

use wr_schema::Sources;

use crate::Error;
use crate::error::chain;

/// The folder of schemas that a verb works on.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Schemas {
    /// The folder of schemas [default: `schemas` of this workspace]
    #[arg(long, value_name = "DIR")]
    schemas: Option<PathBuf>,
}

impl Schemas {
    /// The folder, as the user typed it, or the default relative to the current folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.schemas.clone().unwrap_or_else(default_schemas)
    }

    /// Whether the user names one.
    pub(crate) fn is_given(&self) -> bool {
        self.schemas.is_some()
    }

    /// Whether the folder is the one of this workspace.
    pub(crate) fn is_default(&self) -> bool {
        self.schemas.as_deref().is_none_or(|given| {
            match (given.canonicalize(), default_schemas().canonicalize()) {
                (Ok(given), Ok(default)) => given == default,
                _ => false,
            }
        })
    }

    /// The flags that name it again, with a space in front; nothing for the default.
    pub(crate) fn flags(&self) -> String {
        flag("--schemas", self.schemas.as_deref())
    }

    /// Reads the folder.
    pub(crate) fn load(&self) -> Result<Sources, Error> {
        Sources::load(&self.folder()).map_err(|error| {
            Error::failed(
                chain(&error),
                "name a folder of schemas with `--schemas DIR`, or begin one with \
                 `cargo xtask new event DOMAIN.ENTITY.ACTION --schemas DIR`",
            )
        })
    }
}

/// `schemas` of this workspace.
pub(crate) fn default_schemas() -> PathBuf {
    workspace().join("schemas")
}

/// The folder of this workspace, relative to the current one: empty where they are the same.
///
/// Cargo says in which package it runs, and a verb's package lies one folder deep; without cargo
/// it is the current folder.
pub(crate) fn workspace() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let workspace =
        package.as_deref().and_then(Path::parent).filter(|at| at.join("xtask").is_dir());
    match (workspace, env::current_dir()) {
        (Some(workspace), Ok(current)) => relative(workspace, &current),
        (Some(workspace), Err(_)) => workspace.to_owned(),
        (None, _) => PathBuf::new(),
    }
}

/// The way from one folder to another, with `/` between its parts; neither has to exist.
pub(crate) fn way(from: &Path, to: &Path) -> String {
    let (from, to) = (real(from), real(to));
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = to.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into());
    up.chain(down).collect::<Vec<String>>().join("/")
}

/// The whole path, as far as it exists without symbolic links and `..`.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match found.map(|(above, real)| (path.strip_prefix(above), real)) {
        Some((Ok(rest), real)) => real.join(rest),
        _ => path,
    }
}

/// A flag as the user would type it in a shell, with a space in front.
pub(crate) fn flag(name: &str, path: Option<&Path>) -> String {
    let Some(path) = path else { return String::new() };
    let path = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_./=:@%+,".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        format!(" {name} {path}")
    } else {
        format!(" {name} '{}'", path.replace('\'', r"'\''"))
    }
}

/// A path as short as it can be written from inside it; any other stays as it is.
fn relative(path: &Path, current: &Path) -> PathBuf {
    match current.strip_prefix(path) {
        Ok(below) => below.components().map(|_| "..").collect(),
        Err(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_shown_from_inside_it() {
        let root = Path::new("/w");
        assert_eq!(relative(root, Path::new("/w")), Path::new(""));
        assert_eq!(relative(root, Path::new("/w/crates/a")), Path::new("../.."));
        assert_eq!(relative(root, Path::new("/elsewhere")), Path::new("/w"));
    }

    #[test]
    fn the_way_between_two_folders() {
        let temp = tempfile::tempdir().unwrap();
        let at = |path: &str| temp.path().join(path);
        std::fs::create_dir(at("a")).unwrap();
        assert_eq!(way(&at("a/b/c"), &at("d/e")), "../../../d/e");
        assert_eq!(way(&at("a/../f"), &at("a")), "../a");
        assert_eq!(way(&at("a"), &at("a/b")), "b");
    }

    #[test]
    fn a_flag_can_be_pasted_into_a_shell() {
        assert_eq!(flag("--out", None), "");
        assert_eq!(flag("--out", Some(Path::new("../a-b/c_d"))), " --out ../a-b/c_d");
        assert_eq!(flag("--out", Some(Path::new("a b'c"))), r" --out 'a b'\''c'");
    }
}
