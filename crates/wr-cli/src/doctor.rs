//! `wr doctor`: everything that can be wrong, looked at in turn, and what to do about it.

use std::io::{self, Write};
use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};
use wr_core::Catalogue;
use wr_core::chrono::{DateTime, Utc};
use wr_runtime::{
    Connection, DeadLetterQueue, ErrorKind, Health, HealthCheck, Mark, Marked, Selection, Topology,
};

use crate::Exit;
use crate::arguments::{ConnectArguments, OverrideArguments};
use crate::error::Result;
use crate::screen::{Screen, Tone, count, printable};

/// How many versions are named that the server and this `wr` do not share.
const SHOWN: usize = 3;

/// What one look found.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    look: &'static str,
    verdict: Verdict,
    what: String,
    /// What to do; none where nothing is to be done.
    next: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Warning,
    Bad,
}

impl Finding {
    fn good(look: &'static str, what: impl Into<String>) -> Finding {
        Finding { look, verdict: Verdict::Good, what: what.into(), next: None }
    }

    fn warning(look: &'static str, what: impl Into<String>, next: &str) -> Finding {
        Finding { look, verdict: Verdict::Warning, what: what.into(), next: Some(next.to_owned()) }
    }

    fn bad(look: &'static str, what: impl Into<String>, next: &str) -> Finding {
        Finding { look, verdict: Verdict::Bad, what: what.into(), next: Some(next.to_owned()) }
    }
}

/// The oldest version that is recommended: older ones drop settings in silence.
const RECOMMENDED: (u32, u32) = (2, 12);

/// From how many seconds on a clock is wrong: dead letters and durations would mislead.
const CLOCK: f64 = 2.0;

/// What to do where this user may not ask.
const PERMIT: &str = "permit this user to ask, or ask as another";

/// The part of a limit from which on it is near.
const NEAR: f64 = 0.8;

pub(crate) async fn run(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    overrides: &OverrideArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let topology = overrides.topology(catalogue)?;
    // Without a connection there is nothing to look at, and its error says what to do.
    let connection = connect.connect().await?;
    let mut findings = vec![version(&connection)];
    findings.extend(account(&connection).await);
    findings.push(clock(&connection, &topology).await);
    findings.push(payload(&connection));
    findings.extend(plan(&connection, &topology).await);
    let check = HealthCheck::new(catalogue).everything().deadline(connect.timeout);
    findings.extend(health(&check.run(&connection).await));
    findings.push(dead_letters(&connection, catalogue).await);
    findings.push(advisories(&connection, &topology).await);
    screen.show(&json!({ "findings": findings }), |screen, _| write(screen, &findings))?;
    let is_bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    Ok(if is_bad { Exit::No } else { Exit::Done })
}

fn write(screen: &mut Screen<'_>, findings: &[Finding]) -> io::Result<()> {
    for finding in findings {
        let (tone, word) = match finding.verdict {
            Verdict::Good => (Tone::Good, "ok  "),
            Verdict::Warning => (Tone::Warning, "warn"),
            Verdict::Bad => (Tone::Bad, "BAD "),
        };
        let (word, look) = (screen.paint(tone, word), screen.paint(Tone::Name, finding.look));
        writeln!(screen.out, "{word} {look}: {}", printable(&finding.what))?;
        if let Some(next) = &finding.next {
            writeln!(screen.out, "     = help: {next}")?;
        }
    }
    let of = |verdict| findings.iter().filter(|it| it.verdict == verdict).count() as u64;
    let (bad, warnings) = (of(Verdict::Bad), of(Verdict::Warning));
    let (tone, text) = match (bad, warnings) {
        (0, 0) => (Tone::Good, "nothing is wrong".to_owned()),
        (0, _) => (Tone::Warning, format!("nothing is wrong, {} to look at", warnings)),
        _ => (Tone::Bad, format!("{} to mend, {} to look at", bad, warnings)),
    };
    writeln!(screen.out, "\n{}", screen.paint(tone, text))
}

fn version(connection: &Connection) -> Finding {
    let version = connection.server_version();
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let known = numbers.next().zip(numbers.next());
    match known.is_some_and(|known| known >= RECOMMENDED) {
        true => Finding::good("server", format!("nats-server {version}")),
        false => Finding::warning(
            "server",
            format!("nats-server {version} works, and drops unknown settings in silence"),
            "update to 2.12 or later",
        ),
    }
}

/// What the account may use, and does.
async fn account(connection: &Connection) -> Vec<Finding> {
    let look = "account";
    let info = match connection.ask("INFO", &json!({})).await {
        Ok(info) => info,
        Err(error) => return vec![unasked(look, &error)],
    };
    let number = |pointer: &str| info.pointer(pointer).and_then(Value::as_f64);
    let rows = [
        ("bytes on disk", "/storage", "/limits/max_storage"),
        ("bytes in memory", "/memory", "/limits/max_memory"),
        ("streams", "/streams", "/limits/max_streams"),
        ("consumers", "/consumers", "/limits/max_consumers"),
    ];
    let mut near = Vec::new();
    for (what, used, limit) in rows {
        if let (Some(used), Some(limit)) = (number(used), number(limit))
            && limit > 0.0
            && used >= limit * NEAR
        {
            near.push(Finding::warning(
                look,
                format!("{used} of {limit} {what} are used"),
                "raise the account's limit, or lower those of the streams",
            ));
        }
    }
    if near.is_empty() {
        let used = number("/storage").unwrap_or_default() / f64::from(1 << 20);
        near.push(Finding::good(
            look,
            format!("JetStream is on, {used:.1} MiB on disk, far from its limits"),
        ));
    }
    near
}

