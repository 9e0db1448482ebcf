//! The other checkers, asked whether every document of one schema is one of another.

use jsoncompat::{CompatibilityResult, Role, SchemaDocument, SchemaOptions, analyze_compat};
use jsonschema::canonical::{Containment, options};
use jsonschema::{Draft, Validator};
use serde_json::Value;

/// What is said of one direction, by whoever says it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Every document of the one is one of the other.
    Compatible,
    /// Some document is not, shown or claimed.
    Breaking(Option<Value>),
    /// Nothing was found out.
    Undecided,
}

impl Verdict {
    /// Whether one says the contrary of the other.
    pub(crate) fn is_contrary(&self, other: &Verdict) -> bool {
        matches!(
            (self, other),
            (Verdict::Compatible, Verdict::Breaking(_))
                | (Verdict::Breaking(_), Verdict::Compatible)
        )
    }

    /// The verdict in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Verdict::Compatible => "compatible",
            Verdict::Breaking(_) => "breaking",
            Verdict::Undecided => "undecided",
        }
    }
}

/// A checker that is not ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Oracle {
    /// The canonical containment of `jsonschema`.
    Covers,
    /// The crate `jsoncompat` for a producer, which is plain inclusion.
    Jsoncompat,
    /// The same for a consumer: a writer is thought to send no property that it does not declare.
    /// That is another question than ours, so it is asked about kept cases only.
    JsoncompatConsumer,
}

impl Oracle {
    /// Those that answer our question.
    pub(crate) const ALL: [Oracle; 2] = [Oracle::Covers, Oracle::Jsoncompat];

    /// Those that a kept case may name.
    pub(crate) const EVERY: [Oracle; 3] =
        [Oracle::Covers, Oracle::Jsoncompat, Oracle::JsoncompatConsumer];

    /// The name that cases and the table use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Oracle::Covers => "covers",
            Oracle::Jsoncompat => "jsoncompat",
            Oracle::JsoncompatConsumer => "jsoncompat_consumer",
        }
    }

    /// Whether it knows the draft of a schema.
    pub(crate) fn reads(self, schema: &Value) -> bool {
        self == Oracle::Covers || draft(schema) == Draft::Draft202012
    }

    pub(crate) fn named(name: &str) -> Option<Oracle> {
        Oracle::EVERY.into_iter().find(|oracle| oracle.name() == name)
    }

    /// Whether every document of `inner` is one of `outer`.
    pub(crate) fn ask(self, inner: &Value, outer: &Value) -> Verdict {
        let said = match self {
            Oracle::Covers => covers(inner, outer),
            // A producer may send what its new schema takes, and the old one has to take all of it.
            Oracle::Jsoncompat => jsoncompat(outer, inner, Role::Serializer),
            Oracle::JsoncompatConsumer => jsoncompat(inner, outer, Role::Deserializer),
        };
        said.unwrap_or(Verdict::Undecided)
    }
}

fn covers(inner: &Value, outer: &Value) -> Option<Verdict> {
    // It knows `uuid` from draft 2019-09 on only, we know it in every draft.
    let is_early = draft(inner) < Draft::Draft201909;
    if is_early && [inner, outer].iter().any(|schema| schema.to_string().contains("\"uuid\"")) {
        return None;
    }
    let canonical = |schema: &Value| {
        let options = options().offline().should_validate_formats(true);
        options.with_draft(draft(schema)).canonicalize(schema).ok()
    };
    match canonical(outer)?.covers(&canonical(inner)?).ok()? {
        Containment::Yes => Some(Verdict::Compatible),
        Containment::No => Some(Verdict::Breaking(None)),
        Containment::Unknown => None,
    }
}

fn jsoncompat(old: &Value, new: &Value, role: Role) -> Option<Verdict> {
    let options = SchemaOptions { assert_formats: Some(true), ..SchemaOptions::default() };
    let read = |schema| SchemaDocument::from_json_with_options(schema, &options).ok();
    match analyze_compat(&read(old)?, &read(new)?, role).ok()? {
        CompatibilityResult::Compatible => Some(Verdict::Compatible),
        CompatibilityResult::Incompatible { counterexample, .. } => {
            Some(Verdict::Breaking(Some(counterexample)))
        }
        CompatibilityResult::Unknown { .. } => None,
    }
}

/// The draft that a schema names; our checker takes draft-07 where it names none.
pub(crate) fn draft(schema: &Value) -> Draft {
    let name = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let drafts = [
        ("draft-04", Draft::Draft4),
        ("draft-06", Draft::Draft6),
        ("2019-09", Draft::Draft201909),
        ("2020-12", Draft::Draft202012),
    ];
    let named = drafts.into_iter().find(|(part, _)| name.contains(part));
    named.map_or(Draft::Draft7, |(_, draft)| draft)
}

/// A schema as the judge of documents reads it; none where it is no schema of its draft.
pub(crate) fn judge(schema: &Value) -> Option<Validator> {
    jsonschema::options().with_draft(draft(schema)).should_validate_formats(true).build(schema).ok()
}
