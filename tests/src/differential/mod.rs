//! Generated code against two JSON Schema validators: the same verdict on every document.
//!
//! A case is a number: it decides the subject, the document, its mutations and its spelling, so a
//! case that fails is run again by its number alone.

mod damage;
mod documents;
mod endless;
mod hurtful;
mod mutations;
mod oracle;
mod pattern;
mod spelling;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::ops::AddAssign;

use serde_json::Value;
use wr_core::{At, Catalogue, Error, EventSet};
use wr_runtime::{Registry, Side};

pub use endless::run_on_all;
pub use oracle::{BOON_IS_WRONG, Oracle};
pub(crate) use pattern::matching;

/// A document that a schema of the dialect accepts, or one that is a step or two away from such.
pub fn sample(schema: &Value, rng: &mut fastrand::Rng) -> Value {
    let mut document = documents::document(schema, rng);
    for _ in 0..[0, 0, 1, 2][rng.usize(..4)] {
        mutations::mutate(&mut document, schema, rng);
    }
    document
}

/// What a run has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Documents that were judged.
    pub documents: u64,
    /// Of these, those that the decoder took.
    pub accepted: u64,
    /// Values whose `validate()` was compared with the writer language.
    pub values: u64,
    /// Of these, those that may be sent.
    pub writable: u64,
    /// Documents on which `boon` was wrong, each of a known class.
    pub boon_was_wrong: u64,
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        self.documents += other.documents;
        self.accepted += other.accepted;
        self.values += other.values;
        self.writable += other.writable;
        self.boon_was_wrong += other.boon_was_wrong;
    }
}

/// A document on which two judges disagree.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// The number of the case.
    pub seed: u64,
    /// The subject.
    pub subject: &'static str,
    /// The document, or the text of the value, as it was judged.
    pub document: String,
    /// Who said what.
    pub verdicts: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "disagreement in case {} on `{}`", self.seed, self.subject)?;
        writeln!(f, "{}", self.document)?;
        write!(f, "{}", self.verdicts)
    }
}

/// The subjects of a catalogue with everything that judges them.
pub struct Differential<E> {
    subjects: Vec<Judges>,
    registry: Registry,
    events: std::marker::PhantomData<E>,
}

/// What judges one subject.
struct Judges {
    subject: &'static str,
    /// The newest reader language, and every writer language.
    reader: Value,
    writers: Vec<Value>,
    reads: Oracle,
    writes: Oracle,
}

impl<E: EventSet + PartialEq> Differential<E> {
    /// Compiles every language of the catalogue.
    pub fn new() -> Differential<E> {
        let catalogue: &'static Catalogue = E::CATALOGUE;
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect("a schema is JSON");
        let subjects = catalogue.subjects.iter().map(|entry| {
            let newest = entry.newest().expect("a subject has a version");
            let (reader, writer) = (parse(newest.reader), parse(newest.writer));
            Judges {
                subject: entry.subject,
                reads: Oracle::new(&reader),
                writes: Oracle::new(&writer),
                writers: entry.minors.iter().map(|minor| parse(minor.writer)).collect(),
                reader,
            }
        });
        Differential {
            subjects: subjects.collect(),
            registry: Registry::new(catalogue).expect("the catalogue compiles"),
            events: std::marker::PhantomData,
        }
    }

    /// Runs the cases from `seed` on, and says now and then which is next.
    ///
    /// # Errors
    /// The first disagreement.
    pub fn run(
        &self,
        seed: u64,
        cases: u64,
        progress: &mut dyn Write,
    ) -> Result<Counts, Box<Disagreement>> {
        let mut sum = Counts::default();
        for counts in self.run_each(seed, cases, progress)?.values() {
            sum += counts;
        }
        Ok(sum)
    }

