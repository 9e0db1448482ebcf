//! Sets of small numbers.

/// A set of numbers below [`Bits::MOST`]; most sets are empty, and then take no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits(Option<Box<[u64; WORDS]>>);

const WORDS: usize = 32;

impl Bits {
    /// The number of numbers that can be in a set.
    pub(crate) const MOST: usize = 64 * WORDS;

    /// Adds a number.
    pub(crate) fn insert(&mut self, number: usize) {
        let words = self.0.get_or_insert_with(|| Box::new([0; WORDS]));
        if let Some(word) = words.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, number: usize) {
        let Some(words) = &mut self.0 else { return };
        if let Some(word) = words.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
        if words.iter().all(|word| *word == 0) {
            self.0 = None;
        }
    }

    /// Adds all numbers of another set.
    pub(crate) fn extend(&mut self, other: &Bits) {
        let Some(more) = &other.0 else { return };
        match &mut self.0 {
            Some(words) => {
                for (word, more) in words.iter_mut().zip(&**more) {
                    *word |= more;
                }
            }
            None => self.0 = Some(more.clone()),
        }
    }

    /// The largest of the numbers.
    pub(crate) fn last(&self) -> Option<usize> {
        let words = self.0.as_ref()?.iter().enumerate().rev();
        let mut lasts = words.filter_map(|(at, word)| Some((at, word.checked_ilog2()?)));
        lasts.next().map(|(at, bit)| at * 64 + bit as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn the_last_of_a_set() {
        let (mut set, mut other) = (Bits::default(), Bits::default());
        set.insert(3);
        other.insert(300);
        set.extend(&other);
        assert_eq!(set.last(), Some(300));
        set.remove(300);
        assert_eq!(set.last(), Some(3));
        set.remove(3);
        assert_eq!((set.last(), set == Bits::default()), (None, true));
    }
}
