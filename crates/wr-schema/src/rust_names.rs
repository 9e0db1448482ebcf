//! The names of Rust types: by their path, never by a title or a local definition.
//!
//! The lint and the generator walk a contract by this one function, so that the lint judges the
//! names that are generated.

use crate::contract::{Shape, Type};
use crate::names::{rust_type, rust_type_part};

/// Modules of a generated crate that no entity may take, and files that cargo takes for something
/// else.
pub const RESERVED_MODULES: &[&str] = &[
    "any",
    "catalogue",
    "core",
    "dead_letter",
    "definitions",
    "lib",
    "main",
    "topology",
    "wr_core",
];

/// Types of the standard library that generated code names, so that no shared definition may.
pub const RESERVED_TYPES: &[&str] =
    &["Box", "Default", "Err", "None", "Ok", "Option", "Result", "Self_", "Some", "String", "Vec"];

/// A type that becomes a Rust struct or enum of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<'a> {
    /// Its Rust name.
    pub name: String,
    /// The type.
    pub ty: &'a Type,
    /// The way to it from where the walk began.
    pub path: Vec<Step<'a>>,
}

/// One step from a type to one inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// To a property of a struct.
    Property(&'a str),
    /// To the items of an array.
    Items,
    /// To the values of a map.
    Values,
    /// To the branch of a union that has this tag.
    Branch(&'a str),
}

impl Step<'_> {
    /// The Rust name behind this step, from the one before it.
    pub fn name(self, parent: &str) -> String {
        match self {
            Step::Property(name) => format!("{parent}{}", rust_type_part(name)),
            Step::Items => format!("{parent}Item"),
            Step::Values => format!("{parent}Value"),
            Step::Branch(tag) => format!("{parent}{}", rust_type_part(tag)),
        }
    }
}

/// The Rust name of a shared definition.
pub fn shared(definition: &str) -> String {
    rust_type(definition)
}

/// The struct of the required fields that stands beside a struct.
pub fn required(name: &str) -> String {
    format!("{name}Required")
}

/// The view of a struct or a union.
pub fn view(name: &str) -> String {
    format!("{name}View")
}

/// Whether a type has a view of its own; an enum is its own view.
pub fn has_view(ty: &Type) -> bool {
    matches!(ty.shape, Shape::Struct { .. } | Shape::Union { .. })
}

/// Whether the struct of the required fields is there: some required property is no constant.
pub fn has_required(ty: &Type) -> bool {
    ty.fields().iter().any(|field| field.required && ty.constant(&field.name).is_none())
}

/// Whether a shape becomes a Rust struct or enum of its own.
pub fn has_own_type(shape: &Shape) -> bool {
    matches!(shape, Shape::Struct { .. } | Shape::Enum { .. } | Shape::Union { .. })
}

/// A type called `name` and every type inside it that becomes one of its own, parents before
/// children, in the order of the schema.
///
/// A shared type inside is not entered: its names start at its definition.
pub fn walk<'a>(name: &str, ty: &'a Type) -> Vec<Named<'a>> {
    let mut found = Vec::new();
    enter(name, ty, &mut Vec::new(), &mut found);
    found
}

fn enter<'a>(name: &str, ty: &'a Type, path: &mut Vec<Step<'a>>, found: &mut Vec<Named<'a>>) {
    if has_own_type(&ty.shape) {
        found.push(Named { name: name.to_owned(), ty, path: path.clone() });
    }
    let mut step = |step: Step<'a>, inner: &'a Type| {
        if inner.shared.is_none() {
            path.push(step);
            enter(&step.name(name), inner, path, found);
            path.pop();
        }
    };
    match &ty.shape {
        Shape::Struct { fields } => {
            fields.iter().for_each(|field| step(Step::Property(&field.name), &field.ty));
        }
        Shape::Array { items, .. } => step(Step::Items, items),
        Shape::Map { values, .. } => step(Step::Values, values),
        Shape::Union { branches, .. } => {
            branches.iter().for_each(|branch| step(Step::Branch(&branch.value), &branch.ty));
        }
        Shape::Any
        | Shape::Boolean
        | Shape::Integer { .. }
        | Shape::Number { .. }
        | Shape::Text { .. }
        | Shape::Constant(_)
        | Shape::Enum { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Draft;
    use crate::source::Sources;

    #[test]
    fn names_follow_the_path() {
        let text = r##"{
            "type": "object",
            "properties": {
                "errors": {"type": "array", "items": {"type": "object", "properties": {
                    "kind": {"type": "string", "enum": ["a"]}
                }}},
                "by_name": {"type": "object", "additionalProperties": {"type": "object",
                    "properties": {}}},
                "what": {"oneOf": [{"type": "object", "required": ["kind"], "properties": {
                    "kind": {"type": "string", "const": "one_thing"}
                }}]},
                "other": {"$ref": "../definitions/1.0.json#/definitions/shared"}
            }
        }"##;
        let shared = r#"{"definitions": {"shared": {"type": "object", "properties": {}}}}"#;
        let sources =
            Sources::from_texts([("a.b.c.v1/1.0.json", text), ("definitions/1.0.json", shared)]);
        let draft = Draft::of(&sources);
        let file = draft.at("a.b.c.v1/1.0.json").unwrap();
        let ty = Type::of(&draft, file, file.content.as_ref().unwrap()).unwrap();
        let names: Vec<String> = walk("BCV1", &ty).into_iter().map(|named| named.name).collect();
        assert_eq!(
            names,
            [
                "BCV1",
                "BCV1ErrorsItem",
                "BCV1ErrorsItemKind",
                "BCV1ByNameValue",
                "BCV1What",
                "BCV1WhatOneThing"
            ]
        );
    }
}
