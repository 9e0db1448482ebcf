//! A waiver in `waivers.json` is none, covers nothing, or covers what no waiver may.
//!
//! A waiver lets one finding of the compatibility checker pass, for a reason that was reviewed:
//!
//! ```json
//! {"waivers": [{"fingerprint": "0123456789abcdef", "reason": "no service has read it yet"}]}
//! ```
//!
//! A finding that can be waived shows its fingerprint; `note` and other texts may stand beside it.
//! What could not be told (unproven) and a changed meaning (M) can be waived.
//! A message that is shown to be refused (B, F) and code that no longer compiles (C) can not, and
//! a published file can be edited until the first release alone.
//!
//! Remove a waiver that covers nothing any more; mend what no waiver may cover.

use wr_compat::Kind;
use wr_schema::json::{Data, Node, Span};

use super::item::{Item, Origin};

/// The id of the rule.
pub(super) const ID: &str = "waiver";

/// Its text, whose first lines are its page.
pub(super) const SOURCE: &str = include_str!("waivers.rs");

/// How many words a reason has at least.
const MIN_WORDS: usize = 3;

/// How many digits a fingerprint has.
const DIGITS: usize = 16;

/// Something wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where.
    pub(super) span: Span,
    /// What.
    pub(super) message: String,
    /// What to do.
    pub(super) help: String,
}

/// The waivers of a folder.
#[derive(Debug, Default)]
pub(super) struct Waivers {
    waivers: Vec<Waiver>,
    /// What is no waiver.
    pub(super) problems: Vec<Problem>,
}

#[derive(Debug)]
struct Waiver {
    fingerprint: String,
    reason: String,
    span: Span,
}

impl Waivers {
    /// Reads the file.
    pub(super) fn of(root: &Node) -> Waivers {
        let mut read = Waivers::default();
        let Some(list) = root.get("waivers").filter(|list| matches!(list.data, Data::Array(_)))
        else {
            read.problem(
                root.head(),
                "no list of waivers",
                "write `{\"waivers\": []}`, or remove the file",
            );
            return read;
        };
        for member in root.members().iter().filter(|member| member.key != "waivers") {
            let message = format!("`{}` is nothing that this file has", member.key);
            read.problem(member.key_span, &message, "put it into a waiver as a `note`");
        }
        for node in list.items() {
            read.add(node);
        }
        read
    }

    fn add(&mut self, node: &Node) {
        for member in node.members().iter().filter(|member| member.value.as_str().is_none()) {
            let message = format!("`{}` is no text", member.key);
            self.problem(member.value.head(), &message, "write a text");
        }
        let text =
            |name: &str| node.get(name).and_then(|value| Some((value.as_str()?, value.span)));
        let Some((fingerprint, span)) = text("fingerprint") else {
            return self.problem(
                node.head(),
                "a waiver without a `fingerprint`",
                "copy it from the finding that `cargo xtask compat` shows",
            );
        };
        let digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        if fingerprint.len() != DIGITS || !fingerprint.chars().all(digit) {
            let message = format!("a fingerprint has {DIGITS} digits of 0-9 and a-f");
            self.problem(
                span,
                &message,
                "copy it from the finding that `cargo xtask compat` shows",
            );
            return;
        }
        if self.waivers.iter().any(|other| other.fingerprint == fingerprint) {
            return self.problem(span, "this finding is waived twice", "remove one of the two");
        }
        let (reason, at) = text("reason").unwrap_or(("", node.head()));
        if reason.split_whitespace().count() < MIN_WORDS {
            let message = format!("a waiver needs a reason of {MIN_WORDS} words or more");
            self.problem(at, &message, "say why nobody is hurt, for whoever reviews this");
            return;
        }
        let (fingerprint, reason) = (fingerprint.to_owned(), reason.to_owned());
        self.waivers.push(Waiver { fingerprint, reason, span });
    }

    fn problem(&mut self, span: Span, message: &str, help: &str) {
        let (message, help) = (message.to_owned(), help.to_owned());
        self.problems.push(Problem { span, message, help });
    }

    /// Covers what may be covered; what cannot be is a problem.
    ///
    /// `later` holds what `main` will be told once this branch is in it: a waiver of that is
    /// needed too. Whether one that covers nothing is a problem, `strict` says.
    pub(super) fn apply(
        &self,
        items: &mut [Item],
        later: &[Item],
        is_released: bool,
        strict: bool,
    ) -> Vec<Problem> {
        let mut problems = self.problems.clone();
        for waiver in &self.waivers {
            let covers = |item: &Item| {
                item.fingerprint == waiver.fingerprint && item.finding.kind != Kind::Allowed
            };
            let mut matched = later.iter().any(covers);
            for item in items.iter_mut().filter(|item| covers(item)) {
                matched = true;
                if item.may_be_waived(is_released) {
                    item.waived = Some(waiver.reason.clone());
                } else {
                    problems.push(forbidden(waiver, item));
                }
            }
            if !matched && strict {
                problems.push(Problem {
                    span: waiver.span,
                    message: "this waiver covers nothing".to_owned(),
                    help: "remove it: what it was for is gone, or has changed and has another \
                           fingerprint"
                        .to_owned(),
                });
            }
        }
        problems
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.waivers.len()
    }
}

