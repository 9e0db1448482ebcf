//! What the site says, as values: a catalogue seen by someone who looks for an event.

use std::collections::BTreeMap;

use serde::Serialize;
use wr_codegen::{Severity, sample};
use wr_schema::Catalog;
use wr_schema::catalog::{History, Minor};
use wr_schema::topology::{self, Discard, Retention, Storage, Topology};

use crate::changes::{self, Pair, Sides};
use crate::fields::{self, Row};
use crate::text;
use crate::{Error, Options};

/// A whole catalogue.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    pub(crate) domain: String,
    pub(crate) entities: Vec<Entity>,
    pub(crate) services: Vec<Service>,
    pub(crate) streams: Vec<Stream>,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) dead_letters: Option<DeadLetters>,
    /// The envelope's fields.
    pub(crate) envelope: Vec<Row>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) alerts: Vec<Alert>,
}

/// The events of one entity.
#[derive(Debug, Serialize)]
pub(crate) struct Entity {
    pub(crate) name: String,
    pub(crate) events: Vec<Event>,
}

/// An event: all its majors.
#[derive(Debug, Serialize)]
pub(crate) struct Event {
    /// Its type, as in `order.placed`.
    pub(crate) name: String,
    /// The path of its page.
    pub(crate) page: String,
    pub(crate) newest: String,
    /// The newest description.
    pub(crate) description: String,
    pub(crate) summary: String,
    /// The majors, newest first; at least one.
    pub(crate) majors: Vec<Major>,
    /// All versions, newest first.
    pub(crate) versions: Vec<String>,
    pub(crate) pairs: Vec<Pair>,
}

/// A major of an event, which is a subject.
#[derive(Debug, Serialize)]
pub(crate) struct Major {
    pub(crate) number: u32,
    pub(crate) subject: String,
    pub(crate) newest: String,
    pub(crate) type_name: String,
    pub(crate) publishers: Vec<String>,
    /// Whether every service that publishes anything publishes it.
    pub(crate) by_every_service: bool,
    pub(crate) stream: Option<Kept>,
    pub(crate) consumers: Vec<Reader>,
    pub(crate) rows: Vec<Row>,
    pub(crate) examples: Vec<String>,
    pub(crate) publish: String,
    pub(crate) handle: String,
    pub(crate) handler: String,
}

/// The stream that keeps a subject.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) age: String,
}

/// A consumer that is delivered a subject.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reader {
    pub(crate) name: String,
    pub(crate) service: Option<String>,
    pub(crate) description: String,
    /// The other events that it is delivered, for which its service has handlers too, each with
    /// what to call it here.
    pub(crate) others: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) description: String,
    /// The events that it publishes.
    pub(crate) publishes: Vec<String>,
    /// The consumers that it runs.
    pub(crate) consumes: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) subjects: Vec<String>,
    pub(crate) events: Vec<String>,
    pub(crate) consumers: Vec<String>,
    /// The limits: what, how much.
    pub(crate) limits: Vec<(&'static str, String)>,
    pub(crate) age: String,
    pub(crate) is_dead_letters: bool,
    pub(crate) is_advisories: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Consumer {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) stream: String,
    pub(crate) service: Option<String>,
    pub(crate) filters: Vec<String>,
    pub(crate) events: Vec<String>,
    pub(crate) limits: Vec<(&'static str, String)>,
    /// Where its dead letters go.
    pub(crate) dead_letters: String,
    /// What is redriven to it.
    pub(crate) redrive: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct DeadLetters {
    pub(crate) stream: Option<String>,
    pub(crate) advisories: Option<String>,
    pub(crate) description: String,
    pub(crate) newest: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) examples: Vec<String>,
    pub(crate) versions: Vec<String>,
    pub(crate) pairs: Vec<Pair>,
}

/// A rule of compatibility.
#[derive(Debug, Serialize)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) in_a_minor: &'static str,
    /// Whether a minor may hold it: `yes`, `no` or `depends`.
    pub(crate) answer: &'static str,
    pub(crate) page: String,
}

/// What an operator is woken for.
#[derive(Debug, Serialize)]
pub(crate) struct Alert {
    pub(crate) name: &'static str,
    /// The words of its label.
    pub(crate) severity: &'static str,
    /// The class of its label.
    pub(crate) tone: &'static str,
    pub(crate) summary: String,
    pub(crate) holds: &'static str,
    pub(crate) condition: String,
    pub(crate) to_do: &'static str,
}

