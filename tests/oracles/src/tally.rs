//! Who agrees with whom, and what to look at where they do not.

use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::cases::{Case, is_ours};
use crate::judges::Judges;
use crate::oracles::{Oracle, Verdict, judge};
use crate::pairs::Pair;
use crate::reduce::reduce;

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
    /// Disagreements like a kept case.
    known: u64,
    disagree: u64,
}

impl Tally {
    pub(crate) fn new(name: &'static str) -> Tally {
        Tally { name, not_asked: 0, rows: [Row::default(); Oracle::ALL.len()] }
    }

    /// Asks about a pair, both ways; a disagreement that is not known is told.
    pub(crate) fn add(
        &mut self,
        pair: &Pair,
        cases: &[Case],
        judges: &mut Judges,
    ) -> Result<(), String> {
        if judge(&pair.old).is_none() || judge(&pair.new).is_none() {
            self.not_asked += 1;
            return Ok(());
        }
        let [backward, forward] = judges.ours(&pair.old, &pair.new)?;
        let directions = [(&pair.old, &pair.new, backward), (&pair.new, &pair.old, forward)];
        for (writer, reader, ours) in directions {
            for (oracle, row) in Oracle::ALL.into_iter().zip(&mut self.rows) {
                if !oracle.reads(writer) {
                    continue;
                }
                let said = judges.oracle(oracle, writer, reader);
                if !ours.is_contrary(&said) {
                    row.add(&ours, &said);
                    continue;
                }
                let essence = Essence::of(oracle, (writer, reader), &ours, judges)?;
                if cases.iter().any(|case| essence.is_like(case)) {
                    row.known += 1;
                } else {
                    row.disagree += 1;
                    println!("{} {}: {essence}", self.name, pair.name);
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
    /// Counts a question about which the two do not disagree.
    fn add(&mut self, ours: &Verdict, said: &Verdict) {
        let count = match (ours, said) {
            (Verdict::Undecided, Verdict::Undecided) => &mut self.nobody,
            (_, Verdict::Undecided) => &mut self.oracle_undecided,
            (Verdict::Undecided, _) => &mut self.ours_unproven,
            (Verdict::Compatible, _) => &mut self.compatible,
            (Verdict::Breaking(_), _) => &mut self.breaking,
        };
        *count += 1;
    }
}

/// The smallest schemas on which the two still disagree.
struct Essence {
    oracle: Oracle,
    writer: Value,
    reader: Value,
    ours: Verdict,
    said: Verdict,
}

impl Essence {
    fn of(
        oracle: Oracle,
        (writer, reader): (&Value, &Value),
        ours: &Verdict,
        judges: &mut Judges,
    ) -> Result<Essence, String> {
        let (writer, reader) = reduce(writer, reader, |writer, reader| {
            judge(writer).is_some()
                && judge(reader).is_some()
                && ours.is_contrary(&judges.oracle(oracle, writer, reader))
                && judges.ours(writer, reader).is_ok_and(|[now, _]| now.word() == ours.word())
        });
        let [ours, _] = judges.ours(&writer, &reader)?;
        let said = judges.oracle(oracle, &writer, &reader);
        Ok(Essence { oracle, writer, reader, ours, said })
    }

    /// Whether a document shows that we are right, or that we are wrong.
    fn is_ours(&self) -> Option<bool> {
        is_ours(&self.ours, &self.said, &self.writer, &self.reader)
    }

    /// Whether it was examined; where a document shows that we are wrong, it was not.
    fn is_like(&self, case: &Case) -> bool {
        let is_like = case.is_like(self.oracle, self.said.word(), &self.writer, &self.reader);
        is_like && self.is_ours() != Some(false)
    }
}

impl fmt::Display for Essence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.is_ours() {
            Some(true) => "a document shows that we are right",
            Some(false) => "a document shows that we are WRONG",
            None => "no document shows who is right",
        };
        writeln!(f, "{who}\n  writer {}\n  reader {}", self.writer, self.reader)?;
        for (name, verdict) in [("we", &self.ours), (self.oracle.name(), &self.said)] {
            write!(f, "  {name}: {}", verdict.word())?;
            match verdict {
                Verdict::Breaking(Some(document)) => writeln!(f, " {document}")?,
                _ => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// The counts in columns.
pub(crate) fn table(tallies: &[Tally]) -> String {
    let mut text = format!(
        "{:22}{:>12}{:>10}{:>18}{:>15}{:>9}{:>7}{:>10}\n",
        "",
        "compatible",
        "breaking",
        "oracle undecided",
        "ours unproven",
        "neither",
        "known",
        "disagree"
    );
    for tally in tallies {
        for (oracle, row) in Oracle::ALL.into_iter().zip(&tally.rows) {
            let Row {
                compatible, breaking, oracle_undecided, ours_unproven, nobody, known, ..
            } = row;
            let _ = writeln!(
                text,
                "{:10}{:12}{compatible:>12}{breaking:>10}{oracle_undecided:>18}{ours_unproven:>15}\
                 {nobody:>9}{known:>7}{:>10}",
                tally.name,
                oracle.name(),
                row.disagree
            );
        }
    }
    let not_asked: u64 = tallies.iter().map(|tally| tally.not_asked).sum();
    let _ = writeln!(text, "{not_asked} pairs not asked: one of the two is no schema of its draft");
    text
}
