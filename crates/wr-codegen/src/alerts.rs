//! Alert rules for Prometheus: what an operator is woken for, with thresholds that follow from the
//! limits in topology.json, and what to do about each.

use wr_schema::topology::{ROLES, Topology};

use crate::{HEADER, metrics};

/// A rule.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Its name.
    pub name: &'static str,
    /// The condition, in PromQL.
    pub condition: String,
    /// How long it must hold, as Prometheus writes it.
    pub holds: &'static str,
    /// How soon somebody has to look.
    pub severity: Severity,
    /// What is wrong, in one line; a template of Prometheus.
    pub summary: String,
    /// What to do about it.
    pub to_do: &'static str,
}

/// How soon somebody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Messages are being lost, or soon will be: now.
    Critical,
    /// Somebody has to look: today.
    Warning,
}

impl Severity {
    /// As the label has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
        }
    }
}

/// The rules as a file.
pub(crate) fn file(domain: &str, topology: &Topology) -> String {
    let mut text = format!("# {HEADER}\n{INTRODUCTION}\ngroups:\n  - name: {domain}\n    rules:\n");
    for alert in alerts(domain, topology) {
        text += &alert.text();
    }
    text
}

const INTRODUCTION: &str = "\
#
# Alert rules for Prometheus, from topology.json. They read the metrics that a service registers with
# `Metrics::register`. What is known of every stream and consumer, and of the dead-letter queue, comes
# from the reconciler, of which one must run and be scraped, and, of its own streams, from a service
# whose health check is given the metrics and run every few seconds, for example by a probe.
# `runbook` is a section of a file in the repository of wr-events; a template puts its address before.";

/// What to do about each alert, under its name.
pub(crate) const RUNBOOK: &str = "crates/wr-cli/RUNBOOK.md";

/// The rules, those about streams first.
pub fn alerts(domain: &str, topology: &Topology) -> Vec<Alert> {
    let mut alerts = of_streams(domain, topology).to_vec();
    alerts.extend(of_consumers(domain, topology));
    alerts.extend(lag(domain, topology));
    alerts.extend(of_dead_letters(domain, topology));
    alerts.extend(of_messages(domain));
    alerts
}

fn of_streams(domain: &str, topology: &Topology) -> [Alert; 2] {
    let name = |metric: &str| metrics::name(domain, metric);
    let streams = topology.streams.iter().map(|stream| selector(&[("stream", &stream.name)]));
    [
        Alert {
            name: "StreamNotWell",
            // As those see it who look now: who alone has lost its connection sees no stream, and who
            // has stopped to look has seen one that was well.
            condition: format!(
                "max by (stream) ({} and time() - {} < 120) == 0",
                name("stream_ok"),
                name("stream_looked_timestamp_seconds")
            ),
            holds: "1m",
            severity: Severity::Critical,
            summary: "stream {{ $labels.stream }} is missing, or has no leader or no quorum".into(),
            to_do: "`wr health` shows leaders and replicas. Bring its servers back; publishers try \
                    again until their deadline, and report what no stream took.",
        },
        Alert {
            name: "StreamUnwatched",
            condition: unseen(&name("stream_looked_timestamp_seconds"), "stream", streams),
            holds: "5m",
            severity: Severity::Warning,
            summary: "nobody looks whether stream {{ $labels.stream }} is well".into(),
            to_do: "The other alerts about it are blind. See whether the servers run, and whether the \
                    reconciler runs, is connected and is scraped: it looks at every stream. `wr health` \
                    looks once.",
        },
    ]
}

fn of_consumers(domain: &str, topology: &Topology) -> [Alert; 4] {
    let name = |metric: &str| metrics::name(domain, metric);
    let consumers = consumers(topology).map(|(stream, consumer)| place(stream, consumer));
    [
        Alert {
            name: "ConsumerNotWell",
            condition: format!("max by (stream, consumer) ({}) == 0", name("consumer_ok")),
            holds: "2m",
            severity: Severity::Critical,
            summary:
                "consumer {{ $labels.consumer }} of {{ $labels.stream }} is missing or not read"
                    .into(),
            to_do: "`wr health` says whether it is missing. Made by `wr topology apply` alone, it is \
                    handed its whole stream again: the log of its service says from where on to \
                    `--start` it. Where it is there, its service does not read it.",
        },
        Alert {
            name: "ConsumerAbsent",
            condition: unseen(
                &name("consumer_looked_timestamp_seconds"),
                "stream, consumer",
                consumers,
            ),
            holds: "10m",
            severity: Severity::Warning,
            summary: "nobody reports to read {{ $labels.consumer }} of {{ $labels.stream }}".into(),
            to_do: "See whether its service runs, is scraped and may ask the server about it, of which \
                    its log tells. What is published meanwhile waits in the stream, as far as its \
                    limits go.",
        },
        Alert {
            name: "EvictionNear",
            condition: format!(
                "max by (stream, consumer, limit) ({}) > 0.8",
                name("consumer_unread_ratio")
            ),
            holds: "1m",
            severity: Severity::Critical,
            summary:
                "what {{ $labels.consumer }} did not read fills {{ $value | humanizePercentage }} \
                      of what {{ $labels.stream }} keeps, by {{ $labels.limit }}"
                    .into(),
            to_do: "Start more of its service, or raise `max_messages`, `max_bytes` or `max_age_seconds` \
                    of the stream, before the oldest message goes. `wr` has the limits that it was built \
                    with: edit topology.json, generate, install it, apply.",
        },
        Alert {
            name: "MessagesEvicted",
            condition: format!("max by (stream, consumer) ({}) > 0", name("consumer_evicted")),
            holds: "0m",
            severity: Severity::Critical,
            summary: "at most {{ $value }} messages of {{ $labels.stream }} went before \
                      {{ $labels.consumer }} got them"
                .into(),
            to_do: "Messages are being lost now. Start more of its service, or raise the limits of the \
                    stream: edit topology.json, generate, install `wr`, apply.",
        },
    ]
}

