//! Documents that a schema accepts, at its bounds more often than not.

use serde_json::{Map, Number, Value, json};

use super::pattern;

/// Texts on which parsers of formats disagree.
pub(super) const DATE_TIMES: &[&str] = &[
    "2024-01-01T12:00:00Z",
    "2024-01-01t12:00:00z",
    "2024-01-01T12:00:00+02:00",
    "2024-01-01T12:00:00.123456789Z",
    "2024-01-01T12:00:00.1234567891Z",
    "2016-12-31T23:59:60Z",
    "2016-12-31T15:59:60.25-08:00",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "0000-01-01T00:00:00+23:59",
    "2024-02-29T23:59:59.000Z",
];

/// Texts that look like a date-time and are none.
pub(super) const NO_DATE_TIMES: &[&str] = &[
    "2024-01-01T24:00:00Z",
    "2023-02-29T00:00:00Z",
    "2024-01-01 12:00:00Z",
    "2024-01-01T12:00Z",
    "2024-01-01T12:00:00+0200",
    "2024-01-01T12:00:00",
    "20240101T120000Z",
    "202e-01-01T12:00:00Z",
    "2024-01-01T12:00:00+24:00",
    "2024-01-01T12:00:00.Z",
    "2024-01-01T12:00:00Z[Europe/Paris]",
    "+002024-01-01T12:00:00Z",
    "2024-01-01T12:00:60Z",
    "2024-01-01T12:00:00,5Z",
    "２０２４-01-01T12:00:00Z",
    "2024-+1-01T12:00:00Z",
    "2024-01-01T+2:00:00Z",
    "2024-1-01T12:00:00Z",
    "",
];

const DATES: &[&str] = &["2024-02-29", "0000-01-01", "9999-12-31", "1999-01-31"];
const NO_DATES: &[&str] = &["2023-02-29", "2024-1-01", "20240101", "+024-01-01", "2024-01-01Z", ""];
const UUIDS: &[&str] =
    &["0190a5d2-7c44-7d3e-8b5a-2f1e6c9d4b3a", "550E8400-E29B-41D4-A716-446655440000"];
const NO_UUIDS: &[&str] = &[
    "550e8400e29b41d4a716446655440000",
    "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
    "{550e8400-e29b-41d4-a716-446655440000}",
    "evt-550e8400-e29b-41d4-a716",
    "550e8400-e29b-41d4-a716-44665544000g",
    "550e8400e-29b-41d4-a716-446655440000",
    "",
];
const IPV4S: &[&str] = &["192.0.2.1", "0.0.0.0", "255.255.255.255"];
const NO_IPV4S: &[&str] = &["192.0.2.01", "256.0.0.1", "1.2.3", "1.2.3.4.5", "0x7f.1", "1.2.3.4 "];
const IPV6S: &[&str] = &["::", "::1", "2001:db8::ff00:42:8329", "::ffff:192.0.2.1", "FE80::1"];
const NO_IPV6S: &[&str] =
    &[":", "1::2::3", "12345::", "fe80::1%eth0", "::ffff:192.0.2.256", "[::1]"];

/// Good and bad texts of a format.
pub(super) fn texts_of(format: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match format {
        "uuid" => (UUIDS, NO_UUIDS),
        "date-time" => (DATE_TIMES, NO_DATE_TIMES),
        "date" => (DATES, NO_DATES),
        "ipv4" => (IPV4S, NO_IPV4S),
        "ipv6" => (IPV6S, NO_IPV6S),
        other => panic!("the dialect has no format `{other}`"),
    }
}

/// A document that the schema accepts, but where its rules on length and pattern fight.
pub(super) fn document(schema: &Value, rng: &mut fastrand::Rng) -> Value {
    Writer { rng, depth: 0 }.document(schema)
}

/// Any JSON, with the numbers and texts that trip parsers.
pub(super) fn anything(rng: &mut fastrand::Rng, depth: u32) -> Value {
    let kinds = if depth == 0 { 7 } else { 9 };
    match rng.u32(..kinds) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(rng.u64(..)),
        4 => json!([0.0, -0.0, 1.5, 1e300, -1e-300, 9007199254740993.0, 0.1][rng.usize(..7)]),
        5 => json!(rng.i32(-3..=3)),
        6 => json!(any_text(rng, 6)),
        7 => (0..rng.usize(..3)).map(|_| anything(rng, depth - 1)).collect(),
        _ => {
            let entries = 0..rng.usize(..3);
            let entries = entries.map(|_| (any_text(rng, 3), anything(rng, depth - 1)));
            Value::Object(entries.collect::<Vec<_>>().into_iter().collect())
        }
    }
}

