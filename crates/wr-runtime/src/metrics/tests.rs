//! Names, helps, labels and buckets, as Prometheus reads them.

use std::time::Duration;

use super::*;

fn text(metrics: &Metrics) -> String {
    let mut registry = Registry::default();
    metrics.register(&mut registry, &wr_events::CATALOGUE);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

#[test]
fn the_names_helps_and_buckets_are_the_specifications() {
    let metrics = Metrics::new();
    metrics.published("position.enqueued", Some("concert"));
    metrics.event("position.enqueued").processed(Status::Success, Duration::from_millis(3));
    let text = text(&metrics);
    for line in [
        "# HELP waitingroom_events_published Total events published.",
        "# HELP waitingroom_events_processed Total events processed.",
        "# HELP waitingroom_event_latency_seconds Event processing latency.",
        "waitingroom_events_published_total{event_type=\"position.enqueued\",queue_id=\"concert\"} 1",
        "waitingroom_events_processed_total{event_type=\"position.enqueued\",status=\"success\"} 1",
        "waitingroom_event_latency_seconds_bucket{le=\"0.001\",event_type=\"position.enqueued\"} 0",
        "waitingroom_event_latency_seconds_bucket{le=\"0.005\",event_type=\"position.enqueued\"} 1",
        "waitingroom_event_latency_seconds_bucket{le=\"1.0\",event_type=\"position.enqueued\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn the_names_and_buckets_beyond_the_specification() {
    let metrics = Metrics::new();
    let event = metrics.event("position.enqueued");
    event.handled(Duration::from_secs(50));
    event.aged(Duration::from_secs(100_000));
    let consumer = metrics.consumer("S", "c");
    consumer.behind(7);
    metrics.evicted("S", "c", 3);
    metrics.stream_ok("S", true);
    metrics.consumer_ok("S", "c", false);
    metrics.stream_holds("S", 5, &Shares::default());
    metrics.unread("S", "c", &Shares::default());
    consumer.dead_lettered("permanent_error");
    let text = text(&metrics);
    let buckets = |name: &str| {
        let start = format!("waitingroom_{name}_bucket{{le=\"");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&start));
        let bounds = lines.filter_map(|line| line.split_once('"')).map(|(bound, rest)| {
            let is_in = rest == ",event_type=\"position.enqueued\"} 1";
            format!("{bound}{}", if is_in { "*" } else { "" })
        });
        bounds.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        buckets("handler_duration_seconds"),
        "0.001 0.005 0.01 0.05 0.1 0.5 1.0 2.5 5.0 10.0 30.0 60.0* +Inf*"
    );
    assert_eq!(
        buckets("event_age_seconds"),
        "0.01 0.1 0.5 1.0 5.0 30.0 60.0 600.0 3600.0 86400.0 604800.0* +Inf*"
    );
    for gauge in [
        "consumer_looked_timestamp_seconds{stream=\"S\",consumer=\"c\"} ",
        "stream_looked_timestamp_seconds{stream=\"S\"} ",
    ] {
        let line =
            text.lines().find_map(|line| line.strip_prefix("waitingroom_")?.strip_prefix(gauge));
        let age = Utc::now().timestamp() - line.unwrap().parse::<i64>().unwrap();
        assert!((0..60).contains(&age), "{gauge}\n{text}");
    }
    for line in [
        "waitingroom_consumer_lag{stream=\"S\",consumer=\"c\"} 7",
        "waitingroom_consumer_evicted{stream=\"S\",consumer=\"c\"} 3",
        "waitingroom_consumer_unread_ratio{stream=\"S\",consumer=\"c\",limit=\"age\"} 0.0",
        "waitingroom_stream_ok{stream=\"S\"} 1",
        "waitingroom_stream_messages{stream=\"S\"} 5",
        "waitingroom_stream_used_ratio{stream=\"S\",limit=\"messages\"} 0.0",
        "waitingroom_consumer_ok{stream=\"S\",consumer=\"c\"} 0",
        "waitingroom_dead_letters_total{stream=\"S\",consumer=\"c\",reason=\"permanent_error\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn queues_beyond_the_limit_are_one_series() {
    let metrics = Metrics::with_queue_limit(2);
    for queue in ["a", "b", "c", "d", "a"] {
        metrics.published("position.enqueued", Some(queue));
    }
    metrics.published("system.health", None);
    let text = text(&metrics);
    let count = |queue: &str| {
        let label = format!("queue_id=\"{queue}\"}} ");
        let line = text.lines().find(|line| line.contains(&label)).unwrap_or_default();
        line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok()).unwrap_or(0)
    };
    assert_eq!((count("a"), count("b"), count(OTHER_QUEUES), count("")), (2, 1, 2, 1));
}