/// A twentieth of its stream is more than a consumer has to be behind.
fn lag(domain: &str, topology: &Topology) -> Option<Alert> {
    let lag = metrics::name(domain, "consumer_lag");
    let condition = |(stream, consumer): (&str, &str)| {
        let most = (topology.stream(stream)?.max_messages / 20).max(1);
        let place = place(stream, consumer);
        Some(format!("max by (stream, consumer) ({lag}{place}) > {most}"))
    };
    let conditions: Vec<String> = consumers(topology).filter_map(condition).collect();
    (!conditions.is_empty()).then(|| Alert {
        name: "ConsumerLag",
        condition: conditions.join(" or "),
        holds: "10m",
        severity: Severity::Warning,
        summary:
            "{{ $labels.consumer }} of {{ $labels.stream }} is {{ $value }} messages behind, a \
                  twentieth of its stream"
                .into(),
        to_do: "`wr health` shows lag and what is unsettled. Look at the duration of its handlers \
                and at its retries; start more of its service.",
    })
}

fn of_dead_letters(domain: &str, topology: &Topology) -> [Alert; 4] {
    let queue = selector(&[("stream", &topology.dead_letters.stream)]);
    let name = |metric: &str| metrics::name(domain, metric);
    let risen = |by: &str, metric: &str, over: &str| metrics::risen(&name(metric), by, over);
    [
        Alert {
            name: "DeadLetters",
            condition: format!("{} > 0", risen("consumer, reason", "dead_letters_total", "15m")),
            holds: "0m",
            severity: Severity::Warning,
            summary: "{{ $labels.consumer }} gave messages up: {{ $labels.reason }}".into(),
            to_do: "`wr dlq list`, then `wr dlq show SEQ`. Mend the cause, then `wr dlq redrive`, first \
                    with `--dry-run`. They are kept for as long as the dead-letter stream keeps them.",
        },
        Alert {
            name: "DeadLettersWaiting",
            condition: format!("max({}{queue}) > 0", name("stream_messages")),
            holds: "1d",
            severity: Severity::Warning,
            summary: "{{ $value }} dead letters wait for somebody for a day".into(),
            to_do: "`wr dlq list` groups them by cause. Redrive what can be handled by now, and purge the \
                    rest: the queue evicts its oldest when it is full, and nobody is told.",
        },
        Alert {
            name: "DeadLettersNearEviction",
            condition: format!("max by (limit) ({}{queue}) > 0.8", name("stream_used_ratio")),
            holds: "5m",
            severity: Severity::Critical,
            summary: "the dead-letter queue is {{ $value | humanizePercentage }} full, by \
                      {{ $labels.limit }}"
                .into(),
            to_do: "The oldest dead letters go next, for good. `wr dlq list`; redrive or purge, or raise \
                    the limits of the dead-letter stream: edit topology.json, generate, install `wr`, \
                    apply.",
        },
        Alert {
            name: "DeadLettersNotKept",
            condition: format!("{} > 0", risen("consumer", "dead_letter_failures_total", "5m")),
            holds: "0m",
            severity: Severity::Critical,
            summary: "dead letters of {{ $labels.consumer }} cannot be kept".into(),
            to_do: "Nothing is lost yet: the messages come again, up to `max_deliver`. `wr doctor` looks \
                    at the dead-letter stream; whether the service may publish into it, its log says.",
        },
    ]
}

