//! Who agrees with whom, and what to look at where they do not.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cases::is_witness;
use crate::checker::Checker;
use crate::oracles::{Oracle, Verdict, judge};
use crate::pairs::Pair;

/// What a set of pairs has shown.
pub(crate) struct Tally {
    name: &'static str,
    /// Pairs with a schema that is none of its draft.
    not_asked: u64,
    rows: [Row; Oracle::ALL.len()],
}

/// What became of the questions to one oracle.
#[derive(Clone, Copy, Default)]
struct Row {
    compatible: u64,
    breaking: u64,
    oracle_undecided: u64,
    ours_unproven: u64,
    nobody: u64,
    disagree: u64,
}

impl Tally {
    pub(crate) fn new(name: &'static str) -> Tally {
        Tally { name, not_asked: 0, rows: [Row::default(); Oracle::ALL.len()] }
    }

    /// Asks about a pair, both ways; a disagreement is told.
    pub(crate) fn add(&mut self, pair: &Pair, checker: &mut Checker) -> Result<(), String> {
        if judge(&pair.old).is_none() || judge(&pair.new).is_none() {
            self.not_asked += 1;
            return Ok(());
        }
        let [backward, forward] = checker.ask(pair)?;
        let directions = [(&pair.old, &pair.new, backward), (&pair.new, &pair.old, forward)];
        for (writer, reader, ours) in directions {
            for (oracle, row) in Oracle::ALL.into_iter().zip(&mut self.rows) {
                if !oracle.reads(writer) {
                    continue;
                }
                let said = oracle.ask(writer, reader);
                if row.add(&ours, &said) {
                    let (name, said_word) = (oracle.name(), said.word());
                    println!("{} {}: {name} says {said_word}", self.name, pair.name);
                    println!(
                        "  we say {}: {}",
                        ours.word(),
                        verdict_of(&ours, &said, writer, reader)
                    );
                    println!("  writer {writer}\n  reader {reader}");
                }
            }
        }
        Ok(())
    }

    pub(crate) fn disagreements(&self) -> u64 {
        self.rows.iter().map(|row| row.disagree).sum()
    }
}

impl Row {
    /// Counts a question; whether the two disagree.
    fn add(&mut self, ours: &Verdict, said: &Verdict) -> bool {
        let count = match (ours, said) {
            (Verdict::Compatible, Verdict::Compatible) => &mut self.compatible,
            (Verdict::Breaking(_), Verdict::Breaking(_)) => &mut self.breaking,
            (Verdict::Undecided, Verdict::Undecided) => &mut self.nobody,
            (_, Verdict::Undecided) => &mut self.oracle_undecided,
            (Verdict::Undecided, _) => &mut self.ours_unproven,
            (Verdict::Compatible, Verdict::Breaking(_))
            | (Verdict::Breaking(_), Verdict::Compatible) => {
                self.disagree += 1;
                return true;
            }
        };
        *count += 1;
        false
    }
}

/// Who is right, as far as a document shows it.
fn verdict_of(ours: &Verdict, said: &Verdict, writer: &Value, reader: &Value) -> String {
    match (ours, said) {
        (Verdict::Breaking(Some(document)), _) if is_witness(document, writer, reader) => {
            format!("{document} shows it, the oracle is wrong")
        }
        (Verdict::Breaking(document), _) => format!("{document:?} does not show it, WE ARE WRONG"),
        (_, Verdict::Breaking(Some(document))) if is_witness(document, writer, reader) => {
            format!("{document} shows the contrary, WE ARE WRONG")
        }
        (_, _) => "no document shows who is right".to_owned(),
    }
}

/// The counts in columns.
pub(crate) fn table(tallies: &[Tally]) -> String {
    let mut text = String::new();
    let head = [
        "pairs",
        "oracle",
        "compatible",
        "breaking",
        "oracle undecided",
        "ours unproven",
        "nobody",
        "disagree",
    ];
    let [pairs, oracle, a, b, c, d, e, f] = head;
    let _ = writeln!(text, "{pairs:10}{oracle:12}{a:>12}{b:>10}{c:>18}{d:>15}{e:>8}{f:>10}");
    for tally in tallies {
        for (oracle, row) in Oracle::ALL.into_iter().zip(&tally.rows) {
            let Row { compatible, breaking, oracle_undecided, ours_unproven, nobody, disagree } =
                row;
            let _ = writeln!(
                text,
                "{:10}{:12}{compatible:>12}{breaking:>10}{oracle_undecided:>18}{ours_unproven:>15}\
                 {nobody:>8}{disagree:>10}",
                tally.name,
                oracle.name()
            );
        }
    }
    let not_asked: u64 = tallies.iter().map(|tally| tally.not_asked).sum();
    let _ = writeln!(text, "{not_asked} pairs not asked: one of the two is no schema of its draft");
    text
}
