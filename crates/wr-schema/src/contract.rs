//! The contract of a schema as values: what the generator writes Rust for.
//!
//! A contract is a function of what the schema means, never of how it is spelled: references are
//! gone, but for the name of a shared object or enum, and a format of integers is its range.

use serde_json::Value;

use crate::draft::{Draft, DraftFile, required};
use crate::json::{Member, Node};
use crate::keywords::{self, Kind};
use crate::resolve;

/// A type: what a property, an item, a map value, a branch or a whole payload may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// What it may be.
    pub shape: Shape,
    /// Whether null is a value of it.
    pub nullable: bool,
    /// The shared definition that gives it its Rust type.
    pub shared: Option<String>,
    /// What is written about it.
    pub docs: Docs,
}

/// What is written about a type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Docs {
    /// `description`
    pub description: String,
    /// `examples`
    pub examples: Vec<Value>,
    /// `default`
    pub default: Option<Value>,
    /// `deprecated`
    pub deprecated: bool,
    /// `x-wr-unit`
    pub unit: Option<String>,
    /// `x-wr-pii`
    pub personal_data: Option<String>,
}

/// What a type may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Any JSON value.
    Any,
    /// `true` or `false`
    Boolean,
    /// A whole number from `minimum` to `maximum`, both included.
    Integer {
        /// The smallest.
        minimum: i128,
        /// The largest.
        maximum: i128,
        /// The divisor.
        multiple_of: Option<u64>,
    },
    /// A number.
    Number {
        /// The lower bound.
        minimum: Option<Bound>,
        /// The upper bound.
        maximum: Option<Bound>,
    },
    /// A string.
    Text {
        /// The fewest characters.
        min: Option<u64>,
        /// The most characters.
        max: Option<u64>,
        /// The pattern, in the dialect's syntax.
        pattern: Option<String>,
        /// The format.
        format: Option<TextFormat>,
    },
    /// One string.
    Constant(String),
    /// One of several strings.
    Enum {
        /// The strings, in the order of the schema.
        values: Vec<String>,
        /// Whether readers refuse any other.
        closed: bool,
    },
    /// An object with known properties.
    Struct {
        /// The properties, in the order of the schema.
        fields: Vec<Field>,
    },
    /// An object from names to values of one type.
    Map {
        /// The type of the values.
        values: Box<Type>,
        /// What the names must be.
        keys: Keys,
        /// The fewest entries.
        min: Option<u64>,
        /// The most entries.
        max: Option<u64>,
    },
    /// An array.
    Array {
        /// The type of the items.
        items: Box<Type>,
        /// The fewest items.
        min: Option<u64>,
        /// The most items.
        max: Option<u64>,
        /// Whether no two items may be equal.
        unique: bool,
    },
    /// One of several objects, told apart by one property.
    Union {
        /// The property.
        tag: String,
        /// The objects, in the order of the schema.
        branches: Vec<Branch>,
        /// Whether readers refuse any other.
        closed: bool,
    },
}

/// A bound of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The bound.
    pub value: f64,
    /// Whether the bound itself is out.
    pub exclusive: bool,
}

/// A format of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// `uuid`
    Uuid,
    /// `date-time`
    DateTime,
    /// `date`
    Date,
    /// `ipv4`
    Ipv4,
    /// `ipv6`
    Ipv6,
}

/// What the names of a map must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The fewest characters.
    pub min: Option<u64>,
    /// The most characters.
    pub max: Option<u64>,
    /// The pattern.
    pub pattern: Option<String>,
}

/// A property of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in JSON.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// Its type.
    pub ty: Type,
}

/// A branch of a union.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// What the tag is.
    pub value: String,
    /// The object.
    pub ty: Type,
}

impl TextFormat {
    /// The format of a name.
    pub fn parse(name: &str) -> Option<TextFormat> {
        Some(match name {
            "uuid" => TextFormat::Uuid,
            "date-time" => TextFormat::DateTime,
            "date" => TextFormat::Date,
            "ipv4" => TextFormat::Ipv4,
            "ipv6" => TextFormat::Ipv6,
            _ => return None,
        })
    }

