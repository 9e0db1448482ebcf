//! `lint`: reads a folder of schemas and shows everything that is wrong with it.

use wr_schema::draft::Draft;
use wr_schema::lint::lint;

use crate::folders::Schemas;
use crate::render::{Format, Report};
use crate::{Error, Exit, Screen};

/// Check the schemas, and underline what is wrong with them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask lint
  cargo xtask lint --schemas ../other/schemas --format json")]
pub(crate) struct Args {
    #[command(flatten)]
    schemas: Schemas,
    /// How to show findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let sources = args.schemas.load()?;
    let findings = lint(&Draft::of(&sources));
    let report = Report::of_lint(&findings, &sources, &args.schemas.folder());
    report.write(args.format, screen)?;
    Ok(if findings.is_empty() { Exit::Clean } else { Exit::Findings })
}