impl Facts {
    pub(crate) fn of(catalog: &Catalog, options: &Options) -> Result<Facts, Error> {
        let none = Topology::default();
        let topology = catalog.topology.as_ref().unwrap_or(&none);
        let mut by_event: BTreeMap<String, Vec<&History>> = BTreeMap::new();
        for history in &catalog.subjects {
            by_event.entry(history.subject.event_type().to_string()).or_default().push(history);
        }
        let mut entities: Vec<Entity> = Vec::new();
        for (name, histories) in by_event {
            let event = event(name, &histories, topology, options)?;
            let entity = event.name.split('.').next().unwrap_or_default().to_owned();
            match entities.last_mut().filter(|last| last.name == entity) {
                Some(last) => last.events.push(event),
                None => entities.push(Entity { name: entity, events: vec![event] }),
            }
        }
        in_order_of_streams(&mut entities, topology);
        Ok(Facts {
            domain: catalog.domain.clone(),
            entities,
            services: services(topology),
            streams: topology.streams.iter().map(|it| stream(it, topology, catalog)).collect(),
            consumers: topology
                .consumers
                .iter()
                .map(|it| consumer(it, topology, catalog))
                .collect(),
            dead_letters: dead_letters(catalog),
            envelope: fields::rows(&catalog.envelope),
            rules: wr_compat::RULES.iter().map(rule).collect(),
            alerts: catalog.topology.iter().flat_map(|it| alerts(&catalog.domain, it)).collect(),
        })
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.entities.iter().flat_map(|entity| &entity.events)
    }
}

/// Entities and events as the topology lists their subjects, which is the order of a life rather
/// than of the alphabet; what it does not list stands last.
fn in_order_of_streams(entities: &mut [Entity], topology: &Topology) {
    let listed: Vec<&str> =
        topology.streams.iter().flat_map(|it| &it.subjects).map(String::as_str).collect();
    let place = |event: &Event| {
        let subject = event.majors.first().map_or("", |major| major.subject.as_str());
        listed.iter().position(|listed| *listed == subject).unwrap_or(listed.len())
    };
    for entity in entities.iter_mut() {
        entity.events.sort_by_key(place);
    }
    entities.sort_by_key(|entity| entity.events.iter().map(place).min());
}

fn event(
    name: String,
    histories: &[&History],
    topology: &Topology,
    options: &Options,
) -> Result<Event, Error> {
    let majors = histories.iter().rev().map(|history| major(history, topology, options));
    let majors = majors.collect::<Result<Vec<Major>, Error>>()?;
    let newest = histories.last().and_then(|history| history.newest());
    let description = newest.map(|minor| minor.contract.docs.description.clone());
    let description = description.unwrap_or_default();
    let sides = majors.first().map(sides).unwrap_or_default();
    let minors = changes::minors(histories);
    Ok(Event {
        page: format!("events/{}.html", text::anchor(&name)),
        newest: newest.map(|minor| minor.version.to_string()).unwrap_or_default(),
        summary: text::first_sentence(&description).to_owned(),
        description,
        majors,
        versions: versions(&minors),
        pairs: changes::pairs(&minors, &sides),
        name,
    })
}

fn sides(major: &Major) -> Sides {
    Sides {
        publishers: major.publishers.clone(),
        consumers: major.consumers.iter().map(|reader| reader.name.clone()).collect(),
        kept: major.stream.as_ref().map(|kept| kept.age.clone()),
    }
}

fn versions(majors: &[&[Minor]]) -> Vec<String> {
    let all = majors.iter().flat_map(|minors| minors.iter());
    let mut all: Vec<String> = all.map(|minor| minor.version.to_string()).collect();
    all.reverse();
    all
}

