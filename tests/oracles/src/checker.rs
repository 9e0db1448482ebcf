//! Our checker, as its users run it: a process that answers a pair a line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::oracles::Verdict;
use crate::pairs::{self, Pair};

/// A running checker; it ends with its input.
pub(crate) struct Checker {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Checker {
    /// Builds and starts it.
    pub(crate) fn start() -> Result<Checker, String> {
        let mut command = pairs::cargo();
        command.args(["--package", "xtask", "--", "compat", "--pairs", "-", "--raw"]);
        let mut child = spawn(command.stdin(Stdio::piped()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("the checker has no output")?;
        Ok(Checker { child, input, output: BufReader::new(output) })
    }

    /// Whether the documents of the old schema are documents of the new one, and the reverse.
    pub(crate) fn ask(&mut self, pair: &Pair) -> Result<[Verdict; 2], String> {
        let Some(input) = &mut self.input else { return Err("the checker has ended".to_owned()) };
        let line = json!({ "old": pair.old, "new": pair.new });
        writeln!(input, "{line}").map_err(|error| format!("the checker has ended: {error}"))?;
        let mut answer = String::new();
        self.output.read_line(&mut answer).map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_str(&answer)
            .map_err(|error| format!("{}: the checker answers {answer:?}: {error}", pair.name))?;
        Ok(["backward", "forward"].map(|direction| verdict(answer.get(direction))))
    }
}

/// A child whose output is read.
pub(crate) fn spawn(command: &mut Command) -> Result<Child, String> {
    let started = command.stdout(Stdio::piped()).spawn();
    started.map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

fn verdict(said: Option<&Value>) -> Verdict {
    let field = |name| said.and_then(|said| said.get(name));
    match field("verdict").and_then(Value::as_str) {
        Some("compatible") => Verdict::Compatible,
        Some("breaking") => Verdict::Breaking(field("witness").cloned()),
        _ => Verdict::Undecided,
    }
}
