//! The second validator, `boon`, set up as the first one is: draft-07 where a schema names no
//! other, formats asserted, and `uuid` among them.

use serde_json::Value;

/// A schema in `boon`.
pub(crate) struct Second {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Second {
    /// Compiles a schema.
    pub(crate) fn new(schema: &Value) -> Result<Second, String> {
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
        compiler.add_resource(location, schema.clone()).map_err(|error| error.to_string())?;
        let index = compiler.compile(location, &mut schemas).map_err(|error| error.to_string())?;
        Ok(Second { schemas, index })
    }

    /// Whether a document obeys the schema.
    pub(crate) fn accepts(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }
}
