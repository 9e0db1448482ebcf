//! JSON that remembers its order and where every part of it stands.

use std::fmt::Write as _;

use jsonc_parser::ast;
use serde_json::{Number, Value};

/// The index of a file in [`Sources`](crate::source::Sources).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A stretch of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file the bytes are in.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A JSON value with its span.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the value stands, quotes and brackets included.
    pub span: Span,
    /// The value.
    pub data: Data,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug)]
pub enum Data {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as serde_json reads it.
    Number(Number),
    /// A string, escapes resolved.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object in the order of the text; a key may stand twice.
    Object(Vec<Member>),
}

/// One `"key": value` of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// The key, escapes resolved.
    pub key: String,
    /// Where the key stands, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// Why a text is not JSON.
#[derive(Clone, Debug)]
pub struct SyntaxError {
    /// What serde_json says of it, without its position.
    pub message: String,
    /// Where it noticed.
    pub span: Span,
}

/// Reads one JSON document; serde_json decides whether it is one.
///
/// # Errors
/// What serde_json refuses, values nested deeper than 127 included.
pub fn parse(file: FileId, text: &str) -> Result<Node, SyntaxError> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let at = offset(text, error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        SyntaxError {
            message: message.to_owned(),
            span: Span { file, start: at, end: (at + 1).min(text.len()) },
        }
    })?;
    let whole = Span { file, start: 0, end: text.len() };
    let parsed = jsonc_parser::parse_to_ast(text, &Default::default(), &Default::default());
    // serde_json has accepted the text, so spans are all that is asked of the other parser; should
    // it refuse where serde_json does not, every span is the whole file.
    Ok(match parsed.ok().and_then(|result| result.value) {
        Some(tree) => spanned(file, &tree).unwrap_or_else(|| Node::from_value(&value, whole)),
        None => Node::from_value(&value, whole),
    })
}

/// Where a stretch of a string's value stands in its literal, quotes included: both as byte
/// offsets.
pub fn within(literal: &str, start: usize, end: usize) -> (usize, usize) {
    let (mut raw, mut value) = (1, 0);
    let mut first = None;
    let mut rest = literal.get(1..).unwrap_or_default();
    while let Some(c) = rest.chars().next() {
        if value >= start && first.is_none() {
            first = Some(raw);
        }
        if value >= end && first.is_some() {
            break;
        }
        let (taken, meant) = match (c, rest.get(1..2)) {
            ('"', _) => break,
            ('\\', Some("u")) => unicode_escape(rest),
            ('\\', Some(_)) => (2, 1),
            _ => (c.len_utf8(), c.len_utf8()),
        };
        raw += taken;
        value += meant;
        rest = rest.get(taken..).unwrap_or_default();
    }
    (first.unwrap_or(raw), raw)
}

/// The bytes that `\u` and its digits take, and the bytes of the character they mean.
fn unicode_escape(text: &str) -> (usize, usize) {
    match text.get(2..6).and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        Some(0xd800..=0xdfff) => (12, 4),
        Some(code) => (6, char::from_u32(code).map_or(1, char::len_utf8)),
        None => (2, 1),
    }
}

fn spanned(file: FileId, value: &ast::Value<'_>) -> Option<Node> {
    let span =
        |range: &jsonc_parser::common::Range| Span { file, start: range.start, end: range.end };
    Some(match value {
        ast::Value::NullKeyword(node) => Node { span: span(&node.range), data: Data::Null },
        ast::Value::BooleanLit(node) => {
            Node { span: span(&node.range), data: Data::Bool(node.value) }
        }
        ast::Value::NumberLit(node) => Node {
            span: span(&node.range),
            data: Data::Number(serde_json::from_str(node.value).ok()?),
        },
        ast::Value::StringLit(node) => {
            Node { span: span(&node.range), data: Data::String(node.value.to_string()) }
        }
        ast::Value::Array(node) => Node {
            span: span(&node.range),
            data: Data::Array(
                node.elements.iter().map(|item| spanned(file, item)).collect::<Option<_>>()?,
            ),
        },
        ast::Value::Object(node) => Node {
            span: span(&node.range),
            data: Data::Object(
                node.properties
                    .iter()
                    .map(|property| {
                        let (key, range) = match &property.name {
                            ast::ObjectPropName::String(name) => {
                                (name.value.to_string(), &name.range)
                            }
                            ast::ObjectPropName::Word(name) => (name.value.to_owned(), &name.range),
                        };
                        Some(Member {
                            key,
                            key_span: span(range),
                            value: spanned(file, &property.value)?,
                        })
                    })
                    .collect::<Option<_>>()?,
            ),
        },
    })
}

