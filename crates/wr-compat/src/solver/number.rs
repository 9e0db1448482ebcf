//! Numbers: exact, whole ones apart from the others.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::expand::Facts;
use super::read::Schema;
use super::types::Types;
use super::{Outcome, Solver};

/// The whole number, where it is one; beyond `i128` the nearest.
pub(crate) fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i128() {
        return Some(value);
    }
    let value = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and saturating is what is wanted")]
    (value.fract() == 0.0).then_some(value as i128)
}

/// The whole number, where it is one that an `i128` holds.
pub(crate) fn exactly_whole(number: &Number) -> Option<i128> {
    whole(number).filter(|whole| in_range(*whole))
}

/// How two numbers compare, without rounding.
pub(crate) fn compare(a: &Number, b: &Number) -> Ordering {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) if in_range(a) && in_range(b) => a.cmp(&b),
        (Some(a), None) if in_range(a) => compare_whole(a, b.as_f64().unwrap_or_default()),
        (None, Some(b)) if in_range(b) => {
            compare_whole(b, a.as_f64().unwrap_or_default()).reverse()
        }
        _ => {
            let floats = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            floats.0.partial_cmp(&floats.1).unwrap_or(Ordering::Equal)
        }
    }
}

fn in_range(value: i128) -> bool {
    value != i128::MAX && value != i128::MIN
}

/// How a whole number compares with one that is not whole.
fn compare_whole(whole: i128, other: f64) -> Ordering {
    #[expect(clippy::cast_possible_truncation, reason = "the floor is whole; saturating is right")]
    let floor = other.floor() as i128;
    if whole <= floor { Ordering::Less } else { Ordering::Greater }
}

/// Whether two values are equal as JSON Schema sees it: `1` and `1.0` are.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// Whether a number obeys the rules on numbers, where it can be told.
pub(crate) fn obeys(schema: &Schema, value: &Number) -> Option<bool> {
    let above = schema.minimum.as_ref().is_none_or(|(bound, exclusive)| {
        let order = compare(value, bound);
        order.is_gt() || (order.is_eq() && !exclusive)
    });
    let below = schema.maximum.as_ref().is_none_or(|(bound, exclusive)| {
        let order = compare(value, bound);
        order.is_lt() || (order.is_eq() && !exclusive)
    });
    if !(above && below) {
        return Some(false);
    }
    schema.multiple_of.as_ref().map_or(Some(true), |of| is_multiple(value, of))
}

/// A number as digits and a power of ten.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: i128,
    /// How many of the digits stand behind the point.
    scale: u32,
}

impl Decimal {
    fn of(number: &Number) -> Option<Decimal> {
        let text = number.to_string();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text.as_str(), 0),
        };
        let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let behind = behind.trim_end_matches('0');
        let mut digits: i128 = format!("{before}{behind}").parse().ok()?;
        let mut scale = i32::try_from(behind.len()).ok()? - exponent;
        while scale < 0 {
            digits = digits.checked_mul(10)?;
            scale += 1;
        }
        Some(Decimal { digits, scale: u32::try_from(scale).ok().filter(|scale| *scale < 30)? })
    }

    /// The digits with so many of them behind the point.
    fn at(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }
}