fn forbidden(waiver: &Waiver, item: &Item) -> Problem {
    let (what, help) = match item.origin {
        Origin::Frozen => (
            format!("an edit of `{}/{}.json`, which is released", item.subject, item.new),
            "undo the edit, and write it in a new minor",
        ),
        Origin::History => (
            format!(
                "`{}`, which is shown to break ({})",
                item.finding.rule,
                item.finding.kind.name()
            ),
            "make the change a new major",
        ),
    };
    Problem {
        span: waiver.span,
        message: format!("no waiver may cover {what}"),
        help: help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use wr_compat::{Evidence, Finding};
    use wr_schema::json::{FileId, parse};

    use super::*;

    fn waivers(text: &str) -> Waivers {
        Waivers::of(&parse(FileId(0), text).unwrap())
    }

    fn item(kind: Kind, origin: Origin) -> Item {
        Item {
            finding: Finding {
                rule: "default_changed",
                kind,
                pointer: "/n".to_owned(),
                old: None,
                new: None,
                message: String::new(),
                help: String::new(),
                evidence: Evidence::None,
            },
            origin,
            subject: "a.b.c.v1".to_owned(),
            old: "1.0".to_owned(),
            new: "1.1".to_owned(),
            fingerprint: "0123456789abcdef".to_owned(),
            waived: None,
        }
    }

    const GOOD: &str = r#"{"waivers": [{
        "fingerprint": "0123456789abcdef", "reason": "nobody reads it yet", "note": "see the log"
    }]}"#;

    #[test]
    fn a_file_that_is_none() {
        for (text, message) in [
            ("{}", "no list of waivers"),
            ("[]", "no list of waivers"),
            (r#"{"waivers": [], "why": 1}"#, "`why` is nothing that this file has"),
            (r#"{"waivers": [1]}"#, "a waiver without a `fingerprint`"),
            (
                r#"{"waivers": [{"fingerprint": "0123"}]}"#,
                "a fingerprint has 16 digits of 0-9 and a-f",
            ),
            (
                &GOOD.replace("nobody reads it yet", "because"),
                "a waiver needs a reason of 3 words or more",
            ),
            (&GOOD.replace("reason", "reasons"), "a waiver needs a reason of 3 words or more"),
            (&GOOD.replace(r#""see the log""#, "1"), "`note` is no text"),
        ] {
            let messages: Vec<String> =
                waivers(text).problems.into_iter().map(|problem| problem.message).collect();
            assert_eq!(messages, [message], "{text}");
        }
        assert!(waivers(GOOD).problems.is_empty());
    }

    #[test]
    fn what_a_waiver_may_cover() {
        for (kind, origin, released, may) in [
            (Kind::Unproven, Origin::History, true, true),
            (Kind::Meaning, Origin::History, true, true),
            (Kind::Backward, Origin::History, false, false),
            (Kind::Forward, Origin::History, false, false),
            (Kind::Code, Origin::History, false, false),
            (Kind::Code, Origin::Frozen, false, true),
            (Kind::Code, Origin::Frozen, true, false),
            (Kind::Meaning, Origin::Frozen, true, false),
        ] {
            let mut items = [item(kind, origin)];
            let problems = waivers(GOOD).apply(&mut items, &[], released, true);
            assert_eq!(problems.is_empty(), may, "{kind:?} {origin:?} {released}");
            assert_eq!(items[0].waived.is_some(), may);
        }
    }

    #[test]
    fn a_waiver_that_covers_nothing() {
        let other = GOOD.replace("0123456789abcdef", "fedcba9876543210");
        let items = || [item(Kind::Meaning, Origin::History)];
        let strict = waivers(&other).apply(&mut items(), &[], false, true);
        assert_eq!(strict[0].message, "this waiver covers nothing");
        assert!(waivers(&other).apply(&mut items(), &[], false, false).is_empty());
        assert!(waivers(GOOD).apply(&mut [], &items(), false, true).is_empty());
        assert_eq!(
            waivers(GOOD)
                .apply(&mut [item(Kind::Allowed, Origin::History)], &[], false, true)
                .len(),
            1
        );
    }
}
