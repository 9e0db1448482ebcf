//! Changes to findings: each is made alone in the version whose readers it may trouble, and what
//! then breaks is its evidence.

use serde_json::{Value, json};
use wr_schema::json::Node;
use wr_schema::language::{Side, language};
use wr_schema::validator::Compiled;

use crate::change::{Change, Otherwise, Sample};
use crate::compare::{GROWTH, is_same};
use crate::direction::{Mode, TRIAL, Verdict, Witness, direction_within, reads};
use crate::documents::{Age, Documents, Edit};
use crate::report::{Evidence, Finding, Kind};
use crate::smallest::smallest;

/// How many schemas are made and judged for one pair of versions.
const MOST_TRIALS: u32 = 24;

/// How many parts all those schemas may have together.
const MOST_PARTS: usize = 20_000;

/// How many of them may end without an answer.
const MOST_UNTOLD: u32 = 2;

/// Makes findings of changes.
pub(crate) struct Court<'a> {
    pub(crate) old: &'a Node,
    pub(crate) new: &'a Node,
    pub(crate) documents: &'a Documents,
    pub(crate) mode: Mode,
    /// What is known of both directions; a witness of one change settles an open one.
    pub(crate) backward: Verdict,
    pub(crate) forward: Verdict,
    trials: u32,
    parts: usize,
    /// The parts of the smaller version.
    least: usize,
    untold: u32,
    readers: [Option<Compiled>; 2],
    writer: Option<Compiled>,
}

/// Whether a change alone breaks something.
enum Shown {
    Yes(Witness),
    No,
    Untold(String),
}

