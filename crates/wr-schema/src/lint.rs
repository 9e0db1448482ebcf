//! The lint: every rule on every file, all findings at once, in the order of the text.

use crate::draft::{Draft, DraftFile, Site};
use crate::finding::{Finding, Place};
use crate::json::{self, Node, Span};
use crate::keywords::{self, Kind};
use crate::page;
use crate::pattern::{self, FaultKind};
use crate::rules;

pub use crate::rules::RULES;

/// A rule: one file under `rules/`, one row in [`RULES`], one folder of cases, all under one id.
#[derive(Debug)]
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// The text of its module, whose first lines are its page.
    source: &'static str,
    /// What it looks at.
    check: Check,
}

/// What a rule looks at.
#[derive(Debug)]
pub(crate) enum Check {
    /// Nothing: whoever reads the files reports it.
    Reading,
    /// Each schema of each file.
    Schema(fn(&Draft<'_>, &Site<'_>, &mut Report<'_>)),
    /// Each file.
    File(fn(&Draft<'_>, &DraftFile<'_>, &mut Report<'_>)),
    /// The catalogue as a whole.
    Catalog(fn(&Draft<'_>, &mut Report<'_>)),
}

/// Takes the findings of one rule.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    rule: &'static str,
    findings: &'a mut Vec<Finding>,
}

impl Rule {
    pub(crate) const fn new(id: &'static str, source: &'static str, check: Check) -> Rule {
        Rule { id, source, check }
    }

    /// Its page: what it refuses, why, and what to write instead.
    pub fn page(&self) -> String {
        page::page(self.source)
    }

    /// The first line of its page.
    pub fn summary(&self) -> &'static str {
        page::summary(self.source)
    }
}

impl Report<'_> {
    /// Reports something wrong in the text.
    pub(crate) fn at(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Place::Span(span), message.into(), help.into());
    }

    /// Reports something wrong with a path.
    pub(crate) fn path(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        self.push(Place::Path(path.to_owned()), message.into(), help.into());
    }

    /// Reports a keyword, its key underlined, where the schema has it.
    pub(crate) fn keyword(
        &mut self,
        schema: &Node,
        keyword: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        if let Some(member) = schema.member(keyword) {
            self.at(member.key_span, message, help);
        }
    }

    /// Reports the faults of one kind of the patterns of a schema, those of its names included.
    pub(crate) fn patterns(&mut self, draft: &Draft<'_>, site: &Site<'_>, kind: FaultKind) {
        let own = (keywords::kind(site.node) == Some(Kind::Text)).then(|| site.node.get("pattern"));
        let names = (keywords::kind(site.node) == Some(Kind::Map))
            .then(|| site.node.get("propertyNames").and_then(|names| names.get("pattern")));
        for node in own.flatten().into_iter().chain(names.flatten()) {
            let faults = match kind {
                FaultKind::Invalid => node.as_str().map(pattern::faults),
                FaultKind::Unanchored | FaultKind::NotPortable => {
                    node.as_str().map(pattern::faults_of_syntax)
                }
            };
            let faults = faults.unwrap_or_default();
            for fault in faults.into_iter().filter(|fault| fault.kind == kind) {
                let literal = draft.sources.text(node.span);
                let (start, end) = json::within(literal, fault.start, fault.end);
                let (start, end) = (node.span.start + start, node.span.start + end);
                let whole = start >= end || end > node.span.end;
                let span = if whole { node.span } else { Span { start, end, ..node.span } };
                self.at(span, fault.message, fault.help);
            }
        }
    }

    fn push(&mut self, place: Place, message: String, help: String) {
        self.findings.push(Finding { rule: self.rule, place, message, help });
    }
}

/// Everything that is wrong with a catalogue, by path, then by place, then by rule.
pub fn lint(draft: &Draft<'_>) -> Vec<Finding> {
    let mut findings = draft.sources.problems().to_vec();
    let sites: Vec<Site<'_>> = draft.files.iter().flat_map(DraftFile::sites).collect();
    for rule in rules::RULES {
        let mut report = Report { rule: rule.id, findings: &mut findings };
        match rule.check {
            Check::Reading => {}
            Check::Schema(check) => sites.iter().for_each(|site| check(draft, site, &mut report)),
            Check::File(check) => {
                draft.files.iter().for_each(|file| check(draft, file, &mut report));
            }
            Check::Catalog(check) => check(draft, &mut report),
        }
    }
    findings.sort_by_cached_key(|finding| {
        let span = match &finding.place {
            Place::Span(span) => (span.start, span.end),
            Place::Path(_) => (0, 0),
        };
        let path = draft.sources.path(&finding.place).to_owned();
        (path, span, finding.rule, finding.message.clone())
    });
    findings.dedup();
    findings
}
