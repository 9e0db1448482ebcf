//! The catalogue as an AsyncAPI document: a channel a subject, an operation for each side of it,
//! and the whole message, envelope and payload, as its schema.
//!
//! No binding of AsyncAPI knows JetStream, so streams, consumers and dead letters stand in `x-`
//! extensions, as `topology.json` has them.

use serde_json::{Map, Value, json};
use wr_schema::Catalog;
use wr_schema::catalog::{History, Minor, envelope};
use wr_schema::json::Node;
use wr_schema::language::message;
use wr_schema::topology::Topology;

use crate::{HEADER, text};

/// The version of AsyncAPI that the document is written in.
const ASYNCAPI: &str = "3.1.0";

/// The document, as text.
pub fn asyncapi(catalog: &Catalog) -> String {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for history in &catalog.subjects {
        let Some(newest) = history.newest() else { continue };
        let subject = history.subject.to_string();
        let name = history.subject.type_name();
        channels.insert(subject.clone(), channel(history, newest, catalog.topology.as_ref()));
        messages.insert(name.clone(), self::message_of(catalog, history, newest));
        if let Some(topology) = &catalog.topology {
            operations.extend(self::operations(topology, &subject, &name));
        }
    }
    let versions: usize = catalog.subjects.iter().map(|history| history.minors.len()).sum();
    let mut document = json!({
        "info": {
            "title": format!("The events of {}", catalog.domain),
            "version": format!("1.{versions}.0"),
            "description": "Its version counts the versions of all events, so that each new one \
                            makes it greater.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages },
    });
    if let (Some(topology), Some(document)) = (&catalog.topology, document.as_object_mut()) {
        document.extend(extensions(topology));
    }
    // The header has to stand among the first lines, and the keys stand in alphabetical order.
    let body = format!("{document:#}");
    let head = format!("{{\n  \"asyncapi\": \"{ASYNCAPI}\",\n  \"x-generated\": \"{HEADER}\",\n");
    format!("{head}{}\n", body.strip_prefix("{\n").unwrap_or(&body))
}

fn channel(history: &History, newest: &Minor, topology: Option<&Topology>) -> Value {
    let subject = history.subject.to_string();
    let name = history.subject.type_name();
    let mut channel = json!({
        "address": subject,
        "title": history.subject.event_type().to_string(),
        "description": newest.contract.docs.description,
        "messages": {
            name.clone(): { "$ref": format!("#/components/messages/{name}") },
        },
    });
    let stream = topology.and_then(|topology| topology.streams_of(&subject).next());
    if let (Some(stream), Some(channel)) = (stream, channel.as_object_mut()) {
        channel.insert("x-stream".to_owned(), json!(stream.name));
    }
    channel
}

/// The whole message, with every reference replaced.
fn message_of(catalog: &Catalog, history: &History, newest: &Minor) -> Value {
    let described = catalog.envelope.last().map(|minor| minor.schema.clone());
    let envelope = described.or_else(envelope);
    let payload = match envelope {
        Some(envelope) => message(&envelope, &newest.schema, &history.subject).to_value(),
        None => newest.schema.to_value(),
    };
    let docs = &newest.contract.docs;
    let written = newest.schema.get("examples").map(Node::items).unwrap_or_default();
    let versions = history.minors.iter().map(|minor| minor.version.to_string());
    json!({
        "name": history.subject.event_type().to_string(),
        "title": history.subject.type_name(),
        "summary": text::first_sentence(&docs.description),
        "description": docs.description,
        "contentType": "application/json",
        "payload": without_annotations_of_files(payload),
        "x-version": newest.version.to_string(),
        "x-versions": versions.collect::<Vec<_>>(),
        "x-payload-examples": written.iter().map(Node::to_value).collect::<Vec<_>>(),
    })
}

/// Where a file lies, and in which draft it is written, says nothing once it stands elsewhere; an
/// example of the payload alone is none of the message.
fn without_annotations_of_files(mut message: Value) -> Value {
    let strip = |schema: &mut Value| {
        if let Some(schema) = schema.as_object_mut() {
            for key in ["$schema", "$id", "$comment", "examples", "title"] {
                schema.remove(key);
            }
        }
    };
    strip(&mut message);
    if let Some(payload) = message.pointer_mut("/properties/data") {
        strip(payload);
    }
    message
}

/// What each service and each consumer does with a subject.
fn operations(topology: &Topology, subject: &str, name: &str) -> Vec<(String, Value)> {
    let operation = |action: &str, extension: (&str, &str), summary: String| {
        json!({
            "action": action,
            "channel": { "$ref": format!("#/channels/{}", subject.replace('~', "~0").replace('/', "~1")) },
            "messages": [{
                "$ref": format!("#/channels/{subject}/messages/{name}"),
            }],
            "summary": summary,
            extension.0: extension.1,
        })
    };
    let sent = topology.publishers_of(subject).map(|service| {
        let value = operation("send", ("x-service", service), format!("{service} publishes it."));
        (format!("{service}.send.{subject}"), value)
    });
    let received = topology.consumers_of(subject).map(|consumer| {
        let summary = format!("{} handles it.", consumer.name);
        let value = operation("receive", ("x-consumer", consumer.name.as_str()), summary);
        (format!("{}.receive.{subject}", consumer.name), value)
    });
    sent.chain(received).collect()
}

/// What AsyncAPI has no words for.
fn extensions(topology: &Topology) -> Map<String, Value> {
    let extensions = [
        ("x-streams", json!(topology.streams)),
        ("x-consumers", json!(topology.consumers)),
        ("x-services", json!(topology.services)),
        ("x-dead-letters", json!(topology.dead_letters)),
        ("x-redrive", json!(topology.redrive)),
        ("x-advisories", json!(topology.advisories)),
    ];
    extensions.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
