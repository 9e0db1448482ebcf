//! Two validators that judge a `Value`, each set up as the differential tests have it.

use serde_json::Value;
use wr_events::{CATALOGUE, Payload};

/// The newest reader language of an event.
fn reader<T: Payload>() -> Value {
    let subject = CATALOGUE.find(T::SUBJECT).expect("the catalogue knows it");
    let reader = subject.newest().expect("a subject has a version").reader;
    serde_json::from_str(reader).expect("a schema is JSON")
}

/// The reader language in `jsonschema`.
pub(crate) fn jsonschema<T: Payload>() -> jsonschema::Validator {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft7);
    let options = options.should_validate_formats(true);
    let options = options.with_format("uuid", wr_schema::validator::is_uuid);
    options.build(&reader::<T>()).expect("jsonschema takes the schema")
}

/// A schema in `boon`.
pub(crate) struct Boon {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Boon {
    /// The reader language.
    pub(crate) fn new<T: Payload>() -> Boon {
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.set_default_draft(boon::Draft::V7);
        compiler.enable_format_assertions();
        compiler.register_format(boon::Format {
            name: "uuid",
            func: |value| match value.as_str() {
                Some(text) if !wr_schema::validator::is_uuid(text) => Err("no uuid".into()),
                _ => Ok(()),
            },
        });
        let location = "https://example.com/schema.json";
        compiler.add_resource(location, reader::<T>()).expect("boon takes the schema");
        let index = compiler.compile(location, &mut schemas).expect("boon compiles the schema");
        Boon { schemas, index }
    }

    /// Whether a document obeys it.
    pub(crate) fn accepts(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }
}
