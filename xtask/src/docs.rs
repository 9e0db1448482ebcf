//! `docs`: turns a clean catalogue into the site, an AsyncAPI document and Markdown, or tells
//! whether what is committed of them is fresh.

mod open;
mod verify;

use std::path::{Path, PathBuf};

use wr_docs::{File, Options};
use wr_schema::Catalog;
use wr_schema::source::GENERATED;

use crate::error::chain;
use crate::folders::{self, Schemas, flag};
use crate::generate::{checked, written};
use crate::render::{Format, Report};
use crate::write::{Folder, Foreign, Mode, Wanted, WantedFile, below, ensure};
use crate::{Error, Exit, Screen};

/// Where the Rust that the pages show is compiled, with the real runtime.
const TESTS: &str = "crates/wr-runtime/tests/it";

/// Write the catalogue as a site, as AsyncAPI and as Markdown.
///
/// The site needs no server and no network: its `index.html` is opened from disk. The AsyncAPI
/// document and the Markdown lie beside the schemas, in `generated`, and are committed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask docs --open
  cargo xtask docs --check         exit 4, with a diff, where a committed file is not fresh
  cargo xtask docs --verify        as CI runs it; exit 100 where one of them is wrong
  cargo xtask docs --schemas ../shop/schemas --out ../shop/target/docs")]
pub(crate) struct Args {
    /// Write nothing; show what would change of the committed files
    #[arg(long, conflicts_with_all = ["open", "verify"])]
    check: bool,
    /// Open the site in the browser
    #[arg(long)]
    open: bool,
    /// Test the site in Chromium, the document with AsyncAPI's parser and the alert rules with
    /// promtool; needs Node, npm, Chromium and promtool
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    schemas: Schemas,
    /// The folder of the site [default: `target/docs` of this workspace]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let schemas = args.schemas.folder();
    let site = args.out.clone().unwrap_or_else(|| folders::workspace().join("target/docs"));
    let sources = args.schemas.load()?;
    let catalog = match Catalog::build(&sources) {
        Ok(catalog) => catalog,
        Err(findings) => {
            Report::of_lint(&findings, &sources, &schemas).write(Format::Text, screen)?;
            writeln!(screen.err, "nothing was written: the schemas have findings")?;
            return Ok(Exit::Findings);
        }
    };
    let options = Options {
        krate: match args.schemas.is_default() {
            true => "wr_events".to_owned(),
            false => format!("{}_events", catalog.domain.replace('-', "_")),
        },
    };
    let failed = |error: wr_docs::Error| {
        let help = "the lint should have refused this: report it with the schemas that show it";
        Error::failed(chain(&error), help)
    };
    let committed = vec![
        File { path: "asyncapi.json".to_owned(), contents: wr_docs::asyncapi(&catalog) },
        File {
            path: "catalogue.md".to_owned(),
            contents: wr_docs::markdown(&catalog, &options).map_err(failed)?,
        },
    ];
    // Also for a check: a site that cannot be made is as bad as a stale file.
    let pages = wr_docs::site(&catalog, &options).map_err(failed)?;
    let mut committed = wanted(&schemas.join(GENERATED), Foreign::Leave, committed)?;
    if args.schemas.is_default() {
        let contents = wr_docs::samples(&catalog, &options).map_err(failed)?;
        let samples = vec![File { path: "samples.rs".to_owned(), contents }];
        let samples = wanted(&folders::workspace().join(TESTS), Foreign::Leave, samples)?;
        committed.folders.extend(samples.folders);
        committed.files.extend(samples.files);
    }
    if args.check {
        let outcome = ensure(committed, wr_docs::is_generated, Mode::Check)?;
        return checked(&outcome, &format!("docs{}", flags(args)), screen);
    }
    let outcome = ensure(committed, wr_docs::is_generated, Mode::Write)?;
    written(&outcome, screen)?;
    let count = pages.len();
    ensure(wanted(&site, Foreign::Leave, pages)?, wr_docs::is_generated, Mode::Write)?;
    let index = site.join("index.html");
    writeln!(screen.err, "the site of {count} files begins at {}", index.display())?;
    if args.verify {
        return verify::run(&site, &schemas.join(GENERATED), &catalog, screen);
    }
    if args.open {
        open::open(&index)?;
    }
    Ok(Exit::Clean)
}

fn flags(args: &Args) -> String {
    format!("{}{}", args.schemas.flags(), flag("--out", args.out.as_deref()))
}

fn wanted(folder: &Path, foreign: Foreign, files: Vec<File>) -> Result<Wanted, Error> {
    let place = |file: File| {
        let path = below(folder, &file.path)?;
        Ok(WantedFile { path, contents: file.contents, only_if_missing: false })
    };
    Ok(Wanted {
        folders: vec![Folder { path: folder.to_owned(), foreign }],
        files: files.into_iter().map(place).collect::<Result<_, Error>>()?,
    })
}
