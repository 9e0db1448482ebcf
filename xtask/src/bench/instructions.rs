//! `bench --instructions`: what one operation of the codec costs in instructions, counted by
//! callgrind, and compared with the counts that were kept.
//!
//! A count hardly moves from run to run, so that a small regression shows. It is that of a
//! toolchain and a target, and of the C library that allocates and copies.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::results::{self, Machine};
use super::rows::BASES;
use super::{Files, codec, table};
use crate::child::Program;
use crate::{Error, Exit, Screen};

/// How often a row is done for its count.
const TIMES: u64 = 200;

/// What may be more, in percent, before it is a regression.
const TOLERATED: u64 = 3;

/// Instructions of one operation, by message and row.
pub(super) type ByMessage = BTreeMap<String, BTreeMap<String, u64>>;

/// The counts that are kept in `tests/bench/instructions.json`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Counts {
    /// What the file is.
    #[serde(rename = "$comment")]
    comment: String,
    /// The toolchain they are of.
    toolchain: String,
    /// The target they are of.
    target: String,
    /// The system they are of; on another they are compared, and this is said.
    os: String,
    /// The counts.
    pub(super) counts: ByMessage,
}

const COMMENT: &str = "Instructions of one operation under callgrind, of this toolchain and target \
                       alone, written by `cargo xtask bench --instructions --update`";

/// A line of the benchmark's list.
#[derive(Debug, Deserialize)]
struct Line {
    message: String,
    row: String,
}

/// Counts everything, and compares or keeps it.
pub(super) fn run(update: bool, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let path = Files::here().instructions;
    let machine = Machine::this()?;
    let kept = match update {
        true => None,
        false => Some(comparable(Counts::load(&path)?, &machine)?),
    };
    has_valgrind()?;
    let program = match codec::build(screen)? {
        Ok(program) => program,
        Err(exit) => return Ok(exit),
    };
    let mut list = Vec::new();
    let exit = Program::new(&program).args(["list"]).lines(screen, &mut |line| {
        list.extend(serde_json::from_value::<Line>(line));
    })?;
    if exit != Exit::Clean {
        return Ok(exit);
    }
    let mut counts = ByMessage::new();
    for Line { message, row } in list {
        writeln!(screen.err, "counting `{row}` of `{message}`")?;
        let none = count(&program, &message, &row, 0)?;
        let all = count(&program, &message, &row, TIMES)?;
        let each = all.saturating_sub(none) / TIMES;
        counts.entry(message).or_default().insert(row, each);
    }
    screen.out.write_all(table::of_counts(&counts).as_bytes())?;
    let Some(kept) = kept else {
        let Machine { toolchain, target, os, .. } = machine;
        let counts = Counts { comment: COMMENT.to_owned(), toolchain, target, os, counts };
        results::save(&counts, &path)?;
        return Ok(Exit::Clean);
    };
    if kept.os != machine.os {
        writeln!(
            screen.err,
            "note: the counts that were kept are of {}, and this is {}: their C libraries allocate \
             and copy in other ways",
            kept.os, machine.os
        )?;
    }
    let changes = compare(&kept.counts, &counts);
    screen.out.write_all(table::of_changes(&changes).as_bytes())?;
    match changes.iter().any(Change::is_regression) {
        true => Ok(Exit::Findings),
        false => Ok(Exit::Clean),
    }
}

impl Counts {
    /// What was kept, if anything.
    pub(super) fn load(path: &Path) -> Result<Option<Counts>, Error> {
        results::read(path)
    }
}

/// The counts that this machine's can be compared with.
fn comparable(kept: Option<Counts>, machine: &Machine) -> Result<Counts, Error> {
    let update = "`cargo xtask bench --instructions --update` keeps this machine's";
    let Some(kept) = kept else {
        return Err(Error::failed("no counts were kept to compare with", update));
    };
    let (theirs, ours) = ((&kept.toolchain, &kept.target), (&machine.toolchain, &machine.target));
    if theirs != ours {
        return Err(Error::failed(
            format!(
                "the counts that were kept are of rustc {} for {}, and this is rustc {} for {}: they \
                 cannot be compared",
                theirs.0, theirs.1, ours.0, ours.1
            ),
            update,
        ));
    }
    Ok(kept)
}

fn has_valgrind() -> Result<(), Error> {
    match Program::new("valgrind").args(["--version"]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(_) | Err(_) => Err(Error::failed(
            "instructions are counted by valgrind, and there is none",
            "install it: `apt-get install valgrind`, `dnf install valgrind`, or \
             <https://valgrind.org>; it runs on Linux",
        )),
    }
}

