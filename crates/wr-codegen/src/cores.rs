//! Work that is spread over the cores; what comes of it is the same on any number of them.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use crate::Error;

/// What comes of each item, in their order, or the first error in their order.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    of: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(cores).max(1);
    let of = &of;
    thread::scope(|scope| {
        let workers: Vec<_> = items
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(of).collect::<Result<Vec<R>, _>>()))
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for worker in workers {
            all.extend(worker.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for count in [0, 1, 2, 3, 100, 101] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(map(&items, |item| Ok(item + 1)).unwrap(), (1..=count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_is_that_of_the_first_item() {
        let items: Vec<usize> = (0..100).collect();
        let refused = map(&items, |item| match item {
            7 | 8 | 99 => Err(Error::Typify { name: item.to_string(), reason: String::new() }),
            _ => Ok(()),
        });
        assert!(matches!(refused, Err(Error::Typify { name, .. }) if name == "7"));
    }
}
