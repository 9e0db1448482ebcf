//! What would make a topology lose messages, checked on the constants of any catalogue as the lint
//! checks `topology.json`.

use std::collections::BTreeSet;

use wr_core::Catalogue;
use wr_core::topology::{Consumer, Discard, Stream, Topology};

use super::subjects::{fill, is_filter, overlap, stored};
use super::{RECONCILER, redrive_subject};

/// What the server publishes when it stops delivering a message.
const ADVISORIES: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>";

/// Everything that is wrong, one text a problem; empty where all is well.
pub(super) fn problems(catalogue: &Catalogue, topology: &Topology) -> Vec<String> {
    let mut found = Vec::new();
    names(topology, &mut found);
    filters(topology, &mut found);
    subjects(catalogue, topology, &mut found);
    for stream in topology.streams {
        limits(stream, &mut found);
    }
    for consumer in topology.consumers {
        match topology.streams.iter().find(|stream| stream.name == consumer.stream) {
            Some(stream) => within(topology, stream, consumer, &mut found),
            None => found.push(format!(
                "consumer `{}` reads a stream `{}` that is not there",
                consumer.name, consumer.stream
            )),
        }
    }
    dead_letters(topology, &mut found);
    advisories(topology, &mut found);
    found
}

/// Names become part of subjects of the server's API, and stand once.
fn names(topology: &Topology, found: &mut Vec<String>) {
    let streams = topology.streams.iter().map(|stream| ("stream", stream.name));
    let consumers = topology.consumers.iter().map(|consumer| ("consumer", consumer.name));
    let buckets = topology.consumers.iter().filter_map(|consumer| consumer.deduplication);
    let buckets = buckets.map(|bucket| ("bucket", bucket.bucket));
    let reconciler = std::iter::once(("consumer", RECONCILER));
    let mut seen = BTreeSet::new();
    for (what, name) in reconciler.chain(streams).chain(consumers).chain(buckets) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(is_plain) {
            found.push(format!("`{name}` is no name of a {what}"));
        }
        if !seen.insert((what, name)) {
            found.push(format!("there is more than one {what} `{name}`"));
        }
    }
}

fn filters(topology: &Topology, found: &mut Vec<String>) {
    let streams = topology.streams.iter().flat_map(|stream| stream.subjects);
    let consumers = topology.consumers.iter().flat_map(|consumer| consumer.filter_subjects);
    let odd = streams.chain(consumers).filter(|filter| !is_filter(filter));
    found.extend(odd.map(|filter| format!("`{filter}` is no filter of subjects")));
    for stream in topology.streams.iter().filter(|stream| stream.subjects.is_empty()) {
        found.push(format!("stream `{}` has no subject", stream.name));
    }
    for consumer in topology.consumers.iter().filter(|it| it.filter_subjects.is_empty()) {
        found.push(format!("consumer `{}` has no filter", consumer.name));
    }
}

/// Every subject lies in exactly one stream.
fn subjects(catalogue: &Catalogue, topology: &Topology, found: &mut Vec<String>) {
    let all = || {
        let pairs = |stream: &'static Stream| stream.subjects.iter().map(move |it| (stream, *it));
        topology.streams.iter().flat_map(pairs)
    };
    for (at, (stream, filter)) in all().enumerate() {
        for (other, taken) in all().take(at).filter(|(_, taken)| overlap(taken, filter)) {
            let (name, other) = (stream.name, other.name);
            found.push(format!("`{filter}` of `{name}` overlaps `{taken}` of `{other}`"));
        }
    }
    let lies = |subject: &str| topology.streams.iter().any(|it| stored(it.subjects, subject));
    let homeless = catalogue.subjects.iter().filter(|entry| !lies(entry.subject));
    found.extend(homeless.map(|entry| format!("no stream stores `{}`", entry.subject)));
}

