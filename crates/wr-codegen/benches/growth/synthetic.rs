//! A catalogue that nobody wrote: as many subjects as are asked for.

use std::fmt::Write as _;

use wr_schema::Sources;

/// A catalogue of so many subjects, of the size and variety of real events.
pub(crate) fn synthetic(subjects: usize) -> Sources {
    let mut texts = vec![("definitions/1.0.json".to_owned(), DEFINITIONS.to_owned())];
    for number in 0..subjects {
        let folder = format!("bench.entity{}.action{number}.v1", number % 40);
        texts.push((format!("{folder}/1.0.json"), event(number)));
    }
    Sources::from_texts(texts)
}

const DEFINITIONS: &str = r##"{
  "title": "DefinitionsV1",
  "description": "What the events share.",
  "definitions": {
    "id": {"description": "An id.", "type": "string", "minLength": 1, "maxLength": 128},
    "count": {"description": "A count.", "type": "integer", "format": "int64", "minimum": 0},
    "change": {
      "description": "A change.", "type": "object", "required": ["old", "new"],
      "properties": {"old": {"description": "Before."}, "new": {"description": "After."}}
    }
  }
}"##;

fn event(number: usize) -> String {
    let mut properties = String::new();
    let mut required = vec!["\"id\"".to_owned()];
    let mut example = "\"id\": \"x\"".to_owned();
    for field in 0..4 + number % 9 {
        let name = format!("field_{field}");
        let (schema, value) = match (number + field) % 7 {
            0 => (r#""type": "string", "pattern": "^[a-z0-9-]{1,64}$""#, "\"abc\""),
            1 => (r#""type": "integer", "minimum": 0, "maximum": 1000"#, "7"),
            2 => (r#""type": "string", "enum": ["one", "two", "three"]"#, "\"two\""),
            3 => (r#""type": "string", "format": "date-time""#, "\"2024-01-01T12:00:00Z\""),
            4 => (
                r#""type": "array", "maxItems": 9, "items": {"type": "number", "minimum": 0}"#,
                "[1, 2.5]",
            ),
            5 => (
                r#""type": "object", "required": ["x"], "properties": {
                    "x": {"description": "An x.", "type": "boolean"},
                    "y": {"description": "A y.", "type": "string", "maxLength": 40}}"#,
                "{\"x\": true}",
            ),
            _ => (
                r##""type": "object", "additionalProperties":
                    {"$ref": "../definitions/1.0.json#/definitions/change"}"##,
                "{\"a\": {\"old\": 1, \"new\": null}}",
            ),
        };
        let _ = write!(
            properties,
            ", \"{name}\": {{\"description\": \"Field {field} of event {number}.\", {schema}}}"
        );
        if field % 2 == 0 {
            required.push(format!("\"{name}\""));
        }
        let _ = write!(example, ", \"{name}\": {value}");
    }
    let required = required.join(", ");
    format!(
        r##"{{
  "description": "Event {number} of the synthetic catalogue.",
  "type": "object",
  "required": [{required}],
  "properties": {{
    "id": {{"$ref": "../definitions/1.0.json#/definitions/id"}}{properties}
  }},
  "examples": [{{{example}}}, {{{example}}}]
}}"##
    )
}
