//! `docs --verify`: what the generated files are worth to the programs that they are for.

mod alerts;
mod web;

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use wr_schema::Catalog;

use self::alerts::Alerts;
use self::web::Web;
use crate::{Error, Exit, Screen};

/// Hands the alert rules to promtool, the site to Chromium, and the document to AsyncAPI's parser.
pub(super) fn run(
    site: &Path,
    generated: &Path,
    catalog: &Catalog,
    screen: &mut Screen<'_>,
) -> Result<Exit, Error> {
    // Nothing is begun where something is missing.
    let (alerts, web) = (Alerts::find()?, Web::find()?);
    let alerts = match &catalog.topology {
        Some(_) => alerts.run(&generated.join("alerts.yml"), &catalog.domain, screen)?,
        None => {
            writeln!(
                screen.err,
                "there are no alert rules to test, for there is no topology.json"
            )?;
            Exit::Clean
        }
    };
    let web = web.run(site, &generated.join("asyncapi.json"), catalog, screen)?;
    Ok(match alerts {
        Exit::Clean => web,
        wrong => wrong,
    })
}

/// The first program of these names that is on the path.
fn found(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let file = |name: &str| format!("{name}{}", env::consts::EXE_SUFFIX);
    let mut all = names.iter().flat_map(|name| folders.iter().map(|it| it.join(file(name))));
    all.find(|path| path.is_file())
}

fn missing(what: &str, package: &str) -> Error {
    Error::failed(
        format!("`docs --verify` needs {what}, which is not on the PATH"),
        format!("install it, for example with `apt-get install {package}`"),
    )
}

fn cannot_run(what: &str, error: &io::Error) -> Error {
    Error::failed(format!("cannot start `{what}`: {error}"), "see to its installation")
}
