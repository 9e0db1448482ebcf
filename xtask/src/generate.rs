//! `gen`: turns a clean catalogue into the files of its Rust crate, or tells whether they are
//! fresh.

use std::path::{Path, PathBuf};

use wr_codegen::{GeneratedFile, Options, Root};
use wr_schema::Catalog;
use wr_schema::source::GENERATED;

use crate::diff;
use crate::error::chain;
use crate::folders::{self, Schemas, flag};
use crate::render::{Format, Report, count};
use crate::write::{Folder, Foreign, Mode, Outcome, Wanted, WantedFile, below, ensure};
use crate::{Error, Exit, Screen, editor};

/// Generate the Rust crate from the schemas.
///
/// A catalogue with findings generates nothing. Only files that differ are written; files that no
/// schema asks for any more are removed where they carry the generator's header; any other file
/// in the way is an error, and then nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask gen
  cargo xtask gen --check          exit 4, with a diff, where a generated file is not fresh
  cargo xtask gen --schemas ../shop/schemas --out ../shop/crates/shop-events")]
pub(crate) struct Args {
    /// Write nothing; show what would change
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    schemas: Schemas,
    /// The folder of the generated crate [default: `crates/wr-events` of this workspace]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let schemas = args.schemas.folder();
    let out = match &args.out {
        Some(out) => out.clone(),
        None if args.schemas.is_default() => folders::workspace().join("crates/wr-events"),
        None => {
            return Err(Error::usage(
                format!(
                    "`{}` is not the folder of schemas that `crates/wr-events` is generated from",
                    schemas.display()
                ),
                "name the crate to generate with `--out DIR`",
            ));
        }
    };
    let sources = args.schemas.load()?;
    let catalog = match Catalog::build(&sources) {
        Ok(catalog) => catalog,
        Err(findings) => {
            Report::of_lint(&findings, &sources, &schemas).write(Format::Text, screen)?;
            writeln!(screen.err, "nothing was generated: the schemas have findings")?;
            return Ok(Exit::Findings);
        }
    };
    let options =
        Options { wr_core: folders::way(&out, &folders::workspace().join("crates/wr-core")) };
    let files = wr_codegen::generate(&catalog, &options).map_err(|error| {
        let help = match error {
            wr_codegen::Error::Empty => {
                "begin one with `cargo xtask new event DOMAIN.ENTITY.ACTION`"
            }
            _ => "the lint should have refused this: report it with the schemas that show it",
        };
        Error::failed(chain(&error), help)
    })?;
    let mode = if args.check { Mode::Check } else { Mode::Write };
    let mut wanted = wanted(files, &out, &schemas)?;
    // The settings name the folders of this repository, and no other's.
    if args.schemas.is_default() && args.out.is_none() {
        let path = folders::workspace().join(editor::PATH);
        let contents = editor::settings();
        wanted.files.push(WantedFile { path, contents, only_if_missing: false });
    }
    let outcome = ensure(wanted, wr_codegen::is_generated, mode)?;
    match mode {
        Mode::Write => written(&outcome, screen),
        Mode::Check => {
            let out = flag("--out", args.out.as_deref());
            checked(&outcome, &format!("gen{}{out}", args.schemas.flags()), screen)
        }
    }
}

fn wanted(files: Vec<GeneratedFile>, out: &Path, schemas: &Path) -> Result<Wanted, Error> {
    let place = |file: GeneratedFile| {
        let root = match file.root {
            Root::Crate => out,
            Root::Schemas => schemas,
        };
        Ok(WantedFile {
            path: below(root, &file.path)?,
            contents: file.contents,
            only_if_missing: file.only_if_missing,
        })
    };
    Ok(Wanted {
        folders: vec![
            Folder { path: out.join("src"), foreign: Foreign::Refuse },
            Folder { path: out.join("contracts"), foreign: Foreign::Refuse },
            Folder { path: schemas.join(GENERATED), foreign: Foreign::Leave },
        ],
        files: files.into_iter().map(place).collect::<Result<_, Error>>()?,
    })
}

/// Says what was written and removed.
pub(crate) fn written(outcome: &Outcome, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let removed = outcome.changes.iter().filter(|change| change.new.is_none()).count();
    let written = outcome.changes.len() - removed;
    for change in outcome.changes.iter().take(20) {
        let verb = if change.new.is_some() { "wrote" } else { "removed" };
        writeln!(screen.err, "{verb} {}", change.path.display())?;
    }
    if outcome.changes.len() > 20 {
        writeln!(screen.err, "... and {} more", outcome.changes.len() - 20)?;
    }
    writeln!(
        screen.err,
        "{} written, {removed} removed, {} unchanged",
        count(written, "file"),
        outcome.unchanged
    )?;
    Ok(Exit::Clean)
}

/// Shows what is not fresh, and names the verb that mends it.
pub(crate) fn checked(
    outcome: &Outcome,
    verb: &str,
    screen: &mut Screen<'_>,
) -> Result<Exit, Error> {
    if outcome.changes.is_empty() {
        writeln!(screen.err, "{} fresh", count(outcome.unchanged, "generated file"))?;
        return Ok(Exit::Clean);
    }
    diff::write(&outcome.changes, screen.out)?;
    let stale = outcome.changes.len();
    writeln!(
        screen.out,
        "\n{} not what the schemas ask for; mend with `cargo xtask {verb}`",
        if stale == 1 {
            "1 generated file is".to_owned()
        } else {
            format!("{stale} generated files are")
        },
    )?;
    Ok(Exit::Stale)
}
