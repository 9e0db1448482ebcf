//! A server with the topology, and events to send.

use std::time::Duration;

use serde_json::{Value, json};
use wr_events::{CATALOGUE, Event, PositionEnqueuedV1, PositionEnqueuedV1Required};
use wr_runtime::{ConnectOptions, Connection, Overrides, Permission, Subscriber, Topology};
use wr_testkit::Server;

/// Longer than anything here takes on a machine that is busy with other things.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A server of its own, with every stream and consumer of the catalogue.
pub(crate) async fn server() -> (Server, Connection) {
    let server = Server::start().unwrap();
    let connection = connect(&server.url()).await;
    apply(&connection).await;
    (server, connection)
}

/// A connection with short time-outs.
pub(crate) async fn connect(url: &str) -> Connection {
    let options = ConnectOptions::new("test").server(url).request_timeout(Duration::from_secs(2));
    options.connect().await.unwrap()
}

pub(crate) async fn apply(connection: &Connection) {
    let topology = Topology::new(&CATALOGUE, Overrides::default().replicas(1)).unwrap();
    let plan = topology.plan(connection).await.unwrap();
    plan.apply(connection, Permission::default()).await.unwrap();
}

/// Asks JetStream's API.
pub(crate) async fn ask(connection: &Connection, subject: &str, request: Value) -> Value {
    let answer: Value = connection.jetstream().request(subject.to_owned(), &request).await.unwrap();
    assert_eq!(answer.get("error"), None, "{subject}");
    answer
}

/// How many messages a stream has.
pub(crate) async fn messages(connection: &Connection, stream: &str) -> u64 {
    let info = ask(connection, &format!("STREAM.INFO.{stream}"), json!({})).await;
    info["state"]["messages"].as_u64().unwrap()
}

/// Waits until something holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, waiting).await.is_ok(), "never: {what}");
}

/// Drains a subscriber whose handlers all end, so that it gives nothing back.
pub(crate) async fn drain_all(subscriber: Subscriber) {
    let returned = subscriber.drain(LONG).await.unwrap().returned;
    assert!(returned.is_empty(), "{returned:?}");
}

/// An event about a position.
pub(crate) fn enqueued(position: &str, queue_length: i64) -> Event<PositionEnqueuedV1> {
    let required =
        PositionEnqueuedV1Required { position_id: position.to_owned(), priority: 0, queue_length };
    Event::new("test", PositionEnqueuedV1::new(required)).with_queue_id("concert")
}
