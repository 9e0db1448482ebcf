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

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Shared;
use super::work::{Job, run_in_order};

/// After so many messages a worker lets others have its thread, the connection among them.
const IN_A_ROW: u32 = 32;

/// What is to be handled.
pub(super) enum Work {
    /// A message that has no order.
    Message(Job),
    /// The messages of a key, in their order.
    Key(String),
}

/// The workers of a subscriber, and what waits for them.
#[derive(Debug)]
pub(super) struct Workers {
    state: Mutex<State>,
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
    /// Workers that will take another message, unless their handler waits or blocks the thread.
    taking: usize,
    /// How many were ever taken.
    taken: u64,
    is_closed: bool,
}

impl Workers {
    pub(super) fn new(concurrency: usize) -> Workers {
        Workers {
            state: Mutex::default(),
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
        let is_wanted = workers.wants_another(&mut state, workers.threads);
        drop(state);
        if is_wanted {
            Workers::start(shared);
        }
    }

    /// A number that stands still while messages wait and nobody takes one; none while none waits.
    pub(super) fn standstill(&self) -> Option<u64> {
        let state = self.lock();
        let is_waiting = !state.waiting.is_empty() && state.running < self.concurrency;
        is_waiting.then_some(state.taken)
    }

    /// Starts one more than there are threads if nobody has taken a message since that number was
    /// given: then all block theirs.
    pub(super) fn help(shared: &Arc<Shared>, since: u64) {
        let mut state = shared.workers.lock();
        let is_wanted =
            state.taken == since && shared.workers.wants_another(&mut state, usize::MAX);
        drop(state);
        if is_wanted {
            Workers::start(shared);
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

    /// A message was received, and occupies a slot.
    pub(super) fn occupy(&self) {
        self.occupied.fetch_add(1, Ordering::SeqCst);
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

    /// Whether another is to take messages, who is then counted.
    fn wants_another(&self, state: &mut State, most: usize) -> bool {
        let is_wanted = !state.waiting.is_empty()
            && state.running < self.concurrency
            && state.taking < most
            && !state.is_closed;
        state.taking += usize::from(is_wanted);
        is_wanted
    }

    /// Starts one that is counted already.
    fn start(shared: &Arc<Shared>) {
        let worker = Worker { shared: shared.clone(), is_taking: true, is_running: false };
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
    /// Whether it is counted as one that takes messages.
    is_taking: bool,
    /// Whether it is counted as a handler at work.
    is_running: bool,
}

impl Worker {
    async fn work(mut self) {
        let shared = self.shared.clone();
        let mut in_a_row = 0;
        while let Some(work) = self.next() {
            let mut working = pin!(async {
                match work {
                    Work::Message(job) => job.run().await,
                    Work::Key(key) => run_in_order(&shared, &key).await,
                }
            });
            poll_fn(|context| {
                let polled = working.as_mut().poll(context);
                if polled.is_pending() {
                    self.wait();
                }
                polled
            })
            .await;
            in_a_row += 1;
            if in_a_row == IN_A_ROW {
                in_a_row = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    /// The next, if there is one for this worker; else it has to end.
    fn next(&mut self) -> Option<Work> {
        let workers = &self.shared.workers;
        let mut state = workers.lock();
        state.running -= usize::from(std::mem::take(&mut self.is_running));
        // More than there are threads were started because others blocked theirs.
        if self.is_taking && state.taking > workers.threads {
            state.taking -= 1;
            self.is_taking = false;
        }
        if !self.is_taking {
            self.is_taking = workers.wants_another(&mut state, workers.threads);
        }
        let may_run = self.is_taking && state.running < workers.concurrency;
        let Some(work) = may_run.then(|| state.waiting.pop_front()).flatten() else {
            state.taking -= usize::from(std::mem::take(&mut self.is_taking));
            return None;
        };
        state.taken += 1;
        state.running += 1;
        self.is_running = true;
        let is_wanted = workers.wants_another(&mut state, workers.threads);
        drop(state);
        if is_wanted {
            Workers::start(&self.shared);
        }
        Some(work)
    }

    /// Its handler waits, so that somebody else must take the next.
    fn wait(&mut self) {
        if std::mem::take(&mut self.is_taking) {
            let workers = &self.shared.workers;
            let mut state = workers.lock();
            state.taking -= 1;
            let is_wanted = workers.wants_another(&mut state, workers.threads);
            drop(state);
            if is_wanted {
                Workers::start(&self.shared);
            }
        }
    }
}

impl Drop for Worker {
    /// Counted no more where it was cut off. It starts nobody, for the runtime may be gone.
    fn drop(&mut self) {
        let mut state = self.shared.workers.lock();
        state.taking -= usize::from(self.is_taking);
        state.running -= usize::from(self.is_running);
    }
}