    /// As [`Differential::run`], counted for each subject.
    ///
    /// # Errors
    /// The first disagreement.
    pub fn run_each(
        &self,
        seed: u64,
        cases: u64,
        progress: &mut dyn Write,
    ) -> Result<BTreeMap<&'static str, Counts>, Box<Disagreement>> {
        let mut counts = BTreeMap::new();
        for index in 0..cases {
            let case = seed.wrapping_add(index);
            self.case(case, &mut counts)?;
            if index > 0 && index % 100_000 == 0 {
                let _ = writeln!(progress, "{index} cases; resume with --seed {}", case + 1);
            }
        }
        Ok(counts)
    }

    fn case(
        &self,
        seed: u64,
        counts: &mut BTreeMap<&'static str, Counts>,
    ) -> Result<(), Box<Disagreement>> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let judges = &self.subjects[rng.usize(..self.subjects.len())];
        let bytes = message_of(judges, &mut rng);
        self.judge(seed, judges, &bytes, counts.entry(judges.subject).or_default())
    }

    /// Messages of a subject and what is near them, without end, each with its seed.
    pub fn messages(&self, subject: &str) -> impl Iterator<Item = (u64, Vec<u8>)> {
        let judges = self.subjects.iter().find(|judges| judges.subject == subject);
        let judges = judges.expect("a known subject");
        let message = move |seed| (seed, message_of(judges, &mut fastrand::Rng::with_seed(seed)));
        (0..).map(message)
    }

    /// Judges a message of a subject as it is, cut at every byte, with every byte changed, and with
    /// what is no UTF-8 put in everywhere.
    ///
    /// # Errors
    /// The first disagreement.
    pub fn everywhere(&self, subject: &str, counts: &mut Counts) -> Result<(), Box<Disagreement>> {
        let judges = self.subjects.iter().find(|judges| judges.subject == subject);
        let judges = judges.expect("a known subject");
        let writer = judges.writers.last().expect("a subject has a version");
        // The first that is no bare minimum.
        let messages = (0..).map(|seed| {
            let mut rng = fastrand::Rng::with_seed(seed);
            documents::document(writer, &mut rng).to_string().into_bytes()
        });
        let is_sample = |bytes: &Vec<u8>| {
            (300..700).contains(&bytes.len()) && E::decode(judges.subject, bytes).is_ok()
        };
        let message = messages.take(1_000).find(is_sample).expect("there are such messages");
        self.judge(0, judges, &message, counts)?;
        for bytes in damage::everywhere(&message) {
            self.judge(0, judges, &bytes, counts)?;
        }
        Ok(())
    }

    /// Judges the bytes of a message by everything that can.
    ///
    /// # Errors
    /// Two of them disagree.
    pub fn message(
        &self,
        subject: &str,
        bytes: &[u8],
        counts: &mut Counts,
    ) -> Result<(), Box<Disagreement>> {
        let judges = self.subjects.iter().find(|judges| judges.subject == subject);
        self.judge(0, judges.expect("a known subject"), bytes, counts)
    }

    fn judge(
        &self,
        seed: u64,
        judges: &Judges,
        bytes: &[u8],
        counts: &mut Counts,
    ) -> Result<(), Box<Disagreement>> {
        let disagreement = |document: String, verdicts: String| {
            Box::new(Disagreement { seed, subject: judges.subject, document, verdicts })
        };
        let text = || String::from_utf8_lossy(bytes).into_owned();
        counts.documents += 1;

        let decoded = E::decode(judges.subject, bytes);
        let registry = self.registry.validate_message(Side::Consume, judges.subject, bytes);
        let parsed = serde_json::from_slice::<Value>(bytes);
        let expected = match &parsed {
            Ok(document) => {
                let verdict = judges.reads.verdict(document).map_err(|verdicts| {
                    disagreement(text(), format!("validators on R: {verdicts}"))
                })?;
                counts.boon_was_wrong += u64::from(verdict.boon_was_wrong);
                verdict.accepts
            }
            Err(_) => false,
        };
        if decoded.is_ok() != expected || registry.is_ok() != expected {
            let verdicts = format!(
                "R accepts: {expected}; decoder: {:?}; registry: {:?}",
                decoded.as_ref().err().map(ToString::to_string),
                registry.err().map(|error| error.to_string()),
            );
            return Err(disagreement(text(), verdicts));
        }
        self.entry_points(judges, bytes, &decoded)
            .map_err(|verdicts| disagreement(text(), verdicts))?;
        if let (Err(error), Ok(document)) = (&decoded, &parsed)
            && !judges.reads.explains(document, error)
        {
            let verdicts = format!("no validator complains where the decoder does: {error}");
            return Err(disagreement(text(), verdicts));
        }
        if let Ok(event) = &decoded {
            counts.accepted += 1;
            self.value(judges, event, counts)
                .map_err(|(document, verdicts)| disagreement(document, verdicts))?;
        }
        // The same document with no rule enforced: mostly values that may not be sent.
        if let Ok(document) = parsed
            && let Ok(event) = E::read(judges.subject, document, &At::SHAPE_ONLY)
        {
            self.value(judges, &event, counts)
                .map_err(|(document, verdicts)| disagreement(document, verdicts))?;
        }
        Ok(())
    }

    /// Compares everything that takes bytes with the exact path, which reads a tree.
    fn entry_points(
        &self,
        judges: &Judges,
        bytes: &[u8],
        decoded: &Result<E, Error>,
    ) -> Result<(), String> {
        // What is equal in Rust may still differ in JSON, as 0.0 and -0.0 do.
        let shown = |result: &Result<E, Error>| match result {
            Ok(event) => serde_json::to_string(event).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let exact = serde_json::from_slice(bytes)
            .ok()
            .map(|document| E::read(judges.subject, document, &At::ROOT));
        let viewed = E::decode_view(judges.subject, bytes).map(E::from_view);
        for (name, result) in [("decode", Some(decoded)), ("read", exact.as_ref())] {
            let Some(result) = result else { continue };
            if viewed != *result || shown(&viewed) != shown(result) {
                let verdicts = [shown(&viewed), shown(result)];
                return Err(format!("decode_view and {name} differ: {verdicts:?}"));
            }
        }
        let checked = E::check(judges.subject, bytes);
        if checked.as_ref().err() != decoded.as_ref().err() {
            let verdicts = shown(decoded);
            return Err(format!("check: {checked:?}; decode: {verdicts:?}"));
        }
        Ok(())
    }

    /// Compares `validate()` with the writer language and the bytes with serde's, and reads back
    /// what may be sent.
    fn value(
        &self,
        judges: &Judges,
        event: &E,
        counts: &mut Counts,
    ) -> Result<(), (String, String)> {
        let written = serde_json::to_value(event).expect("an event is JSON");
        counts.values += 1;
        let verdict = judges
            .writes
            .verdict(&written)
            .map_err(|verdicts| (written.to_string(), format!("validators on W: {verdicts}")))?;
        counts.boon_was_wrong += u64::from(verdict.boon_was_wrong);
        let checked = event.validate();
        encoded(event, &checked).map_err(|verdicts| (written.to_string(), verdicts))?;
        if checked.is_ok() != verdict.accepts {
            let verdicts = format!(
                "W accepts: {}; validate(): {:?}",
                verdict.accepts,
                checked.err().map(|error| error.to_string()),
            );
            return Err((written.to_string(), verdicts));
        }
        if let Err(error) = &checked
            && !judges.writes.explains(&written, error)
        {
            let verdicts = format!("no validator complains where validate() does: {error}");
            return Err((written.to_string(), verdicts));
        }
        if verdict.accepts {
            counts.writable += 1;
            let bytes = serde_json::to_vec(event).expect("an event is JSON");
            let back = E::decode(judges.subject, &bytes);
            if back.as_ref() != Ok(event) {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                return Err((text, "what was written is not read back as it was".to_owned()));
            }
        }
        Ok(())
    }
}

