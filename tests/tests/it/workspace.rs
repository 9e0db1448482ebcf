//! A workspace of generated crates, written below cargo's folder for tests and built in the folder
//! that this workspace is built in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wr_codegen::{Options, Root, generate};
use wr_schema::Catalog;

/// A workspace that is being written.
pub(crate) struct Workspace {
    folder: PathBuf,
    members: Vec<String>,
    written: BTreeSet<PathBuf>,
}

impl Workspace {
    /// An empty workspace; what a former run wrote stays until [`Workspace::finish`].
    pub(crate) fn new(name: &str) -> Workspace {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        Workspace { folder, members: Vec::new(), written: BTreeSet::new() }
    }

    /// Writes a file; one that is as it was keeps its time, so that cargo builds nothing again.
    pub(crate) fn write(&mut self, path: &str, text: &str) {
        let path = self.folder.join(path);
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        self.written.insert(path);
    }

    /// Adds a generated crate.
    pub(crate) fn generated(&mut self, package: &str, files: &[(String, String)]) {
        for (path, text) in files {
            self.write(&format!("{package}/{path}"), text);
        }
        self.members.push(package.to_owned());
    }

    /// Adds a package by hand: its dependencies, a line each, and its sources.
    pub(crate) fn package(&mut self, package: &str, dependencies: &str, sources: &[(&str, &str)]) {
        let manifest = format!(
            "[package]\nname = {package:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}"
        );
        self.write(&format!("{package}/Cargo.toml"), &manifest);
        for (path, text) in sources {
            self.write(&format!("{package}/src/{path}"), text);
        }
        self.members.push(package.to_owned());
    }

    /// Writes what holds the packages together, and removes what a former run wrote and this one
    /// did not, which cargo might take for sources.
    pub(crate) fn finish(&mut self) {
        let repository = wr_tests::repository();
        let manifest = fs::read_to_string(repository.join("Cargo.toml")).unwrap();
        let profiles = manifest.find("[profile.").map_or("", |at| &manifest[at..]);
        let members = &self.members;
        let text = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n{profiles}");
        self.write("Cargo.toml", &text);
        // cargo adds the crates and drops what only others need; the versions stay.
        fs::copy(repository.join("Cargo.lock"), self.folder.join("Cargo.lock")).unwrap();
        remove_others(&self.folder, &self.written);
    }

    /// A command of cargo, in the profile of this test.
    pub(crate) fn cargo(&self, verb: &str, arguments: &[&str]) -> Command {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut command = Command::new(env!("CARGO"));
        command.args([verb, "--quiet", "--offline"]);
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        command.args(arguments);
        command.current_dir(&self.folder).env("CARGO_TARGET_DIR", target);
        command
    }
}

/// The files of a catalogue's crate, with warnings denied.
pub(crate) fn crate_of(package: &str, catalog: &Catalog) -> Vec<(String, String)> {
    let wr_core = wr_tests::repository().join("crates/wr-core").display().to_string();
    let files = generate(catalog, &Options { wr_core }).unwrap();
    let named = format!("name = \"{}-events\"", catalog.domain);
    let files = files.into_iter().filter(|file| file.root == Root::Crate).map(|file| {
        let mut text = file.contents;
        if file.path == "Cargo.toml" {
            text = text.replace(&named, &format!("name = {package:?}"));
            text.push_str("\n[lints.rust]\nwarnings = \"deny\"\nmissing_docs = \"deny\"\n");
        }
        (file.path, text)
    });
    files.collect()
}

/// A dependency on a package of the repository, by its folder.
pub(crate) fn dependency(package: &str, folder: &str) -> String {
    let path = wr_tests::repository().join(folder);
    format!("{package} = {{ path = {path:?} }}\n")
}

fn remove_others(folder: &Path, written: &BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            remove_others(&path, written);
        } else if !written.contains(&path) && path.file_name() != Some("Cargo.lock".as_ref()) {
            fs::remove_file(path).unwrap();
        }
    }
}
