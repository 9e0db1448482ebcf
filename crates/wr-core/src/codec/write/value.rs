//! Free JSON values. What nests deep is kept on the heap: a value of any depth is written.

use serde_json::{Map, Value, map};

use super::{Json, has_room, raw, text};

/// How deep a value is written by recursion, which is the fastest.
const SHALLOW: u32 = 32;

impl Json for Value {
    fn write_json(&self, out: &mut Vec<u8>) {
        write(self, SHALLOW, out);
    }
}

fn write(value: &Value, levels: u32, out: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Bool(_) if !has_room::<5>(out) => {
            write_after_growing(value, levels, out);
        }
        Value::Null => raw(out, "null"),
        Value::Bool(value) => value.write_json(out),
        Value::Number(value) => value.write_json(out),
        Value::String(value) => text::write(value, out),
        Value::Array(_) | Value::Object(_) if levels == 0 => write_deep(value, out),
        Value::Array(items) => write_array(items, levels - 1, out),
        Value::Object(members) => write_object(members, levels - 1, out),
    }
}

#[cold]
fn write_after_growing(value: &Value, levels: u32, out: &mut Vec<u8>) {
    out.reserve(64);
    write(value, levels, out);
}

#[inline(never)]
fn write_array(items: &[Value], levels: u32, out: &mut Vec<u8>) {
    let Some((first, others)) = items.split_first() else { return raw(out, "[]") };
    out.push(b'[');
    write(first, levels, out);
    for item in others {
        out.push(b',');
        write(item, levels, out);
    }
    out.push(b']');
}

#[inline(never)]
fn write_object(members: &Map<String, Value>, levels: u32, out: &mut Vec<u8>) {
    let mut before = b'{';
    for (name, value) in members {
        out.push(before);
        before = b',';
        text::write(name, out);
        out.push(b':');
        write(value, levels, out);
    }
    match before {
        b'{' => raw(out, "{}"),
        _ => out.push(b'}'),
    }
}

/// What is being written, and has not ended.
enum Open<'a> {
    Array(std::slice::Iter<'a, Value>),
    Object(map::Iter<'a>),
}

#[cold]
fn write_deep(value: &Value, out: &mut Vec<u8>) {
    let mut open = Vec::new();
    begin(value, &mut open, out);
    let mut is_first = true;
    while let Some(innermost) = open.last_mut() {
        let (next, end) = match innermost {
            Open::Array(items) => (items.next().map(|value| (None, value)), b']'),
            Open::Object(members) => {
                (members.next().map(|(name, value)| (Some(name), value)), b'}')
            }
        };
        let Some((name, value)) = next else {
            out.push(end);
            open.pop();
            is_first = false;
            continue;
        };
        if !is_first {
            out.push(b',');
        }
        if let Some(name) = name {
            text::write(name, out);
            out.push(b':');
        }
        is_first = begin(value, &mut open, out);
    }
}

/// Writes a value, or only the beginning of one that holds others.
fn begin<'a>(value: &'a Value, open: &mut Vec<Open<'a>>, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            open.push(Open::Array(items.iter()));
            true
        }
        Value::Object(members) => {
            out.push(b'{');
            open.push(Open::Object(members.iter()));
            true
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            write(value, 0, out);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::same;
    use super::*;

    #[test]
    fn values() {
        for value in [
            json!(null),
            json!(true),
            json!(-1),
            json!(18_446_744_073_709_551_615_u64),
            json!(0.5),
            json!("a\"b"),
            json!([]),
            json!({}),
            json!([[], {}, [[]], [{}], null]),
            json!({"": {}, "a": [1, {"b\n": [2, 3]}, 4], "c": {"d": {"e": null}, "f": "g"}}),
        ] {
            same(&value);
            // And as deep as that it is written in the other way.
            let mut deep = value;
            for level in 0..SHALLOW + 4 {
                deep = match level % 3 {
                    0 => json!([deep]),
                    1 => json!({ "a": 1, "b": deep, "c": [] }),
                    _ => json!([{}, deep, [deep, 2]]),
                };
                if level > SHALLOW - 4 {
                    same(&deep);
                }
            }
        }
    }

    #[test]
    fn a_value_of_any_depth() {
        let depth = 200_000;
        let mut value = Value::Null;
        for _ in 0..depth {
            value = Value::Array(vec![value]);
        }
        let mut out = Vec::new();
        value.write_json(&mut out);
        assert_eq!(out.len(), 2 * depth + 4);
        // To drop it at once would overflow the stack.
        while let Value::Array(mut items) = value {
            value = items.pop().unwrap();
        }
    }
}
