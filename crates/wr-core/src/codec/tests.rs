//! The one pass against the exact path, at the bounds of everything: it may be unsure, never wrong.
#![expect(
    unreachable_pub,
    dead_code,
    reason = "generated types are public, and their API is whole"
)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::{Borrowed, Check, Cursor, Owned, message};
use crate::{
    Any, At, Boolean, Contract, Error, Fields, Integer, List, Map, Nested, Nullable, Number,
    Object, Pattern, Readable, Rule, Text, UnknownBranch, View,
};

/// A struct with a field of every kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    id: Uuid,
    at: DateTime<Utc>,
    name: String,
    count: i64,
    size: u64,
    ratio: Option<f64>,
    on: Option<bool>,
    tags: Option<Vec<String>>,
    parts: Option<BTreeMap<String, Value>>,
    kind: Option<Kind>,
    choice: Option<Choice>,
    note: Option<String>,
    free: Option<Value>,
    rows: Option<Vec<Vec<Value>>>,
    maps: Option<Vec<BTreeMap<String, Value>>>,
}

static NAME: Text = Text::new().min(1).max(70);
static ROWS: List<List<Any>> = List::of(List::of(Any));
static MAPS: List<Map<Any>> = List::of(Map::of(Any));
static COUNT: Integer = Integer::new(i64::MIN as i128, i64::MAX as i128);
static SIZE: Integer = Integer::new(0, u64::MAX as i128);
static RATIO: Number = Number::new();
static TAGS: List<Text> = List::of(Text::new()).max(3).unique();
static PARTS: Map<Any> = Map::of(Any).max(4);
static NOTE_PATTERN: Pattern = Pattern::new("^[^x]*$");
static NOTE: Text = Text::new().pattern(&NOTE_PATTERN);

impl Contract for Thing {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
        let mut object = Object::read(value, at)?;
        let _: String = object.required("what", &crate::Constant::new("a \"thing\""))?;
        Ok(Self {
            id: object.required("id", &Text::new())?,
            at: object.required("at", &Text::new())?,
            name: object.required("name", &NAME)?,
            count: object.required("count", &COUNT)?,
            size: object.required("size", &SIZE)?,
            ratio: object.required("ratio", &Nullable(RATIO))?,
            on: object.optional("on", &Boolean)?,
            tags: object.optional("tags", &TAGS)?,
            parts: object.optional("parts", &PARTS)?,
            kind: object.optional("kind", &Nested)?,
            choice: object.optional("choice", &Nested)?,
            note: object.optional("a \"note\"", &NOTE)?,
            free: object.optional("free", &Any)?,
            rows: object.optional("rows", &ROWS)?,
            maps: object.optional("maps", &MAPS)?,
        })
    }

    fn validate_at(&self, _: &At<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn write_into(&self, _: &mut Vec<u8>) {}
}

crate::record! {
    Thing, ThingView constants {
        what = "what", crate::Constant::new("a \"thing\"");
    } {
        required id: Uuid = "id", Text::new();
        required at: DateTime<Utc> = "at", Text::new();
        required name: String = "name", NAME;
        required count: i64 = "count", COUNT;
        required size: u64 = "size", SIZE;
        required ratio: Option<f64> = "ratio", Nullable(RATIO);
        optional on: bool = "on", Boolean;
        optional tags: Vec<String> = "tags", TAGS;
        optional parts: BTreeMap<String, Value> = "parts", PARTS;
        optional kind: Kind = "kind", Nested;
        optional choice: Choice = "choice", Nested;
        optional note: String = "a \"note\"" as "a \\\"note\\\"", NOTE;
        optional free: Value = "free", Any;
        optional rows: Vec<Vec<Value>> = "rows", ROWS;
        optional maps: Vec<BTreeMap<String, Value>> = "maps", MAPS;
    }
}

impl Serialize for Thing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::begin(serializer)?.end()
    }
}

/// An open enum.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Small,
    Unknown(String),
}

impl Contract for Kind {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
        let text: String = Text::new().read(value, at)?;
        Ok(if text == "small" { Kind::Small } else { Kind::Unknown(text) })
    }

    fn validate_at(&self, _: &At<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn write_into(&self, _: &mut Vec<u8>) {}
}