#[test]
fn what_nobody_looks_at_is_not_told() {
    let metrics = Metrics::new();
    let consumer = metrics.consumer("S", "c");
    let told = |name: &str| text(&metrics).contains(&format!("waitingroom_{name}{{"));
    assert!(!told("consumer_lag"));
    consumer.behind(7);
    assert!(told("consumer_lag") && told("consumer_looked_timestamp_seconds"));
    consumer.forget();
    assert!(!told("consumer_lag") && !told("consumer_looked_timestamp_seconds"));
    // Who else looks still tells.
    metrics.consumer("S", "c").behind(3);
    assert!(told("consumer_lag"));
}

const ALERTS: &str = include_str!("../../../../schemas/generated/alerts.yml");
const DASHBOARD: &str = include_str!("../../../../schemas/generated/dashboard.json");

/// Every series that there can be.
fn all() -> Metrics {
    let metrics = Metrics::new();
    let of = &metrics.0;
    let event = metrics.event("position.enqueued");
    event.processed(Status::Success, Duration::ZERO);
    event.handled(Duration::ZERO);
    event.aged(Duration::ZERO);
    event.newer_minor();
    metrics.published("position.enqueued", None);
    metrics.publish_failed("position.enqueued", "refused");
    metrics.publish_retried("position.enqueued");
    metrics.publish_duplicate("position.enqueued");
    of.publish_in_flight.set(0);
    let consumer = metrics.consumer("S", "c");
    consumer.behind(0);
    consumer.decode_failed("invalid_json");
    consumer.dead_lettered("permanent_error");
    metrics.evicted("S", "c", 0);
    metrics.unread("S", "c", &Shares::default());
    metrics.stream_ok("S", true);
    metrics.stream_holds("S", 0, &Shares::default());
    metrics.consumer_ok("S", "c", true);
    metrics.reconciled("S", "c", "kept");
    metrics
}

/// The names that begin with the domain in a text.
fn names(text: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = text.match_indices("waitingroom_").map(|(at, _)| &text[at..]);
    begins.map(|rest| rest.split(|c| !is_name(c)).next().unwrap()).collect()
}

/// What an expression groups and selects by, but for what Prometheus adds.
fn labels(expression: &str) -> Vec<&str> {
    let groups = expression.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
    let groups = groups.flat_map(|names| names.split(", "));
    let selected = expression.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let selected =
        selected.flat_map(|pairs| pairs.split(',')).filter_map(|it| it.split('=').next());
    groups.chain(selected).filter(|name| *name != "job").collect()
}

/// What alerts and the dashboard ask for is what the runtime tells, by those labels.
#[test]
fn alerts_and_the_dashboard_ask_for_what_there_is() {
    let text = text(&all());
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let mut expressions: Vec<String> =
        targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    let rules = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    expressions.extend(rules.map(|rule| serde_json::from_str::<String>(rule).unwrap()));
    assert!(expressions.len() > 30, "{expressions:#?}");
    for expression in &expressions {
        let names = names(expression);
        assert!(!names.is_empty(), "{expression}");
        for name in names {
            let series = text.lines().find_map(|line| line.strip_prefix(name)?.split(' ').next());
            let series = series.unwrap_or_else(|| panic!("nobody tells `{name}`: {expression}"));
            for label in labels(expression) {
                let is_there = [format!("{{{label}=\""), format!(",{label}=\"")];
                let is_there = is_there.iter().any(|part| series.contains(part));
                assert!(is_there, "`{name}` has no `{label}`: {expression}");
            }
        }
    }
    // What is not in the text was not touched above.
    let families = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
    let touched = |line: &&str| !line.starts_with('#');
    let touched: std::collections::BTreeSet<&str> = text
        .lines()
        .filter(touched)
        .map(|line| line.split(['{', ' ']).next().unwrap())
        .map(|name| {
            ["_total", "_bucket", "_sum", "_count"]
                .iter()
                .fold(name, |name, end| name.trim_end_matches(end))
        })
        .collect();
    assert_eq!(touched.len(), families, "{text}");
}
