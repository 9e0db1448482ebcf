//! `compat` of a folder: its histories, and what was published of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::json;
use wr_compat::{Kind, Overall, RULES, frozen};
use wr_schema::draft::Draft;
use wr_schema::json::{self, FileId, Node};
use wr_schema::lint::lint;
use wr_schema::page;

use super::answer::word;
use super::base::{Against, Base};
use super::fingerprint::fingerprint;
use super::histories::{check, majors};
use super::item::{Around, Item, Origin, Row};
use super::pair::failed;
use super::waivers::{self, Problem, Waivers};
use super::{Texts, comment, exit, frozen_file_removed, guarded};
use crate::folders::Schemas;
use crate::render::{Diagnostic, Format, Report, RuleRow, count, shown};
use crate::{Error, Exit, Screen};

pub(super) fn run(
    schemas: &Schemas,
    against: &Against,
    format: Format,
    screen: &mut Screen<'_>,
) -> Result<Exit, Error> {
    let folder = schemas.folder();
    let sources = schemas.load()?;
    let draft = Draft::of(&sources);
    let findings = lint(&draft);
    let is_clean = findings.is_empty();
    let lint = Report::of_lint(&findings, &sources, &folder);
    let base = match Base::find(&folder, against) {
        // The lint comes first; what else is asked is told as far as it can be.
        Err(error) if !is_clean => {
            error.write(screen.err)?;
            None
        }
        base => base?,
    };
    let majors = majors(&draft);
    let (mut items, pairs) = check(&majors)?;
    let published = base.as_ref().map(|base| published(&base.files)).unwrap_or_default();
    items.extend(edits(&draft, &published)?);
    let is_released = base.as_ref().is_none_or(|base| base.is_released);
    let waivers = draft.at("waivers.json").and_then(|file| file.content.as_ref().ok());
    let waivers = waivers.map(Waivers::of).unwrap_or_default();
    let strict = is_clean && base.as_ref().is_some_and(|base| base.is_default);
    let later = match &base {
        Some(base) if waivers.len() > 0 => edits(&draft, &self::published(&base.first))?,
        _ => Vec::new(),
    };
    let problems = waivers.apply(&mut items, &later, is_released, strict);

    let path = |path: &str| shown(&folder, path);
    let now = Texts::of(&sources, path);
    let old = Texts::new(published.iter().map(|file| (path(file.path), file.text)));
    let around = Around {
        now: &now,
        base: &old,
        revision: base.as_ref().and_then(|base| base.revision.as_deref()),
        folder: &path(""),
        flags: &schemas.flags(),
        is_released,
    };
    let outcome = Outcome {
        lint: &lint.diagnostics,
        items: &items,
        problems: &problems,
        subjects: majors.len(),
        pairs,
        published: published.len(),
        base: base.as_ref().map(|base| base.name.as_str()),
    };
    let waivers_path = path("waivers.json");
    match format {
        Format::Text => outcome.text(&around, &waivers_path, screen)?,
        Format::Json => outcome.json(&around, screen)?,
        Format::Github | Format::Sarif | Format::Markdown => {
            if format == Format::Markdown {
                writeln!(screen.out, "## Event schemas: {}\n", word(outcome.overall()))?;
                writeln!(screen.out, "{}.\n", outcome.compared())?;
                if let Some(base) = &base {
                    comment::write(&majors, &base.files, &items, screen.out)?;
                }
            }
            Report {
                diagnostics: outcome.diagnostics(&around, &waivers_path),
                rules: lint.rules.iter().cloned().chain(rule_rows()).collect(),
                files: sources.iter().count(),
            }
            .write(format, screen)?
        }
    }
    Ok(exit(outcome.overall()))
}

/// The rules of the checker, as reports list them.
pub(crate) fn rule_rows() -> Vec<RuleRow> {
    let own =
        [(frozen_file_removed::ID, frozen_file_removed::SOURCE), (waivers::ID, waivers::SOURCE)];
    let own = own.into_iter().map(|(id, source)| RuleRow {
        id,
        summary: page::summary(source),
        page: page::page(source),
    });
    let rules = RULES.iter().map(|rule| RuleRow {
        id: rule.id,
        summary: rule.summary(),
        page: rule.page(),
    });
    let mut rows: Vec<RuleRow> = rules.chain(own).collect();
    rows.sort_by_key(|row| row.id);
    rows
}

/// A published file.
struct Published<'a> {
    path: &'a str,
    text: &'a str,
    node: Node,
}

/// The published files that are JSON; what is none was no schema. The file of a span is the place
/// in this order.
fn published(files: &BTreeMap<String, String>) -> Vec<Published<'_>> {
    let mut published: Vec<Published<'_>> = Vec::new();
    for (path, text) in files {
        let Ok(id) = u32::try_from(published.len()) else { break };
        if let Ok(node) = json::parse(FileId(id), text) {
            published.push(Published { path, text, node });
        }
    }
    published
}

