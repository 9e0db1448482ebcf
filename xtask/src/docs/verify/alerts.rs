//! Hands the alert rules, and the tests of them in `tests/alerts`, to Prometheus's promtool.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{cannot_run, found, missing};
use crate::{Error, Exit, Screen, folders};

/// What it takes.
pub(super) struct Alerts {
    promtool: PathBuf,
}

impl Alerts {
    /// Finds it.
    pub(super) fn find() -> Result<Alerts, Error> {
        let promtool = found(&["promtool"]).ok_or_else(|| missing("promtool", "prometheus"))?;
        Ok(Alerts { promtool })
    }

    /// Whether the rules are rules, and fire on what they should; a domain that has no tests of its
    /// own has the first question alone.
    pub(super) fn run(
        &self,
        rules: &Path,
        domain: &str,
        screen: &mut Screen<'_>,
    ) -> Result<Exit, Error> {
        if !rules.is_file() {
            let what = format!("there is no `{}`", rules.display());
            return Err(Error::failed(what, "`cargo xtask gen` writes it"));
        }
        screen.out.flush()?;
        screen.err.flush()?;
        let tests = folders::workspace().join(format!("tests/alerts/{domain}.yml"));
        let mut is_right = self.ask(&["check", "rules", "--lint=all", "--lint-fatal"], rules)?;
        if tests.is_file() {
            is_right &= self.ask(&["test", "rules"], &tests)?;
        }
        Ok(if is_right { Exit::Clean } else { Exit::Findings })
    }

    fn ask(&self, args: &[&str], file: &Path) -> Result<bool, Error> {
        let status = Command::new(&self.promtool).args(args).arg(file).status();
        Ok(status.map_err(|error| cannot_run("promtool", &error))?.success())
    }
}
