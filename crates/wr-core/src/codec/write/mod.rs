//! Writing JSON: byte for byte what `serde_json` writes, without asking what comes next.
//!
//! Whether a value may be sent is not asked here; see [`Contract::validate`].

mod number;
mod text;
mod time;
mod value;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::contract::Contract;
use crate::union::UnknownBranch;

/// What can be written as JSON.
pub trait Json {
    /// Appends the value.
    fn write_json(&self, out: &mut Vec<u8>);
}

/// Appends what is JSON already: a brace, a key with its colon, a constant.
#[inline(always)]
pub fn raw(out: &mut Vec<u8>, json: &'static str) {
    out.extend_from_slice(json.as_bytes());
}

/// Whether so many bytes fit in without growing.
///
/// Who asks before they write, and else call a function that grows as their last deed, leave the
/// compiler nothing to save on the stack: that is a quarter of what a short string costs.
#[inline(always)]
fn has_room<const N: usize>(out: &Vec<u8>) -> bool {
    out.capacity() - out.len() >= N
}

/// Appends a property that is always there; `key` is all that stands before its value.
#[inline(always)]
pub fn field<T: Json + ?Sized>(out: &mut Vec<u8>, key: &'static str, value: &T) {
    raw(out, key);
    value.write_json(out);
}

/// Appends a property that is left out where there is none.
#[inline(always)]
pub fn optional<T: Json>(out: &mut Vec<u8>, key: &'static str, value: &Option<T>) {
    if let Some(value) = value {
        field(out, key, value);
    }
}

/// Ends an object whose first property may be left out: every key brought a comma, and the one at
/// `start` becomes the brace.
pub fn end_optional(out: &mut Vec<u8>, start: usize) {
    match out.get_mut(start) {
        Some(comma) => {
            *comma = b'{';
            out.push(b'}');
        }
        None => raw(out, "{}"),
    }
}

impl<T: Contract> Json for T {
    #[inline]
    fn write_json(&self, out: &mut Vec<u8>) {
        self.write_into(out);
    }
}

impl Json for bool {
    #[inline(always)]
    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            true => raw(out, "true"),
            false => raw(out, "false"),
        }
    }
}

impl Json for str {
    fn write_json(&self, out: &mut Vec<u8>) {
        text::write(self, out);
    }
}

impl Json for String {
    fn write_json(&self, out: &mut Vec<u8>) {
        text::write(self, out);
    }
}

impl Json for Uuid {
    fn write_json(&self, out: &mut Vec<u8>) {
        let mut quoted = [b'"'; Hyphenated::LENGTH + 2];
        if let Some(buffer) = quoted.get_mut(1..=Hyphenated::LENGTH) {
            self.hyphenated().encode_lower(buffer);
        }
        out.extend_from_slice(&quoted);
    }
}

impl Json for Ipv4Addr {
    fn write_json(&self, out: &mut Vec<u8>) {
        // A `Vec` takes whatever is written.
        let _ = write!(out, "\"{self}\"");
    }
}

impl Json for Ipv6Addr {
    fn write_json(&self, out: &mut Vec<u8>) {
        let _ = write!(out, "\"{self}\"");
    }
}

impl Json for UnknownBranch {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.value().write_json(out);
    }
}

impl<T: Json> Json for Option<T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write_json(out),
            None => raw(out, "null"),
        }
    }
}

impl<T: Json> Json for Vec<T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        let Some((first, others)) = self.split_first() else { return raw(out, "[]") };
        out.push(b'[');
        first.write_json(out);
        for item in others {
            out.push(b',');
            item.write_json(out);
        }
        out.push(b']');
    }
}

impl<T: Json> Json for BTreeMap<String, T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        let mut before = b'{';
        for (name, value) in self {
            out.push(before);
            before = b',';
            text::write(name, out);
            out.push(b':');
            value.write_json(out);
        }
        match before {
            b'{' => raw(out, "{}"),
            _ => out.push(b'}'),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::Value;

    use super::*;

    /// Both writers, behind what is there already, with room for all of it, some of it and nothing.
    pub(super) fn same<T: Json + Serialize + ?Sized>(value: &T) {
        let expected = format!("before{}", serde_json::to_string(value).unwrap());
        for room in [0, 3, 10, 17, 34, 35, 40, 1_000] {
            let mut out = Vec::with_capacity("before".len() + room);
            out.extend_from_slice(b"before");
            value.write_json(&mut out);
            assert_eq!(out, expected.as_bytes(), "{expected} {}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn collections() {
        same(&vec![Some(true), None, Some(false)]);
        same(&Vec::<bool>::new());
        same(&vec![Vec::new(), vec![1_i64]]);
        same(&BTreeMap::<String, bool>::new());
        same(&BTreeMap::from([("a\n".to_owned(), Some(1_u64)), ("b".to_owned(), None)]));
        same(&BTreeMap::from([(String::new(), Value::Null)]));
    }

    #[test]
    fn addresses_and_ids() {
        same(&Ipv4Addr::new(203, 0, 113, 7));
        for text in ["::", "::1", "2001:db8::1:0:0:1", "::ffff:192.0.2.1"] {
            same(&text.parse::<Ipv6Addr>().unwrap());
        }
        same(&Uuid::nil());
        same(&Uuid::max());
        same(&Uuid::from_u128(0x0190_a5b4_c3d2_7e1f_8a9b_0c1d_2e3f_4a5b));
    }

    #[test]
    fn objects_of_which_anything_may_be_left_out() {
        for (a, b, expected) in [
            (None, None, "{}"),
            (Some(1), None, r#"{"a":1}"#),
            (None, Some(2), r#"{"b":2}"#),
            (Some(1), Some(2), r#"{"a":1,"b":2}"#),
        ] {
            let mut out = b"[".to_vec();
            let start = out.len();
            optional::<i64>(&mut out, r#","a":"#, &a);
            optional::<i64>(&mut out, r#","b":"#, &b);
            end_optional(&mut out, start);
            assert_eq!(out, format!("[{expected}").as_bytes());
        }
    }
}
