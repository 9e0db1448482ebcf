//! Reports limits of streams that the server refuses, or that lose dead letters.
//!
//! A stream cannot remember ids longer than its messages. A dead letter may be reported twice,
//! hours apart, so its stream remembers ids as long as it keeps letters; it has as many replicas as
//! the streams whose messages end there, and its oldest letter gives way, since a publisher that is
//! refused could not settle the original. The server's own reports of exhausted deliveries are
//! captured, or nobody would notice them.
//!
//! Correct the number, or name the right stream.

use crate::draft::Draft;
use crate::json::{Node, Span};
use crate::lint::{Check, Report};
use crate::topology::{Discard, Filters, Stream, Topology};

pub(super) const CHECK: Check = Check::Catalog(check);

/// What the server publishes when it stops delivering a message.
const ADVISORIES: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>";

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let Some((topology, root)) = draft.streams() else { return };
    for (at, stream) in topology.streams.iter().enumerate() {
        let Some(node) = root.pointer(&format!("/streams/{at}")) else { continue };
        let is_dead_letters = stream.name == topology.dead_letters.stream;
        if stream.duplicate_window_seconds > stream.max_age_seconds {
            report.at(
                span(node, "/duplicate_window_seconds"),
                "the duplicate window is longer than messages are kept",
                format!("write at most {}", stream.max_age_seconds),
            );
        } else if is_dead_letters && stream.duplicate_window_seconds != stream.max_age_seconds {
            report.at(
                span(node, "/duplicate_window_seconds"),
                "the same dead letter could be kept twice",
                format!("write {}, the maximum age", stream.max_age_seconds),
            );
        }
        if is_dead_letters {
            dead_letters(&topology, stream, node, report);
        }
    }
    advisories(&topology, root, report);
}

fn dead_letters(topology: &Topology, stream: &Stream, node: &Node, report: &mut Report<'_>) {
    let sources = topology.consumers.iter().filter_map(|consumer| topology.stream(&consumer.stream));
    let most = sources.max_by_key(|source| source.replicas);
    if let Some(source) = most.filter(|source| source.replicas > stream.replicas) {
        report.at(
            span(node, "/replicas"),
            format!("dead letters of `{}` are kept on fewer servers than it", source.name),
            format!("write {}", source.replicas),
        );
    }
    if stream.discard != Discard::Old {
        report.at(
            span(node, "/discard"),
            "a full stream of dead letters would refuse the next one",
            "write `old`",
        );
    }
}

fn advisories(topology: &Topology, root: &Node, report: &mut Report<'_>) {
    let at = span(root, "/advisories/stream");
    let name = &topology.advisories.stream;
    match topology.stream(name) {
        None => report.at(
            at,
            format!("there is no stream `{name}`"),
            format!("name the stream that stores `{ADVISORIES}`"),
        ),
        Some(stream) => {
            let stored: Filters<'_> = stream.subjects.iter().map(String::as_str).collect();
            if !stored.covers(ADVISORIES) {
                let message = format!("`{name}` does not store the server's reports");
                report.at(at, message, format!("add `{ADVISORIES}` to it"));
            }
        }
    }
}

fn span(node: &Node, pointer: &str) -> Span {
    node.pointer(pointer).map_or(node.head(), |node| node.span)
}
