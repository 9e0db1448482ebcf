//! One direction: does everything that one version's writers send reach the other's readers?

use std::cell::OnceCell;
use std::panic::{self, AssertUnwindSafe};
use std::thread;

use serde_json::Value;
use wr_schema::json::Node;
use wr_schema::language::{Side, language, resolved};
use wr_schema::validator::{Compiled, Violation};

use crate::settled::{narrowed, widened};
use crate::smallest::smallest;
use crate::solver::{Arena, FUEL, MAX_CHOICES, Outcome, Solver};

/// What became of one direction.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Proved: every message is read.
    Compatible,
    /// Shown: a message that is not.
    Breaking(Witness),
    /// Neither, and why.
    Unproven(String),
}

/// A document that is in the writer language of one version and not in the reader language of the
/// other, as a validator has said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The document; without any of its parts it would be none.
    pub document: Value,
    /// What the readers say of it.
    pub violations: Vec<Violation>,
}

/// How two schemas are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// By what writers send and readers take.
    #[default]
    Languages,
    /// As plain sets of documents.
    Raw,
}

impl Mode {
    /// What is compared of a schema on one side.
    pub(crate) fn of(self, schema: &Node, side: Side) -> Value {
        let schema = match self {
            Mode::Languages => language(schema, side),
            Mode::Raw => resolved(schema),
        };
        schema.to_value()
    }
}

/// Whether what `writer` sends is read by `reader`.
///
/// What an absolute address in a `$ref` leads to is taken to be one schema, the same in both
/// versions; what any other reference out of the document leads to is not known, as that file may
/// have changed with the version. No verdict rests on what stands there.
pub fn direction(writer: &Node, reader: &Node, mode: Mode) -> Verdict {
    direction_within(writer, reader, mode, FUEL)
}

/// The same within so many steps.
pub(crate) fn direction_within(writer: &Node, reader: &Node, mode: Mode, steps: u32) -> Verdict {
    let decided = with_room(&[writer, reader], |choices| {
        decide(&mode.of(writer, Side::Writer), &mode.of(reader, Side::Reader), steps, choices)
    });
    decided.unwrap_or_else(|| Verdict::Unproven("the checker failed".to_owned()))
}

/// None where more choices would have to be held.
fn decide(sent: &Value, taken: &Value, steps: u32, choices: u32) -> Option<Verdict> {
    let judges = OnceCell::new();
    let judges = || judges.get_or_init(|| Judges::new(sent, taken));
    let judge = |document: &Value| {
        judges().as_ref().is_ok_and(|judges: &Judges| judges.is_witness(document))
    };
    let (arena, inner, outer) = Arena::of(sent, taken);
    if arena.is_circular(&[inner, outer]) {
        let reason = "a schema that leads to itself for the same value";
        return Some(Verdict::Unproven(reason.to_owned()));
    }
    if let Some(reason) = arena.disputed() {
        return Some(Verdict::Unproven(reason.to_owned()));
    }
    let mut solver = Solver::new(&arena).judged_by(&judge).within(steps).holding(choices);
    let outcome = solver.escape(inner, outer);
    let is_decided = matches!(outcome, Outcome::Found(_) | Outcome::None);
    if !is_decided && solver.was_full() && choices < MAX_CHOICES {
        return None;
    }
    let document = match outcome {
        Outcome::None => return Some(Verdict::Compatible),
        Outcome::Unknown(reason) => return Some(Verdict::Unproven(reason.to_owned())),
        Outcome::Maybe(document, reason) if !judge(&document) => {
            return Some(Verdict::Unproven(reason.to_owned()));
        }
        Outcome::Found(document) | Outcome::Maybe(document, _) => document,
    };
    Some(match judges() {
        Ok(judges) => judges.executed(document),
        Err(reason) => Verdict::Unproven(format!("a schema that cannot be run: {reason}")),
    })
}

/// How many steps a question about one change of several may take.
pub(crate) const TRIAL: u32 = 40_000;

/// Whether it is proved that in a language every document of one schema is one of the other.
pub(crate) fn contains(inner: &Node, outer: &Node, mode: Mode, side: Side) -> bool {
    let proved = with_room(&[inner, outer], |choices| {
        let (inner, outer) = (mode.of(inner, side), mode.of(outer, side));
        let (arena, inner, outer) = Arena::of(&inner, &outer);
        if arena.is_circular(&[inner, outer]) || arena.disputed().is_some() {
            return Some(false);
        }
        let mut solver = Solver::new(&arena).within(TRIAL).holding(choices);
        let is_proved = solver.escape(inner, outer) == Outcome::None;
        (is_proved || !solver.was_full() || choices == MAX_CHOICES).then_some(is_proved)
    });
    proved == Some(true)
}

/// What a question gets of stack; memory is taken only where it is used.
const STACK: usize = 256 << 20;

/// How deep schemas may nest whose questions are asked on the stack that is there.
const SHALLOW: u32 = 20;

/// How many choices are held on the stack that is there.
const FEW_CHOICES: u32 = 40;

/// Asks a question of schemas, which may hold so many choices at once; on a stack of its own where
/// they, or its choices, may be too deep for the one that is there. None where it could not be run.
fn with_room<T: Send>(
    schemas: &[&Node],
    question: impl Fn(u32) -> Option<T> + Send + Sync,
) -> Option<T> {
    if schemas.iter().all(|schema| is_shallow(schema, SHALLOW)) {
        let asked = panic::catch_unwind(AssertUnwindSafe(|| question(FEW_CHOICES)));
        if let Ok(Some(answer)) = asked {
            return Some(answer);
        }
    }
    thread::scope(|scope| {
        let question = || question(MAX_CHOICES);
        let started = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, question);
        started.ok()?.join().ok()?
    })
}

/// Whether values of a schema nest no deeper than so: it refers to nothing, and does not itself.
fn is_shallow(schema: &Node, depth: u32) -> bool {
    let Some(left) = depth.checked_sub(1) else { return false };
    let is_reference = |key: &str| matches!(key, "$ref" | "$dynamicRef" | "$recursiveRef");
    let members = schema.members().iter();
    members.clone().all(|member| !is_reference(&member.key))
        && members.map(|member| &member.value).chain(schema.items()).all(|n| is_shallow(n, left))
}

/// What readers refuse in any case, whatever stands in other documents.
pub(crate) fn reads(taken: &Value) -> Result<Compiled, String> {
    let widened = widened(taken);
    Compiled::detect(widened.as_ref().unwrap_or(taken))
}

/// Both languages, compiled.
struct Judges {
    sent: Compiled,
    taken: Compiled,
}

impl Judges {
    fn new(sent: &Value, taken: &Value) -> Result<Judges, String> {
        let narrowed = narrowed(sent);
        let sent = Compiled::detect(narrowed.as_ref().unwrap_or(sent))?;
        Ok(Judges { sent, taken: reads(taken)? })
    }

    fn is_witness(&self, document: &Value) -> bool {
        self.sent.accepts(document) && !self.taken.accepts(document)
    }

    /// A document that the solver has found, run and made as small as it can be.
    fn executed(&self, document: Value) -> Verdict {
        if !self.is_witness(&document) {
            return Verdict::Unproven("a document was found that does not break".to_owned());
        }
        let document = smallest(document, &|document| self.is_witness(document));
        let violations = self.taken.violations(&document);
        Verdict::Breaking(Witness { document, violations })
    }
}