fn major(history: &History, topology: &Topology, options: &Options) -> Result<Major, Error> {
    let subject = history.subject.to_string();
    let newest = history.newest();
    let sample = sample(history, &options.krate)?;
    let publishers: Vec<String> = topology.publishers_of(&subject).map(str::to_owned).collect();
    let publishing = topology.services.values().filter(|service| !service.publishes.is_empty());
    Ok(Major {
        number: history.subject.major(),
        newest: newest.map(|minor| minor.version.to_string()).unwrap_or_default(),
        type_name: history.subject.type_name(),
        by_every_service: publishers.len() > 3 && publishers.len() == publishing.count(),
        publishers,
        stream: topology.streams_of(&subject).next().map(|stream| Kept {
            name: stream.name.clone(),
            age: text::duration(stream.max_age_seconds),
        }),
        consumers: topology
            .consumers_of(&subject)
            .map(|it| reader(it, &subject, topology))
            .collect(),
        rows: fields::rows(&history.minors),
        examples: newest.map(examples).unwrap_or_default(),
        publish: sample.publish,
        handle: sample.handle,
        handler: sample.handler,
        subject: subject.clone(),
    })
}

fn reader(consumer: &topology::Consumer, subject: &str, topology: &Topology) -> Reader {
    let own = event_of(subject);
    let mut others: Vec<(String, String)> = Vec::new();
    for filter in &consumer.filter_subjects {
        let Ok(other) = wr_schema::Subject::parse(filter) else { continue };
        let event = other.event_type().to_string();
        // Another major of the same event has a handler of its own too.
        let label =
            if event == own { format!("{event} v{}", other.major()) } else { event.clone() };
        if filter != subject && others.iter().all(|(_, known)| *known != label) {
            others.push((event, label));
        }
    }
    Reader {
        name: consumer.name.clone(),
        service: topology.service_of(&consumer.name).map(str::to_owned),
        description: consumer.description.clone(),
        others,
    }
}

/// The event of a subject; what is none is named as it is.
fn event_of(subject: &str) -> String {
    wr_schema::Subject::parse(subject)
        .map_or_else(|_| subject.to_owned(), |subject| subject.event_type().to_string())
}

/// The examples as text.
fn examples(minor: &Minor) -> Vec<String> {
    // As the author wrote them, so in their order and not in that of the alphabet.
    let written = minor.schema.get("examples").map(wr_schema::json::Node::items);
    let written = written.unwrap_or_default().iter();
    written.map(|example| example.to_pretty().trim_end().to_owned()).collect()
}

fn alerts(domain: &str, topology: &Topology) -> Vec<Alert> {
    let alert = |alert: wr_codegen::Alert| Alert {
        name: alert.name,
        severity: alert.severity.as_str(),
        tone: match alert.severity {
            Severity::Critical => "breaking",
            Severity::Warning => "warn",
        },
        summary: untemplated(&alert.summary),
        holds: alert.holds,
        condition: alert.condition,
        to_do: alert.to_do,
    };
    wr_codegen::alerts(domain, topology).into_iter().map(alert).collect()
}

/// A summary with the names of what Prometheus fills in: `{{ $labels.stream }}` is `{stream}`.
fn untemplated(summary: &str) -> String {
    let mut text = String::new();
    for (at, part) in summary.split("{{").enumerate() {
        let (name, rest) =
            if at == 0 { ("", part) } else { part.split_once("}}").unwrap_or(("", part)) };
        let name = name.split('|').next().unwrap_or_default().trim();
        let name = name.trim_start_matches("$labels.").trim_start_matches('$');
        if !name.is_empty() {
            text += &format!("`{{{name}}}`");
        }
        text += rest;
    }
    text
}

fn services(topology: &Topology) -> Vec<Service> {
    let service = |(name, service): (&String, &topology::Service)| {
        let mut publishes: Vec<String> = Vec::new();
        for event in service.publishes.iter().map(|subject| event_of(subject)) {
            if !publishes.contains(&event) {
                publishes.push(event);
            }
        }
        let consumes = service.consumes.clone();
        Service {
            name: name.clone(),
            description: service.description.clone(),
            publishes,
            consumes,
        }
    };
    topology.services.iter().map(service).collect()
}

/// The events whose subject one of the filters matches.
fn events_of(filters: &[String], catalog: &Catalog) -> Vec<String> {
    let mut events = Vec::new();
    for filter in filters {
        let subjects = catalog.subjects.iter().map(|history| &history.subject);
        for subject in subjects.filter(|subject| topology::covers(filter, &subject.to_string())) {
            let event = subject.event_type().to_string();
            if !events.contains(&event) {
                events.push(event);
            }
        }
    }
    events
}