/// Whether a number is a multiple of another, where neither has too many digits to tell.
fn is_multiple(value: &Number, of: &Number) -> Option<bool> {
    let (value, of) = (Decimal::of(value)?, Decimal::of(of)?);
    let scale = value.scale.max(of.scale);
    match (value.at(scale)?, of.at(scale)?) {
        (_, 0) => None,
        (value, of) => Some(value % of == 0),
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// How many candidates are tried before the solver gives up.
const CANDIDATES: i128 = 2_000;

impl Solver<'_> {
    /// A whole number that the facts allow.
    pub(crate) fn integer(&mut self, facts: &Facts) -> Outcome {
        self.on_grid(facts, 0, false)
    }

    /// A whole number written with a fraction, where one written without will not do.
    pub(crate) fn whole(&mut self, facts: &Facts) -> Outcome {
        if facts.types.has(Types::INTEGER) {
            // The same numbers have been tried.
            return Outcome::None;
        }
        match self.on_grid(facts, 0, false) {
            Outcome::None => Outcome::None,
            _ => Outcome::Unknown("whether `1.0` is an integer is not told alike in draft 04"),
        }
    }

    /// A number that is not whole, and that the facts allow.
    pub(crate) fn fraction(&mut self, facts: &Facts) -> Outcome {
        let numbers = facts.numbers.iter().flat_map(|rule| rule.numbers());
        let scales: Option<Vec<u32>> =
            numbers.map(|number| Decimal::of(number).map(|decimal| decimal.scale)).collect();
        let Some(scales) = scales else {
            return Outcome::Unknown("numbers of too many digits");
        };
        // Between any two bounds there is a number of one or two more digits than they have.
        let finest = scales.into_iter().max().unwrap_or(0);
        let mut outcome = Outcome::None;
        for scale in 1..=finest + 2 {
            outcome = outcome.or(self.on_grid(facts, scale, true));
            if matches!(outcome, Outcome::Found(_)) {
                break;
            }
        }
        outcome
    }

    /// A number of exactly so many digits behind the point, or fewer.
    fn on_grid(&mut self, facts: &Facts, scale: u32, fraction: bool) -> Outcome {
        let Some(unit) = 10_i128.checked_pow(scale) else {
            return Outcome::Unknown("numbers of too many digits");
        };
        let (mut low, mut high) = (None::<i128>, None::<i128>);
        let mut step = 1_i128;
        for rule in &facts.numbers {
            match rule {
                NumberRule::AtLeast(bound, exclusive) => {
                    let Some(at) = bound_at(bound, unit, *exclusive, true) else { continue };
                    low = Some(low.map_or(at, |low| low.max(at)));
                }
                NumberRule::AtMost(bound, exclusive) => {
                    let Some(at) = bound_at(bound, unit, *exclusive, false) else { continue };
                    high = Some(high.map_or(at, |high| high.min(at)));
                }
                NumberRule::MultipleOf(of, true) => {
                    let Some(decimal) = Decimal::of(of) else {
                        return Outcome::Unknown("a `multipleOf` of too many digits");
                    };
                    // n / unit is a multiple of digits / 10^scale where digits divides n * 10^k.
                    let wide = 10_i128.checked_pow(decimal.scale.saturating_sub(scale));
                    let digits = match decimal.scale < scale {
                        true => decimal.at(scale),
                        false => Some(decimal.digits),
                    };
                    let (Some(wide), Some(digits)) = (wide, digits) else {
                        return Outcome::Unknown("a `multipleOf` of too many digits");
                    };
                    let own = (digits / gcd(digits, wide).max(1)).abs().max(1);
                    let Some(common) = (step / gcd(step, own)).checked_mul(own) else {
                        return Outcome::Unknown("a `multipleOf` of too many digits");
                    };
                    step = common;
                }
                NumberRule::MultipleOf(_, false) => {}
            }
        }
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            return Outcome::None;
        }
        // Nearest to zero first.
        let start = match (low, high) {
            (Some(low), _) if low > 0 => low,
            (_, Some(high)) if high < 0 => high,
            _ => 0,
        };
        let down = start.div_euclid(step);
        let is_every_multiple_out = facts.numbers.iter().any(|rule| match rule {
            NumberRule::MultipleOf(of, false) => {
                number(step, unit).and_then(|step| is_multiple(step.as_number()?, of)) == Some(true)
            }
            _ => false,
        });
        if is_every_multiple_out {
            return Outcome::None;
        }
        // Listed numbers that are out are tried in vain.
        let excluded = facts.excluded.iter().filter(|value| value.is_number()).count();
        let most = CANDIDATES + i128::try_from(excluded).unwrap_or(0);
        let mut outcome = Outcome::None;
        let mut doubtful = 0;
        for offset in 0..most {
            let mut any_inside = false;
            let places = [down.checked_add(offset), down.checked_sub(offset)];
            let places = if offset == 0 { &places[..1] } else { &places[..] };
            for index in places.iter().flatten() {
                let Some(at) = index.checked_mul(step) else {
                    outcome = outcome.or(Outcome::Unknown(NO_NUMBER));
                    continue;
                };
                if low.is_some_and(|low| at < low) || high.is_some_and(|high| at > high) {
                    continue;
                }
                any_inside = true;
                let Some(value) = number(at, unit) else { continue };
                if (Types::of(&value) == Types::FRACTION) != fraction {
                    continue;
                }
                if !self.spend(1) {
                    return Outcome::Unknown(super::TOO_LONG);
                }
                if self.holds_all(&facts.all, &value) != Some(false) {
                    outcome = outcome.or(self.candidate(&facts.all, value));
                    doubtful += 1;
                    // What cannot be told of some cannot be told of more.
                    if matches!(outcome, Outcome::Found(_)) || doubtful > DOUBTFUL {
                        return outcome;
                    }
                }
            }
            if !any_inside && offset > 1 {
                // Finer numbers lie between those that are listed.
                let is_dense = fraction && excluded > 0 && low != high;
                return match outcome {
                    Outcome::None if is_dense => Outcome::Unknown(NO_NUMBER),
                    outcome => outcome,
                };
            }
        }
        outcome.or(Outcome::Unknown(NO_NUMBER))
    }
}

