//! Sets of values, equal as JSON Schema sees it: `1` and `1.0` are one.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::number;

/// Values, and what finds one among them.
#[derive(Clone, Default)]
pub(crate) struct Values {
    list: Vec<Value>,
    keys: BTreeSet<String>,
}

impl FromIterator<Value> for Values {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Values {
        let mut set = Values::default();
        for value in values {
            if set.keys.insert(canonical(&value)) {
                set.list.push(value);
            }
        }
        set
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.keys).finish()
    }
}

/// In whatever order they are listed.
impl PartialEq for Values {
    fn eq(&self, other: &Values) -> bool {
        self.keys == other.keys
    }
}

impl Eq for Values {}

impl Hash for Values {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.keys.hash(state);
    }
}

impl Values {
    pub(crate) fn as_slice(&self) -> &[Value] {
        &self.list
    }

    pub(crate) fn contains(&self, value: &Value) -> bool {
        self.keys.contains(&canonical(value))
    }

    pub(crate) fn is_disjoint(&self, other: &Values) -> bool {
        self.keys.is_disjoint(&other.keys)
    }

    /// Whether one of them has this [`canonical`] text.
    pub(crate) fn has_key(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    pub(crate) fn includes(&self, other: &Values) -> bool {
        self.keys.is_superset(&other.keys)
    }

    /// Those that are in both.
    pub(crate) fn and(&self, other: &Values) -> Values {
        self.list.iter().filter(|value| other.contains(value)).cloned().collect()
    }
}

/// A text that two values share where they are equal, and only there.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match number::exactly_whole(number) {
            Some(whole) => {
                let _ = write!(text, "{whole}");
            }
            None => {
                let _ = write!(text, "{number}");
            }
        },
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (name, value) in members {
                let _ = write!(text, "{}:", Value::from(name.as_str()));
                write(value, text);
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
    use serde_json::json;

    use super::canonical;

    #[test]
    fn equal_values_share_a_text() {
        assert_eq!(canonical(&json!([1, {"a": -0.0}])), canonical(&json!([1.0, {"a": 0}])));
        assert_ne!(
            canonical(&json!(9_007_199_254_740_993_u64)),
            canonical(&json!(9_007_199_254_740_992.0))
        );
        assert_ne!(canonical(&json!("1")), canonical(&json!(1)));
        assert_ne!(canonical(&json!([[], 1])), canonical(&json!([[1]])));
    }
}
