//! Numbers as JSON Schema sees them: `1.0` is an integer, and comparing never rounds.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The whole number, where it is one; beyond `i128` the nearest.
pub(crate) fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i64() {
        return Some(value.into());
    }
    if let Some(value) = number.as_u64() {
        return Some(value.into());
    }
    let value = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and saturating is what is wanted")]
    (value.fract() == 0.0).then_some(value as i128)
}

/// How a number compares with a finite bound, without rounding.
pub(crate) fn compare(number: &Number, bound: f64) -> Ordering {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (integer, number.as_f64()) {
        (Some(integer), _) => compare_integer(integer, bound),
        (None, Some(value)) => value.partial_cmp(&bound).unwrap_or(Ordering::Equal),
        (None, None) => Ordering::Equal,
    }
}

fn compare_integer(integer: i128, bound: f64) -> Ordering {
    #[expect(clippy::cast_possible_truncation, reason = "the floor is whole; saturating is right")]
    let floor = bound.floor() as i128;
    match integer.cmp(&floor) {
        Ordering::Equal if bound.fract() != 0.0 => Ordering::Less,
        order => order,
    }
}

/// Whether no two of the values are equal as JSON Schema sees it: `1` and `1.0` are.
pub(crate) fn all_different(values: &[Value]) -> bool {
    let mut texts: Vec<String> = values
        .iter()
        .map(|value| {
            let mut text = String::new();
            write_canonical(value, &mut text);
            text
        })
        .collect();
    texts.sort_unstable();
    texts.windows(2).all(|pair| match pair {
        [a, b] => a != b,
        _ => true,
    })
}

/// A text that is the same for equal values and different for others.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => {
            let _ = match (whole(number), number.as_f64()) {
                (Some(whole), _) if whole != i128::MIN && whole != i128::MAX => {
                    write!(text, "{whole}")
                }
                (_, Some(float)) => write!(text, "{float:e}"),
                (_, None) => write!(text, "{number}"),
            };
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            // A service may have serde_json keep the order of the text.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in members {
                let _ = write!(text, "{}:", Value::from(name.as_str()));
                write_canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("1", Some(1)),
            ("1.0", Some(1)),
            ("-0", Some(0)),
            ("1e3", Some(1000)),
            ("1.5", None),
            ("18446744073709551615", Some(18_446_744_073_709_551_615)),
            ("1e300", Some(i128::MAX)),
        ] {
            assert_eq!(whole(&number(text)), expected, "{text}");
        }
    }

    #[test]
    fn comparing_does_not_round() {
        let two_to_53 = 9_007_199_254_740_992.0;
        assert_eq!(compare(&number("9007199254740993"), two_to_53), Ordering::Greater);
        assert_eq!(compare(&number("9007199254740992"), two_to_53), Ordering::Equal);
        assert_eq!(compare(&number("-1"), -0.5), Ordering::Less);
        assert_eq!(compare(&number("0"), -0.5), Ordering::Greater);
        assert_eq!(compare(&number("18446744073709551615"), 1e300), Ordering::Less);
    }

    #[test]
    fn equality_is_mathematical() {
        let values = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
        assert!(!all_different(&values("[1, 1.0]")));
        assert!(!all_different(&values("[0, -0.0]")));
        assert!(!all_different(&values(r#"[{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}]"#)));
        assert!(!all_different(&values("[1e300, 1e300]")));
        assert!(all_different(&values(
            r#"[1, "1", true, null, [1], [[1]], 9007199254740992, 9007199254740993]"#
        )));
    }
}
