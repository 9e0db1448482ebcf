//! Failures to publish that nobody has been handed yet.

use std::collections::BTreeMap;

use super::Unacknowledged;

/// How many are remembered.
const REMEMBERED: usize = 1_000;

/// Failures that nobody has been handed yet.
#[derive(Debug, Default)]
pub(super) struct Unheard {
    /// The newest, by the numbers of their flights.
    newest: BTreeMap<u64, Unacknowledged>,
    /// With those that are forgotten.
    total: u64,
    /// How often they were reported.
    reports: u64,
}

impl Unheard {
    pub(super) fn add(&mut self, number: u64, lost: Unacknowledged) -> u64 {
        self.newest.insert(number, lost);
        self.total += 1;
        if self.newest.len() > REMEMBERED {
            self.newest.pop_first();
        }
        self.reports
    }

    /// Somebody has been handed it, and unless it was reported before, it is not reported.
    pub(super) fn heard(&mut self, number: u64, reports: u64) {
        if reports == self.reports {
            self.newest.remove(&number);
            self.total = self.total.saturating_sub(1);
        }
    }

    pub(super) fn report(&mut self) -> (Vec<Unacknowledged>, u64) {
        self.reports += 1;
        let newest = std::mem::take(&mut self.newest).into_values().collect();
        (newest, std::mem::take(&mut self.total))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_many_failures_the_newest_are_named_and_all_are_counted() {
        let lost = || Unacknowledged { id: Uuid::now_v7(), subject: "a.b.v1" };
        let mut unheard = Unheard::default();
        let failures: Vec<_> =
            (0..1_500).map(|number| (number, unheard.add(number, lost()))).collect();
        // The first is forgotten, the last is not.
        for (number, reports) in [failures[0], failures[1_499]] {
            unheard.heard(number, reports);
        }
        assert_eq!(
            unheard.newest.keys().copied().collect::<Vec<_>>(),
            (500..1_499).collect::<Vec<_>>()
        );
        let (newest, total) = unheard.report();
        assert_eq!((newest.len(), total), (999, 1_498));

        unheard.add(1_500, lost());
        unheard.heard(failures[1].0, failures[1].1);
        let (newest, total) = unheard.report();
        assert_eq!((newest.len(), total), (1, 1), "what was reported is heard");
        assert_eq!(unheard.report().1, 0);
    }
}
