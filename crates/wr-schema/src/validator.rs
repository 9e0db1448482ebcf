//! The one place that knows the `jsonschema` crate: does a document obey a schema?

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationOptions, Validator};
use serde_json::Value;

use crate::json::{Node, Span};

/// A compiled schema of the dialect.
#[derive(Debug)]
pub struct Compiled(Validator);

/// What a document does against a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The JSON pointer into the document.
    pub pointer: String,
    /// The keyword that refuses it.
    pub keyword: String,
    /// The properties that are missing or that nothing knows, where that is what is wrong.
    pub properties: Vec<String>,
}

impl Violation {
    /// The value of the document that is refused, its first character where it is an object; where
    /// it holds a property that nothing knows, that one's key.
    pub(crate) fn place(&self, document: &Node) -> Span {
        let Some(node) = document.pointer(&self.pointer) else { return document.head() };
        let unknown = self.properties.iter().find_map(|name| node.member(name));
        unknown.map_or(node.head(), |member| member.key_span)
    }
}

impl Compiled {
    /// Compiles a schema; `uuid`, which draft-07 does not know, is checked like the other formats.
    ///
    /// # Errors
    /// The schema is none; the text says why.
    pub fn new(schema: &Value) -> Result<Compiled, String> {
        options().build(schema).map(Compiled).map_err(|error| error.to_string())
    }

    /// Compiles a schema of the draft that its `$schema` names, or of draft-07.
    ///
    /// # Errors
    /// The schema is none; the text says why.
    pub fn detect(schema: &Value) -> Result<Compiled, String> {
        let name = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
        let drafts = [
            ("draft-04", Draft::Draft4),
            ("draft-06", Draft::Draft6),
            ("2019-09", Draft::Draft201909),
            ("2020-12", Draft::Draft202012),
        ];
        let named = drafts.into_iter().find(|(part, _)| name.contains(part));
        let draft = named.map_or(Draft::Draft7, |(_, draft)| draft);
        let options = options().with_draft(draft);
        options.build(schema).map(Compiled).map_err(|error| error.to_string())
    }

    /// Whether the document obeys the schema.
    pub fn accepts(&self, document: &Value) -> bool {
        self.0.is_valid(document)
    }

    /// What refuses the document, in the order of the schema.
    pub fn violations(&self, document: &Value) -> Vec<Violation> {
        let violation = |error: jsonschema::ValidationError<'_>| Violation {
            pointer: error.instance_path().to_string(),
            keyword: error.kind().keyword().to_owned(),
            properties: match error.kind() {
                ValidationErrorKind::Required { property } => {
                    property.as_str().map(str::to_owned).into_iter().collect()
                }
                ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.clone(),
                _ => Vec::new(),
            },
        };
        self.0.iter_errors(document).map(violation).collect()
    }
}

fn options() -> ValidationOptions<'static> {
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .with_format("uuid", is_uuid)
}

/// Whether a text is a UUID as RFC 4122 writes it: 8-4-4-4-12 hex digits.
pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
