//! Holds values that stand in a schema, examples and defaults, to its writer language.

use crate::draft::{Draft, Site};
use crate::json::{Data, Member, Node};
use crate::keywords;
use crate::language::{Side, language};
use crate::resolve;
use crate::validator::{Compiled, Violation};

/// The property under which the values of an optional property are judged.
const VALUE: &str = "value";

/// The writer language of one schema.
#[derive(Debug)]
pub(crate) struct Judge {
    compiled: Compiled,
    optional: bool,
}

impl Judge {
    /// The judge of a schema, where it is one that can be judged by; every other is reported for
    /// itself.
    ///
    /// An optional property is judged inside an object, since null is no value of it.
    pub(crate) fn of(draft: &Draft<'_>, site: &Site<'_>, optional: bool) -> Option<Judge> {
        let schema = resolve::resolve(draft, site.file, site.node).ok()?;
        if !keywords::is_sound(&schema) {
            return None;
        }
        let schema = if optional { holding(schema) } else { schema };
        let compiled = Compiled::new(&language(&schema, Side::Writer).to_value()).ok()?;
        Some(Judge { compiled, optional })
    }

    /// What refuses a value, in the order of the schema, with pointers into the value.
    pub(crate) fn violations(&self, value: &Node) -> Vec<Violation> {
        if !self.optional {
            return self.compiled.violations(&value.to_value());
        }
        let mut violations =
            self.compiled.violations(&serde_json::json!({VALUE: value.to_value()}));
        for violation in &mut violations {
            let inner = violation.pointer.strip_prefix('/').and_then(|p| p.strip_prefix(VALUE));
            violation.pointer = inner.unwrap_or_default().to_owned();
        }
        violations
    }
}

/// An object whose one optional property is the schema.
fn holding(schema: Node) -> Node {
    let span = schema.span;
    let member = |key: &str, data| Member {
        key: key.to_owned(),
        key_span: span,
        value: Node { span, data },
    };
    let mut value = member(VALUE, Data::Null);
    value.value = schema;
    let properties = member("properties", Data::Object(vec![value]));
    let object = member("type", Data::String("object".to_owned()));
    Node { span, data: Data::Object(vec![object, properties]) }
}