/// A text of up to so many characters, some of them of several bytes.
pub(super) fn any_text(rng: &mut fastrand::Rng, max: usize) -> String {
    let length = rng.usize(..=max);
    text_of_length(rng, length)
}

/// A text of exactly so many characters, some of them of several bytes.
pub(super) fn text_of_length(rng: &mut fastrand::Rng, length: usize) -> String {
    const CHARACTERS: &[char] = &[
        'a', 'b', 'Z', '0', '9', '-', '_', '.', ' ', '"', '\\', '/', '\n', '\u{0}', 'é',
        '\u{2028}', '漢', '😀',
    ];
    let ascii = rng.bool();
    let range = if ascii { 8 } else { CHARACTERS.len() };
    (0..length).map(|_| CHARACTERS[rng.usize(..range)]).collect()
}

/// The number, as an integer where one holds it.
pub(super) fn whole(value: i128) -> Value {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => json!(value),
        (_, Ok(value)) => json!(value),
        _ => json!(value as f64),
    }
}

/// Below this depth an array or a map holds as little as it may, or one thing, so that a schema
/// that nests deep is followed to its end and no document explodes.
const WIDE: u32 = 5;

struct Writer<'a> {
    rng: &'a mut fastrand::Rng,
    depth: u32,
}

impl Writer<'_> {
    fn document(&mut self, schema: &Value) -> Value {
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values[self.rng.usize(..values.len())].clone();
        }
        for union in ["oneOf", "anyOf"] {
            if let Some(branches) = schema.get(union).and_then(Value::as_array) {
                let at = self.rng.usize(..branches.len());
                return self.document(&branches[at]);
            }
        }
        match self.type_of(schema) {
            Some("null") => Value::Null,
            Some("boolean") => json!(self.rng.bool()),
            Some("integer") => integer(schema, self.rng),
            Some("number") => number(schema, self.rng),
            Some("string") => json!(text(schema, self.rng)),
            Some("array") => self.array(schema),
            Some("object") => self.object(schema),
            _ => match anything(self.rng, 2) {
                Value::Null if schema.get("not").is_some() => json!(0),
                value => value,
            },
        }
    }

    fn type_of<'s>(&mut self, schema: &'s Value) -> Option<&'s str> {
        match schema.get("type")? {
            Value::String(name) => Some(name),
            // Null would end the way to what is deeper.
            Value::Array(names) => {
                let skip = usize::from(names.len() > 1 && self.rng.u32(..4) > 0);
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                let other = names.iter().find(|name| skip == 0 || **name != "null");
                let any = names[self.rng.usize(..names.len())];
                Some(if skip == 0 { any } else { other.copied().unwrap_or(any) })
            }
            _ => None,
        }
    }

    fn length(&mut self, schema: &Value, least: &str, most: &str) -> usize {
        let min = count(schema, least).unwrap_or(0);
        let max = count(schema, most).unwrap_or(usize::MAX).min(min + 4);
        if self.depth < WIDE {
            return self.rng.usize(min..=max);
        }
        let one = usize::from(self.rng.u32(..8) > 0);
        min.max(one).min(max)
    }

    fn array(&mut self, schema: &Value) -> Value {
        let length = self.length(schema, "minItems", "maxItems");
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        let items = schema.get("items").unwrap_or(&Value::Bool(true));
        let mut values: Vec<Value> = Vec::new();
        self.depth += 1;
        for _ in 0..length * 4 {
            if values.len() == length {
                break;
            }
            let value = self.document(items);
            if !unique || !values.contains(&value) {
                values.push(value);
            }
        }
        self.depth -= 1;
        Value::Array(values)
    }

    fn object(&mut self, schema: &Value) -> Value {
        let mut members = Map::new();
        self.depth += 1;
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let required = schema.get("required").and_then(Value::as_array);
            let keep = self.rng.u32(..4);
            for (name, property) in properties {
                let must = required.is_some_and(|names| names.iter().any(|other| other == name));
                if must || self.rng.u32(..3) < keep || self.depth > WIDE {
                    members.insert(name.clone(), self.document(property));
                }
            }
        } else {
            let few = json!({ "maxLength": 4 });
            let values = schema.get("additionalProperties").unwrap_or(&Value::Bool(true));
            let names = schema.get("propertyNames").unwrap_or(&few);
            let length = self.length(schema, "minProperties", "maxProperties");
            for _ in 0..length * 4 {
                if members.len() == length {
                    break;
                }
                let name = text(names, self.rng);
                members.insert(name, self.document(values));
            }
        }
        self.depth -= 1;
        Value::Object(members)
    }
}

