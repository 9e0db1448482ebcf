//! The one place that knows the `jsonschema` crate.

use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, ErrorKind, Violation};

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Compiled(jsonschema::Validator);

impl Compiled {
    /// Compiles a schema of draft-07; `uuid`, which that draft does not know, is checked too.
    pub(crate) fn new(schema: &Value) -> Result<Compiled, Error> {
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft7)
            .should_validate_formats(true)
            .with_format("uuid", |text: &str| text.len() == 36 && Uuid::try_parse(text).is_ok())
            .build(schema)
            .map(Compiled)
            .map_err(|error| ErrorKind::Catalogue(error.masked().to_string()).into())
    }

    /// Judges a document.
    pub(crate) fn validate(&self, document: &Value) -> Result<(), Error> {
        if self.0.is_valid(document) {
            return Ok(());
        }
        let violation = |error: jsonschema::ValidationError<'_>| Violation {
            pointer: error.instance_path().to_string(),
            keyword: error.kind().keyword().to_owned(),
        };
        let violations = self.0.iter_errors(document).map(violation).collect();
        Err(ErrorKind::Violations(violations).into())
    }
}
