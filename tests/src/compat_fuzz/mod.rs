//! The checker against documents: random pairs of schemas, its verdicts, and what two validators
//! say of thousands of documents.
//!
//! A case is a number, so a case that fails is run again by its number alone.

mod corpus;
mod documents;
mod schemas;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};
use wr_compat::{Mode, Verdict, direction};
use wr_schema::json::{FileId, Node, parse};
use wr_schema::language::{Side, language, resolved};
use wr_schema::validator::Compiled;

use crate::second::Second;
use crate::stopwatch::Stopwatch;
pub use corpus::run_file;
use documents::{Pool, Writer};
use schemas::{Author, DRAFTS};

/// What a run has counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Questions of one direction.
    pub questions: u64,
    /// Proved.
    pub compatible: u64,
    /// Shown.
    pub breaking: u64,
    /// Neither, by reason.
    pub unproven: BTreeMap<String, u64>,
    /// Documents that proved questions were held to.
    pub documents: u64,
    /// Witnesses that the second validator does not see, by the schema's draft.
    pub split: u64,
    /// Times that the canonical containment of the reference validator had an answer.
    pub contained: u64,
    /// The longest question.
    pub slowest: Duration,
    /// Everything that is wrong.
    pub wrong: Vec<Wrong>,
}

/// A case that shows a mistake.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// The number of the case.
    pub seed: u64,
    /// What is wrong.
    pub what: String,
    /// The schema that writes.
    pub writer: Value,
    /// The schema that reads.
    pub reader: Value,
    /// Whether languages were compared, or plain sets.
    pub mode: Mode,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "case {}, {:?}: {}", self.seed, self.mode, self.what)?;
        writeln!(f, "  writer {}", self.writer)?;
        write!(f, "  reader {}", self.reader)
    }
}

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The first case.
    pub seed: u64,
    /// How many cases, each of four questions.
    pub cases: u64,
    /// How many documents a proved question is held to.
    pub documents: u64,
    /// What a question may take, of the processor's time where the system tells it.
    pub limit: Duration,
}

/// Runs cases; what is wrong is counted and told.
pub fn run(options: Options, out: &mut dyn Write) -> Counts {
    let mut counts = Counts::default();
    for case in 0..options.cases {
        let seed = options.seed + case;
        let (old, new, mut rng) = pair(seed);
        let (old_node, new_node) = (node(&old), node(&new));
        let mode = if rng.u32(..3) == 0 { Mode::Raw } else { Mode::Languages };
        let before = counts.wrong.len();
        for (writer, reader) in [(&old_node, &new_node), (&new_node, &old_node)] {
            question(seed, (writer, reader), mode, options, &mut rng, &mut counts);
        }
        for wrong in &counts.wrong[before..] {
            let _ = writeln!(out, "{wrong}");
        }
    }
    counts
}

/// The old and the new schema of a case, and where its random numbers go on.
pub fn pair(seed: u64) -> (Value, Value, fastrand::Rng) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let draft = DRAFTS[rng.usize(..DRAFTS.len() * 2) % DRAFTS.len()];
    let mut author = Author { rng: &mut rng, draft };
    let old = author.document();
    let new = author.edited(&old);
    (old, new, rng)
}

/// A schema as the checker reads it.
pub fn node(schema: &Value) -> Node {
    parse(FileId(0), &schema.to_string()).expect("a schema is JSON")
}

/// A schema in both validators.
pub struct Judges {
    reference: Compiled,
    boon: Option<Second>,
}

impl Judges {
    /// Compiles a schema of any draft; none where the reference refuses it.
    pub fn new(schema: &Value) -> Option<Judges> {
        let reference = Compiled::detect(schema).ok()?;
        Some(Judges { reference, boon: in_boon(schema) })
    }

    /// What the reference says, and what the other says where it can read the schema.
    pub fn verdicts(&self, document: &Value) -> (bool, Option<bool>) {
        let other = self.boon.as_ref().map(|boon| boon.accepts(document));
        (self.reference.accepts(document), other)
    }
}

/// Whether `boon` would read what stands beside a `$ref` and does not count there: it passes by the
/// keywords of draft 04, and reads those that drafts 06 and 07 brought.
fn reads_beside_references(schema: &Value) -> bool {
    const LATER: &[&str] =
        &["const", "contains", "propertyNames", "if", "exclusiveMinimum", "exclusiveMaximum"];
    match schema {
        Value::Object(members) => {
            let later = LATER.iter().any(|key| members.contains_key(*key));
            members.contains_key("$ref") && later || members.values().any(reads_beside_references)
        }
        Value::Array(items) => items.iter().any(reads_beside_references),
        _ => false,
    }
}

fn in_boon(schema: &Value) -> Option<Second> {
    let draft = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    if !draft.contains("20") && reads_beside_references(schema) {
        return None;
    }
    Second::new(schema).ok()
}