crate::choice! { Kind { "small" => Small, _ => Unknown, } }

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// An open union of one branch.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    Leaf(Leaf),
    Unknown(UnknownBranch),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    weight: i64,
}

impl Contract for Choice {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
        let tag = UnknownBranch::tag_of(&value, "is", at)?;
        Ok(match tag.as_str() {
            "leaf" => Choice::Leaf(Leaf::read(value, at)?),
            _ => Choice::Unknown(UnknownBranch::new(tag, value)),
        })
    }

    fn validate_at(&self, _: &At<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn write_into(&self, _: &mut Vec<u8>) {}
}

impl Contract for Leaf {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Error> {
        let mut object = Object::read(value, at)?;
        let _: String = object.required("is", &crate::Constant::new("leaf"))?;
        Ok(Leaf { weight: object.required("weight", &COUNT)? })
    }

    fn validate_at(&self, _: &At<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn write_into(&self, _: &mut Vec<u8>) {}
}

crate::union! { Choice, ChoiceView by "is" { "leaf" => Leaf(Leaf), _ => Unknown, } }
crate::record! {
    Leaf, LeafView constants {
        is = "is", crate::Constant::new("leaf");
    } {
        required weight: i64 = "weight", COUNT;
    }
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl Serialize for Leaf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// Asks all three of a message, and the exact path; returns which of the three are sure.
fn judge(bytes: &[u8]) -> [bool; 3] {
    let exact = serde_json::from_slice(bytes).ok().and_then(|it| Thing::read(it, &At::ROOT).ok());
    let text = String::from_utf8_lossy(bytes);
    let owned = message::<Owned, Thing>(bytes);
    let viewed = message::<Borrowed, Thing>(bytes);
    let checked = message::<Check, Thing>(bytes);
    let sure = [owned.is_some(), viewed.is_some(), checked.is_some()];
    let shown = format!("{exact:?}");
    if owned.is_some() {
        // As text, so that 0.0 is not -0.0.
        assert_eq!(format!("{owned:?}"), shown, "{text}");
    }
    if let Some(view) = viewed {
        assert_eq!(format!("{:?}", Some(view.into_owned())), shown, "{text}");
    }
    assert!(checked.is_none() || exact.is_some(), "taken, and should not be: {text}");
    assert_eq!(Thing::decode(bytes).ok(), exact, "{text}");
    assert_eq!(Thing::decode_view(bytes).ok().map(ThingView::into_owned), exact, "{text}");
    assert_eq!(Thing::check(bytes).is_ok(), exact.is_some(), "{text}");
    sure
}

const HEAD: &str = r#""what":"a \"thing\"","id":"550e8400-e29b-41d4-a716-446655440000","at":"2024-02-29T12:00:00.5Z","name":"n","count":1,"size":2,"ratio":0.5"#;

/// A thing with one more property.
fn with(property: &str) -> String {
    format!("{{{HEAD},{property}}}")
}

/// A thing in which one text stands for another.
fn but(from: &str, to: &str) -> String {
    let changed = with(r#""on":true"#).replace(from, to);
    assert!(changed.contains(to), "{from}");
    changed
}

const FULL: &str = r#","on":true,"tags":["a","b"],"parts":{"a":1,"b":[{"c":null},"\u00e9"]},"kind":"large","choice":{"is":"leaf","weight":-3},"a \"note\"":"é","free":{"x":[1.5e3,{}]},"later":{"y":["\ud83d\ude00"]}}"#;

#[test]
fn a_message_may_end_or_change_anywhere() {
    let whole = format!("{{{HEAD}{FULL}");
    let spaced = whole.replace("\":", "\" : ").replace(",\"", ",\n  \"").replace("}", "\n}");
    for whole in [whole, spaced] {
        assert_eq!(judge(whole.as_bytes()), [true; 3]);
        for at in 0..whole.len() {
            let (before, after) = (&whole.as_bytes()[..at], &whole.as_bytes()[at..]);
            assert_eq!(judge(before), [false; 3]);
            for byte in [b' ', b'"', b'\\', b',', b':', b'0', b'}', 0, 0x7f, 0xc3, 0xff] {
                judge(&[before, &[byte], after].concat());
                judge(&[before, &[byte], &after[1..]].concat());
            }
        }
    }
}

#[test]
fn white_space_of_every_length_stands_between_any_two_tokens() {
    let tokens = [
        "{",
        r#""free""#,
        ":",
        "{",
        r#""x""#,
        ":",
        "[",
        "1",
        ",",
        "{",
        "}",
        ",",
        "[",
        "]",
        ",",
        "true",
        "]",
        ",",
        r#""\u0079""#,
        ":",
        r#""z""#,
        "}",
        ",",
        r#""later""#,
        ":",
        "{",
        r#""x""#,
        ":",
        "[",
        "-2.5",
        ",",
        "null",
        "]",
        ",",
        r#""\u0079""#,
        ":",
        "{",
        "}",
        "}",
        ",",
    ];
    for space in [" ", "  ", "\n", "\t ", " \r", "\n               ", "\n                \t"] {
        for at in 0..=tokens.len() {
            let (before, after) = tokens.split_at(at);
            let text = format!("{}{space}{}{HEAD}}}", before.concat(), after.concat());
            assert_eq!(judge(text.as_bytes()), [true; 3], "{text}");
            judge(text.replace(space, "\u{b}").as_bytes());
        }
        let text = format!("{}{space}{HEAD}{space}}}", tokens.join(space));
        assert_eq!(judge(text.as_bytes()), [true; 3], "{text}");
    }
}

#[test]
fn maps_of_any_size_in_any_order() {
    for count in (0..50).chain([100, 300]) {
        // What tells their order stands in some names at once, in others far behind.
        let name = |n| if n % 3 == 0 { format!("{n}") } else { format!("k-{n:013}") };
        let mut entries: Vec<String> =
            (0..count).map(|n| format!(r#""{}":{n}"#, name(n))).collect();
        for _ in 0..3 {
            let text = with(&format!(r#""maps":[{{{}}}]"#, entries.join(",")));
            assert_eq!(judge(text.as_bytes()), [true; 3], "{text}");
            entries.reverse();
            entries.rotate_left(count / 3);
        }
        entries.push(r#""0":"twice""#.to_owned());
        let twice = with(&format!(r#""maps":[{{{}}}]"#, entries.join(",")));
        assert_eq!(judge(twice.as_bytes())[0], count == 0, "{twice}");
    }
}

#[test]
fn every_order_and_white_space_is_sure() {
    let spaced = format!(" {{{HEAD}{FULL}\n").replace("\":", "\" :\t").replace(",\"", "\r\n , \"");
    assert_eq!(judge(spaced.as_bytes()), [true; 3]);
    let whole: Value = serde_json::from_str(&format!("{{{HEAD}{FULL}")).unwrap();
    let members = whole.as_object().unwrap();
    let mut lines: Vec<String> =
        members.iter().map(|(k, v)| format!("{}:{v}", Value::from(k.as_str()))).collect();
    for _ in 0..lines.len() {
        lines.rotate_left(1);
        assert_eq!(judge(format!("{{{}}}", lines.join(",")).as_bytes()), [true; 3]);
    }
    assert_eq!(judge(but(r#""count""#, r#""c\u006funt""#).as_bytes()), [true; 3]);
}

#[test]
fn a_key_is_what_it_spells() {
    for (key, value) in [("kind", r#""small""#), ("count", "1"), ("later", "1")] {
        for (at, byte) in key.bytes().enumerate() {
            let (before, after) = (&key[..at], &key[at + 1..]);
            let same = format!(r#""{before}\u{byte:04x}{after}":{value}"#);
            assert_eq!(judge(with(&same).as_bytes()), [key != "count"; 3], "{same}");
            for other in [r"\u0000", r"\ud83d", r"\x", r#"\""#, "\"", "\n", "x", ""] {
                judge(with(&format!(r#""{before}{other}{after}":{value}"#)).as_bytes());
            }
        }
    }
    for key in [r#"a \"note\""#, r#"a \u0022note\""#, r#"\u0061 \"note\u0022"#] {
        assert_eq!(judge(with(&format!(r#""{key}":"" "#)).as_bytes()), [true; 3], "{key}");
    }
    judge(with(r#""a "note"":"""#).as_bytes());
}

#[test]
fn strings_of_every_length_with_an_escape_anywhere() {
    for length in [0, 1, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 70, 71] {
        let plain = "p".repeat(length);
        judge(but(r#""name":"n""#, &format!(r#""name":"{plain}""#)).as_bytes());
        judge(but(r#""name":"n""#, &format!(r#""name":"{}""#, "é".repeat(length))).as_bytes());
        for at in 0..=length {
            for escape in
                [r"\n", r"\u0041", r"\ud83d\ude00", r"\ud83d", r"\ude00", r"\x", r"\u12", "\n"]
            {
                let (before, after) = plain.split_at(at);
                let text = format!("{before}{escape}{after}");
                judge(but(r#""name":"n""#, &format!(r#""name":"{text}""#)).as_bytes());
                judge(with(&format!(r#""free":"{text}""#)).as_bytes());
                judge(with(&format!(r#""later":"{text}""#)).as_bytes());
            }
        }
    }
}

#[test]
fn numbers_at_the_edges() {
    for number in [
        "0",
        "-0",
        "-0.0",
        "00",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1.0",
        "1e2",
        "1E+2",
        "-1",
        "999999999999999999",
        "1000000000000000000",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "9007199254740993",
        "0.1",
        "1.5",
        "1e99",
        "1e100",
        "1e308",
        "1e309",
        "1E400",
        "-1e400",
        "1e-400",
        "123456789012345678901234567890",
        "0.30000000000000004",
        "12.5",
        "2.5e-3",
        "NaN",
        "Infinity",
        "0x1",
        "1_0",
        "null",
        "true",
    ] {
        for field in ["count", "size", "ratio"] {
            let usual = match field {
                "count" => r#""count":1"#,
                "size" => r#""size":2"#,
                _ => r#""ratio":0.5"#,
            };
            judge(but(usual, &format!(r#""{field}":{number}"#)).as_bytes());
        }
        judge(with(&format!(r#""free":{number}"#)).as_bytes());
        judge(with(&format!(r#""free":[{number}]"#)).as_bytes());
        judge(with(&format!(r#""later":{number}"#)).as_bytes());
        judge(with(&format!(r#""parts":{{"a":{number} }}"#)).as_bytes());
    }
    for digits in [149, 150, 151, 308, 309, 310, 400] {
        let long = "1".repeat(digits);
        judge(with(&format!(r#""free":{long}"#)).as_bytes());
        judge(with(&format!(r#""later":{long}e99"#)).as_bytes());
        judge(but(r#""ratio":0.5"#, &format!(r#""ratio":{long}"#)).as_bytes());
    }
}

#[test]
fn depth() {
    for depth in [1, 60, 61, 62, 63, 64, 65, 125, 126, 127, 128, 200] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let end = if open == "[" { "" } else { "1" };
            let nested = format!("{}{end}{}", open.repeat(depth), close.repeat(depth));
            for name in ["free", "later"] {
                judge(with(&format!(r#""{name}":{nested}"#)).as_bytes());
            }
            judge(with(&format!(r#""parts":{{"a":{nested}}}"#)).as_bytes());
            // What stands before and behind it is viewed with it.
            judge(with(&format!(r#""rows":[["a"],[{nested}],["b"]]"#)).as_bytes());
            judge(
                with(&format!(r#""maps":[{{"a":{nested},"a":1}},{{"b":{nested}}},{{}}]"#))
                    .as_bytes(),
            );
        }
    }
}

#[test]
fn what_is_given_twice_is_left_to_the_exact_path() {
    for (twice, sure) in [
        (r#""count":2"#, [false; 3]),
        (r#""count":"wrong""#, [false; 3]),
        (r#""on":null,"on":true"#, [true; 3]),
        (r#""on":true,"on":null"#, [false; 3]),
        (r#""parts":{"a":1,"a":2}"#, [false, false, true]),
        (r#""parts":{"b":1,"a":2,"b":3}"#, [false, false, true]),
        (r#""parts":{"a":1,"\u0061":2}"#, [false, false, true]),
        (r#""parts":{"a":{"b":1,"b":2}}"#, [true; 3]),
        (r#""free":{"b":1,"b":2}"#, [true; 3]),
        (r#""later":{"b":1,"b":2}"#, [true; 3]),
        (r#""later":1,"later":2"#, [true; 3]),
        (r#""choice":{"is":"leaf","is":"leaf","weight":1}"#, [false; 3]),
        (r#""choice":{"is":"leaf","weight":1,"is":"other"}"#, [false; 3]),
        (r#""choice":{"is":"other","weight":1,"is":"leaf"}"#, [false; 3]),
        (r#""choice":{"weight":1,"is":"leaf"}"#, [true; 3]),
        (r#""choice":{"weight":1,"is":"other"}"#, [true; 3]),
        (r#""tags":["a","a"]"#, [false; 3]),
        (r#""tags":["a","\u0061"]"#, [false; 3]),
        (r#""tags":["b","a"]"#, [true; 3]),
    ] {
        assert_eq!(judge(with(twice).as_bytes()), sure, "{twice}");
    }
}

#[test]
fn formats() {
    for id in [
        "550E8400-e29b-41d4-A716-446655440000",
        "550e8400e29b41d4a716446655440000",
        "{550e8400-e29b-41d4-a716-44665544000}",
        "550e8400-e29b-41d4-a716-44665544000g",
        "550e8400-e29b-41d4-a7164-46655440000",
        "550e8400-e29b-41d4-a716-44665544000",
        r"\u0035\u0035\u00300e8400-e29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a716-4466554400é",
    ] {
        judge(but("550e8400-e29b-41d4-a716-446655440000", id).as_bytes());
    }
    for at in 0..36 {
        for byte in ["-", "g", "G", "`", "@", "/", ":", "F", "f", " "] {
            let mut id = "550e8400-e29b-41d4-a716-446655440000".to_owned();
            id.replace_range(at..=at, byte);
            judge(but("550e8400-e29b-41d4-a716-446655440000", &id).as_bytes());
        }
    }
    let moment = "2024-02-29T12:00:00.5Z";
    for at in 0..moment.len() {
        for byte in ["-", "0", "1", "3", "6", "9", ":", ";", "/", "t", "T", "z", "Z", ".", " ", "é"]
        {
            let mut changed = moment.to_owned();
            changed.replace_range(at..=at, byte);
            judge(but(moment, &changed).as_bytes());
        }
    }
    for changed in [
        "2023-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2000-02-29T12:00:00Z",
        "2024-04-31T12:00:00Z",
        "2016-12-31T23:59:60Z",
        "2024-02-29T12:00:00.1234567891Z",
        "2024-02-29T12:00:00+01:00",
        "2024-02-29T12:00:00.Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "",
    ] {
        judge(but(moment, changed).as_bytes());
    }
}

#[test]
fn what_surrounds_a_message() {
    let whole = format!("{{{HEAD}}}");
    for (before, after) in [
        ("", ""),
        (" \n", "\t\r"),
        ("\u{feff}", ""),
        ("", "x"),
        ("", ","),
        ("", "{}"),
        ("[", "]"),
        ("", "\0"),
    ] {
        judge(format!("{before}{whole}{after}").as_bytes());
    }
    for other in ["", " ", "{}", "{ }", "[]", "null", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}"] {
        assert_eq!(judge(other.as_bytes()), [false; 3]);
    }
}

#[test]
fn views_read_again_what_was_judged() {
    let text = with(r#""tags":["a","b"],"parts":{"b":[1,"x"],"a":{"k":1,"k":2}}"#);
    let view = Thing::decode_view(text.as_bytes()).unwrap();
    assert!(matches!(view.name, Cow::Borrowed("n")));
    let tags = view.tags.unwrap();
    assert_eq!(tags.iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((tags.len(), tags.is_empty()), (2, false));
    let parts = view.parts.unwrap();
    assert_eq!(parts.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["b", "a"]);
    let list = parts.get("b").unwrap().as_list().unwrap();
    assert_eq!(list.iter().nth(1).unwrap().as_str().unwrap(), "x");
    assert_eq!(parts.get("a").unwrap().get("k").unwrap().as_number(), Some(2.into()));
    assert!(parts.get("c").is_none());

    let twice = with(r#""parts":{"b":1,"a":2,"b":3}"#);
    let parts = Thing::decode_view(twice.as_bytes()).unwrap().parts.unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts.get("b").unwrap().as_number(), Some(3.into()));

    // A view in a view is judged alone, and may hold a key twice.
    type Maps = Vec<BTreeMap<String, i64>>;
    let mut cursor = Cursor::new(r#"[{"b":1,"a":2,"b":3}]"#);
    let maps: View<'_, Maps> = Maps::parse_view(&mut cursor).unwrap();
    assert_eq!(Maps::from_view(maps), [BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 3)])]);
}