impl<'a> Court<'a> {
    pub(crate) fn new(
        (old, new): (&'a Node, &'a Node),
        documents: &'a Documents,
        mode: Mode,
        (backward, forward): (Verdict, Verdict),
    ) -> Court<'a> {
        Court {
            old,
            new,
            documents,
            mode,
            backward,
            forward,
            trials: MOST_TRIALS,
            parts: MOST_PARTS,
            least: parts(old).min(parts(new)).max(1),
            untold: 0,
            readers: [None, None],
            writer: None,
        }
    }

    /// The findings of one change.
    pub(crate) fn judge(&mut self, rule: &'static str, change: &Change) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut untold = None;
        for kind in [Kind::Backward, Kind::Forward] {
            match self.shown(kind, change) {
                Shown::Yes(witness) => {
                    findings.push(finding(rule, kind, change, Evidence::Witness(witness)));
                }
                Shown::No => {}
                Shown::Untold(reason) if self.is_open(kind) => {
                    let evidence = Evidence::Reason(reason);
                    findings.push(finding(rule, Kind::Unproven, change, evidence));
                }
                Shown::Untold(reason) => untold = Some(reason),
            }
        }
        if findings.is_empty() {
            let (kind, evidence) = match self.mode {
                Mode::Languages => self.otherwise(&change.otherwise),
                Mode::Raw => (Kind::Allowed, Evidence::None),
            };
            let (kind, evidence) = match (kind, evidence, untold) {
                (Kind::Allowed, _, Some(reason)) if !GROWTH.contains(&rule) => {
                    (Kind::Unproven, Evidence::Reason(reason))
                }
                (kind, Evidence::None, Some(reason)) => (kind, Evidence::Reason(reason)),
                (kind, evidence, _) => (kind, evidence),
            };
            findings.push(finding(rule, kind, change, evidence));
        }
        findings
    }

    fn verdict(&mut self, kind: Kind) -> &mut Verdict {
        match kind {
            Kind::Forward => &mut self.forward,
            Kind::Backward | Kind::Meaning | Kind::Code | Kind::Allowed | Kind::Unproven => {
                &mut self.backward
            }
        }
    }

    fn is_open(&mut self, kind: Kind) -> bool {
        matches!(self.verdict(kind), Verdict::Unproven(_))
    }

    fn shown(&mut self, kind: Kind, change: &Change) -> Shown {
        let is_forward = kind == Kind::Forward;
        let may_break = if is_forward { change.forward } else { change.backward };
        if !may_break || *self.verdict(kind) == Verdict::Compatible {
            return Shown::No;
        }
        let (age, writer, edits) = if is_forward {
            (Age::New, self.new, &change.to_old)
        } else {
            (Age::Old, self.old, &change.to_new)
        };
        let Some(hybrid) = self.hybrid(age, edits) else {
            return Shown::Untold("there are too many changes to look at each alone".to_owned());
        };
        match direction_within(writer, &hybrid, self.mode, TRIAL) {
            Verdict::Compatible => Shown::No,
            Verdict::Unproven(reason) => {
                self.untold += 1;
                Shown::Untold(reason)
            }
            Verdict::Breaking(witness) => self.confirmed(kind, witness),
        }
    }

    /// A witness of a change alone, if it is one of all changes together.
    fn confirmed(&mut self, kind: Kind, witness: Witness) -> Shown {
        let reader = if kind == Kind::Forward { self.old } else { self.new };
        let slot = usize::from(kind == Kind::Forward);
        let Some(compiled) = self.readers.get_mut(slot) else { return Shown::No };
        if compiled.is_none() {
            *compiled = reads(&self.mode.of(reader, Side::Reader)).ok();
        }
        let Some(compiled) = compiled else {
            return Shown::Untold("a schema that cannot be run".to_owned());
        };
        let violations = compiled.violations(&witness.document);
        if violations.is_empty() {
            return Shown::No;
        }
        let witness = Witness { violations, ..witness };
        if self.is_open(kind) {
            *self.verdict(kind) = Verdict::Breaking(witness.clone());
        }
        Shown::Yes(witness)
    }

    /// Whether a change alone is none of either language, as has been proved.
    pub(crate) fn is_nothing(&mut self, change: &Change) -> bool {
        let old = self.old;
        let mode = self.mode;
        self.hybrid(Age::Old, &change.to_new).is_some_and(|hybrid| is_same(old, &hybrid, mode))
    }

    /// One version with some of the other, while there are trials left.
    fn hybrid(&mut self, age: Age, edits: &[Edit]) -> Option<Node> {
        if self.trials == 0 || self.parts < self.least || self.untold >= MOST_UNTOLD {
            return None;
        }
        self.trials -= 1;
        let hybrid = self.documents.hybrid(age, edits);
        self.parts = self.parts.saturating_sub(parts(&hybrid));
        Some(hybrid)
    }

    fn otherwise(&mut self, otherwise: &Otherwise) -> (Kind, Evidence) {
        match otherwise {
            Otherwise::Allowed => (Kind::Allowed, Evidence::None),
            Otherwise::Code { path, old, new } => {
                let evidence =
                    Evidence::RustTypes { path: path.clone(), old: old.clone(), new: new.clone() };
                (Kind::Code, evidence)
            }
            Otherwise::Meaning { sample, old, new } => {
                let evidence = match self.document(sample) {
                    Some(document) => {
                        Evidence::Meanings { document, old: old.clone(), new: new.clone() }
                    }
                    None => Evidence::Reason(format!("before: {old}; now: {new}")),
                };
                (Kind::Meaning, evidence)
            }
        }
    }

    /// A document that old writers send and new readers take, with something at a place.
    fn document(&mut self, sample: &Sample) -> Option<Value> {
        if self.trials == 0 || self.parts < self.least {
            return None;
        }
        self.trials -= 1;
        let forced = self.documents.forced(Age::Old, &sample.path, &sample.edits);
        self.parts = self.parts.saturating_sub(parts(&forced));
        let nothing = Node::from_value(&json!({ "not": {} }), forced.span);
        let document = match direction_within(&forced, &nothing, Mode::Languages, TRIAL) {
            Verdict::Breaking(witness) => witness.document,
            Verdict::Compatible | Verdict::Unproven(_) => return None,
        };
        let forced = Compiled::detect(&language(&forced, Side::Writer).to_value()).ok()?;
        if self.writer.is_none() {
            let writer = language(self.old, Side::Writer).to_value();
            self.writer = Compiled::detect(&writer).ok();
        }
        let writer = self.writer.as_ref()?;
        let reader = Compiled::detect(&language(self.new, Side::Reader).to_value()).ok()?;
        let is_one = |document: &Value| {
            forced.accepts(document) && writer.accepts(document) && reader.accepts(document)
        };
        is_one(&document).then(|| smallest(document, &is_one))
    }
}

fn finding(rule: &'static str, kind: Kind, change: &Change, evidence: Evidence) -> Finding {
    Finding {
        rule,
        kind,
        pointer: change.pointer.clone(),
        old: change.old,
        new: change.new,
        message: change.message.clone(),
        help: match kind {
            Kind::Allowed => String::new(),
            Kind::Backward | Kind::Forward | Kind::Meaning | Kind::Code | Kind::Unproven => {
                change.help.clone()
            }
        },
        evidence,
    }
}

/// How much there is to judge: patterns, which become automata, weigh the most.
fn parts(node: &Node) -> usize {
    let weight = |key: &str| if key == "pattern" { 60 } else { 0 };
    let members = node.members().iter().map(|member| weight(&member.key) + parts(&member.value));
    1 + members.chain(node.items().iter().map(parts)).sum::<usize>()
}
