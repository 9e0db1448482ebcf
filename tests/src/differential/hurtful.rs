//! What parsers stumble over: numbers at the edges, texts as long as what is looked at at once, and
//! values that nobody asked for.

use serde_json::Number;

use super::documents::{any_text, anything};

/// Numbers at which a type ends, or that only look like others.
const NUMBERS: &[&str] = &[
    "-0",
    "-0.0",
    "0e999999999",
    "-0e-999999999",
    "1.0",
    "0.1e1",
    "100e-2",
    "10E-1",
    "1e0",
    "1E400",
    "-1E400",
    "1e-400",
    "1e19",
    "-1e19",
    "1e99999999999999999999",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "-1.7976931348623159E+308",
    "0.17976931348623157e309",
    "4.9e-324",
    "2.4e-324",
    "2.2250738585072011e-308",
    "9007199254740992",
    "9007199254740993",
    "9007199254740993.0",
    "9223372036854775807",
    "9223372036854775807.0",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.1000000000000000055511151231257827021181583404541015625",
    "99999999999999999999999e-20",
];

/// What looks like a number and is none.
const NO_NUMBERS: &[&str] = &[
    "01",
    "-01",
    "00",
    "+1",
    ".5",
    "-.5",
    "1.",
    "-",
    "1e",
    "1e+",
    "1.e1",
    "1_000",
    "0x10",
    "1f",
    "NaN",
    "Infinity",
    "-Infinity",
    "1 2",
    "1.2.3",
    "--1",
    "1e1.5",
    "١",
    "1,5",
];

/// A number, the same in another spelling or one of those that hurt.
pub(super) fn number(number: &Number, rng: &mut fastrand::Rng) -> String {
    let many = [1, 15, 16, 17, 31, 32, 33, 300, 400][rng.usize(..9)];
    let zeros = "0".repeat(many);
    let is_whole = number.is_i64() || number.is_u64();
    match rng.u32(..5) {
        0 if is_whole => format!("{number}.{zeros}"),
        1 if is_whole => format!("{number}{zeros}e-{many}"),
        2 if is_whole => format!("{number}e{zeros}"),
        3 => format!("1{zeros}"),
        0..3 => format!("{:e}", number.as_f64().unwrap_or_default()),
        _ => NUMBERS[rng.usize(..NUMBERS.len())].to_owned(),
    }
}

/// What looks like a number and is none.
pub(super) fn no_number(rng: &mut fastrand::Rng) -> &'static str {
    NO_NUMBERS[rng.usize(..NO_NUMBERS.len())]
}

/// A text, often about as long as what is looked at at once, with something at its end.
pub(super) fn text(rng: &mut fastrand::Rng) -> String {
    if rng.bool() {
        return any_text(rng, 6);
    }
    let step = [8, 16, 32, 64, 128][rng.usize(..5)];
    let length = step - 2 + rng.usize(..5);
    let last = ["", "\"", "\\", "é", "\u{7f}", "\u{1f}", "😀", "\n"][rng.usize(..8)];
    let mut text = "x".repeat(length);
    if rng.bool() {
        text.replace_range(rng.usize(..length).., "");
    }
    text + last
}

/// The depths at which readers stop: ours leaves it to the exact path, which refuses.
const DEPTHS: [usize; 9] = [60, 61, 62, 63, 64, 125, 126, 127, 128];

/// A value of any kind, in bytes; at times it ends at one of the depths at which readers stop,
/// with what is around it.
pub(super) fn value(around: usize, rng: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let depth = match rng.u32(..4) {
        0 | 1 => DEPTHS[rng.usize(..DEPTHS.len())].saturating_sub(around),
        _ => rng.usize(..4),
    };
    let list = rng.bool();
    for _ in 0..depth {
        out.extend(if list { "[".as_bytes() } else { br#"{"a":"# });
    }
    match rng.u32(..6) {
        0 => out.extend(NUMBERS[rng.usize(..NUMBERS.len())].as_bytes()),
        1 => out.extend(serde_json::Value::from(text(rng)).to_string().into_bytes()),
        2 => out.extend(br#""\ud83d\uDE00""#),
        3 => out.extend(br#"{"a":1,"a":[],"b":{"a":null}}"#),
        _ => out.extend(anything(rng, 2).to_string().into_bytes()),
    }
    for _ in 0..depth {
        out.push(if list { b']' } else { b'}' });
    }
}

/// The rest of a string that is none: its end is wrong, or missing.
pub(super) fn end_of_no_string(rng: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let ends: [&[u8]; 21] = [
        b"\\ud800\"",
        b"\\udc00\"",
        b"\\udc00\\ud800\"",
        b"\\ud800\\u0061\"",
        b"\\ud800\\ud800\"",
        b"\\ud800x\"",
        b"\\ud83d\\n\"",
        b"\\u12\"",
        b"\\u12g4\"",
        b"\\U0061\"",
        b"\\x41\"",
        b"\\'\"",
        b"\\\"",
        b"\\",
        b"\n\"",
        b"\x00\"",
        b"\x1f\"",
        b"\xff\"",
        b"\xed\xa0\x80\"",
        b"\xc0\xa2\"",
        b"'",
    ];
    out.extend(ends[rng.usize(..ends.len())]);
}