/// How many candidates are tried of which it cannot be told whether they do.
const DOUBTFUL: u32 = 8;

const NO_NUMBER: &str = "no number was found, and none was excluded";

/// The first or last place on the grid that a bound allows.
fn bound_at(bound: &Number, unit: i128, exclusive: bool, lower: bool) -> Option<i128> {
    let decimal = Decimal::of(bound)?;
    let scaled = decimal.digits.checked_mul(unit)?;
    let divisor = 10_i128.checked_pow(decimal.scale)?;
    let floor = scaled.div_euclid(divisor);
    let is_exact = scaled.rem_euclid(divisor) == 0;
    Some(match (lower, is_exact) {
        (true, true) => floor + i128::from(exclusive),
        (true, false) => floor + 1,
        (false, true) => floor - i128::from(exclusive),
        (false, false) => floor,
    })
}

/// `at / unit` as JSON.
fn number(at: i128, unit: i128) -> Option<Value> {
    if at % unit == 0 {
        let whole = at / unit;
        return i64::try_from(whole)
            .map(Value::from)
            .or_else(|_| u64::try_from(whole).map(Value::from))
            .ok()
            .or_else(|| format!("{whole}.0").parse::<f64>().ok().map(Value::from));
    }
    let places = unit.ilog10() as usize;
    let digits = format!("{:0>width$}", at.unsigned_abs(), width = places + 1);
    let (before, behind) = digits.split_at_checked(digits.len() - places)?;
    let sign = if at < 0 { "-" } else { "" };
    format!("{sign}{before}.{behind}").parse::<f64>().ok().map(Value::from)
}

/// A rule on numbers as the facts hold it.
#[derive(Clone, Debug)]
pub(crate) enum NumberRule {
    /// At least so much; the bound itself may be out.
    AtLeast(Number, bool),
    /// At most so much; the bound itself may be out.
    AtMost(Number, bool),
    /// A multiple, or none.
    MultipleOf(Number, bool),
}

impl NumberRule {
    /// Whether no number obeys both, as far as can be seen.
    pub(crate) fn contradicts(&self, other: &NumberRule) -> bool {
        match (self, other) {
            (NumberRule::AtLeast(low, out), NumberRule::AtMost(high, also_out))
            | (NumberRule::AtMost(high, out), NumberRule::AtLeast(low, also_out)) => {
                let order = compare(low, high);
                order.is_gt() || (order.is_eq() && (*out || *also_out))
            }
            (NumberRule::MultipleOf(a, holds), NumberRule::MultipleOf(b, also)) => {
                holds != also && compare(a, b).is_eq()
            }
            _ => false,
        }
    }

    /// Whether every number that obeys this obeys the other, as far as can be seen.
    pub(crate) fn includes(&self, other: &NumberRule) -> bool {
        let narrower = |order: Ordering, out: bool, also_out: bool| {
            order.is_gt() || (order.is_eq() && (out || !also_out))
        };
        match (self, other) {
            (NumberRule::AtLeast(a, out), NumberRule::AtLeast(b, also_out)) => {
                narrower(compare(a, b), *out, *also_out)
            }
            (NumberRule::AtMost(a, out), NumberRule::AtMost(b, also_out)) => {
                narrower(compare(a, b).reverse(), *out, *also_out)
            }
            (NumberRule::MultipleOf(a, holds), NumberRule::MultipleOf(b, also)) => {
                holds == also && compare(a, b).is_eq()
            }
            _ => false,
        }
    }

    fn numbers(&self) -> impl Iterator<Item = &Number> {
        match self {
            NumberRule::AtLeast(number, _)
            | NumberRule::AtMost(number, _)
            | NumberRule::MultipleOf(number, _) => std::iter::once(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn comparing() {
        assert_eq!(compare(&n("1"), &n("1.0")), Ordering::Equal);
        assert_eq!(compare(&n("9007199254740993"), &n("9007199254740992.0")), Ordering::Greater);
        assert_eq!(compare(&n("-1"), &n("-0.5")), Ordering::Less);
        assert_eq!(compare(&n("0"), &n("-0.5")), Ordering::Greater);
        assert_eq!(compare(&n("1e300"), &n("1e301")), Ordering::Less);
    }

    #[test]
    fn multiples() {
        assert_eq!(is_multiple(&n("0.3"), &n("0.1")), Some(true));
        assert_eq!(is_multiple(&n("10"), &n("2.5")), Some(true));
        assert_eq!(is_multiple(&n("7.5"), &n("2")), Some(false));
        assert_eq!(is_multiple(&n("1e300"), &n("3")), None);
    }
}