/// The server's clock against ours, as far as half a round trip tells.
async fn clock(connection: &Connection, topology: &Topology) -> Finding {
    let look = "clock";
    let Some(stream) = topology.constants().streams.first() else {
        return Finding::good(look, "no stream to ask");
    };
    let (before, asked) = (Utc::now(), Instant::now());
    let info = match connection.ask(&format!("STREAM.INFO.{}", stream.name), &json!({})).await {
        Ok(info) => info,
        Err(error) => return unasked(look, &error),
    };
    let round_trip = asked.elapsed().as_secs_f64();
    let told = info.get("ts").and_then(Value::as_str);
    let Some(told) = told.and_then(|text| DateTime::parse_from_rfc3339(text).ok()) else {
        return Finding::good(look, "the server does not tell its time");
    };
    let apart = told.to_utc() - before;
    let apart = apart.num_microseconds().unwrap_or(i64::MAX) as f64 / 1e6 - round_trip / 2.0;
    match apart.abs() <= CLOCK + round_trip {
        true => {
            Finding::good(look, format!("the server's is {:.1} s from this machine's", apart.abs()))
        }
        false => Finding::warning(
            look,
            format!("the server's is {apart:.0} s ahead of this machine's (negative: behind)"),
            "see to the time service of both: ages, deadlines and `--since` mislead",
        ),
    }
}

fn payload(connection: &Connection) -> Finding {
    let most = connection.client().max_payload();
    match most >= 64 * 1024 {
        true => Finding::good("max_payload", format!("{most} bytes")),
        false => Finding::warning(
            "max_payload",
            format!("{most} bytes leave little room for events and their dead letters"),
            "raise `max_payload` on the servers; 1 MiB is its default",
        ),
    }
}

/// What the server has otherwise than the catalogue says, and which catalogue it was set up for.
async fn plan(connection: &Connection, topology: &Topology) -> Vec<Finding> {
    let look = "topology";
    let plan = match topology.plan(connection).await {
        Ok(plan) => plan,
        Err(error) => return vec![unpermitted(look, &error)],
    };
    let drift = plan.drift();
    let drift = match drift.is_empty() {
        true => Finding::good(look, "the server has what the catalogue says"),
        false => {
            let what = format!("{}: {}", count(drift.len() as u64, "difference"), drift.join("; "));
            Finding::bad(look, what, "see `wr topology plan`, then `wr topology apply`")
        }
    };
    let mut findings = vec![drift];
    findings.extend(catalogues(&plan.marks(), topology.catalogue().fingerprint));
    findings
}

/// Which catalogue the streams were set up for. Another than that of this `wr` is as it should be
/// while services are replaced one after the other, and so nothing worse than a warning.
fn catalogues(marks: &[Marked], ours: &str) -> Vec<Finding> {
    let look = "catalogue";
    let kinds = [Mark::None, Mark::Older, Mark::Newer, Mark::Other];
    let told = kinds.into_iter().flat_map(|mark| alike(marks, mark)).map(|same| {
        let first = same.0;
        let mark = first.mark;
        let names: Vec<String> = same.1.iter().map(|stream| format!("`{stream}`")).collect();
        let names = names.join(", ");
        let why = match (first.versions.as_slice(), &first.fingerprint) {
            ([], theirs) => {
                let theirs = theirs.as_deref().unwrap_or("none");
                format!("the same versions, but {theirs} there, {ours} here")
            }
            (versions, _) => {
                let shown: Vec<&str> = versions.iter().take(SHOWN).map(String::as_str).collect();
                let more = match versions.len().saturating_sub(SHOWN) {
                    0 => String::new(),
                    more => format!("; and {more} more"),
                };
                format!("{}{more}", shown.join("; "))
            }
        };
        let (what, next) = match mark {
            Mark::None => (
                format!("not said for which schemas these were set up: {names}"),
                "`wr topology apply` marks them",
            ),
            Mark::Older => (
                format!("set up for older schemas: {names} ({why})"),
                "`wr topology apply` with this `wr`, before services publish by the newer schemas",
            ),
            Mark::Newer => (
                format!("set up for newer schemas: {names} ({why})"),
                "use a `wr` that is built from those; do not apply with this one, it knows less",
            ),
            _ => (
                format!("set up for other schemas: {names} ({why})"),
                "see which commit each side is built from; `cargo xtask compat` compares the two",
            ),
        };
        Finding::warning(look, what, next)
    });
    let told: Vec<Finding> = told.collect();
    match (told.is_empty(), marks.is_empty()) {
        (false, _) => told,
        (true, true) => Vec::new(),
        (true, false) => {
            vec![Finding::good(look, format!("the streams were set up for this one, {ours}"))]
        }
    }
}