/// What becomes of messages.
fn of_messages(domain: &str) -> [Alert; 4] {
    let name = |metric: &str| metrics::name(domain, metric);
    let risen = |by: &str, metric: &str, over: &str| metrics::risen(&name(metric), by, over);
    [
        Alert {
            name: "Redeliveries",
            condition: format!(
                "sum by (job) (rate({redelivered}[10m])) > 0.05 * sum by (job) (rate({processed}[10m]))",
                redelivered = name("redeliveries_total"),
                processed = name("events_processed_total"),
            ),
            holds: "10m",
            severity: Severity::Warning,
            summary:
                "more than 5 % of what {{ $labels.job }} is delivered has been delivered before"
                    .into(),
            to_do: "Handlers fail or are slower than their deadline, or processes are restarted. Look at \
                    retries, at the duration of handlers, and at restarts.",
        },
        Alert {
            name: "PublishFailures",
            condition: format!(
                "{} > 0",
                risen("job, event_type, reason", "publish_failures_total", "5m")
            ),
            holds: "0m",
            severity: Severity::Critical,
            summary:
                "{{ $labels.job }} could not publish {{ $labels.event_type }}: {{ $labels.reason }}"
                    .into(),
            to_do: "Refused: the event breaks its schema, which is a bug of the service. Otherwise no \
                    stream took it in time: `wr health` and `wr doctor`.",
        },
        Alert {
            name: "PullFailures",
            condition: format!("{} > 5", risen("stream, consumer", "pull_failures_total", "5m")),
            holds: "5m",
            severity: Severity::Warning,
            summary: "{{ $labels.consumer }} cannot ask {{ $labels.stream }} for messages".into(),
            to_do: "`wr health` looks at the consumer; whether the service may ask, its log says. It \
                    goes on trying.",
        },
        Alert {
            name: "NewerMinors",
            // Since the process began: a deployment ends it.
            condition: format!("sum by (job, event_type) ({}) > 0", name("newer_minors_total")),
            holds: "6h",
            severity: Severity::Warning,
            summary:
                "{{ $labels.job }} reads {{ $labels.event_type }} of a minor that it does not know"
                    .into(),
            to_do: "Deploy it built against the newest schemas: it ignores what the minor added.",
        },
    ]
}

/// Every durable consumer, that of the reconciler among them, behind its stream.
fn consumers(topology: &Topology) -> impl Iterator<Item = (&str, &str)> {
    let consumers = topology.consumers.iter();
    let consumers = consumers.map(|it| (it.stream.as_str(), it.name.as_str()));
    consumers.chain([(topology.advisories.stream.as_str(), ROLES[0])])
}

fn place(stream: &str, consumer: &str) -> String {
    selector(&[("stream", stream), ("consumer", consumer)])
}

/// What selects series by their labels; a string of JSON is one of PromQL too.
fn selector(labels: &[(&str, &str)]) -> String {
    let labels = labels.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
    format!("{{{}}}", labels.collect::<Vec<_>>().join(","))
}

/// A moment that was never told of one of these, or is five minutes ago.
fn unseen(metric: &str, by: &str, selectors: impl Iterator<Item = String>) -> String {
    let never = selectors.map(|selector| format!("absent({metric}{selector}) or "));
    format!("{}time() - max by ({by}) ({metric}) > 300", never.collect::<String>())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Alert {
    /// As an item of the list of rules; a string of JSON is one of YAML too.
    fn text(&self) -> String {
        format!(
            "      - alert: {}\n        expr: {}\n        for: {}\n        labels:\n          \
             severity: {}\n        annotations:\n          summary: {}\n          \
             description: {}\n          runbook: {}\n",
            self.name,
            quoted(&self.condition),
            self.holds,
            self.severity.as_str(),
            quoted(&self.summary),
            quoted(self.to_do),
            quoted(&format!("{RUNBOOK}#{}", self.name.to_lowercase())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of streams and consumers are the only words of topology.json here, and stand in
    /// conditions alone: what Prometheus reads as a template is ours.
    #[test]
    fn a_name_ends_neither_a_selector_nor_a_line() {
        let name = "a\"} or vector(1) # \n{{ $value }}";
        let expected = r#"{stream="a\"} or vector(1) # \n{{ $value }}"}"#;
        assert_eq!(selector(&[("stream", name)]), expected);
        let mut topology = Topology::default();
        topology.dead_letters.stream = name.to_owned();
        topology.advisories.stream = name.to_owned();
        for alert in alerts("shop", &topology) {
            assert!(!alert.summary.contains("vector"), "{}", alert.name);
            let text = alert.text();
            assert_eq!(text.lines().count(), 9, "{text}");
            let line = text.lines().find_map(|line| line.trim().strip_prefix("expr: "));
            let condition: String = serde_json::from_str(line.unwrap()).unwrap();
            assert_eq!(condition, alert.condition);
        }
    }

    #[test]
    fn the_smallest_stream_has_a_threshold_too() {
        let stream = r#"{"name": "S", "description": "S.", "subjects": ["a"], "max_messages": 5,
            "max_bytes": 9, "max_age_seconds": 9, "duplicate_window_seconds": 9, "replicas": 1}"#;
        let mut topology = Topology::default();
        topology.streams.push(serde_json::from_str(stream).unwrap());
        topology.advisories.stream = "S".to_owned();
        let lag = lag("shop", &topology).unwrap();
        assert!(lag.condition.ends_with(" > 1"), "{}", lag.condition);
    }
}
