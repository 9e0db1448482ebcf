//! Reports subjects that no stream stores, or that more than one would.
//!
//! A publisher of a subject without a stream gets no answer, and the server refuses streams that
//! overlap. Dead letters lie in their own stream; what is redriven to a consumer lies in the stream
//! that this consumer reads.
//!
//! Add the subject to the `subjects` of exactly one stream.

use std::collections::BTreeMap;

use crate::draft::Draft;
use crate::json::{Node, Span};
use crate::lint::{Check, Report};
use crate::topology::{Filters, Topology, is_filter};

pub(super) const CHECK: Check = Check::Catalog(check);

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let Some((topology, root)) = draft.streams() else { return };
    overlaps(&topology, root, report);
    let stored: Filters<'_> = topology
        .streams
        .iter()
        .flat_map(|stream| stream.subjects.iter().map(String::as_str))
        .collect();
    let streams = root.member("streams").map_or(root.head(), |member| member.key_span);
    for subject in draft.subjects() {
        if !stored.covers(&subject) {
            let message = format!("no stream stores `{subject}`");
            report.at(streams, message, "add it to the `subjects` of one stream");
        }
    }
    dead_letters(&topology, root, report);
    redrive(&topology, root, report);
}

fn overlaps(topology: &Topology, root: &Node, report: &mut Report<'_>) {
    let mut seen = Filters::default();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (at, stream) in topology.streams.iter().enumerate() {
        for (index, filter) in stream.subjects.iter().enumerate() {
            // What is no filter at all is for the rule `topology_invalid`.
            if !is_filter(filter) {
                continue;
            }
            if let Some(other) = seen.overlapping(filter) {
                let owner = owners.get(other).copied().unwrap_or_default();
                report.at(
                    span(root, &format!("/streams/{at}/subjects/{index}")),
                    format!("`{filter}` overlaps `{other}` of `{owner}`"),
                    "a message goes into one stream: take it out of one of the two",
                );
            } else {
                seen.add(filter);
                owners.insert(filter, &stream.name);
            }
        }
    }
}

fn dead_letters(topology: &Topology, root: &Node, report: &mut Report<'_>) {
    let letters = &topology.dead_letters;
    let Some(stream) = topology.stream(&letters.stream) else {
        let message = format!("there is no stream `{}`", letters.stream);
        let at = span(root, "/dead_letters/stream");
        return report.at(at, message, "name the stream that keeps dead letters");
    };
    let at = span(root, "/dead_letters/subject");
    let stored: Filters<'_> = stream.subjects.iter().map(String::as_str).collect();
    let filled = topology.consumers.iter().map(|consumer| letters.subject_of(consumer));
    let wrong = filled.into_iter().find(|subject| !is_filter(subject) || !stored.covers(subject));
    if let Some(subject) = wrong {
        let message = format!("`{}` does not store `{subject}`", stream.name);
        report.at(at, message, "add it to the stream, or correct the subject of dead letters");
    }
}

fn redrive(topology: &Topology, root: &Node, report: &mut Report<'_>) {
    let at = span(root, "/redrive/subject");
    if !topology.redrive.subject.contains("{consumer}") {
        let message = "the subject of redriven messages does not name the consumer";
        return report.at(at, message, "write `{consumer}` into it: redrive is to one consumer");
    }
    for consumer in &topology.consumers {
        let filter = topology.redrive.filter_of(consumer);
        if !is_filter(&filter) {
            let help = "`{subject}` stands last, and nothing but `{consumer}` is filled besides";
            return report.at(at, format!("`{filter}` is no filter of subjects"), help);
        }
        let index = topology.streams.iter().position(|stream| stream.name == consumer.stream);
        let stream = index.and_then(|index| topology.streams.get(index));
        let (Some(index), Some(stream)) = (index, stream) else { continue };
        let stored: Filters<'_> = stream.subjects.iter().map(String::as_str).collect();
        if !stored.covers(&filter) {
            let key = root
                .pointer(&format!("/streams/{index}"))
                .and_then(|stream| stream.member("subjects"));
            report.at(
                key.map_or(at, |member| member.key_span),
                format!("`{}` does not store `{filter}`", stream.name),
                format!("add it: redriven messages of `{}` go there", consumer.name),
            );
        }
    }
}

fn span(root: &Node, pointer: &str) -> Span {
    root.pointer(pointer).map_or(root.head(), |node| node.span)
}