/// The instructions of a whole process that does a row so many times.
fn count(program: &Path, message: &str, row: &str, times: u64) -> Result<u64, Error> {
    let valgrind = Program::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args([program.as_os_str()])
        .args(["count", message, row, &times.to_string()]);
    let failed = |what: String| {
        Error::failed(
            format!("cannot count `{row}` of `{message}`: {what}"),
            format!("see what `valgrind --tool=callgrind {} list` says", program.display()),
        )
    };
    let output = valgrind.output().map_err(|error: io::Error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stderr);
    collected(&text).filter(|_| output.status.success()).ok_or_else(|| {
        let last = text.lines().last().unwrap_or("valgrind says nothing");
        failed(last.to_owned())
    })
}

/// The number in callgrind's line `==1== Collected : 6160954`.
fn collected(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.split_once("Collected :"));
    line.and_then(|(_, number)| number.trim().parse().ok())
}

/// A row's counts, then and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The message.
    pub(super) message: String,
    /// The row.
    pub(super) row: String,
    /// What was kept; nothing of a new row.
    pub(super) before: Option<u64>,
    /// What was counted; nothing of a row that is gone.
    pub(super) now: Option<u64>,
}

impl Change {
    /// Whether it has become dearer by more than is tolerated, and is our own: what the unchecked
    /// derive costs is its affair.
    pub(super) fn is_regression(&self) -> bool {
        let is_ours = BASES.iter().all(|(base, _)| *base != self.row);
        let is_dearer = self.before.zip(self.now).is_some_and(|(before, now)| {
            u128::from(now) * 100 > u128::from(before) * u128::from(100 + TOLERATED)
        });
        is_ours && is_dearer
    }
}

/// What has changed, of every row that was kept or counted.
fn compare(kept: &ByMessage, counted: &ByMessage) -> Vec<Change> {
    let rows = |counts: &ByMessage| -> Vec<(String, String)> {
        let rows = counts
            .iter()
            .flat_map(|(message, rows)| rows.keys().map(move |row| (message.clone(), row.clone())));
        rows.collect()
    };
    let mut all = [rows(kept), rows(counted)].concat();
    all.sort();
    all.dedup();
    let of = |counts: &ByMessage, message: &str, row: &str| counts.get(message)?.get(row).copied();
    let change = |(message, row): (String, String)| Change {
        before: of(kept, &message, &row),
        now: of(counted, &message, &row),
        message,
        row,
    };
    all.into_iter().map(change).filter(|change| change.before != change.now).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(&str, u64)]) -> ByMessage {
        let rows = rows.iter().map(|(row, count)| ((*row).to_owned(), *count)).collect();
        BTreeMap::from([("position.enqueued".to_owned(), rows)])
    }

    #[test]
    fn three_percent_are_tolerated_and_no_instruction_more() {
        let kept = counts(&[("decode_owned", 10_000)]);
        for (now, is_regression) in [(9_000, false), (10_300, false), (10_301, true)] {
            let changes = compare(&kept, &counts(&[("decode_owned", now)]));
            assert_eq!(
                changes.iter().map(Change::is_regression).collect::<Vec<_>>(),
                [is_regression]
            );
        }
        assert_eq!(compare(&kept, &kept), []);
    }

    #[test]
    fn new_rows_and_rows_of_others_are_no_regressions() {
        let kept = counts(&[("serde_decode", 10), ("gone", 5)]);
        let changes = compare(&kept, &counts(&[("serde_decode", 20), ("check", 5)]));
        assert_eq!(changes.len(), 3);
        assert!(!changes.iter().any(Change::is_regression));
        insta::assert_snapshot!(table::of_changes(&changes));
    }

    #[test]
    fn what_is_of_another_toolchain_is_not_compared() {
        let machine = |toolchain: &str| Machine {
            cores: 2,
            toolchain: toolchain.to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            os: "Debian 12".to_owned(),
        };
        let Machine { toolchain, target, os, .. } = machine("1.95.0");
        let (comment, counts) = (COMMENT.to_owned(), counts(&[]));
        let kept = Counts { comment, toolchain, target, os, counts };
        assert!(comparable(Some(kept.clone()), &machine("1.95.0")).is_ok());
        let error = comparable(Some(kept), &machine("1.96.0")).unwrap_err();
        insta::assert_snapshot!(error);
        assert!(comparable(None, &machine("1.95.0")).is_err());
    }

    #[test]
    fn the_number_is_found_in_what_callgrind_says() {
        assert_eq!(collected("==1== Events    : Ir\n==1== Collected : 6160954\n"), Some(6_160_954));
        assert_eq!(collected("==1== no such program"), None);
    }
}