    /// The name of the format.
    pub fn name(self) -> &'static str {
        match self {
            TextFormat::Uuid => "uuid",
            TextFormat::DateTime => "date-time",
            TextFormat::Date => "date",
            TextFormat::Ipv4 => "ipv4",
            TextFormat::Ipv6 => "ipv6",
        }
    }
}

impl Type {
    /// The contract of a schema that the lint finds nothing wrong with; of another, perhaps none.
    pub fn of<'a>(draft: &'a Draft<'a>, file: &'a DraftFile<'a>, node: &'a Node) -> Option<Type> {
        // Replacing the references first bounds the size and refuses a circle.
        resolve::resolve(draft, file, node).ok()?;
        Type::read(draft, file, node)
    }

    fn read<'a>(draft: &'a Draft<'a>, file: &'a DraftFile<'a>, site: &'a Node) -> Option<Type> {
        let target = resolve::follow(draft, file, site).ok()?;
        let node = target.node;
        let count = |key: &str| node.get(key).and_then(Node::as_integer).and_then(to_count);
        let closed = node.get("x-wr-closed").and_then(Node::as_bool) == Some(true);
        let shape = match keywords::kind(node)? {
            Kind::Reference => return None,
            Kind::Any => Shape::Any,
            Kind::Boolean => Shape::Boolean,
            Kind::Integer => {
                let (minimum, maximum) = integer_range(node)?;
                Shape::Integer { minimum, maximum, multiple_of: count("multipleOf") }
            }
            Kind::Number => Shape::Number {
                minimum: number_bound(node, true),
                maximum: number_bound(node, false),
            },
            Kind::Text => text(node, closed, &count)?,
            Kind::Struct => {
                let required = required(node);
                let members = node.get("properties")?.members().iter();
                let field = |member: &'a Member| {
                    Some(Field {
                        name: member.key.clone(),
                        required: required.contains(member.key.as_str()),
                        ty: Type::read(draft, target.file, &member.value)?,
                    })
                };
                Shape::Struct { fields: members.map(field).collect::<Option<_>>()? }
            }
            Kind::Map => Shape::Map {
                values: Box::new(match node.get("additionalProperties") {
                    Some(values) => Type::read(draft, target.file, values)?,
                    None => Type::any(),
                }),
                keys: node.get("propertyNames").map(keys).unwrap_or_default(),
                min: count("minProperties"),
                max: count("maxProperties"),
            },
            Kind::Array => Shape::Array {
                items: Box::new(match node.get("items") {
                    Some(items) => Type::read(draft, target.file, items)?,
                    None => Type::any(),
                }),
                min: count("minItems"),
                max: count("maxItems"),
                unique: node.get("uniqueItems").and_then(Node::as_bool) == Some(true),
            },
            Kind::Union => {
                let branches: Vec<Type> = node
                    .get("oneOf")?
                    .items()
                    .iter()
                    .map(|branch| Type::read(draft, target.file, branch))
                    .collect::<Option<_>>()?;
                let tag = common_tag(&branches)?.to_owned();
                Shape::Union {
                    branches: branches
                        .into_iter()
                        .map(|ty| Some(Branch { value: ty.constant(&tag)?.to_owned(), ty }))
                        .collect::<Option<_>>()?,
                    tag,
                    closed,
                }
            }
        };
        let has_own_type =
            matches!(shape, Shape::Struct { .. } | Shape::Enum { .. } | Shape::Union { .. });
        Some(Type {
            shape,
            // A constant is a string, whatever `type` says beside it.
            nullable: keywords::is_nullable(node) && node.get("const").is_none(),
            shared: target.shared.filter(|_| has_own_type).map(str::to_owned),
            docs: Docs::read(&resolve::way(draft, file, site)),
        })
    }

    fn any() -> Type {
        Type { shape: Shape::Any, nullable: false, shared: None, docs: Docs::default() }
    }

    /// The fields of a struct.
    pub fn fields(&self) -> &[Field] {
        match &self.shape {
            Shape::Struct { fields } => fields,
            _ => &[],
        }
    }

    /// What a required constant property of a struct is.
    pub fn constant(&self, property: &str) -> Option<&str> {
        self.fields().iter().find(|field| field.name == property && field.required).and_then(
            |field| match &field.ty {
                Type { shape: Shape::Constant(value), nullable: false, .. } => Some(value.as_str()),
                _ => None,
            },
        )
    }
}

