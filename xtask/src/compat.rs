//! `compat`: is a new version of a schema a legal minor, or does it break somebody?
//!
//! Three questions in one verb: of two files, of many pairs in one file, of a folder with its
//! histories and what was published of it.

use std::path::PathBuf;

use wr_compat::{Mode, Overall};

use crate::folders::Schemas;
use crate::render::Format;
use crate::{Error, Exit, Screen};

mod answer;
mod base;
mod comment;
mod file;
mod fingerprint;
mod frozen_file_removed;
mod guard;
mod histories;
mod item;
mod notes;
mod pair;
mod pairs;
mod repository;
#[cfg(test)]
mod tests;
mod texts;
mod waivers;

use notes::notes;
use texts::Texts;

pub(crate) use guard::guarded;
pub(crate) use histories::{Major, majors};
pub(crate) use repository::rule_rows;

/// Check that no minor version breaks a stored message or a deployed reader.
///
/// Without files it checks a folder: every pair of minors of every major, and that no published
/// file has changed in more than its annotations. With two files it tells whether NEW is a legal
/// minor after OLD; they may be of any draft from 04 to 2020-12.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask compat                          this repository, against what `main` has published
  cargo xtask compat --against v0.1.0
  cargo xtask compat --no-against             the histories alone
  cargo xtask compat old.json new.json --format json
  cargo xtask compat --format markdown        for a comment of a pull request
  cargo xtask compat --pairs pairs.jsonl      one `{\"old\": ..., \"new\": ...}` a line

Exit codes: 0 compatible, 100 breaking, 102 unproven, 1 could not run, 2 usage")]
pub(crate) struct Args {
    /// The old version of a schema
    #[arg(value_name = "OLD", requires = "new")]
    old: Option<PathBuf>,
    /// The new version of it
    #[arg(value_name = "NEW")]
    new: Option<PathBuf>,
    /// Compare many pairs: a result a line, in the same order; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["old", "schemas", "against", "no_against"])]
    pairs: Option<PathBuf>,
    /// Compare plain sets of documents, not what writers send and readers take
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    schemas: Schemas,
    /// What was published: a revision of git, or a folder of schemas [default: what `main` has]
    #[arg(long, value_name = "REV|DIR", conflicts_with = "old")]
    against: Option<String>,
    /// Check the histories alone, not what was published
    #[arg(long, conflicts_with_all = ["against", "old"])]
    no_against: bool,
    /// How to show the result [default: text; of pairs: json]
    #[arg(long, value_enum)]
    format: Option<Format>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let mode = if args.raw { Mode::Raw } else { Mode::Languages };
    let format = args.format.unwrap_or(Format::Text);
    match (&args.pairs, &args.old, &args.new) {
        (Some(pairs), _, _) => {
            if args.format.is_some_and(|format| format != Format::Json) {
                return Err(Error::usage("pairs are answered in JSON", "leave `--format` out"));
            }
            pairs::run(pairs, mode, screen)
        }
        (None, Some(old), Some(new)) if args.schemas.is_given() => Err(Error::usage(
            format!("`--schemas` and `{}` `{}` exclude each other", old.display(), new.display()),
            "compare two files, or check a folder",
        )),
        (None, Some(old), Some(new)) => pair::run(old, new, mode, format, screen),
        (None, _, _) if args.raw => {
            Err(Error::usage("`--raw` compares two files", "name them: `OLD NEW`, or `--pairs`"))
        }
        (None, _, _) => {
            let against = match &args.against {
                Some(against) => base::Against::Named(against.clone()),
                None if args.no_against => base::Against::Nothing,
                None => base::Against::Main,
            };
            repository::run(&args.schemas, &against, format, screen)
        }
    }
}

/// The exit code of a verdict.
fn exit(overall: Overall) -> Exit {
    match overall {
        Overall::Compatible => Exit::Clean,
        Overall::Unproven => Exit::Unproven,
        Overall::Breaking => Exit::Findings,
    }
}
