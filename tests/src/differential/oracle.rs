//! Two validators that did not know of each other.

use serde_json::Value;
use wr_schema::validator::Compiled;

use crate::second::Second;

/// A schema in both validators.
pub struct Oracle {
    reference: Compiled,
    second: Second,
}

/// What both say.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// Whether the document obeys the schema.
    pub accepts: bool,
    /// Whether `boon` said otherwise, for a reason that is known.
    pub boon_was_wrong: bool,
}

/// A class of documents on which `boon` is wrong.
#[derive(Debug)]
pub struct BoonIsWrong {
    /// What it does.
    pub why: &'static str,
    /// Whether a document is of the class.
    pub applies: fn(&Value) -> bool,
}

/// The classes of documents on which `boon` is wrong; each has a case in the tests.
pub const BOON_IS_WRONG: &[BoonIsWrong] = &[
    BoonIsWrong {
        why: "compares numbers as f64, so integers beyond 2^53 are merged with their neighbours",
        applies: |document| any(document, &|value| is_beyond_f64(value)),
    },
    BoonIsWrong {
        why: "takes `+1` for two digits in a date or a time",
        applies: |document| {
            any(document, &|value| value.as_str().is_some_and(|text| text.contains('+')))
        },
    },
];

fn is_beyond_f64(value: &Value) -> bool {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    value.is_number() && value.as_f64().is_some_and(|number| number.abs() >= LIMIT)
}

fn any(value: &Value, applies: &dyn Fn(&Value) -> bool) -> bool {
    applies(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| any(item, applies)),
            Value::Object(members) => members.values().any(|member| any(member, applies)),
            _ => false,
        }
}

impl Oracle {
    /// Compiles a schema of draft-07 with both.
    pub fn new(schema: &Value) -> Oracle {
        let reference = Compiled::new(schema).expect("jsonschema compiles the schema");
        let second = Second::new(schema).expect("boon compiles the schema");
        Oracle { reference, second }
    }

    /// What both validators say of a document.
    ///
    /// # Errors
    /// They disagree, and not in a way that is known.
    pub fn verdict(&self, document: &Value) -> Result<Verdict, String> {
        let accepts = self.reference.accepts(document);
        let boon = self.second.accepts(document);
        if boon == accepts {
            return Ok(Verdict { accepts, boon_was_wrong: false });
        }
        if BOON_IS_WRONG.iter().any(|class| (class.applies)(document)) {
            return Ok(Verdict { accepts, boon_was_wrong: true });
        }
        Err(format!("jsonschema accepts: {accepts}; boon accepts: {boon}"))
    }

    /// Whether the reference complains at the place where an error does, or, as it does for a
    /// `oneOf` and an `anyOf`, at a place that holds it.
    pub fn explains(&self, document: &Value, error: &wr_core::Error) -> bool {
        self.reference.violations(document).iter().any(|violation| {
            let rest = error.pointer().strip_prefix(&violation.pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}
