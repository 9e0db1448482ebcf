//! Whoever is asked, each in a process of its own: our checker as its users run it, and the
//! oracles, which overflow their stack, panic, or think for minutes about some pairs.

use std::env;
use std::io::{BufRead, stdin};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::oracles::{Oracle, Verdict};
use crate::pairs;
use crate::process::Process;

/// What an oracle may think about a pair.
const ORACLE_LIMIT: Duration = Duration::from_secs(5);
/// What we may, the first time with the building; then we promise a second.
const OUR_LIMIT: Duration = Duration::from_secs(3_600);

/// All that are asked.
pub(crate) struct Judges {
    ours: Process,
    oracles: Option<Process>,
}

impl Judges {
    /// Builds and starts our checker.
    pub(crate) fn start() -> Result<Judges, String> {
        let mut command = pairs::cargo();
        command.args(["--package", "xtask", "--", "compat", "--pairs", "-", "--raw"]);
        Ok(Judges { ours: Process::start(&mut command)?, oracles: None })
    }

    /// What we say of both directions: are the documents of the old schema documents of the new
    /// one, and the reverse?
    pub(crate) fn ours(&mut self, old: &Value, new: &Value) -> Result<[Verdict; 2], String> {
        let answer = self.ours.ask(&json!({ "old": old, "new": new }), OUR_LIMIT);
        let answer = answer.ok_or("our checker has ended")?;
        let directions = ["backward", "forward"].map(|direction| {
            let said = answer.get(direction)?;
            Some(verdict(said.get("verdict")?, said.get("witness")))
        });
        match directions {
            [Some(backward), Some(forward)] => Ok([backward, forward]),
            _ => Err(format!("our checker answers {answer}")),
        }
    }

    /// What an oracle says of one direction.
    pub(crate) fn oracle(&mut self, oracle: Oracle, writer: &Value, reader: &Value) -> Verdict {
        let question = json!([oracle.name(), writer, reader]);
        let mut process = self.oracles.take().or_else(|| {
            let mut command = Command::new(env::current_exe().ok()?);
            Process::start(command.arg("--oracles").stderr(Stdio::null())).ok()
        });
        let answer = process.as_mut().and_then(|process| process.ask(&question, ORACLE_LIMIT));
        let Some(answer) = answer else { return Verdict::Undecided };
        self.oracles = process;
        match answer.as_array().map(Vec::as_slice) {
            Some([word, document]) => verdict(word, Some(document)),
            _ => Verdict::Undecided,
        }
    }
}

fn verdict(word: &Value, document: Option<&Value>) -> Verdict {
    match word.as_str() {
        Some("compatible") => Verdict::Compatible,
        Some("breaking") => Verdict::Breaking(document.cloned()),
        _ => Verdict::Undecided,
    }
}

/// The other end: answers for the oracles until the questions end.
pub(crate) fn answer() {
    for line in stdin().lock().lines().map_while(Result::ok) {
        let question: Value = serde_json::from_str(&line).unwrap_or_default();
        let said = match question.as_array().map(Vec::as_slice) {
            Some([name, writer, reader]) => name
                .as_str()
                .and_then(Oracle::named)
                .map_or(Verdict::Undecided, |oracle| oracle.ask(writer, reader)),
            _ => Verdict::Undecided,
        };
        let document =
            if let Verdict::Breaking(Some(document)) = &said { Some(document) } else { None };
        println!("{}", json!([said.word(), document]));
    }
}
