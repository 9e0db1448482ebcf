//! The bytes of a document: JSON allows many, and some that look like it are none.

use serde_json::{Number, Value};

use super::{damage, hurtful};

/// The document as bytes: mostly plain, at times spelled in ways that mean the same or that hurt, at
/// times damaged.
pub(super) fn spell(document: &Value, rng: &mut fastrand::Rng) -> Vec<u8> {
    let (strange, duplicates, hurts) = match rng.u32(..8) {
        0..4 => return damage::done(document.to_string().into_bytes(), rng),
        4 | 5 => (4, false, false),
        6 => (12, true, false),
        _ => ([1, 3, 9, 20][rng.usize(..4)], rng.bool(), true),
    };
    let wrong = if hurts && rng.u32(..4) == 0 { rng.u32(..40) } else { u32::MAX };
    let mut out = Vec::new();
    write(document, &mut Style { rng, strange, duplicates, hurts, wrong, around: 0 }, &mut out);
    damage::done(out, rng)
}

struct Style<'a> {
    rng: &'a mut fastrand::Rng,
    /// One token in so many is spelled strangely.
    strange: u32,
    /// Whether a key may be given twice.
    duplicates: bool,
    /// Whether what is strange is what parsers stumble over: unknown members, long runs, numbers at
    /// the edges.
    hurts: bool,
    /// So many tokens are right before one is none.
    wrong: u32,
    /// So many objects and arrays are open.
    around: usize,
}

impl Style<'_> {
    fn strange(&mut self) -> bool {
        self.rng.u32(..self.strange) == 0
    }

    /// Whether this token is to be wrong.
    fn wrong(&mut self) -> bool {
        let is_wrong = self.wrong == 0;
        self.wrong = self.wrong.wrapping_sub(1);
        is_wrong
    }
}

fn write(value: &Value, style: &mut Style<'_>, out: &mut Vec<u8>) {
    space(style, out);
    match value {
        // In the place of any value, so that free ones nest as deep wherever they stand.
        _ if style.hurts && style.around > 0 && style.rng.u32(..60) == 0 => {
            hurtful::value(style.around, style.rng, out);
        }
        Value::Number(number) => write_number(number, style, out),
        Value::String(text) => string(text, style, out),
        Value::Array(items) => {
            out.push(b'[');
            style.around += 1;
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, style, out);
            }
            space(style, out);
            style.around -= 1;
            out.push(b']');
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
            out.push(b'{');
            style.around += 1;
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                unknown(style, out);
                space(style, out);
                string(key, style, out);
                space(style, out);
                out.push(b':');
                write(value, style, out);
            }
            space(style, out);
            style.around -= 1;
            out.push(b'}');
        }
        Value::Null | Value::Bool(_) if style.wrong() => {
            let wrong: [&[u8]; 7] =
                [b"nul", b"NULL", b"True", b"tru", b"falsee", b"undefined", b""];
            out.extend(wrong[style.rng.usize(..7)]);
        }
        Value::Null | Value::Bool(_) => out.extend(value.to_string().into_bytes()),
    }
    space(style, out);
}

/// A member that no schema knows; where any name is allowed, it is one more.
fn unknown(style: &mut Style<'_>, out: &mut Vec<u8>) {
    if !style.hurts || !style.strange() || style.rng.bool() {
        return;
    }
    string(&hurtful::text(style.rng), style, out);
    out.push(b':');
    hurtful::value(style.around, style.rng, out);
    out.push(b',');
}

fn write_number(number: &Number, style: &mut Style<'_>, out: &mut Vec<u8>) {
    if style.wrong() {
        out.extend(hurtful::no_number(style.rng).as_bytes());
        return;
    }
    let strange = style.strange();
    if strange && style.hurts {
        out.extend(hurtful::number(number, style.rng).into_bytes());
        return;
    }
    let text = match number.as_f64() {
        Some(float) if strange && number.is_f64() => format!("{float:e}"),
        Some(0.0) if strange && style.rng.bool() => "-0".to_owned(),
        _ => number.to_string(),
    };
    out.extend(text.into_bytes());
    if strange && (number.is_i64() || number.is_u64()) {
        let ends = [".0", "e0", "E+0", ".00e00", "0e-1", "e400"];
        out.extend(ends[style.rng.usize(..6)].as_bytes());
    }
}

fn string(text: &str, style: &mut Style<'_>, out: &mut Vec<u8>) {
    if style.wrong() {
        out.push(b'"');
        out.extend(text.bytes().filter(|byte| byte.is_ascii_alphanumeric()));
        hurtful::end_of_no_string(style.rng, out);
        return;
    }
    if !style.strange() {
        out.extend(Value::from(text).to_string().into_bytes());
        return;
    }
    out.push(b'"');
    let one = style.rng.usize(..=text.len());
    let few = style.rng.bool();
    for (at, c) in text.char_indices() {
        let plain = c >= ' ' && c != '"' && c != '\\';
        let kept = if few { at != one } else { style.rng.bool() };
        match c {
            _ if plain && kept => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            '/' if style.rng.bool() => out.extend(b"\\/"),
            '\n' if style.rng.bool() => out.extend(b"\\n"),
            '"' if style.rng.bool() => out.extend(b"\\\""),
            '\\' if style.rng.bool() => out.extend(b"\\\\"),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let lower = style.rng.bool();
                    let digits = if lower { format!("{unit:04x}") } else { format!("{unit:04X}") };
                    out.extend(format!("\\u{digits}").into_bytes());
                }
            }
        }
    }
    if style.rng.u32(..40) == 0 {
        out.extend(b"\\ud800");
    }
    out.push(b'"');
}

fn space(style: &mut Style<'_>, out: &mut Vec<u8>) {
    if style.strange() {
        let most = if style.hurts && style.rng.u32(..8) == 0 { 70 } else { 1 };
        for _ in 0..style.rng.usize(1..=most) {
            out.push([b' ', b'\n', b'\t', b'\r'][style.rng.usize(..4)]);
        }
    }
}
