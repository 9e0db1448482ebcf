//! Who handles the messages: workers, each a task that takes one after the other.
//!
//! Nearly every handler ends the first time that it is polled, or does not wait long. A task for
//! each message would cost more than such a handler does, so a worker goes on to the next message.
//! Only where a handler waits, its worker stays with it, and another worker takes the next.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Shared;
use super::work::{Arrival, Job, acknowledge, run_in_order};

/// After so many messages a worker lets others have its thread, the connection among them.
const IN_A_ROW: u32 = 64;

/// After so long, messages that nobody takes wait for threads that are blocked.
const STANDSTILL: Duration = Duration::from_millis(10);

/// What is to be handled.
pub(super) enum Work {
    /// A message that has no order.
    Message(Arrival),
    /// The messages of a key, in their order.
    Key(String),
}

/// The workers of a subscriber, and what waits for them.
#[derive(Debug)]
pub(super) struct Workers {
    state: Mutex<State>,
    /// Told when something waits.
    handed_over: Notify,
    tasks: Mutex<JoinSet<()>>,
    /// How many handlers may be at work.
    concurrency: usize,
    /// How many workers take messages: as many as there are threads.
    threads: usize,
    /// Messages that were received and are not settled.
    occupied: AtomicUsize,
    /// How many slots must be free for the pull loop to ask for more.
    awaited: AtomicUsize,
    /// Told when they are.
    freed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    /// Handlers at work.
    running: usize,
    /// Workers that will take another message, unless their handler waits.
    taking: usize,
    /// Goes up when those are found to block their threads, and count no more.
    round: u64,
    /// How many were ever taken.
    taken: u64,
    is_closed: bool,
}

impl Workers {
    pub(super) fn new(concurrency: usize) -> Workers {
        Workers {
            state: Mutex::default(),
            handed_over: Notify::new(),
            tasks: Mutex::default(),
            concurrency,
            threads: tokio::runtime::Handle::current().metrics().num_workers(),
            occupied: AtomicUsize::new(0),
            awaited: AtomicUsize::new(usize::MAX),
            freed: Notify::new(),
        }
    }

    /// Hands over what was received.
    pub(super) fn hand_over(shared: &Arc<Shared>, work: &mut Vec<Work>) {
        if work.is_empty() {
            return;
        }
        let workers = &shared.workers;
        let mut state = workers.lock();
        state.waiting.extend(work.drain(..));
        let another = workers.another(&mut state);
        drop(state);
        Workers::start(shared, another);
        workers.handed_over.notify_one();
    }

    /// Where messages wait and nobody takes one for so long, all who would take one block their
    /// threads: others take their place.
    pub(super) async fn keep_helping(shared: &Arc<Shared>) {
        let workers = &shared.workers;
        loop {
            workers.handed_over.notified().await;
            loop {
                let taken = workers.lock().taken;
                tokio::time::sleep(STANDSTILL).await;
                let mut state = workers.lock();
                if state.waiting.is_empty() {
                    break;
                }
                if state.taken == taken {
                    (state.round, state.taking) = (state.round + 1, 0);
                }
                let another = workers.another(&mut state);
                drop(state);
                Workers::start(shared, another);
            }
        }
    }

    /// Forgets what waits, and lets nobody take more; at the latest when they wait, workers end.
    pub(super) fn close(&self) {
        let waiting = {
            let mut state = self.lock();
            state.is_closed = true;
            std::mem::take(&mut state.waiting)
        };
        drop(waiting);
        self.tasks().abort_all();
    }

