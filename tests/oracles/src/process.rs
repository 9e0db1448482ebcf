//! A program that answers a line with a line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// A running program; it does not outlive this.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Result<Process, String> {
        let mut child = spawn(command.stdin(Stdio::piped()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a child without pipes".to_owned());
        };
        let (sender, answers) = channel();
        thread::spawn(move || {
            BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Ok(Process { child, input, answers })
    }

    /// Its answer, none where it has ended or takes too long.
    pub(crate) fn ask(&mut self, question: &Value, limit: Duration) -> Option<Value> {
        writeln!(self.input, "{question}").ok()?;
        serde_json::from_str(&self.answers.recv_timeout(limit).ok()?).ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A child whose output is read.
pub(crate) fn spawn(command: &mut Command) -> Result<Child, String> {
    let started = command.stdout(Stdio::piped()).spawn();
    started.map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))
}
