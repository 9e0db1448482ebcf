//! One direction: does everything that one version's writers send reach the other's readers?

use std::cell::OnceCell;
use std::thread;

use serde_json::Value;
use wr_schema::json::Node;
use wr_schema::language::{Side, language};
use wr_schema::validator::{Compiled, Violation};

use crate::smallest::smallest;
use crate::solver::{Arena, Outcome, Solver};

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

/// Whether what `writer` sends is read by `reader`.
pub fn direction(writer: &Node, reader: &Node, mode: Mode) -> Verdict {
    let decided = with_room(|| {
        let (sent, taken) = match mode {
            Mode::Languages => (language(writer, Side::Writer), language(reader, Side::Reader)),
            Mode::Raw => (writer.clone(), reader.clone()),
        };
        decide(&sent.to_value(), &taken.to_value())
    });
    decided.unwrap_or_else(|| Verdict::Unproven("the checker failed".to_owned()))
}

fn decide(sent: &Value, taken: &Value) -> Verdict {
    let judges = OnceCell::new();
    let judges = || judges.get_or_init(|| Judges::new(sent, taken));
    let judge = |document: &Value| {
        judges().as_ref().is_ok_and(|judges: &Judges| judges.is_witness(document))
    };
    let (arena, inner, outer) = Arena::of(sent, taken);
    if arena.is_circular(&[inner, outer]) {
        return Verdict::Unproven("a schema that leads to itself for the same value".to_owned());
    }
    if let Some(reason) = arena.disputed() {
        return Verdict::Unproven(reason.to_owned());
    }
    let document = match Solver::new(&arena).judged_by(&judge).escape(inner, outer) {
        Outcome::None => return Verdict::Compatible,
        Outcome::Unknown(reason) => return Verdict::Unproven(reason.to_owned()),
        Outcome::Maybe(document, reason) if !judge(&document) => {
            return Verdict::Unproven(reason.to_owned());
        }
        Outcome::Found(document) | Outcome::Maybe(document, _) => document,
    };
    match judges() {
        Ok(judges) => judges.executed(document),
        Err(reason) => Verdict::Unproven(format!("a schema that cannot be run: {reason}")),
    }
}

/// Whether it is proved that every document of one schema is one of the other.
pub(crate) fn contains(inner: &Value, outer: &Value) -> bool {
    let proved = with_room(|| {
        let (arena, inner, outer) = Arena::of(inner, outer);
        !arena.is_circular(&[inner, outer])
            && arena.disputed().is_none()
            && Solver::new(&arena).escape(inner, outer) == Outcome::None
    });
    proved == Some(true)
}

/// What a question gets of stack; memory is taken only where it is used.
const STACK: usize = 256 << 20;

/// Runs a question on a stack of its own, so that no schema is too deep for it; none where it
/// could not be run.
fn with_room<T: Send>(question: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let started = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, question);
        started.ok()?.join().ok()
    })
}

/// Both languages, compiled.
struct Judges {
    sent: Compiled,
    taken: Compiled,
}

impl Judges {
    fn new(sent: &Value, taken: &Value) -> Result<Judges, String> {
        Ok(Judges { sent: Compiled::detect(sent)?, taken: Compiled::detect(taken)? })
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