/// Compares what is encoded with what `serde_json` writes, byte for byte, and whether it is encoded
/// with `validate()`.
fn encoded<E: EventSet>(event: &E, checked: &Result<(), wr_core::Error>) -> Result<(), String> {
    const BEFORE: &[u8] = b"before";
    let expected = serde_json::to_vec(event).expect("an event is JSON");
    for room in [0, expected.len() / 2, 2 * expected.len() + 64] {
        let mut out = Vec::with_capacity(BEFORE.len() + room);
        out.extend_from_slice(BEFORE);
        event.write_into(&mut out);
        if out.strip_prefix(BEFORE) != Some(&expected[..]) {
            return Err(format!("write_into() writes {}", String::from_utf8_lossy(&out)));
        }
    }
    let mut out = BEFORE.to_vec();
    let encoded = event.encode_into(&mut out);
    let written = out.strip_prefix(BEFORE);
    let should = if checked.is_ok() { &expected[..] } else { &[] };
    if encoded != *checked || written != Some(should) || event.encode().is_ok() != checked.is_ok() {
        let out = String::from_utf8_lossy(&out);
        return Err(format!("encode_into() says {encoded:?} and leaves {out}"));
    }
    Ok(())
}

/// A message of a subject, or what is near one.
fn message_of(judges: &Judges, rng: &mut fastrand::Rng) -> Vec<u8> {
    let schema = if rng.bool() {
        &judges.reader
    } else {
        &judges.writers[rng.usize(..judges.writers.len())]
    };
    let mut document = documents::document(schema, rng);
    let mutations = [0, 1, 1, 1, 2, 4][rng.usize(..6)];
    for _ in 0..mutations {
        mutations::mutate(&mut document, schema, rng);
    }
    spelling::spell(&document, rng)
}

impl<E: EventSet + PartialEq> Default for Differential<E> {
    fn default() -> Self {
        Differential::new()
    }
}
