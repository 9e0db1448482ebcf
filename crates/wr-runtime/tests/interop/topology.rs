//! Our topology, seen by nats-py, and a stream of nats-py, seen by our plan.

use serde_json::{Value, json};
use wr_events::CATALOGUE;
use wr_runtime::{Action, Overrides, Topology};
use wr_testkit::Server;

use crate::STREAM;
use crate::python::Python;
use crate::support::{connect, server};

const SECOND: u64 = 1_000_000_000;

/// Some of the settings.
fn only(settings: &Value, wanted: &Value) -> Value {
    let names = wanted.as_object().unwrap().keys();
    names
        .map(|name| (name.clone(), settings[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topology_is_what_nats_py_sees() {
    let (server, _connection) = server().await;
    let mut python = Python::connect(&server.url());
    let topology = CATALOGUE.topology.unwrap();
    for stream in topology.streams {
        let wanted = json!({
            "name": stream.name,
            "description": stream.description,
            "subjects": stream.subjects,
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "max_msgs": stream.max_messages,
            "max_bytes": stream.max_bytes,
            "max_age": stream.max_age_seconds * SECOND,
            "duplicate_window": stream.duplicate_window_seconds * SECOND,
            "num_replicas": 1,
        });
        let seen = python.ask("stream", json!({ "name": stream.name }));
        assert_eq!(only(&seen, &wanted), wanted);
    }
    for consumer in topology.consumers {
        let wanted = json!({
            "durable_name": consumer.name,
            "description": consumer.description,
            "deliver_policy": "all",
            "ack_policy": "explicit",
            "filter_subjects": consumer.filter_subjects,
            "ack_wait": consumer.ack_wait_seconds * SECOND,
            "max_deliver": consumer.max_deliver,
            "max_ack_pending": consumer.max_ack_pending,
        });
        let request = json!({ "stream": consumer.stream, "name": consumer.name });
        let seen = python.ask("consumer", request);
        assert_eq!(only(&seen, &wanted), wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_nats_py_is_drift() {
    let server = Server::start().unwrap();
    let connection = connect(&server.url()).await;
    let mut python = Python::connect(&server.url());
    let config = json!({
        "name": STREAM,
        "subjects": ["waitingroom.position.*.v1"],
        "max_age": 3_600,
        "max_msgs": 10,
        "storage": "memory",
    });
    python.ask("add_stream", json!({ "config": config }));
    let topology = Topology::new(&CATALOGUE, Overrides::default().replicas(1)).unwrap();
    let plan = topology.plan(&connection).await.unwrap();
    let step = plan.steps.iter().find(|step| step.target.to_string().ends_with(STREAM)).unwrap();
    // The storage of a stream cannot be changed.
    assert_eq!(step.action, Action::Conflict, "{plan}");
    let fields: Vec<_> = step.differences.iter().map(|difference| difference.field).collect();
    for field in ["subjects", "storage", "max_msgs", "max_age"] {
        assert!(fields.contains(&field), "{field}: {plan}");
    }
}