/// What became of published files that may not change.
fn edits(draft: &Draft<'_>, published: &[Published<'_>]) -> Result<Vec<Item>, Error> {
    let now = |file: &Published<'_>| draft.at(file.path)?.content.as_ref().ok();
    // What is there and cannot be read is a finding of the lint.
    let is_gone = |file: &Published<'_>| draft.at(file.path).is_none();
    let findings = guarded(|| {
        let findings = published.iter().map(|file| match now(file) {
            Some(now) => frozen(&file.node, now),
            None if is_gone(file) => vec![frozen_file_removed::finding(&file.node)],
            None => Vec::new(),
        });
        findings.collect::<Vec<_>>()
    })
    .map_err(failed)?;
    let mut items = Vec::new();
    for (file, findings) in published.iter().zip(findings) {
        let (subject, version) = file.path.split_once('/').unwrap_or((file.path, ""));
        let version = version.strip_suffix(".json").unwrap_or(version);
        items.extend(findings.into_iter().map(|finding| Item {
            fingerprint: fingerprint(
                &finding,
                subject,
                (version, version),
                (Some(&file.node), now(file)),
            ),
            finding,
            origin: Origin::Frozen,
            subject: subject.to_owned(),
            old: version.to_owned(),
            new: version.to_owned(),
            waived: None,
        }));
    }
    Ok(items)
}

/// Everything that a report shows.
struct Outcome<'a> {
    /// What the lint finds.
    lint: &'a [Diagnostic<'a>],
    items: &'a [Item],
    problems: &'a [Problem],
    /// How many majors there are.
    subjects: usize,
    /// How many pairs of minors were compared.
    pairs: usize,
    /// How many published files were compared.
    published: usize,
    /// What they were compared with.
    base: Option<&'a str>,
}

impl Outcome<'_> {
    fn overall(&self) -> Overall {
        let items = self.items.iter().map(Item::overall);
        let problems = self.problems.iter().map(|_| Overall::Breaking);
        let lint = self.lint.iter().map(|_| Overall::Breaking);
        items.chain(problems).chain(lint).max().unwrap_or(Overall::Compatible)
    }

    fn diagnostics<'a>(&'a self, around: &Around<'a>, waivers: &str) -> Vec<Diagnostic<'a>> {
        let items = self.items.iter().filter(|item| item.overall() != Overall::Compatible);
        let items = items.map(|item| item.diagnostic(around));
        let problems = self.problems.iter().map(|problem| Diagnostic {
            rule: waivers::ID,
            message: Cow::from(format!("`{waivers}`: {}", problem.message)),
            notes: Vec::new(),
            help: Cow::from(&problem.help),
            spots: around.now.spot(Some(problem.span), "").into_iter().collect(),
        });
        self.lint.iter().cloned().chain(items).chain(problems).collect()
    }

    fn text(
        &self,
        around: &Around<'_>,
        waivers: &str,
        screen: &mut Screen<'_>,
    ) -> Result<(), Error> {
        let diagnostics = self.diagnostics(around, waivers);
        for diagnostic in &diagnostics {
            diagnostic.write(screen)?;
        }
        for item in self.items.iter().filter(|item| item.finding.rule == "needless_minor") {
            writeln!(
                screen.out,
                "{}: {}: {}; {}",
                item.subject, item.new, item.finding.message, item.finding.help
            )?;
        }
        let compared = self.compared();
        match self.overall() {
            Overall::Compatible => writeln!(screen.out, "compatible: {compared}")?,
            overall => writeln!(
                screen.out,
                "{}: {}; {compared}; `cargo xtask explain RULE` tells more about a rule",
                word(overall),
                count(diagnostics.len(), "finding"),
            )?,
        }
        Ok(())
    }

    /// What was compared with what, and how much of what was found is waived.
    fn compared(&self) -> String {
        let compared = format!(
            "{} of minors in {}; {}",
            count(self.pairs, "pair"),
            if self.subjects == 1 {
                "1 history".to_owned()
            } else {
                format!("{} histories", self.subjects)
            },
            match self.base {
                Some(base) =>
                    format!("{} held against {base}", count(self.published, "published file")),
                None => "no published file looked at".to_owned(),
            }
        );
        match self.items.iter().filter(|item| item.waived.is_some()).count() {
            0 => compared,
            waived => format!("{compared}; {waived} waived"),
        }
    }

    fn json(&self, around: &Around<'_>, screen: &mut Screen<'_>) -> Result<(), Error> {
        let shown = self.items.iter().filter(|item| item.finding.kind != Kind::Allowed);
        let rows: Vec<Row<'_>> = shown.map(|item| item.row(around)).collect();
        let problems = self.problems.iter().map(|problem| {
            json!({
                "span": around.now.json(Some(problem.span)),
                "message": problem.message,
                "help": problem.help,
            })
        });
        let lint = self.lint.iter().map(|diagnostic| {
            json!({
                "rule": diagnostic.rule,
                "path": diagnostic.spots.first().map(|spot| &spot.path),
                "message": diagnostic.message,
                "help": diagnostic.help,
            })
        });
        let object = json!({
            "lint": lint.collect::<Vec<_>>(),
            "verdict": word(self.overall()),
            "base": self.base,
            "pairs": self.pairs,
            "published_files": self.published,
            "findings": rows,
            "waivers": problems.collect::<Vec<_>>(),
        });
        serde_json::to_writer_pretty(&mut *screen.out, &object).map_err(std::io::Error::from)?;
        writeln!(screen.out)?;
        Ok(())
    }
}
