//! One direction: does everything that one version's writers send reach the other's readers?

use serde_json::Value;
use wr_schema::json::Node;
use wr_schema::language::{Side, language};
use wr_schema::validator::{Compiled, Violation};

use crate::smallest::smallest;
use crate::solver::{Arena, Dialect, Outcome, Solver};

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
    let (sent, taken) = match mode {
        Mode::Languages => (language(writer, Side::Writer), language(reader, Side::Reader)),
        Mode::Raw => (writer.clone(), reader.clone()),
    };
    let (sent, taken) = (sent.to_value(), taken.to_value());
    let mut arena = Arena::default();
    let inner = arena.add(&sent, Dialect::of(&sent));
    let outer = arena.add(&taken, Dialect::of(&taken));
    match Solver::new(&arena).escape(inner, outer) {
        Outcome::None => Verdict::Compatible,
        Outcome::Unknown(reason) => Verdict::Unproven(reason.to_owned()),
        Outcome::Found(document) => match Judges::new(&sent, &taken) {
            Ok(judges) => judges.executed(document),
            Err(reason) => Verdict::Unproven(format!("a schema that cannot be run: {reason}")),
        },
    }
}

/// Whether it is proved that every document of one schema is one of the other.
pub(crate) fn contains(inner: &Value, outer: &Value) -> bool {
    let mut arena = Arena::default();
    let (inner, outer) =
        (arena.add(inner, Dialect::of(inner)), arena.add(outer, Dialect::of(outer)));
    Solver::new(&arena).escape(inner, outer) == Outcome::None
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
