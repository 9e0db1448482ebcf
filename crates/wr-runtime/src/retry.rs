//! When a failed event is tried again.

use std::time::Duration;

use crate::deliver::jittered;

/// When a failed event is tried again; how often, its consumer in the topology says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Between the first and the second attempt; it doubles from attempt to attempt.
    pub first: Duration,
    /// At most between two attempts.
    pub longest: Duration,
}

impl RetryPolicy {
    /// How many attempts there are where no topology says.
    pub(crate) const ATTEMPTS: u32 = 3;

    /// Between which times the pauses lie.
    pub fn new(first: Duration, longest: Duration) -> RetryPolicy {
        RetryPolicy { first, longest }
    }

    /// The pause after a failed attempt, which counts from 1; between a half of it and all, so that
    /// many who failed together do not return together.
    pub(crate) fn delay(&self, attempt: u32) -> Duration {
        let factor = 2u32.saturating_pow(attempt.saturating_sub(1));
        jittered(self.first.saturating_mul(factor).min(self.longest))
    }
}

impl Default for RetryPolicy {
    /// 1 s to 60 s.
    fn default() -> RetryPolicy {
        RetryPolicy::new(Duration::from_secs(1), Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (7, 60), (40, 60), (u32::MAX, 60)] {
            let whole = Duration::from_secs(seconds);
            for _ in 0..100 {
                let delay = policy.delay(attempt);
                assert!(whole / 2 <= delay && delay <= whole, "{attempt}: {delay:?}");
            }
        }
    }
}