    /// Waits until every worker has ended, which is when nothing waits.
    pub(super) async fn ended(&self) {
        poll_fn(|context| {
            let mut tasks = self.tasks();
            while let Poll::Ready(ended) = tasks.poll_join_next(context) {
                if ended.is_none() {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
    }

    /// Messages were received, and each occupies a slot.
    pub(super) fn occupy(&self, messages: usize) {
        self.occupied.fetch_add(messages, Ordering::SeqCst);
    }

    /// A slot is free again. The pull loop is told when it can ask for as many as it waits for.
    pub(super) fn free(&self) {
        let occupied = self.occupied.fetch_sub(1, Ordering::SeqCst).saturating_sub(1);
        // The slot is free before the look, as in the pull loop the wish is there before its look:
        // one of the two sees the other.
        if self.concurrency.checked_sub(occupied) == Some(self.awaited.load(Ordering::SeqCst)) {
            self.freed.notify_one();
        }
    }

    /// How many slots are free. From now on [`Workers::freed`] tells when there are so many as are
    /// awaited.
    pub(super) fn free_slots(&self, awaited: usize) -> usize {
        self.awaited.store(awaited, Ordering::SeqCst);
        self.concurrency.saturating_sub(self.occupied.load(Ordering::SeqCst))
    }

    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Counts another who is to take messages, where one is wanted: gives the round.
    fn another(&self, state: &mut State) -> Option<u64> {
        let is_wanted = !state.waiting.is_empty()
            && state.running < self.concurrency
            && state.taking < self.threads
            && !state.is_closed;
        state.taking += usize::from(is_wanted);
        is_wanted.then_some(state.round)
    }

    /// Starts one that is counted already, if there is one.
    fn start(shared: &Arc<Shared>, another: Option<u64>) {
        if another.is_none() {
            return;
        }
        let worker = Worker { shared: shared.clone(), taking: another, is_running: false };
        let mut tasks = shared.workers.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(worker.work());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// One takes messages no more, who was counted in a round.
    fn leave(&mut self, taking: Option<u64>) {
        self.taking -= usize::from(taking == Some(self.round));
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let State { waiting, running, taking, .. } = self;
        let mut state = f.debug_struct("State");
        state.field("waiting", &waiting.len()).field("running", running).field("taking", taking);
        state.finish_non_exhaustive()
    }
}

struct Worker {
    shared: Arc<Shared>,
    /// The round in which it is counted as one that takes messages.
    taking: Option<u64>,
    /// Whether it is counted as a handler at work.
    is_running: bool,
}

impl Worker {
    async fn work(mut self) {
        let shared = self.shared.clone();
        let mut in_a_row = 0;
        while let Some(work) = self.next() {
            let mut working = pin!(async {
                match &work {
                    Work::Message(arrival) => Job::new(&shared, arrival).run().await,
                    Work::Key(key) => run_in_order(&shared, key).await,
                }
            });
            let begun = poll_fn(|context| Poll::Ready(working.as_mut().poll(context))).await;
            if begun.is_pending() {
                self.wait();
                join(acknowledge(&shared), working).await;
            }
            in_a_row += 1;
            if in_a_row == IN_A_ROW {
                in_a_row = 0;
                acknowledge(&shared).await;
                tokio::task::yield_now().await;
            }
        }
        acknowledge(&shared).await;
    }

    /// The next, if there is one for this worker; else it has to end.
    fn next(&mut self) -> Option<Work> {
        let workers = &self.shared.workers;
        let mut state = workers.lock();
        state.running -= usize::from(std::mem::take(&mut self.is_running));
        if self.taking != Some(state.round) {
            self.taking = workers.another(&mut state);
        }
        let may_run = self.taking.is_some() && state.running < workers.concurrency;
        let Some(work) = may_run.then(|| state.waiting.pop_front()).flatten() else {
            state.leave(self.taking.take());
            return None;
        };
        state.taken += 1;
        state.running += 1;
        self.is_running = true;
        let another = workers.another(&mut state);
        drop(state);
        Workers::start(&self.shared, another);
        Some(work)
    }

    /// Its handler waits, so that somebody else must take the next.
    fn wait(&mut self) {
        let taking = self.taking.take();
        if taking.is_some() {
            let workers = &self.shared.workers;
            let mut state = workers.lock();
            state.leave(taking);
            let another = workers.another(&mut state);
            drop(state);
            Workers::start(&self.shared, another);
        }
    }
}

impl Drop for Worker {
    /// Counted no more where it was cut off. It starts nobody, for the runtime may be gone.
    fn drop(&mut self) {
        let mut state = self.shared.workers.lock();
        state.leave(self.taking);
        state.running -= usize::from(self.is_running);
    }
}
