//! A finding of a repository: whose it is, what it breaks, and whether it is waived.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use wr_compat::{Evidence, Finding, Kind, Mode, Overall};
use wr_schema::draft::Place;

use super::texts::JsonSpan;
use super::{Texts, notes};
use crate::render::Diagnostic;

/// One finding with its surroundings.
#[derive(Debug)]
pub(super) struct Item {
    /// What the checker says.
    pub(super) finding: Finding,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// The folder of the versions.
    pub(super) subject: String,
    /// Both versions; equal where one file is compared with what was published of it.
    pub(super) old: String,
    pub(super) new: String,
    /// What a waiver names it by.
    pub(super) fingerprint: String,
    /// The reason of the waiver that covers it.
    pub(super) waived: Option<String>,
}

/// Where a finding comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Two minors of a major.
    History,
    /// A file and what was published of it.
    Frozen,
}

/// What a report needs to know beside the items.
#[derive(Debug)]
pub(super) struct Around<'a> {
    /// The texts of the folder.
    pub(super) now: &'a Texts<'a>,
    /// The texts that were published.
    pub(super) base: &'a Texts<'a>,
    /// What to give `git checkout` to get a published file back.
    pub(super) revision: Option<&'a str>,
    /// The folder of schemas as the user would type it, with a `/` behind it.
    pub(super) folder: &'a str,
    /// The flags that name the folder.
    pub(super) flags: &'a str,
    /// Whether anything was released.
    pub(super) is_released: bool,
}

/// A finding as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    rule: &'a str,
    kind: &'a str,
    subject: &'a str,
    old_version: &'a str,
    new_version: &'a str,
    pointer: &'a str,
    old_span: Option<JsonSpan>,
    new_span: Option<JsonSpan>,
    message: &'a str,
    help: String,
    witness: Option<&'a Value>,
    fingerprint: &'a str,
    waivable: bool,
    waived: Option<&'a str>,
}

impl Item {
    /// What it makes of the whole.
    pub(super) fn overall(&self) -> Overall {
        match self.finding.kind {
            Kind::Allowed => Overall::Compatible,
            _ if self.waived.is_some() => Overall::Compatible,
            Kind::Unproven => Overall::Unproven,
            Kind::Backward | Kind::Forward | Kind::Meaning | Kind::Code => Overall::Breaking,
        }
    }

    /// Whether a waiver may cover it: what was shown to break somebody is never passed, and a
    /// released file never changes.
    pub(super) fn may_be_waived(&self, is_released: bool) -> bool {
        match (self.origin, self.finding.kind) {
            (Origin::Frozen, _) => !is_released,
            (Origin::History, Kind::Unproven | Kind::Meaning) => true,
            (Origin::History, Kind::Backward | Kind::Forward | Kind::Code | Kind::Allowed) => false,
        }
    }

    fn path(&self) -> String {
        format!("{}/{}.json", self.subject, self.new)
    }

    fn old_texts<'a>(&self, around: &Around<'a>) -> &'a Texts<'a> {
        match self.origin {
            Origin::History => around.now,
            Origin::Frozen => around.base,
        }
    }

    /// What to do: the help of the finding, and the commands for this very place.
    fn help(&self, around: &Around<'_>) -> String {
        let Around { folder, flags, .. } = around;
        let event = match Place::of(&self.path()) {
            Place::Event(subject, _) => Some(subject.event_type().to_string()),
            _ => None,
        };
        let mut help = match &event {
            Some(event) => self.finding.help.replace("SUBJECT", &format!("{event}{flags}")),
            None => self.finding.help.clone(),
        };
        let undo = around.revision.map(|revision| {
            format!("`git checkout {revision} -- {folder}{}` undoes it", self.path())
        });
        let step = event.map(|event| match self.origin {
            Origin::History => ("major", format!("`cargo xtask new major {event}{flags}`")),
            Origin::Frozen => ("minor", format!("`cargo xtask new minor {event}{flags}`")),
        });
        let mut commands: Vec<String> = Vec::new();
        if self.origin == Origin::Frozen {
            commands.extend(undo);
        }
        if let Some((step, command)) = step
            && !help.contains("cargo xtask new")
            && self.finding.new.is_some()
        {
            commands.push(format!("{command} begins the {step}"));
        }
        for command in commands {
            help = format!("{help}\n{command}");
        }
        if self.may_be_waived(around.is_released) {
            let (file, fingerprint) = (format!("{folder}waivers.json"), &self.fingerprint);
            help = format!("{help}\nor waive `{fingerprint}` in `{file}`, with a reason");
        }
        help
    }

    /// Underlined in both texts.
    pub(super) fn diagnostic<'a>(&'a self, around: &Around<'a>) -> Diagnostic<'a> {
        let (new, old) = match self.origin {
            Origin::History => (self.new.as_str(), self.old.as_str()),
            Origin::Frozen => ("now", "as published"),
        };
        let message = match self.origin {
            Origin::History => {
                format!("{}: {} to {}: {}", self.subject, self.old, self.new, self.finding.message)
            }
            Origin::Frozen => {
                format!("`{}{}`: {}", around.folder, self.path(), self.finding.message)
            }
        };
        let spots = [
            around.now.spot(self.finding.new, new),
            self.old_texts(around).spot(self.finding.old, old),
        ];
        Diagnostic {
            rule: self.finding.rule,
            message: Cow::from(message),
            notes: notes(&self.finding, Mode::Languages),
            help: Cow::from(self.help(around)),
            spots: spots.into_iter().flatten().collect(),
        }
    }

    /// As JSON.
    pub(super) fn row<'a>(&'a self, around: &Around<'a>) -> Row<'a> {
        Row {
            rule: self.finding.rule,
            kind: self.finding.kind.name(),
            subject: &self.subject,
            old_version: &self.old,
            new_version: &self.new,
            pointer: &self.finding.pointer,
            old_span: self.old_texts(around).json(self.finding.old),
            new_span: around.now.json(self.finding.new),
            message: &self.finding.message,
            help: self.help(around),
            witness: match &self.finding.evidence {
                Evidence::Witness(witness) => Some(&witness.document),
                Evidence::Meanings { document, .. } => Some(document),
                Evidence::RustTypes { .. } | Evidence::Reason(_) | Evidence::None => None,
            },
            fingerprint: &self.fingerprint,
            waivable: self.may_be_waived(around.is_released),
            waived: self.waived.as_deref(),
        }
    }
}
