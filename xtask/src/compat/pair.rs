//! `compat OLD NEW`: two files.

use std::borrow::Cow;
use std::path::Path;

use wr_compat::{Bump, Finding, Kind, Mode, Overall, Report, compare};

use super::answer::{Answer, word};
use super::file::load;
use super::{Texts, exit, guarded, notes, rule_rows};
use crate::diff_versions::list;
use crate::render::{self, Diagnostic, Format, count};
use crate::{Error, Exit, Screen};

pub(super) fn run(
    old: &Path,
    new: &Path,
    mode: Mode,
    format: Format,
    screen: &mut Screen<'_>,
) -> Result<Exit, Error> {
    let (before, after) = (load(old)?, load(new)?);
    let (from, to) = match (&before.resolved, &after.resolved) {
        (Some(from), Some(to)) => (from, to),
        _ => (&before.written, &after.written),
    };
    let report = guarded(|| compare(from, to, mode)).map_err(failed)?;
    let event = after.event.clone();
    let (before, after) = (before.texts(), after.texts());
    let pair = Pair { report: &report, before: &before, after: &after, mode, event };
    match format {
        Format::Json => {
            let spans = |finding: &Finding| (before.json(finding.old), after.json(finding.new));
            let answer = Answer::of(&report, &spans);
            serde_json::to_writer_pretty(&mut *screen.out, &answer)
                .map_err(std::io::Error::from)?;
            writeln!(screen.out)?;
        }
        Format::Text => pair.text(old, new, screen)?,
        Format::Github | Format::Sarif | Format::Markdown => {
            if format == Format::Markdown {
                let (old, new, verdict) = (old.display(), new.display(), word(report.overall()));
                writeln!(screen.out, "### `{old}` to `{new}`: {verdict}\n")?;
                list(&report.findings, screen.out)?;
                writeln!(screen.out)?;
            }
            render::Report { diagnostics: pair.diagnostics(), rules: rule_rows(), files: 2 }
                .write(format, screen)?
        }
    }
    Ok(exit(report.overall()))
}

/// A mistake of the checker.
pub(super) fn failed(what: String) -> Error {
    Error::failed(what, "report this with the schemas that show it")
}

/// Two versions and what the checker says of them.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) report: &'a Report,
    /// The texts of the old version.
    pub(super) before: &'a Texts<'a>,
    /// The texts of the new version.
    pub(super) after: &'a Texts<'a>,
    pub(super) mode: Mode,
    /// The event that both are versions of, where the path of the new one says so.
    pub(super) event: Option<String>,
}

impl<'a> Pair<'a> {
    /// The report as a person reads it.
    pub(super) fn text(
        &self,
        old: &Path,
        new: &Path,
        screen: &mut Screen<'_>,
    ) -> Result<(), Error> {
        let diagnostics = self.diagnostics();
        for diagnostic in &diagnostics {
            diagnostic.write(screen)?;
        }
        let allowed = self.report.findings.iter().filter(|finding| finding.kind == Kind::Allowed);
        for finding in allowed {
            writeln!(screen.out, "allowed[{}]: {}", finding.rule, finding.message)?;
        }
        let (old, new) = (old.display(), new.display());
        let found = count(diagnostics.len(), "finding");
        match (self.report.overall(), self.report.required_bump) {
            (Overall::Compatible, Bump::None) => {
                writeln!(screen.out, "compatible: {new} is the same contract as {old}")?;
            }
            (Overall::Compatible, _) => {
                writeln!(screen.out, "compatible: {new} is a legal minor after {old}")?;
            }
            (Overall::Unproven, _) => writeln!(
                screen.out,
                "unproven: whether {new} is a legal minor after {old} could not be told; {found}"
            )?,
            (Overall::Breaking, _) => writeln!(
                screen.out,
                "breaking: {new} is no legal minor after {old}, it needs a major; {found}; \
                 `cargo xtask explain RULE` tells more about a rule"
            )?,
        }
        Ok(())
    }

    /// What is not allowed, underlined in both files.
    fn diagnostics(&self) -> Vec<Diagnostic<'a>> {
        let findings = self.report.findings.iter().filter(|finding| finding.kind != Kind::Allowed);
        findings
            .map(|finding| Diagnostic {
                rule: finding.rule,
                message: Cow::from(&finding.message),
                notes: notes(finding, self.mode),
                help: self.help(finding),
                spots: [self.after.spot(finding.new, "new"), self.before.spot(finding.old, "old")]
                    .into_iter()
                    .flatten()
                    .collect(),
            })
            .collect()
    }

    /// What to do, with the command for this event.
    fn help(&self, finding: &'a Finding) -> Cow<'a, str> {
        match &self.event {
            Some(event) => Cow::from(format!(
                "{}\n`cargo xtask new major {event}` begins the major",
                finding.help.replace("SUBJECT", event)
            )),
            None => Cow::from(&finding.help),
        }
    }
}