fn limits(stream: &Stream, found: &mut Vec<String>) {
    let Stream { name, duplicate_window_seconds: window, max_age_seconds: age, .. } = stream;
    if window > age {
        found
            .push(format!("stream `{name}` remembers ids for {window} s and messages for {age} s"));
    }
}

/// A consumer gets what it should, and nothing is given up before the runtime gives it up.
fn within(topology: &Topology, stream: &Stream, consumer: &Consumer, found: &mut Vec<String>) {
    let Consumer { name, filter_subjects: filters, attempts, max_deliver, .. } = consumer;
    for (at, filter) in filters.iter().enumerate() {
        if !stored(stream.subjects, filter) {
            found.push(format!(
                "filter `{filter}` of consumer `{name}` is not within stream `{}`: it would be \
                 silent for ever",
                stream.name
            ));
        }
        if let Some(other) = filters.iter().take(at).find(|other| overlap(other, filter)) {
            found.push(format!("filters `{other}` and `{filter}` of consumer `{name}` overlap"));
        }
    }
    if max_deliver <= attempts {
        found.push(format!(
            "`max_deliver` {max_deliver} of consumer `{name}` is not above its {attempts} attempts"
        ));
    }
    if let Some(memory) = consumer.deduplication
        && memory.max_age_seconds <= stream.max_age_seconds
    {
        found.push(format!(
            "bucket `{}` forgets handled events before stream `{}` forgets the messages",
            memory.bucket, stream.name
        ));
    }
    redrive(topology, stream, consumer, found);
}

/// What is redriven to a consumer reaches it, and it alone.
fn redrive(topology: &Topology, stream: &Stream, consumer: &Consumer, found: &mut Vec<String>) {
    let template = topology.redrive_subject;
    if !template.contains("{consumer}") {
        return found.push(format!("`{template}` does not name the consumer to redrive to"));
    }
    let filter = redrive_subject(topology, consumer.name, ">");
    let name = consumer.name;
    if !is_filter(&filter) {
        found.push(format!("`{filter}` is no filter of subjects"));
    } else if !stored(stream.subjects, &filter) {
        found.push(format!("stream `{}` does not store `{filter}`", stream.name));
    } else if !stored(consumer.filter_subjects, &filter) {
        found.push(format!("consumer `{name}` does not read `{filter}`, redriven to it"));
    }
}

fn dead_letters(topology: &Topology, found: &mut Vec<String>) {
    let letters = &topology.dead_letters;
    let Some(stream) = topology.streams.iter().find(|stream| stream.name == letters.stream) else {
        return found.push(format!("there is no stream `{}` for dead letters", letters.stream));
    };
    let name = stream.name;
    for consumer in topology.consumers {
        let values = [("{stream}", consumer.stream), ("{consumer}", consumer.name)];
        let subject = fill(letters.subject, &values);
        if !is_filter(&subject) || !stored(stream.subjects, &subject) {
            found.push(format!("stream `{name}` does not store dead letters on `{subject}`"));
        }
    }
    let sources = topology.consumers.iter().flat_map(|consumer| {
        topology.streams.iter().filter(move |stream| stream.name == consumer.stream)
    });
    if let Some(source) = sources.into_iter().find(|source| source.replicas > stream.replicas) {
        let source = source.name;
        found.push(format!("stream `{name}` has fewer replicas than `{source}`"));
    }
    if stream.discard != Discard::Old {
        found.push(format!("stream `{name}` would refuse a dead letter when it is full"));
    }
    if stream.duplicate_window_seconds != stream.max_age_seconds {
        found.push(format!("stream `{name}` could keep the same dead letter twice"));
    }
}

fn advisories(topology: &Topology, found: &mut Vec<String>) {
    let name = topology.advisories_stream;
    match topology.streams.iter().find(|stream| stream.name == name) {
        None => found.push(format!("there is no stream `{name}` for the server's advisories")),
        Some(stream) if !stored(stream.subjects, ADVISORIES) => {
            found.push(format!("stream `{name}` does not store `{ADVISORIES}`"));
        }
        Some(_) => {}
    }
}
