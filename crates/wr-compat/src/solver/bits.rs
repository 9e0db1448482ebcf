//! Sets of small numbers.

use std::ops::BitOr;

/// A set of numbers below [`Bits::MOST`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits([u64; 32]);

impl Bits {
    /// The number of numbers that can be in a set.
    pub(crate) const MOST: usize = 2_048;

    pub(crate) fn only(number: usize) -> Bits {
        let mut bits = Bits::default();
        if let Some(word) = bits.0.get_mut(number / 64) {
            *word = 1 << (number % 64);
        }
        bits
    }

    pub(crate) fn without(self, number: usize) -> Bits {
        let out = Bits::only(number);
        let mut bits = self;
        for (word, out) in bits.0.iter_mut().zip(out.0) {
            *word &= !out;
        }
        bits
    }

    /// The largest of the numbers.
    pub(crate) fn last(self) -> Option<usize> {
        let words = self.0.iter().enumerate().rev();
        let mut lasts = words.filter_map(|(at, word)| Some((at, word.checked_ilog2()?)));
        lasts.next().map(|(at, bit)| at * 64 + bit as usize)
    }
}

impl BitOr for Bits {
    type Output = Bits;

    fn bitor(self, other: Bits) -> Bits {
        let mut bits = self;
        for (word, more) in bits.0.iter_mut().zip(other.0) {
            *word |= more;
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn the_last_of_a_set() {
        let set = Bits::only(3) | Bits::only(300);
        assert_eq!(set.last(), Some(300));
        assert_eq!(set.without(300).last(), Some(3));
        assert_eq!(set.without(300).without(3).last(), None);
    }
}