fn stream(stream: &topology::Stream, topology: &Topology, catalog: &Catalog) -> Stream {
    let readers = topology.consumers.iter().filter(|consumer| consumer.stream == stream.name);
    Stream {
        name: stream.name.clone(),
        description: stream.description.clone(),
        subjects: stream.subjects.clone(),
        events: events_of(&stream.subjects, catalog),
        consumers: readers.map(|consumer| consumer.name.clone()).collect(),
        limits: vec![
            ("Kept for", text::duration(stream.max_age_seconds)),
            ("Messages", text::grouped(stream.max_messages.into())),
            ("Size", text::bytes(stream.max_bytes)),
            ("Duplicate window", text::duration(stream.duplicate_window_seconds)),
            ("Replicas", stream.replicas.to_string()),
            (
                "When full",
                match stream.discard {
                    Discard::Old => "the oldest message goes".to_owned(),
                    Discard::New => "the new message is refused".to_owned(),
                },
            ),
            (
                "Storage",
                match stream.storage {
                    Storage::File => "on disk".to_owned(),
                    Storage::Memory => "in memory".to_owned(),
                },
            ),
            (
                "Retention",
                match stream.retention {
                    Retention::Limits => "until a limit is reached".to_owned(),
                },
            ),
        ],
        age: text::duration(stream.max_age_seconds),
        is_dead_letters: stream.name == topology.dead_letters.stream,
        is_advisories: stream.name == topology.advisories.stream,
    }
}

fn consumer(consumer: &topology::Consumer, topology: &Topology, catalog: &Catalog) -> Consumer {
    let mut limits = vec![
        ("Attempts", consumer.attempts.to_string()),
        ("Time for each", text::duration(consumer.ack_wait_seconds)),
        ("Unsettled at once", text::grouped(consumer.max_ack_pending.into())),
        (
            "Server's own limit",
            text::plural(consumer.max_deliver.into(), "delivery")
                .replace("deliverys", "deliveries"),
        ),
        (
            "A new one starts",
            match consumer.deliver_policy {
                topology::DeliverPolicy::All => "with the oldest message".to_owned(),
                topology::DeliverPolicy::Last => "with the last message".to_owned(),
                topology::DeliverPolicy::New => "with the next message".to_owned(),
            },
        ),
    ];
    if let Some(memory) = &consumer.deduplication {
        let kept = text::duration(memory.max_age_seconds);
        limits.push(("Handled ids", format!("remembered for {kept} in {}", memory.bucket)));
    }
    Consumer {
        name: consumer.name.clone(),
        description: consumer.description.clone(),
        stream: consumer.stream.clone(),
        service: topology.service_of(&consumer.name).map(str::to_owned),
        filters: consumer.filter_subjects.clone(),
        events: events_of(&consumer.filter_subjects, catalog),
        limits,
        dead_letters: topology.dead_letters.subject_of(consumer),
        redrive: topology.redrive.filter_of(consumer),
    }
}

fn dead_letters(catalog: &Catalog) -> Option<DeadLetters> {
    let topology = catalog.topology.as_ref();
    let newest = catalog.dead_letters.last()?;
    let minor = newest.minors.last()?;
    let majors: Vec<&[Minor]> =
        catalog.dead_letters.iter().map(|major| major.minors.as_slice()).collect();
    Some(DeadLetters {
        stream: topology.map(|topology| topology.dead_letters.stream.clone()),
        advisories: topology.map(|topology| topology.advisories.stream.clone()),
        description: minor.contract.docs.description.clone(),
        newest: minor.version.to_string(),
        rows: fields::rows(&newest.minors),
        examples: examples(minor),
        versions: versions(&majors),
        pairs: changes::pairs(&majors, &Sides::default()),
    })
}

fn rule(rule: &wr_compat::Rule) -> Rule {
    let answer = match rule.in_a_minor {
        "yes" => "yes",
        text if text.starts_with("no") => "no",
        _ => "depends",
    };
    let page = rule.page();
    // Its first line is the summary, which stands in the heading.
    let page = page.split_once('\n').map_or("", |(_, rest)| rest).trim().to_owned();
    Rule { id: rule.id, summary: rule.summary(), in_a_minor: rule.in_a_minor, answer, page }
}
