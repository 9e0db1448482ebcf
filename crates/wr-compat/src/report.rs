//! What the checker says of two versions: data; the text around it is made by whoever shows it.

use serde_json::Value;
use wr_schema::json::Span;

use crate::direction::{Verdict, Witness};

/// What the checker says of an old and a new version.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whether what old writers have sent is read by new readers.
    pub backward: Verdict,
    /// Whether what new writers send is read by old readers.
    pub forward: Verdict,
    /// What changed, in the order of the new text; what is gone stands where it stood.
    pub findings: Vec<Finding>,
    /// The smallest bump that the changes need.
    pub required_bump: Bump,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The id of the rule.
    pub rule: &'static str,
    /// Whom it breaks, if anyone.
    pub kind: Kind,
    /// The schema that changed, as a JSON pointer into the values it describes; items and map
    /// values are `*`.
    pub pointer: String,
    /// Where it stands in the old file.
    pub old: Option<Span>,
    /// Where it stands in the new file.
    pub new: Option<Span>,
    /// What changed, as a lower-case fragment with names in backticks.
    pub message: String,
    /// What to do instead, or what to know.
    pub help: String,
    /// What shows it.
    pub evidence: Evidence,
}

/// Whom a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// New readers: they refuse a stored message.
    Backward,
    /// Deployed readers: they refuse a new message.
    Forward,
    /// The meaning of what everybody reads.
    Meaning,
    /// Code that depends on the generated crate.
    Code,
    /// Nobody.
    Allowed,
    /// It could not be told.
    Unproven,
}

/// What shows a change to be of its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// A document that one side sends and the other refuses.
    Witness(Witness),
    /// A document that both read, and what it means to either.
    Meanings {
        /// The document.
        document: Value,
        /// What it means to old readers.
        old: String,
        /// What it means to new readers.
        new: String,
    },
    /// A path in Rust, and its type in either version; none where it is not there.
    RustTypes {
        /// The path.
        path: String,
        /// The type in the old version.
        old: Option<String>,
        /// The type in the new version.
        new: Option<String>,
    },
    /// Why nothing was shown.
    Reason(String),
    /// Nothing has to be shown.
    None,
}

/// A step between two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// The same contract.
    None,
    /// Only what older readers may ignore.
    Minor,
    /// Something breaks.
    Major,
}

/// What comes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// The new version is a legal minor after the old one.
    Compatible,
    /// It could not be told.
    Unproven,
    /// It is not.
    Breaking,
}

impl Report {
    /// Whether the new version is a legal minor after the old one.
    pub fn overall(&self) -> Overall {
        let of_verdict = |verdict: &Verdict| match verdict {
            Verdict::Compatible => Overall::Compatible,
            Verdict::Unproven(_) => Overall::Unproven,
            Verdict::Breaking(_) => Overall::Breaking,
        };
        let findings = self.findings.iter().map(|finding| match finding.kind {
            Kind::Backward | Kind::Forward | Kind::Meaning | Kind::Code => Overall::Breaking,
            Kind::Unproven => Overall::Unproven,
            Kind::Allowed => Overall::Compatible,
        });
        let directions = [of_verdict(&self.backward), of_verdict(&self.forward)];
        findings.chain(directions).max().unwrap_or(Overall::Compatible)
    }
}

impl Finding {
    /// What changed, with the place where the message does not name it.
    pub fn sentence(&self) -> String {
        let place = self.pointer.trim_start_matches('/').replace('/', ".");
        let last = place.rsplit('.').next().unwrap_or_default();
        let names_it = self.message.contains(&format!("`{place}`"))
            || !place.contains('.') && self.message.contains(&format!("`{last}`"));
        if place.is_empty() || names_it {
            return self.message.clone();
        }
        format!("`{place}`: {}", self.message)
    }
}

impl Kind {
    /// The letter or word by which reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Backward => "B",
            Kind::Forward => "F",
            Kind::Meaning => "M",
            Kind::Code => "C",
            Kind::Allowed => "allowed",
            Kind::Unproven => "unproven",
        }
    }
}
