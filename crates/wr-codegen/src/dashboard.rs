//! A Grafana dashboard: what is published and handled, who is behind, what fails.

use serde_json::{Value, json};
use wr_schema::topology::Topology;

use crate::alerts::RUNBOOK;
use crate::metrics;

/// A panel: its title, what it means, its unit, and its queries with their legends.
struct Panel {
    title: &'static str,
    meaning: &'static str,
    unit: &'static str,
    queries: Vec<(String, &'static str)>,
}

/// Columns of Grafana's grid, two panels a row.
const WIDTH: usize = 12;
const HEIGHT: usize = 8;

/// The dashboard as Grafana imports it.
pub(crate) fn document(domain: &str, topology: &Topology) -> Value {
    let mut panels = vec![text_panel(topology)];
    panels.extend(all(domain).into_iter().enumerate().map(|(at, panel)| panel.json(at)));
    json!({
        "title": format!("Events of {domain}"),
        "uid": format!("wr-events-{domain}"),
        "tags": ["wr-events", domain],
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "refresh": "30s",
        "time": { "from": "now-6h", "to": "now" },
        "templating": { "list": [{
            "name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus",
        }] },
        "panels": panels,
    })
}

fn all(domain: &str) -> Vec<Panel> {
    let name = |metric: &str| metrics::name(domain, metric);
    let rate = |by: &str, metric: &str| {
        format!("sum by ({by}) (rate({}_total[$__rate_interval]))", name(metric))
    };
    let gauge = |by: &str, metric: &str| format!("max by ({by}) ({})", name(metric));
    let quantile = |part: &str, metric: &str| {
        let bucket = name(metric);
        format!(
            "histogram_quantile({part}, sum by (le, event_type) (rate({bucket}_seconds_bucket[$__rate_interval])))"
        )
    };
    let panel = |title, meaning, unit, queries| Panel { title, meaning, unit, queries };
    vec![
        panel(
            "Published",
            "Events that a stream took, by type.",
            "ops",
            vec![(rate("event_type", "events_published"), "{{event_type}}")],
        ),
        panel(
            "Processed",
            "Events that were delivered, by what became of them.",
            "ops",
            vec![(rate("status", "events_processed"), "{{status}}")],
        ),
        panel(
            "Lag",
            "Messages not yet delivered to each consumer.",
            "short",
            vec![(gauge("consumer", "consumer_lag"), "{{consumer}}")],
        ),
        panel(
            "In flight",
            "Messages that are being handled, and events that are on their way.",
            "short",
            vec![
                (format!("sum by (consumer) ({})", name("consumer_in_flight")), "{{consumer}}"),
                (format!("sum by (job) ({})", name("publish_in_flight")), "published by {{job}}"),
            ],
        ),
        panel(
            "Dead letters",
            "Messages that were given up, by consumer and reason, in five minutes.",
            "short",
            vec![(
                metrics::risen(&name("dead_letters_total"), "consumer, reason", "5m"),
                "{{consumer}} {{reason}}",
            )],
        ),
        panel(
            "Near eviction",
            "How much of a limit of its stream is full of what a consumer did not read: at 100 % \
             messages go unread.",
            "percentunit",
            vec![(gauge("consumer, limit", "consumer_unread_ratio"), "{{consumer}}, by {{limit}}")],
        ),
        panel(
            "Limits of streams",
            "How much of its limits a stream uses. At 100 % its oldest messages go, which for the \
             dead-letter queue is a loss.",
            "percentunit",
            vec![(gauge("stream, limit", "stream_used_ratio"), "{{stream}}, by {{limit}}")],
        ),
        panel(
            "Retries and redeliveries",
            "Failed attempts that are made again, and messages that came again.",
            "ops",
            vec![
                (rate("consumer", "retries"), "retried by {{consumer}}"),
                (rate("consumer", "redeliveries"), "again to {{consumer}}"),
            ],
        ),
        panel(
            "Duration of handlers",
            "One run of a handler: the median and the slowest hundredth.",
            "s",
            vec![
                (quantile("0.5", "handler_duration"), "median {{event_type}}"),
                (quantile("0.99", "handler_duration"), "99 % {{event_type}}"),
            ],
        ),
        panel(
            "Age at delivery",
            "From the event's own timestamp to its delivery, the oldest twentieth.",
            "s",
            vec![(quantile("0.95", "event_age"), "{{event_type}}")],
        ),
        panel(
            "Latency",
            "From delivery to settlement, the slowest twentieth.",
            "s",
            vec![(quantile("0.95", "event_latency"), "{{event_type}}")],
        ),
        panel(
            "Failures",
            "What could not be published, pulled, decoded or kept.",
            "ops",
            vec![
                (
                    rate("event_type, reason", "publish_failures"),
                    "publish {{event_type}} {{reason}}",
                ),
                (rate("consumer", "pull_failures"), "pull {{consumer}}"),
                (rate("consumer, reason", "decode_failures"), "decode {{consumer}} {{reason}}"),
                (rate("consumer", "dead_letter_failures"), "keep a dead letter of {{consumer}}"),
            ],
        ),
        panel(
            "Well",
            "1 where a stream or a consumer is well, as health checks see it.",
            "short",
            vec![
                (format!("min by (stream) ({})", name("stream_ok")), "{{stream}}"),
                (gauge("consumer", "consumer_ok"), "{{consumer}}"),
            ],
        ),
        panel(
            "Evicted unread",
            "Messages that went before their consumer got them, at most.",
            "short",
            vec![(gauge("consumer", "consumer_evicted"), "{{consumer}}")],
        ),
    ]
}

/// The limits that the graphs are to be held against.
fn text_panel(topology: &Topology) -> Value {
    let mut text =
        String::from("| stream | messages at most | kept for | consumers |\n|---|---|---|---|\n");
    for stream in &topology.streams {
        let readers: Vec<&str> = topology
            .consumers
            .iter()
            .filter(|consumer| consumer.stream == stream.name)
            .map(|consumer| consumer.name.as_str())
            .collect();
        let (name, most, age) = (&stream.name, stream.max_messages, stream.max_age_seconds);
        text += &format!("| {name} | {most} | {age} s | {} |\n", readers.join(", "));
    }
    text += &format!("\nWhat to do about each alert stands in `{RUNBOOK}`.\n");
    json!({
        "id": 1,
        "type": "text",
        "title": "Streams",
        "gridPos": { "x": 0, "y": 0, "w": 2 * WIDTH, "h": HEIGHT },
        "options": { "mode": "markdown", "content": text },
    })
}

impl Panel {
    fn json(&self, at: usize) -> Value {
        let source = json!({ "type": "prometheus", "uid": "${datasource}" });
        let targets: Vec<Value> = ('A'..='Z')
            .zip(&self.queries)
            .map(|(id, (query, legend))| {
                json!({
                    "refId": id.to_string(), "expr": query, "legendFormat": legend,
                    "datasource": source,
                })
            })
            .collect();
        json!({
            "id": at + 2,
            "type": "timeseries",
            "title": self.title,
            "description": self.meaning,
            "datasource": source,
            "gridPos": {
                "x": at % 2 * WIDTH, "y": (at / 2 + 1) * HEIGHT, "w": WIDTH, "h": HEIGHT,
            },
            "fieldConfig": { "defaults": { "unit": self.unit, "min": 0 }, "overrides": [] },
            "options": { "legend": { "displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"] } },
            "targets": targets,
        })
    }
}
