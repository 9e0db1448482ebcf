//! nats-py, fetched from the Python package index, as a process that does what it is asked to.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// The release of nats-py, whose wheel is one for every platform.
const RELEASE: &str = "2.16.0";
/// The SHA-256 of that wheel: pip refuses another.
const WHEEL: &str = "aeb1ff123966c05833d26c7df7e1d54c1c6d32b612428b21677a2e921f1fecae";

/// The program that the process runs.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/client.py");

/// A client in Python on one server.
pub(crate) struct Python {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it. Without Python, pip or its package the test fails, and says how to get them.
    pub(crate) fn connect(url: &str) -> Python {
        static PACKAGES: OnceLock<Result<(String, PathBuf), String>> = OnceLock::new();
        let packages = PACKAGES.get_or_init(|| {
            let python = interpreter()?;
            let folder = packages(&python)?;
            Ok((python, folder))
        });
        let (python, folder) = packages.as_ref().unwrap_or_else(|why| {
            panic!("{why}\nto run this test, install Python 3.8 or newer with pip, and let pip reach a package index")
        });
        let mut command = Command::new(python);
        command.arg(PROGRAM).arg(url).env("PYTHONPATH", folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let requests = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Python { child, requests, answers }
    }

    /// Asks, and waits for the answer; a failure there is one here.
    pub(crate) fn ask(&mut self, verb: &str, mut request: Value) -> Value {
        request["verb"] = json!(verb);
        writeln!(self.requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap_or_default();
        assert!(answer.get("ok").is_some(), "`{verb}` failed in Python: {line}");
        answer["ok"].take()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first Python that is new enough.
fn interpreter() -> Result<String, String> {
    let is_new = |name: &&str| {
        let check = "import sys; sys.exit(sys.version_info < (3, 8))";
        let status = Command::new(name).args(["-c", check]).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let python = ["python3", "python"].into_iter().find(is_new);
    python.map(str::to_owned).ok_or_else(|| "there is no Python 3.8 or newer on `PATH`".to_owned())
}

/// The folder with nats-py in it; pip fetches it once.
fn packages(python: &str) -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = home.join(format!("nats-py-{RELEASE}"));
    if folder.join("nats/__init__.py").is_file() {
        return Ok(folder);
    }
    let told = |error: std::io::Error| format!("cannot write to `{}`: {error}", home.display());
    // Beside its place, and moved there once it is whole.
    let fetched = home.join(format!("nats-py-{RELEASE}-{}", std::process::id()));
    fs::create_dir_all(&fetched).map_err(told)?;
    let requirements = fetched.join("requirements.txt");
    let text = format!("nats-py=={RELEASE} --hash=sha256:{WHEEL}\n");
    fs::write(&requirements, text).map_err(told)?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--no-deps", "--only-binary", ":all:", "--require-hashes"]);
    pip.arg("--target").arg(&fetched).arg("--requirement").arg(&requirements);
    pip.env("PIP_ROOT_USER_ACTION", "ignore");
    let output = pip.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let _ = fs::remove_dir_all(&fetched);
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("pip does not fetch nats-py {RELEASE}: {}", said.trim()));
    }
    match fs::rename(&fetched, &folder) {
        // Another process was faster.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&fetched).map_err(told)?,
        moved => moved.map_err(told)?,
    }
    Ok(folder)
}