/// The first property that is a required constant in every branch, a different one in each.
pub fn common_tag(branches: &[Type]) -> Option<&str> {
    let first = branches.first()?;
    first.fields().iter().map(|field| field.name.as_str()).find(|tag| {
        let mut values: Vec<_> =
            branches.iter().filter_map(|branch| branch.constant(tag)).collect();
        values.sort_unstable();
        values.dedup();
        values.len() == branches.len()
    })
}

fn text(node: &Node, closed: bool, count: &dyn Fn(&str) -> Option<u64>) -> Option<Shape> {
    if let Some(value) = node.get("const") {
        return Some(Shape::Constant(value.as_str()?.to_owned()));
    }
    if let Some(values) = node.get("enum") {
        let values =
            values.items().iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
        return Some(Shape::Enum { values, closed });
    }
    Some(Shape::Text {
        min: count("minLength"),
        max: count("maxLength"),
        pattern: node.get("pattern").and_then(Node::as_str).map(str::to_owned),
        format: node.get("format").and_then(Node::as_str).and_then(TextFormat::parse),
    })
}

fn keys(node: &Node) -> Keys {
    let count = |key: &str| node.get(key).and_then(Node::as_integer).and_then(to_count);
    Keys {
        min: count("minLength"),
        max: count("maxLength"),
        pattern: node.get("pattern").and_then(Node::as_str).map(str::to_owned),
    }
}

fn to_count(value: i128) -> Option<u64> {
    u64::try_from(value).ok()
}

/// The smallest and the largest integer that a schema's own keywords allow, where they say both.
pub fn integer_range(node: &Node) -> Option<(i128, i128)> {
    let format = node.get("format").and_then(Node::as_str);
    let range = keywords::INTEGER_FORMATS.iter().find(|(name, _, _)| Some(*name) == format);
    let bound = |key: &str, step: i128| Some(node.get(key)?.as_integer()? + step);
    let low = [range.map(|range| range.1), bound("minimum", 0), bound("exclusiveMinimum", 1)];
    let high = [range.map(|range| range.2), bound("maximum", 0), bound("exclusiveMaximum", -1)];
    Some((low.into_iter().flatten().max()?, high.into_iter().flatten().min()?))
}

/// The bound of a number on one side: of two, the narrower.
pub fn number_bound(node: &Node, lower: bool) -> Option<Bound> {
    let (inclusive, exclusive) =
        if lower { ("minimum", "exclusiveMinimum") } else { ("maximum", "exclusiveMaximum") };
    let bound = |key: &str, exclusive| {
        Some(Bound { value: node.get(key)?.as_number()?.as_f64()?, exclusive })
    };
    match (bound(inclusive, false), bound(exclusive, true)) {
        (Some(a), Some(b)) => {
            let b_is_narrower = if lower { b.value >= a.value } else { b.value <= a.value };
            Some(if b_is_narrower { b } else { a })
        }
        (a, b) => a.or(b),
    }
}

impl Docs {
    /// Of the annotations on the way of a reference, the first of each counts.
    fn read(way: &[&Node]) -> Docs {
        let get = |key: &str| way.iter().find_map(|site| site.get(key));
        let text = |key: &str| get(key).and_then(Node::as_str).map(str::to_owned);
        Docs {
            description: text("description").unwrap_or_default(),
            examples: get("examples")
                .map(|examples| examples.items().iter().map(Node::to_value).collect())
                .unwrap_or_default(),
            default: get("default").map(Node::to_value),
            deprecated: get("deprecated").and_then(Node::as_bool) == Some(true),
            unit: text("x-wr-unit"),
            personal_data: text("x-wr-pii"),
        }
    }
}
