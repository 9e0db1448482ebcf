//! Numbers.

use serde_json::Number;

use super::{Json, has_room};

impl Json for i64 {
    fn write_json(&self, out: &mut Vec<u8>) {
        match u64::try_from(*self) {
            Ok(value) => value.write_json(out),
            Err(_) => out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes()),
        }
    }
}

impl Json for u64 {
    /// Most counts are small.
    fn write_json(&self, out: &mut Vec<u8>) {
        match u32::try_from(*self) {
            _ if !has_room::<4>(out) => write_large(*self, out),
            Ok(value @ 0..10) => {
                let [_, one] = two(value);
                out.push(one);
            }
            Ok(value @ 10..100) => out.extend_from_slice(&two(value)),
            Ok(value @ 100..1_000) => out.extend_from_slice(&three(value)),
            Ok(value @ 1_000..10_000) => {
                let hundreds = value / 100;
                let ([a, b], [c, d]) = (two(hundreds), two(value - hundreds * 100));
                out.extend_from_slice(&[a, b, c, d]);
            }
            _ => write_large(*self, out),
        }
    }
}

#[inline(never)]
fn write_large(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Two digits of a number below 100.
#[inline(always)]
pub(super) fn two(number: u32) -> [u8; 2] {
    // A tenth without dividing, and both digits in one.
    let tens = (number * 103) >> 10;
    let [tens, ones, ..] = (tens | ((number - tens * 10) << 8) | 0x3030).to_le_bytes();
    [tens, ones]
}

/// Three digits of a number below 1,000.
#[inline(always)]
pub(super) fn three(number: u32) -> [u8; 3] {
    let hundreds = number / 100;
    let [tens, ones] = two(number - hundreds * 100);
    let [hundreds, ..] = (hundreds | 0x30).to_le_bytes();
    [hundreds, tens, ones]
}

impl Json for f64 {
    /// What JSON cannot hold is null, as it is to `serde_json`.
    fn write_json(&self, out: &mut Vec<u8>) {
        // A `Vec` takes whatever is written.
        let _ = serde_json::to_writer(out, self);
    }
}

impl Json for Number {
    #[inline(always)]
    fn write_json(&self, out: &mut Vec<u8>) {
        if let Some(integer) = self.as_u64() {
            integer.write_json(out);
        } else {
            write_other(self, out);
        }
    }
}

/// A number that is negative, or not whole.
#[inline(never)]
fn write_other(number: &Number, out: &mut Vec<u8>) {
    match number.as_i64() {
        Some(integer) => integer.write_json(out),
        None => {
            let _ = serde_json::to_writer(out, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::same;
    use super::*;

    #[test]
    fn all_pairs_and_threes() {
        for number in 0..100 {
            assert_eq!(two(number), *format!("{number:02}").as_bytes());
        }
        for number in 0..1_000 {
            assert_eq!(three(number), *format!("{number:03}").as_bytes());
        }
    }

    #[test]
    fn integers() {
        for shift in 0..64 {
            for delta in [-1, 0, 1] {
                let value = (1_u64 << shift).wrapping_add_signed(delta);
                same(&value);
                same(&value.cast_signed());
                same(&value.cast_signed().wrapping_neg());
                same(&Number::from(value));
                same(&Number::from(value.cast_signed()));
            }
        }
        (0..11_000).for_each(|value: u64| same(&value));
        let mut power = 1_u64;
        while let Some(next) = power.checked_mul(10) {
            [power - 1, power, power + 1].iter().for_each(same);
            power = next;
        }
        [i64::MIN, i64::MAX, -1, 0, 9, 10].iter().for_each(same);
        [u64::MIN, u64::MAX].iter().for_each(same);
    }

    #[test]
    fn floats() {
        let values = [0.0, -0.0, 1.0, 0.1, -2.5, 1e15, 1e16, 1e17, 1e21, 1e-5, 1e-7, 5e-324];
        values.iter().for_each(same);
        [f64::MAX, f64::MIN, f64::MIN_POSITIVE, f64::EPSILON].iter().for_each(same);
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].iter().for_each(same);
        let mut rng = 1_u64;
        for _ in 0..10_000 {
            rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            same(&f64::from_bits(rng));
            Number::from_f64(f64::from_bits(rng)).iter().for_each(same);
        }
    }
}
