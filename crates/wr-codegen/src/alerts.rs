//! Alert rules for Prometheus: what an operator is woken for, with thresholds that follow from the
//! limits in topology.json, and what to do about each.

use wr_schema::topology::{Consumer, Stream, Topology};

use crate::{HEADER, metrics};

/// A rule.
pub(crate) struct Alert<'a> {
    pub(crate) name: &'static str,
    /// The condition, in PromQL.
    pub(crate) condition: String,
    /// How long it must hold.
    holds: &'static str,
    severity: Severity,
    /// The consumer that it is about, where the condition names one.
    consumer: Option<&'a Consumer>,
    summary: String,
    pub(crate) to_do: &'static str,
}

#[derive(Clone, Copy)]
enum Severity {
    /// Messages are being lost, or soon will be: now.
    Critical,
    /// Somebody has to look: today.
    Warning,
}

/// The rules as a file.
pub(crate) fn file(domain: &str, topology: &Topology) -> String {
    let mut text = format!("# {HEADER}\n{INTRODUCTION}\ngroups:\n  - name: {domain}\n    rules:\n");
    for alert in all(domain, topology) {
        text += &alert.text();
    }
    text
}

const INTRODUCTION: &str = "\
#
# Alert rules for Prometheus, from topology.json. They read the metrics that a service registers with
# `Metrics::register`, and, for `stream_ok`, `consumer_ok` and `consumer_evicted`, those of a health
# check that is given the metrics and run every few seconds, for example by a probe.
# `runbook` is a section of a file in the repository of wr-events; a template puts its address before.";

/// What to do about each alert, under its name.
pub(crate) const RUNBOOK: &str = "crates/wr-cli/RUNBOOK.md";

pub(crate) fn all<'a>(domain: &str, topology: &'a Topology) -> Vec<Alert<'a>> {
    let name = |metric: &str| metrics::name(domain, metric);
    let mut alerts = vec![
        Alert {
            name: "StreamNotWell",
            condition: format!("min by (stream) ({}) == 0", name("stream_ok")),
            holds: "1m",
            severity: Severity::Critical,
            consumer: None,
            summary: "stream {{ $labels.stream }} is missing, or has no leader or no quorum".into(),
            to_do: "`wr health` shows leaders and replicas. Bring its servers back; publishers try \
                    again until their deadline, and report what no stream took.",
        },
        Alert {
            name: "ConsumerNotWell",
            condition: format!("max by (stream, consumer) ({}) == 0", name("consumer_ok")),
            holds: "2m",
            severity: Severity::Critical,
            consumer: None,
            summary:
                "consumer {{ $labels.consumer }} of {{ $labels.stream }} is missing or not read"
                    .into(),
            to_do: "`wr health` says why. Where it is missing, `wr topology plan` and `apply`; where \
                    nobody reads it, see to its service.",
        },
        Alert {
            name: "MessagesEvicted",
            condition: format!("max by (stream, consumer) ({}) > 0", name("consumer_evicted")),
            holds: "0m",
            severity: Severity::Critical,
            consumer: None,
            summary: "at most {{ $value }} messages of {{ $labels.stream }} went before \
                      {{ $labels.consumer }} got them"
                .into(),
            to_do: "Messages are being lost now. Start more of its service, raise the limits of the \
                    stream in topology.json, and apply them.",
        },
    ];
    let consumers = topology.consumers.iter();
    for (consumer, stream) in consumers.filter_map(|it| Some((it, topology.stream(&it.stream)?))) {
        alerts.extend(of_consumer(domain, consumer, stream));
    }
    alerts.extend(of_messages(domain));
    alerts
}

/// What depends on the limits of a consumer's stream.
fn of_consumer<'a>(domain: &str, consumer: &'a Consumer, stream: &Stream) -> [Alert<'a>; 3] {
    let lag = format!(
        "max({}{{stream=\"{}\",consumer=\"{}\"}})",
        metrics::name(domain, "consumer_lag"),
        stream.name,
        consumer.name
    );
    let who = format!("{} of {}", consumer.name, stream.name);
    let behind = stream.max_messages / 20;
    let near = stream.max_messages / 5 * 4;
    [
        Alert {
            name: "ConsumerLag",
            condition: format!("{lag} > {behind}"),
            holds: "10m",
            severity: Severity::Warning,
            consumer: Some(consumer),
            summary: format!(
                "{who} is {{{{ $value }}}} messages behind, a twentieth of its stream"
            ),
            to_do: "`wr health` shows lag and what is unsettled. Look at the duration of its handlers \
                    and at its retries; start more of its service.",
        },
        Alert {
            name: "EvictionNear",
            condition: format!("{lag} > {near}"),
            holds: "1m",
            severity: Severity::Critical,
            consumer: Some(consumer),
            summary: format!(
                "{who} is {{{{ $value }}}} messages behind; at {} they go unread",
                stream.max_messages
            ),
            to_do: "Start more of its service, or raise `max_messages`, `max_bytes` and `max_age_seconds` \
                    of the stream in topology.json and apply them, before the oldest message goes.",
        },
        Alert {
            name: "ConsumerAbsent",
            condition: format!("absent({lag})"),
            holds: "10m",
            severity: Severity::Warning,
            consumer: Some(consumer),
            summary: format!("nobody reports to read {who}"),
            to_do: "See whether its service runs and is scraped. What is published meanwhile waits in \
                    the stream, as far as its limits go.",
        },
    ]
}

