//! What is to be written for a contract: its Rust types, each after the one that holds it.

use typify::TypeSpace;
use wr_schema::Version;
use wr_schema::contract::{Docs, Field, Shape, Type};
use wr_schema::rust_names::Step;

use crate::Error;
use crate::literal::Literal;
use crate::shape::{self, RustType};

/// A Rust type to be written.
#[derive(Clone, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) ident: String,
    pub(crate) docs: &'a Docs,
    pub(crate) kind: ItemKind<'a>,
}

#[derive(Clone, Debug)]
pub(crate) enum ItemKind<'a> {
    Struct(Struct<'a>),
    Enum(Enum<'a>),
    Union(Union<'a>),
}

/// A struct: its properties in the order of the schema.
#[derive(Clone, Debug)]
pub(crate) struct Struct<'a> {
    pub(crate) properties: Vec<Property<'a>>,
}

/// A property of a struct.
#[derive(Clone, Debug)]
pub(crate) struct Property<'a> {
    /// Its name in JSON.
    pub(crate) name: &'a str,
    /// Its contract.
    pub(crate) ty: &'a Type,
    /// The Rust field; none where the property is a required constant, which holds nothing.
    pub(crate) field: Option<RustField>,
    /// The version that brought it, where that is not the first.
    pub(crate) since: Option<Version>,
}

/// The Rust field of a property.
#[derive(Clone, Debug)]
pub(crate) struct RustField {
    pub(crate) ident: String,
    /// Its type, without the `Option` of an optional property.
    pub(crate) ty: RustType,
    pub(crate) required: bool,
    /// What is meant where it is missing.
    pub(crate) default: Option<Literal>,
}

/// An enum of strings.
#[derive(Clone, Debug)]
pub(crate) struct Enum<'a> {
    /// The string and the variant.
    pub(crate) variants: Vec<(&'a str, String)>,
    pub(crate) closed: bool,
}

/// An enum of objects.
#[derive(Clone, Debug)]
pub(crate) struct Union<'a> {
    pub(crate) tag: &'a str,
    /// The value of the tag, the variant, and what it holds.
    pub(crate) variants: Vec<(&'a str, String, RustType)>,
    pub(crate) closed: bool,
}

/// The Rust types of a contract called `name`; the first is the contract's own.
///
/// `history` holds the same contract in older versions, oldest first.
pub(crate) fn items<'a>(
    name: &str,
    ty: &'a Type,
    history: &[(Version, &Type)],
) -> Result<Vec<Item<'a>>, Error> {
    let mut builder = Builder { space: shape::space(), items: Vec::new() };
    builder.own(name, ty, history)?;
    Ok(builder.items)
}

struct Builder<'a> {
    space: TypeSpace,
    items: Vec<Item<'a>>,
}

impl<'a> Builder<'a> {
    /// A type that is written here, whatever it is shared as.
    fn own(&mut self, name: &str, ty: &'a Type, history: &[(Version, &Type)]) -> Result<(), Error> {
        match &ty.shape {
            Shape::Struct { fields } => self.structure(name, ty, fields, history),
            Shape::Enum { values, closed } => {
                let texts: Vec<&str> = values.iter().map(String::as_str).collect();
                let names = shape::of_variants(&mut self.space, name, &texts)?;
                let variants = texts.into_iter().zip(names).collect();
                let kind = ItemKind::Enum(Enum { variants, closed: *closed });
                self.items.push(Item { ident: name.to_owned(), docs: &ty.docs, kind });
                Ok(())
            }
            Shape::Union { tag, branches, closed } => {
                let texts: Vec<&str> =
                    branches.iter().map(|branch| branch.value.as_str()).collect();
                let names = shape::of_variants(&mut self.space, name, &texts)?;
                let variants = branches
                    .iter()
                    .zip(names)
                    .map(|(branch, variant)| {
                        let inner = Step::Branch(&branch.value).name(name);
                        (branch.value.as_str(), variant, shape::rust_type_of(&branch.ty, &inner))
                    })
                    .collect();
                let kind = ItemKind::Union(Union { tag, variants, closed: *closed });
                self.items.push(Item { ident: name.to_owned(), docs: &ty.docs, kind });
                for branch in branches {
                    let older = at_branch(history, &branch.value);
                    self.nested(&Step::Branch(&branch.value).name(name), &branch.ty, &older)?;
                }
                Ok(())
            }
            Shape::Array { items, .. } => {
                let older = each(history, |shape| match shape {
                    Shape::Array { items, .. } => Some(items),
                    _ => None,
                });
                self.nested(&Step::Items.name(name), items, &older)
            }
            Shape::Map { values, .. } => {
                let older = each(history, |shape| match shape {
                    Shape::Map { values, .. } => Some(values),
                    _ => None,
                });
                self.nested(&Step::Values.name(name), values, &older)
            }
            Shape::Any
            | Shape::Boolean
            | Shape::Integer { .. }
            | Shape::Number { .. }
            | Shape::Text { .. }
            | Shape::Constant(_) => Ok(()),
        }
    }

