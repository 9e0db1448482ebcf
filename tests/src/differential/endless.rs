//! Cases without end, on every processor.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use wr_core::EventSet;

use super::{Counts, Differential, Disagreement};

/// How many cases a thread takes at a time.
const BLOCK: u64 = 2_000;

/// After how many cases something is said.
const TOLD: u64 = 200_000;

/// What became of a block.
type Done = (u64, Result<Counts, Box<Disagreement>>);

/// Runs the cases from `seed` on, on every processor, and says now and then how far it is: all cases
/// before the seed that it names are done.
///
/// # Errors
/// A disagreement, the first of those that were found.
pub fn run_on_all<E: EventSet + PartialEq>(
    seed: u64,
    cases: u64,
    progress: &mut dyn Write,
) -> Result<Counts, Box<Disagreement>> {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let work = |done: Sender<Done>| {
        // Each has its own, for not every validator can be shared.
        let differential = Differential::<E>::new();
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            let first = block.saturating_mul(BLOCK);
            if first >= cases || stop.load(Ordering::Relaxed) {
                return;
            }
            let most = BLOCK.min(cases - first);
            let begin = seed.wrapping_add(first);
            let result = differential.run(begin, most, &mut std::io::sink());
            stop.fetch_or(result.is_err(), Ordering::Relaxed);
            if done.send((block, result)).is_err() {
                return;
            }
        }
    };
    let work = &work;
    thread::scope(|scope| {
        let (done, results) = channel();
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            let done = done.clone();
            scope.spawn(move || work(done));
        }
        drop(done);
        gather(seed, &results, progress)
    })
}

/// Adds up what the threads have done.
fn gather(
    seed: u64,
    results: &Receiver<Done>,
    progress: &mut dyn Write,
) -> Result<Counts, Box<Disagreement>> {
    let mut sum = Counts::default();
    let mut wrong: BTreeMap<u64, Box<Disagreement>> = BTreeMap::new();
    // Blocks that are done before one that is not.
    let (mut early, mut done, mut told) = (BTreeMap::new(), 0, 0);
    for (block, result) in results {
        match result {
            Ok(counts) => sum += &counts,
            Err(disagreement) => {
                wrong.insert(block, disagreement);
            }
        }
        early.insert(block, ());
        while early.remove(&done).is_some() {
            done += 1;
        }
        if done * BLOCK >= told + TOLD && wrong.is_empty() {
            told = done * BLOCK;
            let seed = seed.wrapping_add(told);
            let _ = writeln!(progress, "{told} cases; go on with --seed {seed}");
        }
    }
    wrong.into_values().next().map_or(Ok(sum), Err)
}
