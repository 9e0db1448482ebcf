//! The one module that calls git: as a process, with errors that say what to do.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::Error;
use crate::folders::flag;

/// What a caller is told that has another way than git.
const WITHOUT: &str = "`cargo xtask compat --no-against` checks the histories alone, and \
                       `--against DIR` compares with a folder";

/// What git's own variables would make another repository of, as in a hook.
const VARIABLES: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
];

/// A folder inside a repository.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    folder: PathBuf,
    /// The way from the top of the repository to the folder, with a `/` at its end; empty at the
    /// top.
    prefix: String,
}

/// A commit, by its whole name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Commit(String);

impl Commit {
    /// As a user reads and types it.
    pub(crate) fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl Repository {
    /// The repository that a folder lies in.
    ///
    /// # Errors
    /// There is no git, or the folder lies in no repository, or git refuses to read it.
    pub(crate) fn around(folder: &Path) -> Result<Repository, Error> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut repository = Repository { folder: folder.to_owned(), prefix: String::new() };
        let output = repository.output(["rev-parse", "--show-prefix"], None)?;
        if !output.status.success() {
            let said = said(&output);
            let next = if said.contains("safe.directory") {
                format!("`git config --global --add safe.directory '*'` trusts it; {WITHOUT}")
            } else {
                format!("run it in a clone of the repository; {WITHOUT}")
            };
            return Err(Error::failed(
                format!("`{}` is in no repository that git can read: {said}", folder.display()),
                next,
            ));
        }
        repository.prefix =
            String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned();
        Ok(repository)
    }

    /// The commit that a revision names, where it names one.
    pub(crate) fn commit(&self, revision: &str) -> Result<Option<Commit>, Error> {
        let name = format!("{revision}^{{commit}}");
        let output = self.output(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", name.as_str()],
            None,
        )?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !text.is_empty()).then_some(Commit(text)))
    }

    /// Whether commits are missing from the history.
    pub(crate) fn is_shallow(&self) -> Result<bool, Error> {
        Ok(self.text(["rev-parse", "--is-shallow-repository"])?.trim() == "true")
    }

    /// Whether the folder is as `HEAD` has it, files that git does not know yet included.
    pub(crate) fn is_unchanged(&self) -> Result<bool, Error> {
        let status = ["status", "--porcelain", "--untracked-files=all", "--", "."];
        Ok(self.text(status)?.trim().is_empty())
    }

    /// The newest common ancestor of a commit and `HEAD`, where they have one.
    pub(crate) fn merge_base(&self, other: &Commit) -> Result<Option<Commit>, Error> {
        let output = self.output(["merge-base", "HEAD", other.0.as_str()], None)?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !text.is_empty()).then_some(Commit(text)))
    }

    /// Whether a commit is another one or comes before it.
    pub(crate) fn is_ancestor(&self, old: &Commit, new: &Commit) -> Result<bool, Error> {
        let args = ["merge-base", "--is-ancestor", old.0.as_str(), new.0.as_str()];
        Ok(self.output(args, None)?.status.success())
    }

    /// The newest release tag that `HEAD` holds: `v` and a version.
    pub(crate) fn newest_release(&self) -> Result<Option<String>, Error> {
        let tags = self.text([
            "-c",
            "versionsort.suffix=-",
            "tag",
            "--list",
            "v[0-9]*",
            "--merged",
            "HEAD",
            "--sort=-version:refname",
        ])?;
        Ok(tags.lines().next().map(str::to_owned))
    }

    /// Whether anything was released, on this branch or another.
    pub(crate) fn has_release(&self) -> Result<bool, Error> {
        Ok(!self.text(["tag", "--list", "v[0-9]*"])?.trim().is_empty())
    }

    /// The files of the folder as a commit has them, by their paths below it; those that `wanted`
    /// refuses, links and what is no text left out.
    pub(crate) fn files(
        &self,
        commit: &Commit,
        wanted: fn(&str) -> bool,
    ) -> Result<BTreeMap<String, String>, Error> {
        let folder = format!("{}:{}", commit.0, self.prefix.trim_end_matches('/'));
        let there = self.output(["rev-parse", "--verify", "--quiet", folder.as_str()], None)?;
        if !there.status.success() {
            // The folder is younger than the commit.
            return Ok(BTreeMap::new());
        }
        let list = self.text(["ls-tree", "-r", "-z", "--full-tree", folder.as_str()])?;
        let mut blobs = Vec::new();
        for entry in list.split('\0') {
            // `100644 blob NAME<tab>PATH`
            let Some((meta, path)) = entry.split_once('\t') else { continue };
            let mut meta = meta.split(' ');
            let (mode, name) = (meta.next().unwrap_or_default(), meta.nth(1).unwrap_or_default());
            if mode.starts_with("100") && wanted(path) {
                blobs.push((path.to_owned(), name.to_owned()));
            }
        }
        self.blobs(blobs)
    }

    /// Every file that the history of a commit has ever brought, as it was first brought.
    pub(crate) fn first_files(
        &self,
        commit: &Commit,
        wanted: fn(&str) -> bool,
    ) -> Result<BTreeMap<String, String>, Error> {
        let log = self.text([
            "log",
            "--first-parent",
            "--diff-merges=first-parent",
            "--no-renames",
            "--no-relative",
            "--diff-filter=A",
            "--raw",
            "--no-abbrev",
            "-z",
            "--format=",
            commit.0.as_str(),
            "--",
            ".",
        ])?;
        // `:000000 100644 000.. NAME A<nul>PATH<nul>`, the newest first: the last entry counts.
        let mut first = BTreeMap::new();
        let mut parts = log.split('\0').map(str::trim_start);
        while let Some(meta) = parts.next() {
            let Some(meta) = meta.strip_prefix(':') else { continue };
            let Some(path) = parts.next() else { break };
            let mut meta = meta.split(' ');
            let (mode, name) = (meta.nth(1).unwrap_or_default(), meta.nth(1).unwrap_or_default());
            let Some(path) = path.strip_prefix(self.prefix.as_str()) else { continue };
            if mode.starts_with("100") && wanted(path) {
                first.insert(path.to_owned(), name.to_owned());
            }
        }
        self.blobs(first.into_iter().collect())
    }

    /// The texts of blobs, read by one process.
    fn blobs(&self, blobs: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Error> {
        if blobs.is_empty() {
            return Ok(BTreeMap::new());
        }
        let names: String = blobs.iter().map(|(_, name)| format!("{name}\n")).collect();
        let output = self.output(["cat-file", "--batch"], Some(names))?;
        if !output.status.success() {
            return Err(refused("cat-file", &output));
        }
        let mut rest = output.stdout.as_slice();
        let mut files = BTreeMap::new();
        for (path, name) in blobs {
            // `NAME blob SIZE<line feed>CONTENTS<line feed>`
            let end = rest.iter().position(|byte| *byte == b'\n');
            let head = end.and_then(|end| rest.split_at_checked(end));
            let size = head.and_then(|(head, _)| {
                std::str::from_utf8(head).ok()?.strip_prefix(&format!("{name} blob "))?.parse().ok()
            });
            let contents = head.and_then(|(_, after)| after.get(1..));
            let (Some(size), Some(contents)) = (size, contents) else {
                return Err(Error::failed(
                    format!("git has lost the contents of `{path}`"),
                    "`git fsck` looks for what is missing, and `git fetch --refetch` gets it again",
                ));
            };
            let (text, after): (&[u8], &[u8]) =
                contents.split_at_checked(size).unwrap_or((contents, &[]));
            rest = after.get(1..).unwrap_or_default();
            // What is no text was no schema.
            if let Ok(text) = std::str::from_utf8(text) {
                files.insert(path, text.to_owned());
            }
        }
        Ok(files)
    }

    /// What git prints.
    fn text<const N: usize>(&self, args: [&str; N]) -> Result<String, Error> {
        let verb = args.first().copied().unwrap_or_default();
        let output = self.output(args, None)?;
        if !output.status.success() {
            return Err(refused(verb, &output));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs git in the folder.
    fn output<const N: usize>(
        &self,
        args: [&str; N],
        input: Option<String>,
    ) -> Result<Output, Error> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(["--literal-pathspecs", "--no-pager"]);
        command.args(args.map(OsStr::new));
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
        let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn().map_err(|error| not_started(&error))?;
        talk(started, input).map_err(|error| not_started(&error))
    }
}

/// Hands a process its input while its output is read.
fn talk(mut child: std::process::Child, input: Option<String>) -> io::Result<Output> {
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A process that stops reading says in its output why.
            scope.spawn(move || stdin.write_all(input.as_bytes()));
        }
        child.wait_with_output()
    })
}

