//! What the driver of the generated crates asserts about every `default`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use wr_schema::Catalog;
use wr_schema::contract::{Field, Shape, Type};
use wr_schema::names::rust_field;
use wr_schema::rust_names::{self, Step, walk};

/// One call of the driver's `defaults::holds` for each default of a catalogue whose crate is called
/// `krate`.
pub(crate) fn calls(krate: &str, catalog: &Catalog) -> Vec<String> {
    let newest = catalog.subjects.iter().filter_map(|history| {
        Some((history.subject.type_name(), &history.minors.last()?.contract))
    });
    let newest: Vec<(String, &Type)> = newest.collect();
    let mut objects = Objects::default();
    for (name, ty) in &newest {
        ty.docs.examples.iter().for_each(|example| objects.take(name, ty, example));
    }
    let mut out = Vec::new();
    for (name, ty) in &newest {
        calls_of(krate, name, ty, &objects, &mut out);
    }
    for shared in &catalog.shared {
        let name = rust_names::shared(&shared.name);
        calls_of(&format!("{krate}::definitions"), &name, &shared.ty, &objects, &mut out);
    }
    out
}

/// The calls for a type in the module `home` and for those inside it.
fn calls_of(home: &str, name: &str, ty: &Type, objects: &Objects, out: &mut Vec<String>) {
    for named in walk(name, ty) {
        for field in named.ty.fields().iter().filter(|field| !field.required) {
            let Some(default) = &field.ty.docs.default else { continue };
            let mut object = objects.of(&named.name, named.ty);
            object.remove(&field.name);
            let missing = Value::Object(object.clone()).to_string();
            object.insert(field.name.clone(), default.clone());
            let written = Value::Object(object).to_string();
            let (ty, property, accessor) =
                (named.name.as_str(), &field.name, rust_field(&field.name));
            let accessor = accessor.trim_end_matches('_');
            out.push(format!(
                "    holds::<{home}::{ty}>({property:?}, {missing:?}, {written:?}, |it| {{\n        \
                     to_value(it.{accessor}_or_default()).unwrap()\n    }});\n"
            ));
        }
    }
}

/// Of each struct, by its Rust name, an object in some example.
#[derive(Default)]
struct Objects(BTreeMap<String, Map<String, Value>>);

impl Objects {
    /// An object of a struct; the empty one where no example holds any.
    fn of(&self, name: &str, ty: &Type) -> Map<String, Value> {
        let object = self.0.get(name).cloned().unwrap_or_default();
        let lacks = |field: &Field| field.required && !object.contains_key(&field.name);
        assert!(!ty.fields().iter().any(lacks), "no example holds a `{name}`, which has a default");
        object
    }

    /// Takes the objects in a value of the type that is called `name`.
    fn take(&mut self, name: &str, ty: &Type, value: &Value) {
        let mut inner = |step: Step<'_>, ty: &Type, value: &Value| match &ty.shared {
            Some(shared) => self.take(&rust_names::shared(shared), ty, value),
            None => self.take(&step.name(name), ty, value),
        };
        match (&ty.shape, value) {
            (Shape::Struct { fields }, Value::Object(object)) => {
                for field in fields {
                    if let Some(value) = object.get(&field.name) {
                        inner(Step::Property(&field.name), &field.ty, value);
                    }
                }
                self.0.entry(name.to_owned()).or_insert_with(|| object.clone());
            }
            (Shape::Array { items, .. }, Value::Array(values)) => {
                values.iter().for_each(|value| inner(Step::Items, items, value));
            }
            (Shape::Map { values: ty, .. }, Value::Object(values)) => {
                values.values().for_each(|value| inner(Step::Values, ty, value));
            }
            (Shape::Union { tag, branches, .. }, Value::Object(object)) => {
                let is_meant = |text: &String| object.get(tag).is_some_and(|tag| tag == text);
                if let Some(branch) = branches.iter().find(|branch| is_meant(&branch.value)) {
                    inner(Step::Branch(&branch.value), &branch.ty, value);
                }
            }
            _ => {}
        }
    }
}
