//! The rules that a schema sets, each used for reading and for checking, so that the two cannot
//! disagree.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::contract::Contract;
use crate::error::{Error, Keyword};
use crate::format::Format;
use crate::number;
use crate::pattern::Pattern;
use crate::pointer::{At, Broken};

/// What a schema asks of values of one Rust type.
pub trait Rule<T> {
    /// The value of a JSON document.
    ///
    /// # Errors
    /// The document breaks the rule.
    fn read(&self, value: Value, at: &At<'_>) -> Result<T, Error>;

    /// Whether the value obeys the rule.
    ///
    /// # Errors
    /// It does not.
    fn check(&self, value: &T, at: &At<'_>) -> Result<(), Error>;
}

/// Any value.
#[derive(Clone, Copy, Debug)]
pub struct Any;

impl Rule<Value> for Any {
    fn read(&self, value: Value, _: &At<'_>) -> Result<Value, Error> {
        Ok(value)
    }

    fn check(&self, _: &Value, _: &At<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Any value of an optional property, which is left out rather than null.
#[derive(Clone, Copy, Debug)]
pub struct NotNull;

impl Rule<Value> for NotNull {
    fn read(&self, value: Value, _: &At<'_>) -> Result<Value, Error> {
        Ok(value)
    }

    fn check(&self, value: &Value, at: &At<'_>) -> Result<(), Error> {
        if value.is_null() {
            return Err(at.violation(Keyword::Not, "a value that is not null, or none"));
        }
        Ok(())
    }
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub struct Boolean;

impl Rule<bool> for Boolean {
    fn read(&self, value: Value, at: &At<'_>) -> Result<bool, Error> {
        value.as_bool().ok_or_else(|| at.violation(Keyword::Type, "a boolean"))
    }

    fn check(&self, _: &bool, _: &At<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// A type with a contract of its own.
#[derive(Clone, Copy, Debug)]
pub struct Nested;

impl<T: Contract> Rule<T> for Nested {
    fn read(&self, value: Value, at: &At<'_>) -> Result<T, Error> {
        T::read(value, at)
    }

    fn check(&self, value: &T, at: &At<'_>) -> Result<(), Error> {
        value.validate_at(at)
    }
}

/// A value or null.
#[derive(Clone, Copy, Debug)]
pub struct Nullable<R>(
    /// What the value must be.
    pub R,
);

impl<T, R: Rule<T>> Rule<Option<T>> for Nullable<R> {
    fn read(&self, value: Value, at: &At<'_>) -> Result<Option<T>, Error> {
        match value {
            Value::Null => Ok(None),
            value => self.0.read(value, at).map(Some),
        }
    }

    fn check(&self, value: &Option<T>, at: &At<'_>) -> Result<(), Error> {
        value.as_ref().map_or(Ok(()), |value| self.0.check(value, at))
    }
}

/// A whole number.
#[derive(Clone, Copy, Debug)]
pub struct Integer {
    minimum: i128,
    maximum: i128,
    multiple_of: Option<u64>,
}

impl Integer {
    /// A whole number from `minimum` to `maximum`, both included.
    pub const fn new(minimum: i128, maximum: i128) -> Integer {
        Integer { minimum, maximum, multiple_of: None }
    }

    /// And a multiple of `divisor`.
    #[must_use]
    pub const fn multiple_of(mut self, divisor: u64) -> Integer {
        self.multiple_of = Some(divisor);
        self
    }

    /// Judges a value; `broken` makes an error of the rule that it breaks.
    #[inline]
    pub(crate) fn judge<E>(&self, value: i128, broken: impl Broken<E>) -> Result<(), E> {
        if value < self.minimum {
            return Err(broken(Keyword::Minimum, format_args!("at least {}", self.minimum)));
        }
        if value > self.maximum {
            return Err(broken(Keyword::Maximum, format_args!("at most {}", self.maximum)));
        }
        match self.multiple_of {
            Some(divisor) if value.checked_rem(divisor.into()) != Some(0) => {
                Err(broken(Keyword::MultipleOf, format_args!("a multiple of {divisor}")))
            }
            _ => Ok(()),
        }
    }

    fn read_as<T: TryFrom<i128>>(&self, value: &Value, at: &At<'_>) -> Result<T, Error> {
        let whole = value.as_number().and_then(number::whole);
        let whole = whole.ok_or_else(|| at.violation(Keyword::Type, "an integer"))?;
        if at.enforces_rules() {
            self.judge(whole, at.broken())?;
        }
        // The lint keeps every range within the Rust type.
        T::try_from(whole).map_err(|_| at.violation(Keyword::Maximum, "an integer of 64 bits"))
    }
}

impl Rule<i64> for Integer {
    fn read(&self, value: Value, at: &At<'_>) -> Result<i64, Error> {
        self.read_as(&value, at)
    }

    fn check(&self, value: &i64, at: &At<'_>) -> Result<(), Error> {
        self.judge((*value).into(), at.broken())
    }
}

impl Rule<u64> for Integer {
    fn read(&self, value: Value, at: &At<'_>) -> Result<u64, Error> {
        self.read_as(&value, at)
    }

    fn check(&self, value: &u64, at: &At<'_>) -> Result<(), Error> {
        self.judge((*value).into(), at.broken())
    }
}

/// A number.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    lower: Option<(f64, bool)>,
    upper: Option<(f64, bool)>,
}

impl Number {
    /// Any number.
    pub const fn new() -> Number {
        Number { lower: None, upper: None }
    }

    /// At least `bound`.
    #[must_use]
    pub const fn at_least(mut self, bound: f64) -> Number {
        self.lower = Some((bound, false));
        self
    }

    /// More than `bound`.
    #[must_use]
    pub const fn more_than(mut self, bound: f64) -> Number {
        self.lower = Some((bound, true));
        self
    }

    /// At most `bound`.
    #[must_use]
    pub const fn at_most(mut self, bound: f64) -> Number {
        self.upper = Some((bound, false));
        self
    }

    /// Less than `bound`.
    #[must_use]
    pub const fn less_than(mut self, bound: f64) -> Number {
        self.upper = Some((bound, true));
        self
    }

    /// Judges a value by how it compares with a bound; `broken` makes an error of the rule that it
    /// breaks.
    #[inline]
    pub(crate) fn judge<E>(
        &self,
        compare: impl Fn(f64) -> Ordering,
        broken: impl Broken<E>,
    ) -> Result<(), E> {
        if let Some((bound, exclusive)) = self.lower {
            match (compare(bound), exclusive) {
                (Ordering::Less, false) => {
                    return Err(broken(Keyword::Minimum, format_args!("at least {bound}")));
                }
                (Ordering::Less | Ordering::Equal, true) => {
                    let keyword = Keyword::ExclusiveMinimum;
                    return Err(broken(keyword, format_args!("more than {bound}")));
                }
                _ => {}
            }
        }
        if let Some((bound, exclusive)) = self.upper {
            match (compare(bound), exclusive) {
                (Ordering::Greater, false) => {
                    return Err(broken(Keyword::Maximum, format_args!("at most {bound}")));
                }
                (Ordering::Greater | Ordering::Equal, true) => {
                    let keyword = Keyword::ExclusiveMaximum;
                    return Err(broken(keyword, format_args!("less than {bound}")));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Default for Number {
    fn default() -> Number {
        Number::new()
    }
}

impl Rule<f64> for Number {
    fn read(&self, value: Value, at: &At<'_>) -> Result<f64, Error> {
        let Value::Number(number) = &value else {
            return Err(at.violation(Keyword::Type, "a number"));
        };
        if at.enforces_rules() {
            self.judge(|bound| number::compare(number, bound), at.broken())?;
        }
        number.as_f64().ok_or_else(|| at.violation(Keyword::Type, "a number"))
    }

    fn check(&self, value: &f64, at: &At<'_>) -> Result<(), Error> {
        if !value.is_finite() {
            return Err(at.violation(Keyword::Type, "a number that JSON can hold"));
        }
        self.judge(|bound| value.partial_cmp(&bound).unwrap_or(Ordering::Equal), at.broken())
    }
}

/// A string, or a type that is a string in JSON.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) pattern: Option<&'static Pattern>,
}

impl Text {
    /// Any string.
    pub const fn new() -> Text {
        Text { min: None, max: None, pattern: None }
    }

    /// At least `count` characters.
    #[must_use]
    pub const fn min(mut self, count: u64) -> Text {
        self.min = Some(count);
        self
    }

    /// At most `count` characters.
    #[must_use]
    pub const fn max(mut self, count: u64) -> Text {
        self.max = Some(count);
        self
    }

    /// Matched by `pattern`.
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static Pattern) -> Text {
        self.pattern = Some(pattern);
        self
    }

    /// Judges a text, of which characters are counted only where its bytes leave it open; `broken`
    /// makes an error of the rule that it breaks.
    #[inline]
    pub(crate) fn judge<E>(&self, text: &[u8], broken: impl Broken<E>) -> Result<(), E> {
        // A character takes one to four bytes.
        let (fewest, most) = (text.len().div_ceil(4) as u64, text.len() as u64);
        if let Some(min) = self.min
            && (most < min || fewest < min && characters(text) < min)
        {
            return Err(broken(Keyword::MinLength, format_args!("at least {min} characters")));
        }
        if let Some(max) = self.max
            && (most > max && characters(text) > max)
        {
            return Err(broken(Keyword::MaxLength, format_args!("at most {max} characters")));
        }
        match self.pattern {
            Some(pattern) if !pattern.matches(text) => {
                Err(broken(Keyword::Pattern, format_args!("a match of `{}`", pattern.text)))
            }
            _ => Ok(()),
        }
    }

    /// Whether any string obeys.
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        self.min.is_none() && self.max.is_none() && self.pattern.is_none()
    }
}

impl Default for Text {
    fn default() -> Text {
        Text::new()
    }
}

impl<T: Format> Rule<T> for Text {
    fn read(&self, value: Value, at: &At<'_>) -> Result<T, Error> {
        let Value::String(text) = value else {
            return Err(at.violation(Keyword::Type, "a string"));
        };
        if at.enforces_rules() {
            self.judge(text.as_bytes(), at.broken())?;
        }
        T::parse(text).ok_or_else(|| not_of_format::<T>(at))
    }

    fn check(&self, value: &T, at: &At<'_>) -> Result<(), Error> {
        if !value.is_writable() {
            return Err(not_of_format::<T>(at));
        }
        if self.is_free() {
            return Ok(());
        }
        value.with_text(|text| self.judge(text.as_bytes(), at.broken()))
    }
}

/// How many characters a text has.
#[inline(never)]
fn characters(text: &[u8]) -> u64 {
    text.iter().filter(|byte| !matches!(byte, 0x80..0xc0)).count() as u64
}

fn not_of_format<T: Format>(at: &At<'_>) -> Error {
    at.violation(Keyword::Format, format!("a `{}`", T::NAME))
}

/// One string.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    pub(crate) text: &'static str,
    /// Whether JSON spells it as it is.
    pub(crate) is_plain: bool,
}

impl Constant {
    /// Exactly this string.
    pub const fn new(text: &'static str) -> Constant {
        let (mut rest, mut is_plain) = (text.as_bytes(), true);
        while let [byte, after @ ..] = rest {
            is_plain &= !matches!(*byte, b'"' | b'\\' | 0..=0x1f);
            rest = after;
        }
        Constant { text, is_plain }
    }
}

impl Rule<String> for Constant {
    fn read(&self, value: Value, at: &At<'_>) -> Result<String, Error> {
        let Value::String(text) = value else {
            return Err(at.violation(Keyword::Type, "a string"));
        };
        if at.enforces_rules() {
            self.check(&text, at)?;
        }
        Ok(text)
    }

    fn check(&self, value: &String, at: &At<'_>) -> Result<(), Error> {
        if value != self.text {
            return Err(at.violation(Keyword::Const, format!("`{}`", self.text)));
        }
        Ok(())
    }
}

/// An array.
#[derive(Clone, Copy, Debug)]
pub struct List<R> {
    pub(crate) items: R,
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) unique: bool,
}

impl<R> List<R> {
    /// An array of such items.
    pub const fn of(items: R) -> List<R> {
        List { items, min: None, max: None, unique: false }
    }

    /// At least `count` items.
    #[must_use]
    pub const fn min(mut self, count: u64) -> List<R> {
        self.min = Some(count);
        self
    }

    /// At most `count` items.
    #[must_use]
    pub const fn max(mut self, count: u64) -> List<R> {
        self.max = Some(count);
        self
    }

    /// No two of them equal.
    #[must_use]
    pub const fn unique(mut self) -> List<R> {
        self.unique = true;
        self
    }

    fn obey_count(&self, count: usize, at: &At<'_>) -> Result<(), Error> {
        let count = count as u64;
        if let Some(min) = self.min.filter(|min| count < *min) {
            return Err(at.violation(Keyword::MinItems, format!("at least {min} items")));
        }
        if let Some(max) = self.max.filter(|max| count > *max) {
            return Err(at.violation(Keyword::MaxItems, format!("at most {max} items")));
        }
        Ok(())
    }

    fn obey_unique(&self, values: &[Value], at: &At<'_>) -> Result<(), Error> {
        if self.unique && !number::all_different(values) {
            return Err(at.violation(Keyword::UniqueItems, "items that are all different"));
        }
        Ok(())
    }
}

impl<T: Serialize, R: Rule<T>> Rule<Vec<T>> for List<R> {
    fn read(&self, value: Value, at: &At<'_>) -> Result<Vec<T>, Error> {
        let Value::Array(values) = value else {
            return Err(at.violation(Keyword::Type, "an array"));
        };
        if at.enforces_rules() {
            self.obey_count(values.len(), at)?;
            self.obey_unique(&values, at)?;
        }
        let read = |(index, value)| self.items.read(value, &at.index(index));
        values.into_iter().enumerate().map(read).collect()
    }

    fn check(&self, value: &Vec<T>, at: &At<'_>) -> Result<(), Error> {
        self.obey_count(value.len(), at)?;
        for (index, item) in value.iter().enumerate() {
            self.items.check(item, &at.index(index))?;
        }
        if self.unique {
            let values: Result<Vec<Value>, _> = value.iter().map(serde_json::to_value).collect();
            let values = values.map_err(|error| Error::syntax(&error))?;
            self.obey_unique(&values, at)?;
        }
        Ok(())
    }
}

/// An object from names to values of one type.
#[derive(Clone, Copy, Debug)]
pub struct Map<R> {
    pub(crate) values: R,
    pub(crate) keys: Text,
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
}

impl<R> Map<R> {
    /// An object of such values.
    pub const fn of(values: R) -> Map<R> {
        Map { values, keys: Text::new(), min: None, max: None }
    }

    /// With such names.
    #[must_use]
    pub const fn keys(mut self, keys: Text) -> Map<R> {
        self.keys = keys;
        self
    }

    /// At least `count` entries.
    #[must_use]
    pub const fn min(mut self, count: u64) -> Map<R> {
        self.min = Some(count);
        self
    }

    /// At most `count` entries.
    #[must_use]
    pub const fn max(mut self, count: u64) -> Map<R> {
        self.max = Some(count);
        self
    }

    fn obey_count(&self, count: usize, at: &At<'_>) -> Result<(), Error> {
        let count = count as u64;
        if let Some(min) = self.min.filter(|min| count < *min) {
            return Err(at.violation(Keyword::MinProperties, format!("at least {min} entries")));
        }
        if let Some(max) = self.max.filter(|max| count > *max) {
            return Err(at.violation(Keyword::MaxProperties, format!("at most {max} entries")));
        }
        Ok(())
    }

    /// Judges a name, and reports it at the map: a name comes from outside, as a value does.
    fn obey_key(&self, key: &str, at: &At<'_>) -> Result<(), Error> {
        self.keys.judge(key.as_bytes(), |_, expected| {
            at.violation(Keyword::PropertyNames, format!("names that are {expected}"))
        })
    }
}

impl<T, R: Rule<T>> Rule<BTreeMap<String, T>> for Map<R> {
    fn read(&self, value: Value, at: &At<'_>) -> Result<BTreeMap<String, T>, Error> {
        let Value::Object(members) = value else {
            return Err(at.violation(Keyword::Type, "an object"));
        };
        if at.enforces_rules() {
            self.obey_count(members.len(), at)?;
        }
        let mut map = BTreeMap::new();
        for (key, value) in members {
            if at.enforces_rules() {
                self.obey_key(&key, at)?;
            }
            let value = self.values.read(value, &at.name(&key))?;
            map.insert(key, value);
        }
        Ok(map)
    }

    fn check(&self, value: &BTreeMap<String, T>, at: &At<'_>) -> Result<(), Error> {
        self.obey_count(value.len(), at)?;
        for (key, value) in value {
            self.obey_key(key, at)?;
            self.values.check(value, &at.name(key))?;
        }
        Ok(())
    }
}
