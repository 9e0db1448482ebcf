//! Reports a consumer that would not get what it should.
//!
//! The server accepts a filter outside the stream, and the consumer stays silent for ever. It
//! refuses filters that overlap. A `max_deliver` that is not above `attempts` loses a message when
//! a consumer crashes at its last attempt, and a memory of handled events that is shorter than the
//! stream forgets what may come again.
//!
//! Name a stream of this file, and filters that lie within it, the consumer's redrive subject
//! included.

use crate::draft::Draft;
use crate::json::{Node, Span};
use crate::lint::{Check, Report};
use crate::topology::{Consumer, Filters, Topology};

pub(super) const CHECK: Check = Check::Catalog(check);

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let Some((topology, root)) = draft.streams() else { return };
    for (at, consumer) in topology.consumers.iter().enumerate() {
        if let Some(node) = root.pointer(&format!("/consumers/{at}")) {
            within(&topology, consumer, node, report);
            filters(&topology, consumer, node, report);
            limits(&topology, consumer, node, report);
        }
    }
}

/// The stream is there, and each filter lies within it.
fn within(topology: &Topology, consumer: &Consumer, node: &Node, report: &mut Report<'_>) {
    let Some(stream) = topology.stream(&consumer.stream) else {
        let message = format!("there is no stream `{}`", consumer.stream);
        return report.at(span(node, "/stream"), message, "name a stream of this file");
    };
    let stored: Filters<'_> = stream.subjects.iter().map(String::as_str).collect();
    for (index, filter) in consumer.filter_subjects.iter().enumerate() {
        // That the stream does not store what is redriven is for the rule `topology_subjects`.
        if !stored.covers(filter) && *filter != topology.redrive.filter_of(consumer) {
            report.at(
                span(node, &format!("/filter_subjects/{index}")),
                format!("`{filter}` is not within `{}`", stream.name),
                "correct the filter, or add it to the stream",
            );
        }
    }
}

/// No two overlap, and what is redriven to the consumer is among them.
fn filters(topology: &Topology, consumer: &Consumer, node: &Node, report: &mut Report<'_>) {
    let mut seen = Filters::default();
    for (index, filter) in consumer.filter_subjects.iter().enumerate() {
        if let Some(other) = seen.overlapping(filter) {
            report.at(
                span(node, &format!("/filter_subjects/{index}")),
                format!("`{filter}` overlaps `{other}`"),
                "remove one of the two",
            );
        } else {
            seen.add(filter);
        }
    }
    let redriven = topology.redrive.filter_of(consumer);
    let stream = topology.stream(&consumer.stream);
    let stored: Filters<'_> =
        stream.iter().flat_map(|stream| &stream.subjects).map(String::as_str).collect();
    if !seen.covers(&redriven) && stored.covers(&redriven) {
        report.keyword(
            node,
            "filter_subjects",
            format!("`{}` does not read what is redriven to it", consumer.name),
            format!("add `{redriven}`"),
        );
    }
}

fn limits(topology: &Topology, consumer: &Consumer, node: &Node, report: &mut Report<'_>) {
    if consumer.max_deliver <= consumer.attempts {
        let message = format!(
            "`max_deliver` is not above `attempts`, which is {}: the server gives up first",
            consumer.attempts
        );
        report.at(span(node, "/max_deliver"), message, "raise it: it is a safety net");
    }
    if let (Some(memory), Some(stream)) =
        (&consumer.deduplication, topology.stream(&consumer.stream))
        && memory.max_age_seconds <= stream.max_age_seconds
    {
        let message = format!(
            "handled events are forgotten before `{}` is, after {} seconds",
            stream.name, stream.max_age_seconds
        );
        let help = "keep them longer than the stream keeps its messages";
        report.at(span(node, "/deduplication/max_age_seconds"), message, help);
    }
}

fn span(node: &Node, pointer: &str) -> Span {
    node.pointer(pointer).map_or(node.head(), |node| node.span)
}
