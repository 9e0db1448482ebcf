//! What the services measure of themselves: the runtime's metrics, read as Prometheus reads them.

use wr_events::CATALOGUE;
use wr_runtime::Metrics;
use wr_runtime::prometheus_client::encoding::text;
use wr_runtime::prometheus_client::registry::Registry;

/// The metrics of one service. A real one serves its registry on `/metrics`.
pub(crate) struct Meter {
    pub(crate) service: &'static str,
    pub(crate) metrics: Metrics,
    registry: Registry,
}

/// The meters of all services; the publishers share one.
pub(crate) struct Meters {
    pub(crate) publishers: Meter,
    pub(crate) analytics: Meter,
    pub(crate) notification: Meter,
    pub(crate) audit: Meter,
}

impl Meter {
    pub(crate) fn new(service: &'static str) -> Meter {
        let (metrics, mut registry) = (Metrics::new(), Registry::default());
        metrics.register(&mut registry, &CATALOGUE);
        Meter { service, metrics, registry }
    }

    pub(crate) fn published(&self) -> u64 {
        self.total("events_published", "")
    }

    pub(crate) fn handled(&self) -> u64 {
        self.total("events_processed", "status=\"success\"")
    }

    /// How many deliveries were passed over, because their events had been handled.
    pub(crate) fn passed_over(&self) -> u64 {
        self.total("events_processed", "status=\"duplicate\"")
    }

    pub(crate) fn retried(&self) -> u64 {
        self.total("retries", "")
    }

    pub(crate) fn dead_letters(&self) -> u64 {
        self.total("dead_letters", "")
    }

    /// The sum of a counter over all series that have a label.
    fn total(&self, counter: &str, label: &str) -> u64 {
        let mut page = String::new();
        // Writing to a string does not fail; a page that lacks is a total of 0.
        let _ = text::encode(&mut page, &self.registry);
        let name = format!("{}_{counter}_total", CATALOGUE.domain);
        let of_counter =
            |line: &&str| line.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let series = page.lines().filter(of_counter).filter(|line| line.contains(label));
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }
}

impl Meters {
    pub(crate) fn consumers(&self) -> [&Meter; 3] {
        [&self.analytics, &self.notification, &self.audit]
    }
}