/// What becomes of messages.
fn of_messages(domain: &str) -> [Alert<'static>; 6] {
    let name = |metric: &str| metrics::name(domain, metric);
    let increase = |by: &str, metric: &str, over: &str| {
        format!("sum by ({by}) (increase({}_total[{over}]))", name(metric))
    };
    [
        Alert {
            name: "DeadLetters",
            condition: format!("{} > 0", increase("consumer, reason", "dead_letters", "15m")),
            holds: "0m",
            severity: Severity::Warning,
            consumer: None,
            summary: "{{ $labels.consumer }} gave messages up: {{ $labels.reason }}".into(),
            to_do: "`wr dlq list`, then `wr dlq show SEQ`. Mend the cause, then `wr dlq redrive`, first \
                    with `--dry-run`. They are kept for as long as the dead-letter stream keeps them.",
        },
        Alert {
            name: "DeadLettersNotKept",
            condition: format!("{} > 0", increase("consumer", "dead_letter_failures", "5m")),
            holds: "0m",
            severity: Severity::Critical,
            consumer: None,
            summary: "dead letters of {{ $labels.consumer }} cannot be kept".into(),
            to_do: "Nothing is lost yet: the messages come again, up to `max_deliver`. `wr doctor` looks \
                    at the dead-letter stream and at permissions.",
        },
        Alert {
            name: "Redeliveries",
            condition: format!(
                "sum by (job) (rate({redelivered}[10m])) > 0.05 * sum by (job) (rate({processed}[10m]))",
                redelivered = name("redeliveries_total"),
                processed = name("events_processed_total"),
            ),
            holds: "10m",
            severity: Severity::Warning,
            consumer: None,
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
                increase("job, event_type, reason", "publish_failures", "5m")
            ),
            holds: "0m",
            severity: Severity::Critical,
            consumer: None,
            summary:
                "{{ $labels.job }} could not publish {{ $labels.event_type }}: {{ $labels.reason }}"
                    .into(),
            to_do: "Refused: the event breaks its schema, which is a bug of the service. Otherwise no \
                    stream took it in time: `wr health` and `wr doctor`.",
        },
        Alert {
            name: "PullFailures",
            condition: format!("{} > 5", increase("stream, consumer", "pull_failures", "5m")),
            holds: "5m",
            severity: Severity::Warning,
            consumer: None,
            summary: "{{ $labels.consumer }} cannot ask {{ $labels.stream }} for messages".into(),
            to_do: "`wr doctor` looks at permissions and at the consumer. The service goes on trying.",
        },
        Alert {
            name: "NewerMinors",
            condition: format!("{} > 0", increase("job, event_type", "newer_minors", "1h")),
            holds: "6h",
            severity: Severity::Warning,
            consumer: None,
            summary:
                "{{ $labels.job }} reads {{ $labels.event_type }} of a minor that it does not know"
                    .into(),
            to_do: "Deploy it built against the newest schemas: it ignores what the minor added.",
        },
    ]
}

impl Alert<'_> {
    /// As an item of the list of rules; a string of JSON is one of YAML too.
    fn text(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let severity = match self.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
        };
        let consumer = self.consumer.map_or_else(String::new, |consumer| {
            let (name, stream) = (quoted(&consumer.name), quoted(&consumer.stream));
            format!("          consumer: {name}\n          stream: {stream}\n")
        });
        format!(
            "      - alert: {}\n        expr: {}\n        for: {}\n        labels:\n          \
             severity: {severity}\n{consumer}        annotations:\n          summary: {}\n          \
             description: {}\n          runbook: {}\n",
            self.name,
            quoted(&self.condition),
            self.holds,
            quoted(&self.summary),
            quoted(self.to_do),
            quoted(&format!("{RUNBOOK}#{}", self.name.to_lowercase())),
        )
    }
}