fn not_started(error: &io::Error) -> Error {
    Error::failed(
        format!("cannot start `git`: {error}"),
        format!("install git, and see that it is on the `PATH`; {WITHOUT}"),
    )
}

fn refused(verb: &str, output: &Output) -> Error {
    Error::failed(
        format!("`git {verb}` failed: {}", said(output)),
        format!("mend what git says, then run the command again; {WITHOUT}"),
    )
}

/// The first line of what git says of a failure.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    let line = line.strip_prefix("fatal: ").unwrap_or(line);
    let safe = text.contains("safe.directory") && !line.contains("safe.directory");
    if safe { format!("{line} (safe.directory)") } else { line.to_owned() }
}

/// The error of a history that is cut off.
pub(crate) fn shallow() -> Error {
    Error::failed(
        "this clone is shallow: what was published before is not in it",
        format!(
            "`git fetch --unshallow --tags` gets the whole history; in a GitHub workflow, give \
             `actions/checkout` `fetch-depth: 0`; {WITHOUT}"
        ),
    )
}

/// The error of a repository without a branch `main`.
pub(crate) fn no_main() -> Error {
    Error::failed(
        "there is no branch `main` here to compare with",
        format!(
            "`git fetch origin main:main` gets it, `--against REV` names another revision; \
             {WITHOUT}"
        ),
    )
}

/// The error of a repository without a commit.
pub(crate) fn no_commit() -> Error {
    Error::failed(
        "the repository has no commit yet, so nothing in it is published",
        format!("make the first commit; {WITHOUT}"),
    )
}

/// The error of histories that never met.
pub(crate) fn unrelated() -> Error {
    Error::failed(
        "this branch and `main` have no commit in common",
        format!(
            "`git rebase main` puts it upon `main`, `--against REV` names another revision; {WITHOUT}"
        ),
    )
}

/// The error of a revision that is none.
pub(crate) fn unknown(revision: &str) -> Error {
    let quoted = flag("", Some(Path::new(revision)));
    Error::failed(
        format!("`{revision}` is neither a folder nor a commit of this repository"),
        format!(
            "`git fetch --tags origin` gets what the server has, and `git rev-parse{}` tells \
             whether it is there",
            quoted.replacen("  ", " ", 1)
        ),
    )
}