/// The streams with a mark, those together that were set up for one catalogue: one of them, and the
/// names of all.
fn alike(marks: &[Marked], mark: Mark) -> Vec<(&Marked, Vec<&str>)> {
    let mut groups: Vec<(&Marked, Vec<&str>)> = Vec::new();
    for marked in marks.iter().filter(|it| it.mark == mark) {
        let is_same = |first: &Marked| {
            first.fingerprint == marked.fingerprint && first.versions == marked.versions
        };
        match groups.iter_mut().find(|(first, _)| is_same(first)) {
            Some((_, names)) => names.push(&marked.stream),
            None => groups.push((marked, vec![&marked.stream])),
        }
    }
    groups
}

fn health(health: &Health) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stream in &health.streams {
        let next = "see to its servers; `wr health` shows leaders and replicas";
        findings.extend(unwell("stream", &stream.name, stream.ok, &stream.reason, next));
    }
    for consumer in &health.consumers {
        let name = &consumer.name;
        let next = "see `wr topology plan`, and whether its service runs";
        findings.extend(unwell("consumer", name, consumer.ok, &consumer.reason, next));
        if let Some(evicted) = consumer.evicted.filter(|evicted| *evicted > 0) {
            findings.push(Finding::bad(
                "consumer",
                format!("`{name}`: at most {} gone unread", count(evicted, "message")),
                "make its service faster, or its stream larger: messages are being lost",
            ));
        }
    }
    if findings.is_empty() {
        let streams = count(health.streams.len() as u64, "stream");
        let consumers = count(health.consumers.len() as u64, "consumer");
        findings.push(Finding::good("health", format!("{streams} and {consumers} are well")));
    }
    findings
}

/// Of what the check found ill, or could not ask about.
fn unwell(
    look: &'static str,
    name: &str,
    ok: Option<bool>,
    reason: &Option<String>,
    next: &str,
) -> Option<Finding> {
    let why = reason.as_deref().unwrap_or("unknown");
    match ok {
        Some(true) => None,
        Some(false) => Some(Finding::bad(look, format!("`{name}`: {why}"), next)),
        None => Some(Finding::warning(look, format!("`{name}` is unknown: {why}"), PERMIT)),
    }
}

async fn dead_letters(connection: &Connection, catalogue: &'static Catalogue) -> Finding {
    let look = "dead letters";
    let groups = match DeadLetterQueue::new(connection, catalogue) {
        Ok(queue) => queue.groups(&Selection::all()).await,
        Err(error) => Err(error),
    };
    match groups {
        Ok(groups) => match groups.iter().map(|group| group.count).sum() {
            0 => Finding::good(look, "none"),
            total => Finding::warning(
                look,
                format!("{} wait for somebody", count(total, "dead letter")),
                "see them with `wr dlq list`",
            ),
        },
        Err(error) => unpermitted(look, &error),
    }
}

/// Advisories that nobody reads are messages that nobody will miss until it is too late.
async fn advisories(connection: &Connection, topology: &Topology) -> Finding {
    let look = "reconciler";
    let stream = topology.constants().advisories_stream;
    let subject = format!("CONSUMER.INFO.{stream}.reconciler");
    let info = match connection.ask(&subject, &json!({})).await {
        Ok(info) => info,
        Err(error) => return unasked(look, &error),
    };
    let number = |name: &str| info.get(name).and_then(Value::as_u64).unwrap_or_default();
    match (number("num_pending") + number("num_ack_pending"), number("num_waiting")) {
        (0, 0) => Finding::warning(
            look,
            "nothing waits for it, and none runs now",
            "run one `Reconciler` somewhere: what crashes at its last delivery is lost without it",
        ),
        (0, _) => Finding::good(look, "it runs, and nothing waits for it"),
        (waiting, 0) => Finding::bad(
            look,
            format!(
                "{} wait, and none runs",
                match waiting {
                    1 => "1 advisory".to_owned(),
                    _ => format!("{waiting} advisories"),
                }
            ),
            "start one: these messages are in no dead-letter queue yet",
        ),
        (waiting, _) => Finding::good(look, format!("it runs, {waiting} wait for it")),
    }
}

/// What could not be asked is unknown.
fn unasked(look: &'static str, error: &wr_runtime::Error) -> Finding {
    let next = match error.kind() {
        ErrorKind::PermissionDenied { .. } => PERMIT,
        _ => "see to that first",
    };
    Finding::warning(look, format!("unknown: {error}"), next)
}

fn unpermitted(look: &'static str, error: &wr_runtime::Error) -> Finding {
    match error.kind() {
        ErrorKind::PermissionDenied { .. } => unasked(look, error),
        _ => Finding::bad(look, error.to_string(), "see to that first"),
    }
}
