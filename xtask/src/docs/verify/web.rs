//! Hands the site to Chromium and the document to AsyncAPI's parser, by the script in `tests/web`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use wr_schema::Catalog;

use super::{cannot_run, found, missing};
use crate::{Error, Exit, Screen, folders};

/// The names that Chromium goes by; any of them will do.
const BROWSERS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// What the script needs of `tests/web`.
const FILES: &[&str] = &["package.json", "package-lock.json", "verify.mjs"];

/// What it takes.
pub(super) struct Web {
    node: PathBuf,
    npm: PathBuf,
    browser: PathBuf,
}

impl Web {
    /// Finds it.
    pub(super) fn find() -> Result<Web, Error> {
        Ok(Web {
            node: found(&["node"]).ok_or_else(|| missing("Node", "nodejs"))?,
            npm: found(&["npm"]).ok_or_else(|| missing("npm", "npm"))?,
            browser: found(BROWSERS).ok_or_else(|| missing("Chromium", "chromium"))?,
        })
    }

    /// Whether site and document are as they should be.
    pub(super) fn run(
        &self,
        site: &Path,
        document: &Path,
        catalog: &Catalog,
        screen: &mut Screen<'_>,
    ) -> Result<Exit, Error> {
        let place = install(&self.npm, screen)?;
        let told = json!({
            "site": whole(site),
            "document": whole(document),
            "browser": self.browser,
            "screenshots": whole(&place.join("screenshots")),
            "search": catalog.subjects.last().map(|history| history.subject.event_type().to_string()),
        });
        screen.out.flush()?;
        screen.err.flush()?;
        let mut command = Command::new(&self.node);
        command.arg("verify.mjs").arg(told.to_string()).current_dir(&place);
        let status = command.status().map_err(|error| cannot_run("node", &error))?;
        Ok(match status.code().map(u8::try_from) {
            Some(Ok(0)) => Exit::Clean,
            Some(Ok(100)) => Exit::Findings,
            Some(_) | None => Exit::Failed,
        })
    }
}

/// The packages, in a folder that git does not see; nothing of `tests/web` is touched.
fn install(npm: &Path, screen: &mut Screen<'_>) -> Result<PathBuf, Error> {
    let from = folders::workspace().join("tests/web");
    let place = folders::workspace().join("target/docs-verify");
    fs::create_dir_all(&place).map_err(|error| Error::file("make", &place, &error))?;
    let lock = |folder: &Path| fs::read(folder.join("package-lock.json")).ok();
    let is_there = place.join("node_modules").is_dir() && lock(&from) == lock(&place);
    for name in FILES {
        let (from, to) = (from.join(name), place.join(name));
        fs::copy(&from, &to).map_err(|error| Error::file("copy", &from, &error))?;
    }
    if is_there {
        return Ok(place);
    }
    writeln!(screen.err, "fetching AsyncAPI's parser and what drives Chromium, by npm")?;
    screen.err.flush()?;
    // Without scripts: a package has no business to run anything when it is fetched.
    let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let mut command = Command::new(npm);
    command.args(args).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").current_dir(&place);
    let status = command.status().map_err(|error| cannot_run("npm", &error))?;
    if !status.success() {
        // Half an installation would be taken for a whole one.
        let _ = fs::remove_file(place.join("package-lock.json"));
        return Err(Error::failed(
            "`npm ci` could not fetch the packages of `tests/web/package-lock.json`",
            "see to the network, then run `cargo xtask docs --verify` again",
        ));
    }
    Ok(place)
}

fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