fn count(schema: &Value, key: &str) -> Option<usize> {
    schema.get(key).and_then(Value::as_u64).map(|n| n as usize)
}

fn integer(schema: &Value, rng: &mut fastrand::Rng) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_number).and_then(Number::as_i128);
    let low = bound("minimum").into_iter().chain(bound("exclusiveMinimum").map(|n| n + 1)).max();
    let high = bound("maximum").into_iter().chain(bound("exclusiveMaximum").map(|n| n - 1)).min();
    let low = low.unwrap_or(i64::MIN.into());
    let high = high.unwrap_or(i64::MAX.into()).max(low);
    let step = bound("multipleOf").unwrap_or(1);
    let near = i128::from(rng.u32(..4));
    let value = match rng.u32(..5) {
        0 => low + near,
        1 => high - near,
        2 => near,
        3 => i128::from(rng.u16(..)),
        _ => low + rng.i128(0..=high - low),
    };
    let value = value.clamp(low, high);
    let down = value - value.rem_euclid(step);
    let value = if down < low { down + step } else { down };
    whole(value)
}

fn number(schema: &Value, rng: &mut fastrand::Rng) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let lows = [bound("minimum"), bound("exclusiveMinimum").map(f64::next_up)];
    let highs = [bound("maximum"), bound("exclusiveMaximum").map(f64::next_down)];
    let low = lows.into_iter().flatten().reduce(f64::max);
    let high = highs.into_iter().flatten().reduce(f64::min);
    let low = low.unwrap_or_else(|| high.map_or(-1e6, |high| high - high.abs() - 1e6));
    let high = high.unwrap_or(low + low.abs() + 1e6).clamp(low, f64::MAX);
    let middle = low / 2.0 + high / 2.0;
    let value = match rng.u32(..6) {
        0 => low,
        1 => high,
        2 if middle.abs() < 1e15 => return json!(middle.round().clamp(low, high) as i64),
        3 => 0.0_f64.clamp(low, high),
        _ => low * (1.0 - rng.f64()) + high * rng.f64(),
    };
    json!(value.clamp(low, high))
}

/// A text that obeys everything that is said of it, where some tries find one.
fn text(schema: &Value, rng: &mut fastrand::Rng) -> String {
    let pattern = schema.get("pattern").and_then(Value::as_str);
    let format = schema.get("format").and_then(Value::as_str);
    let (min, max) = (count(schema, "minLength"), count(schema, "maxLength"));
    let is_single = [format.is_some(), pattern.is_some(), min.or(max).is_some()];
    let tries = if is_single.iter().filter(|has| **has).count() > 1 { 20 } else { 1 };
    let mut text = String::new();
    for _ in 0..tries {
        text = candidate(schema, rng);
        let length = text.chars().count();
        let is_long_enough = min.is_none_or(|min| length >= min);
        let is_short_enough = max.is_none_or(|max| length <= max);
        let matches = pattern.is_none_or(|pattern| pattern::matches(pattern, &text));
        if is_long_enough && is_short_enough && matches {
            break;
        }
    }
    text
}

fn candidate(schema: &Value, rng: &mut fastrand::Rng) -> String {
    if let Some(known) = schema.pointer("/not/enum").and_then(Value::as_array) {
        let text = any_text(rng, 8);
        return if known.contains(&json!(text)) { format!("{text}?") } else { text };
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        let good = texts_of(format).0;
        return good[rng.usize(..good.len())].to_owned();
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        return pattern::matching(pattern, rng);
    }
    let min = count(schema, "minLength").unwrap_or(0);
    let max = count(schema, "maxLength").unwrap_or(min + 12);
    let length = match rng.u32(..4) {
        0 => min,
        1 => max.min(min + 400),
        _ => rng.usize(min..=max.min(min + 20)),
    };
    text_of_length(rng, length)
}