    /// A type inside another: a shared one is written elsewhere.
    fn nested(
        &mut self,
        name: &str,
        ty: &'a Type,
        history: &[(Version, &Type)],
    ) -> Result<(), Error> {
        if ty.shared.is_some() { Ok(()) } else { self.own(name, ty, history) }
    }

    fn structure(
        &mut self,
        name: &str,
        ty: &'a Type,
        fields: &'a [Field],
        history: &[(Version, &Type)],
    ) -> Result<(), Error> {
        let held: Vec<&Field> =
            fields.iter().filter(|field| ty.constant(&field.name).is_none()).collect();
        let names = shape::of_struct(&mut self.space, name, &held)?;
        let mut idents = names.into_iter();
        let properties = fields
            .iter()
            .map(|field| {
                let is_constant = ty.constant(&field.name).is_some();
                let ident = if is_constant { None } else { idents.next() };
                Ok(Property {
                    name: &field.name,
                    ty: &field.ty,
                    field: ident.map(|ident| rust_field(name, field, ident)).transpose()?,
                    since: since(history, &field.name),
                })
            })
            .collect::<Result<_, Error>>()?;
        let kind = ItemKind::Struct(Struct { properties });
        self.items.push(Item { ident: name.to_owned(), docs: &ty.docs, kind });
        for field in fields {
            let older = at_field(history, &field.name);
            self.nested(&Step::Property(&field.name).name(name), &field.ty, &older)?;
        }
        Ok(())
    }
}

/// The Rust field of a property; `parent` is the struct that holds it.
fn rust_field(parent: &str, field: &Field, ident: String) -> Result<RustField, Error> {
    let ty = field_type(parent, field);
    let default = field.ty.docs.default.as_ref().filter(|_| !field.required);
    let default = default.map(|value| {
        Literal::read(&field.ty, &ty, value).ok_or_else(|| Error::Default {
            name: format!("{parent}::{ident}"),
            expected: format!("`{ty:?}`"),
        })
    });
    Ok(RustField { default: default.transpose()?, ident, ty, required: field.required })
}

/// The type of a field, without the `Option` of an optional property: null is read as absent, so
/// it is not an `Option` of an `Option`.
pub(crate) fn field_type(parent: &str, field: &Field) -> RustType {
    let ty = Type { nullable: field.ty.nullable && field.required, ..field.ty.clone() };
    shape::rust_type_of(&ty, &Step::Property(&field.name).name(parent))
}

/// The version that brought a property, where an older one lacks it.
fn since(history: &[(Version, &Type)], name: &str) -> Option<Version> {
    let has = |ty: &Type| ty.fields().iter().any(|field| field.name == name);
    let first = history.iter().position(|(_, ty)| has(ty))?;
    (first > 0).then(|| history.get(first).map(|(version, _)| *version))?
}

fn at_field<'b>(history: &[(Version, &'b Type)], name: &str) -> Vec<(Version, &'b Type)> {
    let of = |ty: &'b Type| ty.fields().iter().find(|field| field.name == name);
    history.iter().filter_map(|(version, ty)| Some((*version, &of(ty)?.ty))).collect()
}

fn at_branch<'b>(history: &[(Version, &'b Type)], value: &str) -> Vec<(Version, &'b Type)> {
    let of = |ty: &'b Type| match &ty.shape {
        Shape::Union { branches, .. } => branches.iter().find(|branch| branch.value == value),
        _ => None,
    };
    history.iter().filter_map(|(version, ty)| Some((*version, &of(ty)?.ty))).collect()
}

fn each<'b>(
    history: &[(Version, &'b Type)],
    of: impl Fn(&'b Shape) -> Option<&'b Type>,
) -> Vec<(Version, &'b Type)> {
    history.iter().filter_map(|(version, ty)| Some((*version, of(&ty.shape)?))).collect()
}
