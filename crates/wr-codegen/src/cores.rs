//! Work that is spread over the cores; what comes of it is the same on any number of them.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::Error;

/// What comes of each item, in their order, or the first error in their order; and what comes of
/// `beside`, which runs at the same time.
pub(crate) fn map<T: Sync, R: Send, B>(
    items: &[T],
    of: impl Fn(&T) -> Result<R, Error> + Sync,
    beside: impl FnOnce() -> Result<B, Error>,
) -> Result<(Vec<R>, B), Error> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, of(item)));
        }
    };
    let work = &work;
    let (mut all, beside) = thread::scope(|scope| {
        let workers: Vec<_> = (1..cores.min(items.len())).map(|_| scope.spawn(work)).collect();
        let beside = beside();
        let mut all = work();
        for worker in workers {
            all.extend(worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        (all, beside)
    });
    all.sort_unstable_by_key(|(at, _)| *at);
    let all: Result<Vec<R>, Error> = all.into_iter().map(|(_, result)| result).collect();
    Ok((all?, beside?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for count in [0, 1, 2, 3, 100, 101] {
            let items: Vec<usize> = (0..count).collect();
            let (all, beside) = map(&items, |item| Ok(item + 1), || Ok("beside")).unwrap();
            assert_eq!((all, beside), ((1..=count).collect(), "beside"));
        }
    }

    #[test]
    fn the_first_error_is_that_of_the_first_item() {
        let items: Vec<usize> = (0..100).collect();
        let refuse = |item: &usize| match item {
            7 | 8 | 99 => Err(Error::Typify { name: item.to_string(), reason: String::new() }),
            _ => Ok(()),
        };
        let refused = map(&items, refuse, || Ok(()));
        assert!(matches!(refused, Err(Error::Typify { name, .. }) if name == "7"));
    }
}
