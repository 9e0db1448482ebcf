//! Reports services that would publish or consume something else than they should.
//!
//! What a service may do with events follows from `services`: an event that is missing there can be
//! published by nobody, and a consumer that is missing is run by nobody. A consumer that two
//! services run gives each of them some of its messages. A file without `services` says nothing of
//! them, and nothing is reported.
//!
//! List the exact subjects that a service publishes and the consumers that it runs. Every event has
//! a service that publishes it, and every consumer one service that runs it.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::Draft;
use crate::json::{Member, Node, Span};
use crate::lint::{Check, Report};
use crate::topology::{ROLES, Topology};

pub(super) const CHECK: Check = Check::Catalog(check);

fn check(draft: &Draft<'_>, report: &mut Report<'_>) {
    let Some((topology, root)) = draft.streams() else { return };
    let Some(services) = root.member("services") else { return };
    let subjects = draft.subjects();
    let published = published(services, &subjects, report);
    let run = run(services, &topology, report);
    for service in services.value.members() {
        name(service, report);
        if list(service, "publishes").is_empty() && list(service, "consumes").is_empty() {
            let message = format!("`{}` neither publishes nor consumes", service.key);
            report.at(service.key_span, message, "list what it does, or remove it");
        }
    }
    for subject in subjects.iter().filter(|subject| !published.contains(subject.as_str())) {
        let message = format!("no service publishes `{subject}`");
        report.at(services.key_span, message, "add it to the `publishes` of the service that does");
    }
    for consumer in &topology.consumers {
        if !run.contains(consumer.name.as_str()) {
            let message = format!("no service runs the consumer `{}`", consumer.name);
            let help = "add it to the `consumes` of the service that does";
            report.at(services.key_span, message, help);
        }
    }
}

/// A name is the `source` of events, and stands in the configuration of the server.
fn name(service: &Member, report: &mut Report<'_>) {
    let is_odd = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    if service.key.is_empty() || service.key.contains(is_odd) {
        let message = format!("`{}` is no name of a service", service.key);
        report.at(service.key_span, message, "write letters, digits, `-` and `_`");
    }
    if ROLES.contains(&service.key.as_str()) {
        let message = format!("`{}` is a user of the server that is no service", service.key);
        report.at(service.key_span, message, "name the service otherwise");
    }
}

/// What the services publish; each subject is one of an event, and listed once.
fn published<'a>(
    services: &'a Member,
    subjects: &BTreeSet<String>,
    report: &mut Report<'_>,
) -> BTreeSet<&'a str> {
    let mut all = BTreeSet::new();
    for service in services.value.members() {
        let mut own = BTreeSet::new();
        for (subject, span) in list(service, "publishes") {
            if !subjects.contains(subject) {
                let message = format!("there is no event with the subject `{subject}`");
                report.at(span, message, "name a folder of this catalogue, to the letter");
            } else if !own.insert(subject) {
                report.at(span, format!("`{subject}` is listed twice"), "remove one of the two");
            }
        }
        all.extend(own);
    }
    all
}

/// The consumers that the services run; each is one of this file, and run by one service.
fn run<'a>(
    services: &'a Member,
    topology: &Topology,
    report: &mut Report<'_>,
) -> BTreeSet<&'a str> {
    let known: BTreeSet<&str> =
        topology.consumers.iter().map(|consumer| consumer.name.as_str()).collect();
    let mut runs: BTreeMap<&str, &str> = BTreeMap::new();
    for service in services.value.members() {
        for (consumer, span) in list(service, "consumes") {
            if !known.contains(consumer) {
                let message = format!("there is no consumer `{consumer}`");
                report.at(span, message, "name a consumer of this file");
            } else if let Some(other) = runs.insert(consumer, &service.key) {
                let (message, help) = if other == service.key {
                    (format!("`{consumer}` is listed twice"), "remove one of the two")
                } else {
                    let help = "a service that is to see every message has a consumer of its own";
                    (format!("`{other}` runs the consumer `{consumer}` too"), help)
                };
                report.at(span, message, help);
            }
        }
    }
    runs.into_keys().collect()
}

/// The texts of a list of a service, with where they stand.
fn list<'a>(service: &'a Member, key: &str) -> Vec<(&'a str, Span)> {
    let items = service.value.get(key).map(Node::items).unwrap_or_default();
    items.iter().filter_map(|item| Some((item.as_str()?, item.span))).collect()
}
