//! `bench`: starts the benchmarks, which need what xtask may not import, as children of cargo, and
//! writes what they measured into README.md.
//!
//! A benchmark that is started with `WR_BENCH_LINES` set prints its figures as lines of JSON too; its
//! other lines are for people, and are passed on. Names, targets and tables are here alone.

mod chart;
mod codec;
mod figures;
mod instructions;
mod readme;
mod results;
mod rows;
mod table;

use std::path::{Path, PathBuf};

use crate::child::Cargo;
use crate::{Error, Exit, Screen, folders, write};

use results::Results;

/// Measure the codec, the generator and the runtime, and write the figures into README.md.
///
/// The codec is held against an unchecked serde derive and against what else there is; the ratios
/// are medians over several launches of its benchmark. What was measured is kept in
/// tests/bench/results.json and drawn in tests/bench/performance.svg. It takes some ten minutes, and
/// the machine should have nothing else to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench
  cargo xtask bench --only codec --no-write      look at the codec, keep the figures as they are
  cargo xtask bench --instructions               has the codec become slower? needs valgrind
  cargo xtask bench --instructions --update      keep these counts as those to compare with

Exit codes: 0 measured; 1 could not run; 100 with `--instructions`, a row needs over 3 % more
instructions than was kept; any other is of the benchmark that failed")]
pub(crate) struct Args {
    /// Measure one part; again for another [default: all]
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// How often the codec's benchmark is launched
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=99))]
    launches: u64,
    /// Print only: README.md and what was kept stay as they are
    #[arg(long)]
    no_write: bool,
    /// Count the codec's instructions under valgrind instead, and compare them with those kept
    #[arg(long, conflicts_with_all = ["only", "launches"])]
    instructions: bool,
    /// Keep the counts, whatever they are
    #[arg(long, requires = "instructions", conflicts_with = "no_write")]
    update: bool,
}

/// What can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Decoding, checking and encoding
    Codec,
    /// Generating from schemas
    Generator,
    /// `cargo check` of what is generated
    Check,
    /// Publishing and consuming
    Runtime,
}

impl Part {
    const ALL: [Part; 4] = [Part::Codec, Part::Generator, Part::Check, Part::Runtime];
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    if args.instructions {
        let exit = instructions::run(args.update, screen)?;
        if args.update && exit == Exit::Clean {
            publish(&Results::load(&Files::here().results)?)?;
        }
        return Ok(exit);
    }
    let files = Files::here();
    let mut measured = Results::of_this_machine()?;
    for part in Part::ALL {
        if !args.only.is_empty() && !args.only.contains(&part) {
            continue;
        }
        let exit = match part {
            Part::Codec => codec::run(args.launches, &mut measured, screen)?,
            Part::Generator => figures::run(growth(), &mut measured, screen)?,
            Part::Check => figures::run(growth().args(["check"]), &mut measured, screen)?,
            Part::Runtime => figures::run(runtime(), &mut measured, screen)?,
        };
        if exit != Exit::Clean {
            return Ok(exit);
        }
    }
    screen.out.write_all(table::of_results(&measured).as_bytes())?;
    if !args.no_write {
        let kept = Results::load(&files.results)?.with(measured);
        kept.save(&files.results)?;
        publish(&kept)?;
    }
    Ok(Exit::Clean)
}

fn growth() -> Cargo {
    Cargo::new(["bench", "--package", "wr-codegen", "--bench", "growth", "--"])
}

fn runtime() -> Cargo {
    Cargo::new(["bench", "--package", "wr-runtime", "--bench", "throughput"])
}

/// Writes the section of README.md and the drawing.
fn publish(results: &Results) -> Result<(), Error> {
    let files = Files::here();
    let counts = instructions::Counts::load(&files.instructions)?;
    let section = table::section(results, counts.as_ref());
    let readme = std::fs::read_to_string(&files.readme)
        .map_err(|error| Error::file("read", &files.readme, &error))?;
    let readme = readme::replaced(&readme, &section)?;
    for (path, text) in [(&files.readme, readme), (&files.chart, chart::of(results))] {
        write::replace(path, &text).map_err(|error| Error::file("write", path, &error))?;
    }
    Ok(())
}

/// Where what was measured is kept.
struct Files {
    readme: PathBuf,
    chart: PathBuf,
    results: PathBuf,
    instructions: PathBuf,
}

impl Files {
    fn here() -> Files {
        Files::of(&folders::workspace())
    }

    fn of(workspace: &Path) -> Files {
        let bench = workspace.join("tests/bench");
        Files {
            readme: workspace.join("README.md"),
            chart: bench.join("performance.svg"),
            results: bench.join("results.json"),
            instructions: bench.join("instructions.json"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What was kept is what README.md and the drawing show.
    #[test]
    fn the_figures_of_readme_are_those_that_were_kept() {
        let files = Files::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let results = Results::load(&files.results).unwrap();
        let counts = instructions::Counts::load(&files.instructions).unwrap();
        let readme = fs::read_to_string(&files.readme).unwrap();
        let fresh = readme::replaced(&readme, &table::section(&results, counts.as_ref())).unwrap();
        let repair = "`cargo xtask bench` writes it; by hand nothing is changed there";
        assert!(readme == fresh, "README.md: {repair}");
        let chart = fs::read_to_string(&files.chart).unwrap();
        assert!(chart == chart::of(&results), "tests/bench/performance.svg: {repair}");
    }
}
