//! Pairs of schemas from a file: real ones, which no generator would think of.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde_json::Value;
use wr_compat::Mode;

use super::{Counts, Options, node, question};

/// Runs every pair of a file, a `{"old": ..., "new": ...}` a line, both ways and in both modes;
/// what is wrong is counted and told. A case is the number of its line.
///
/// # Errors
/// The file cannot be read, or a line of it is none.
pub fn run_file(path: &Path, options: Options, out: &mut dyn Write) -> io::Result<Counts> {
    let mut counts = Counts::default();
    for (number, line) in (0..).zip(BufReader::new(File::open(path)?).lines()) {
        if number < options.seed || number - options.seed >= options.cases {
            continue;
        }
        let pair: Value = serde_json::from_str(&line?)?;
        let (old, new) = (node(&pair["old"]), node(&pair["new"]));
        let mut rng = fastrand::Rng::with_seed(number);
        let before = counts.wrong.len();
        for mode in [Mode::Languages, Mode::Raw] {
            for (writer, reader) in [(&old, &new), (&new, &old)] {
                question(number, (writer, reader), mode, options, &mut rng, &mut counts);
            }
        }
        for wrong in &counts.wrong[before..] {
            writeln!(out, "case {}, {:?}: {}", wrong.seed, wrong.mode, wrong.what)?;
        }
    }
    Ok(counts)
}
