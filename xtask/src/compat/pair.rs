//! `compat OLD NEW`: two files.

use std::borrow::Cow;
use std::path::Path;

use wr_compat::{Bump, Finding, Kind, Mode, Overall, Report, compare};

use super::answer::Answer;
use super::file::load;
use super::{Texts, exit, guarded, notes, rule_rows};
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
    let (before, after) = (before.texts(), after.texts());
    match format {
        Format::Json => {
            let spans = |finding: &Finding| (before.json(finding.old), after.json(finding.new));
            let answer = Answer::of(&report, &spans);
            serde_json::to_writer_pretty(&mut *screen.out, &answer)
                .map_err(std::io::Error::from)?;
            writeln!(screen.out)?;
        }
        Format::Text => text(&report, old, new, (&before, &after), mode, screen)?,
        Format::Github | Format::Sarif => render::Report {
            diagnostics: diagnostics(&report, &before, &after, mode),
            rules: rule_rows(),
            files: 2,
        }
        .write(format, screen)?,
    }
    Ok(exit(report.overall()))
}

/// A mistake of the checker.
pub(super) fn failed(what: String) -> Error {
    Error::failed(what, "report this with the schemas that show it")
}

/// The report as a person reads it.
pub(super) fn text(
    report: &Report,
    old: &Path,
    new: &Path,
    (before, after): (&Texts<'_>, &Texts<'_>),
    mode: Mode,
    screen: &mut Screen<'_>,
) -> Result<(), Error> {
    let diagnostics = diagnostics(report, before, after, mode);
    for diagnostic in &diagnostics {
        diagnostic.write(screen)?;
    }
    let allowed = report.findings.iter().filter(|finding| finding.kind == Kind::Allowed);
    for finding in allowed {
        writeln!(screen.out, "allowed[{}]: {}", finding.rule, finding.message)?;
    }
    let (old, new) = (old.display(), new.display());
    let found = count(diagnostics.len(), "finding");
    match (report.overall(), report.required_bump) {
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
fn diagnostics<'a>(
    report: &'a Report,
    before: &Texts<'a>,
    after: &Texts<'a>,
    mode: Mode,
) -> Vec<Diagnostic<'a>> {
    let findings = report.findings.iter().filter(|finding| finding.kind != Kind::Allowed);
    findings
        .map(|finding| Diagnostic {
            rule: finding.rule,
            message: Cow::from(&finding.message),
            notes: notes(finding, mode),
            help: Cow::from(&finding.help),
            spots: [after.spot(finding.new, "new"), before.spot(finding.old, "old")]
                .into_iter()
                .flatten()
                .collect(),
        })
        .collect()
}
