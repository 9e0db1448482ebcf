//! The bytes of a document: JSON allows many, and some that look like it are none.

use serde_json::Value;

/// The document as bytes: mostly plain, at times spelled in ways that mean the same, at times
/// damaged.
pub(super) fn spell(document: &Value, rng: &mut fastrand::Rng) -> Vec<u8> {
    let style = match rng.u32(..4) {
        0 | 1 => return damaged(document.to_string().into_bytes(), rng),
        2 => Style { rng, strange: 4, duplicates: false },
        _ => Style { rng, strange: 12, duplicates: true },
    };
    let mut out = String::new();
    let Style { rng, strange, duplicates } = style;
    write(document, &mut Style { rng, strange, duplicates }, &mut out);
    let bytes = out.into_bytes();
    damaged(bytes, rng)
}

struct Style<'a> {
    rng: &'a mut fastrand::Rng,
    /// One token in so many is spelled strangely.
    strange: u32,
    /// Whether a key may be given twice.
    duplicates: bool,
}

impl Style<'_> {
    fn strange(&mut self) -> bool {
        self.rng.u32(..self.strange) == 0
    }
}

fn write(value: &Value, style: &mut Style<'_>, out: &mut String) {
    space(style, out);
    match value {
        Value::Number(number) => {
            let strange = style.strange();
            match number.as_f64() {
                Some(float) if strange && number.is_f64() => out.push_str(&format!("{float:e}")),
                Some(0.0) if strange && style.rng.bool() => out.push_str("-0"),
                _ => out.push_str(&number.to_string()),
            }
            if strange && (number.is_i64() || number.is_u64()) {
                out.push_str([".0", "e0", "E+0", ".00e00", "0e-1", "e400"][style.rng.usize(..6)]);
            }
        }
        Value::String(text) => string(text, style, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, style, out);
            }
            space(style, out);
            out.push(']');
        }
        Value::Object(members) => {
            let mut entries: Vec<(&String, &Value)> = members.iter().collect();
            if style.strange() {
                style.rng.shuffle(&mut entries);
            }
            if style.duplicates && style.strange() && !entries.is_empty() {
                // The first of two is overridden by the second, or overrides it, as they fall.
                let (key, _) = entries[style.rng.usize(..entries.len())];
                let (_, value) = entries[style.rng.usize(..entries.len())];
                let at = style.rng.usize(..=entries.len());
                entries.insert(at, (key, value));
            }
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                space(style, out);
                string(key, style, out);
                space(style, out);
                out.push(':');
                write(value, style, out);
            }
            space(style, out);
            out.push('}');
        }
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
    space(style, out);
}

fn string(text: &str, style: &mut Style<'_>, out: &mut String) {
    if !style.strange() {
        out.push_str(&Value::from(text).to_string());
        return;
    }
    out.push('"');
    for c in text.chars() {
        let plain = c >= ' ' && c != '"' && c != '\\';
        if plain && style.rng.bool() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    if style.rng.u32(..40) == 0 {
        out.push_str("\\ud800");
    }
    out.push('"');
}

fn space(style: &mut Style<'_>, out: &mut String) {
    if style.strange() {
        out.push([' ', '\n', '\t', '\r'][style.rng.usize(..4)]);
    }
}

/// One in some dozens is cut, or has a byte changed.
fn damaged(mut bytes: Vec<u8>, rng: &mut fastrand::Rng) -> Vec<u8> {
    match rng.u32(..60) {
        0 => bytes.truncate(rng.usize(..=bytes.len())),
        1 if !bytes.is_empty() => {
            let at = rng.usize(..bytes.len());
            bytes[at] = rng.u8(..);
        }
        _ => {}
    }
    bytes
}