fn question(
    seed: u64,
    (writer, reader): (&Node, &Node),
    mode: Mode,
    options: Options,
    rng: &mut fastrand::Rng,
    counts: &mut Counts,
) {
    let wrong = |what: String| Wrong {
        seed,
        what,
        writer: writer.to_value(),
        reader: reader.to_value(),
        mode,
    };
    counts.questions += 1;
    let begin = Stopwatch::start();
    let verdict = direction(writer, reader, mode);
    let took = begin.elapsed();
    counts.slowest = counts.slowest.max(took);
    if took > options.limit {
        counts.wrong.push(wrong(format!("took {took:?}")));
    }
    let (sent, taken) = languages(writer, reader, mode);
    match &verdict {
        Verdict::Compatible => counts.compatible += 1,
        Verdict::Breaking(_) => counts.breaking += 1,
        Verdict::Unproven(reason) => {
            *counts.unproven.entry(reason.clone()).or_default() += 1;
            // A panic, and a document that the solver takes for a witness and no validator does.
            if reason.contains("failed") || reason.contains("does not break") {
                counts.wrong.push(wrong(reason.clone()));
            }
            return;
        }
    }
    // Plain sets are judged by the schemas as they came, not as the checker reads them.
    let (of_writer, of_reader) = match mode {
        Mode::Languages => (Judges::new(&sent), Judges::new(&taken)),
        Mode::Raw => (Judges::new(&writer.to_value()), Judges::new(&reader.to_value())),
    };
    let (Some(of_writer), Some(of_reader)) = (of_writer, of_reader) else {
        return;
    };
    if let Verdict::Breaking(witness) = &verdict {
        let document = &witness.document;
        let (sends, reads) = (of_writer.verdicts(document), of_reader.verdicts(document));
        if !sends.0 || reads.0 {
            counts.wrong.push(wrong(format!("{document} is no witness")));
        }
        if sends.1 == Some(false) || reads.1 == Some(true) {
            counts.split += 1;
            counts
                .wrong
                .push(wrong(format!("{document} is no witness to boon: {sends:?} {reads:?}")));
        }
        let is_witness =
            |document: &Value| of_writer.verdicts(document).0 && !of_reader.verdicts(document).0;
        if let Some(smaller) = steps(document).into_iter().find(is_witness) {
            counts.wrong.push(wrong(format!("{document} is not the smallest: {smaller}")));
        }
    }
    let contained = contained(&sent, &taken);
    counts.contained += u64::from(contained.is_some());
    match (&verdict, contained) {
        (Verdict::Compatible, Some(false)) | (Verdict::Breaking(_), Some(true)) => {
            counts.wrong.push(wrong(format!("{verdict:?}, but covers says {contained:?}")));
        }
        _ => {}
    }
    if verdict != Verdict::Compatible {
        return;
    }
    let pool = Pool::of(&[&sent, &taken]);
    let mut last = Value::Null;
    for round in 0..options.documents {
        let root = if round % 3 == 0 { &taken } else { &sent };
        let mut writer = Writer { rng: &mut *rng, pool: &pool, root };
        let document = match round % 4 {
            3 => writer.mutated(&last),
            _ => writer.document(root, 0),
        };
        let (sends, reads) = (of_writer.verdicts(&document), of_reader.verdicts(&document));
        if sends.0 && sends.1 != Some(false) {
            counts.documents += 1;
            if !reads.0 {
                counts.wrong.push(wrong(format!("{document} breaks; boon: {reads:?}")));
                return;
            }
            if reads.1 == Some(false) {
                counts.wrong.push(wrong(format!("{document} breaks for boon only")));
                return;
            }
            last = document;
        }
    }
}

fn languages(writer: &Node, reader: &Node, mode: Mode) -> (Value, Value) {
    match mode {
        Mode::Languages => {
            (language(writer, Side::Writer).to_value(), language(reader, Side::Reader).to_value())
        }
        Mode::Raw => (resolved(writer).to_value(), resolved(reader).to_value()),
    }
}

/// What the canonical form of the reference validator says of containment.
fn contained(inner: &Value, outer: &Value) -> Option<bool> {
    let canonical = |schema: &Value| {
        let mut schema = schema.clone();
        if schema.get("$schema").is_none() {
            schema["$schema"] = json!(DRAFTS[0]);
        }
        let options = jsonschema::canonical::options().should_validate_formats(true);
        options.canonicalize(&schema).ok()
    };
    // It knows nothing of the `uuid` that is registered for every draft.
    let has_uuid = [inner, outer].iter().any(|schema| schema.to_string().contains("\"uuid\""));
    if !inner.is_object() || !outer.is_object() || has_uuid {
        return None;
    }
    match canonical(outer)?.covers(&canonical(inner)?).ok()? {
        jsonschema::canonical::Containment::Yes => Some(true),
        jsonschema::canonical::Containment::No => Some(false),
        _ => None,
    }
}

/// A document without one property, or one element, or with one shorter text.
fn steps(document: &Value) -> Vec<Value> {
    match document {
        Value::Object(members) => {
            let mut out = Vec::new();
            for (name, value) in members {
                let mut without = members.clone();
                without.remove(name);
                out.push(Value::Object(without));
                for smaller in steps(value) {
                    let mut members = members.clone();
                    members.insert(name.clone(), smaller);
                    out.push(Value::Object(members));
                }
            }
            out
        }
        Value::Array(items) => {
            let mut out = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let mut without = items.clone();
                without.remove(at);
                out.push(Value::Array(without));
                for smaller in steps(item) {
                    let mut items = items.clone();
                    items[at] = smaller;
                    out.push(Value::Array(items));
                }
            }
            out
        }
        Value::String(text) if !text.is_empty() => {
            let count = text.chars().count();
            let dropped = |at: usize| {
                text.chars()
                    .enumerate()
                    .filter(|(i, _)| *i != at)
                    .map(|(_, c)| c)
                    .collect::<String>()
            };
            (0..count).map(|at| json!(dropped(at))).collect()
        }
        _ => Vec::new(),
    }
}