/// The byte offset of a one-based line and a one-based column in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len().saturating_sub(1));
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl Node {
    /// A node that stands nowhere of its own: all of it is placed at `span`.
    pub fn from_value(value: &Value, span: Span) -> Node {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Number(value) => Data::Number(value.clone()),
            Value::String(value) => Data::String(value.clone()),
            Value::Array(items) => {
                Data::Array(items.iter().map(|item| Node::from_value(item, span)).collect())
            }
            Value::Object(members) => Data::Object(
                members
                    .iter()
                    .map(|(key, value)| Member {
                        key: key.clone(),
                        key_span: span,
                        value: Node::from_value(value, span),
                    })
                    .collect(),
            ),
        };
        Node { span, data }
    }

    /// The value without order and spans; of two equal keys the last counts.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(value) => Value::Number(value.clone()),
            Data::String(value) => Value::String(value.clone()),
            Data::Array(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Data::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|member| (member.key.clone(), member.value.to_value()))
                    .collect(),
            ),
        }
    }

    /// The last value under `key`, where this is an object that has one.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|member| &member.value)
    }

    /// The last member called `key`, where this is an object that has one.
    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members().iter().rev().find(|member| member.key == key)
    }

    /// The members of an object; none where this is no object.
    pub fn members(&self) -> &[Member] {
        match &self.data {
            Data::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array; none where this is no array.
    pub fn items(&self) -> &[Node] {
        match &self.data {
            Data::Array(items) => items,
            _ => &[],
        }
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.data, Data::Object(_))
    }

    /// The string, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(value) => Some(value),
            _ => None,
        }
    }

    /// The boolean, where this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, where this is one.
    pub fn as_number(&self) -> Option<&Number> {
        match &self.data {
            Data::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, where this is one written without fraction and exponent.
    pub fn as_integer(&self) -> Option<i128> {
        let number = self.as_number()?;
        number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
    }

    /// The first character: what to underline where something is missing in an object.
    pub fn head(&self) -> Span {
        match self.data {
            Data::Array(_) | Data::Object(_) => {
                Span { end: self.span.end.min(self.span.start + 1), ..self.span }
            }
            _ => self.span,
        }
    }

    /// The value that a JSON pointer leads to.
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, token| match &node.data {
            Data::Array(items) => items.get(token.parse::<usize>().ok()?),
            _ => node.get(&token.replace("~1", "/").replace("~0", "~")),
        })
    }

    /// The value as text, two spaces a level, in this order, with a final line feed.
    pub fn to_pretty(&self) -> String {
        let mut text = String::new();
        self.write_pretty(&mut text, 0);
        text.push('\n');
        text
    }

    fn write_pretty(&self, text: &mut String, depth: usize) {
        match &self.data {
            Data::Array(items) if !items.is_empty() => {
                if items.iter().all(|item| !matches!(item.data, Data::Array(_) | Data::Object(_))) {
                    let line: Vec<String> =
                        items.iter().map(|item| item.to_value().to_string()).collect();
                    let line = format!("[{}]", line.join(", "));
                    if line.len() + 2 * depth <= 90 {
                        text.push_str(&line);
                        return;
                    }
                }
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    break_line(text, depth + 1, index > 0);
                    item.write_pretty(text, depth + 1);
                }
                break_line(text, depth, false);
                text.push(']');
            }
            Data::Object(members) if !members.is_empty() => {
                text.push('{');
                for (index, member) in members.iter().enumerate() {
                    break_line(text, depth + 1, index > 0);
                    let _ = write!(text, "{}: ", Value::from(member.key.as_str()));
                    member.value.write_pretty(text, depth + 1);
                }
                break_line(text, depth, false);
                text.push('}');
            }
            _ => {
                let _ = write!(text, "{}", self.to_value());
            }
        }
    }
}

fn break_line(text: &mut String, depth: usize, comma: bool) {
    if comma {
        text.push(',');
    }
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId(0);

    #[test]
    fn order_and_spans_survive() {
        let text = r#"{"b": [1, {"a": "\u00e9"}], "a": null}"#;
        let node = parse(FILE, text).unwrap();
        assert_eq!(node.members()[0].key, "b");
        let inner = node.get("b").unwrap().items()[1].get("a").unwrap();
        assert_eq!(inner.as_str(), Some("é"));
        assert_eq!(&text[inner.span.start..inner.span.end], r#""\u00e9""#);
    }

    #[test]
    fn of_two_equal_keys_the_last_counts() {
        let node = parse(FILE, r#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(node.members().len(), 2);
        assert_eq!(node.get("a").unwrap().as_integer(), Some(2));
        assert_eq!(node.to_value(), serde_json::json!({"a": 2}));
    }

    #[test]
    fn a_stretch_of_a_value_is_found_in_its_literal() {
        let literal = r#""a\\d\u00e9\ud83d\ude00z""#;
        let value: String = serde_json::from_str(literal).unwrap();
        for (part, raw) in
            [("a", "a"), ("\\d", r"\\d"), ("é", r"\u00e9"), ("😀z", r"\ud83d\ude00z")]
        {
            let at = value.find(part).unwrap();
            let (start, end) = within(literal, at, at + part.len());
            assert_eq!(&literal[start..end], raw);
        }
        assert_eq!(within(literal, 99, 100), (literal.len() - 1, literal.len() - 1));
    }

    #[test]
    fn a_pointer_leads_to_a_node() {
        let node = parse(FILE, r#"{"a/b": [1, {"c": 2}]}"#).unwrap();
        assert_eq!(node.pointer("/a~1b/1/c").unwrap().as_integer(), Some(2));
        assert_eq!(node.pointer("").unwrap().span, node.span);
        assert!(node.pointer("/a/1").is_none() && node.pointer("/a~1b/x").is_none());
    }

    #[test]
    fn what_is_no_json_says_where() {
        for (text, at) in [("{\"a\": 1,\n  b}", 11), ("", 0), ("{\"é\": é}", 7), ("[1, 2", 4)] {
            assert_eq!(parse(FILE, text).unwrap_err().span.start, at, "{text}");
        }
        assert!(parse(FILE, &"[".repeat(10_000)).is_err());
        assert!(parse(FILE, "// no\n{}").is_err());
    }

    #[test]
    fn pretty_text_reads_back() {
        let text = "{\n  \"b\": [1, \"x\"],\n  \"a\": {\n    \"c\": [\n      {}\n    ]\n  }\n}\n";
        assert_eq!(parse(FILE, text).unwrap().to_pretty(), text);
    }
}
