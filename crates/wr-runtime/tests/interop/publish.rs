//! What our publisher sends, nats-py reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wr_events::wr_core::Contract;
use wr_events::{CATALOGUE, Event, PositionEnqueuedV1};
use wr_runtime::{Connection, Publisher, PublisherOptions};

use crate::python::Python;
use crate::support::{enqueued, messages, server};
use crate::{STREAM, SUBJECT, base64, bytes};

fn publisher(connection: &Connection, options: PublisherOptions) -> Publisher {
    Publisher::new(connection, &CATALOGUE, "test", options).unwrap()
}

/// An event with something in every field, and beyond ASCII.
fn full(position: &str) -> Event<PositionEnqueuedV1> {
    let mut event = enqueued(position, 1_523).with_queue_id("Köln \u{1f3ab}");
    event.data.user_agent = Some("Mozilla/5.0 \"quoted\" \\ \u{2028}".to_owned());
    let metadata = json!({ "number": 1.25, "large": 9_007_199_254_740_993_i64, "none": null });
    event.data.metadata = metadata.as_object().cloned().map(|map| map.into_iter().collect());
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_publish_is_read_by_nats_py() {
    let (server, connection) = server().await;
    let mut python = Python::connect(&server.url());
    let events = [full("plain"), full("cloud")];
    let plain = publisher(&connection, PublisherOptions::new());
    let cloud = publisher(&connection, PublisherOptions::new().cloud_events());
    plain.publish(&events[0]).await.unwrap();
    cloud.publish(&events[1]).await.unwrap();

    let request =
        json!({ "stream": STREAM, "durable": "elsewhere", "filter": SUBJECT, "count": 2 });
    let read = python.ask("read", request);
    for (event, read) in events.iter().zip(read.as_array().unwrap()) {
        assert_eq!(read["subject"], SUBJECT);
        let body = &read["json"];
        // What Python makes of the bytes is what is in them.
        let sent: Value = serde_json::from_slice(&bytes(&read["body"])).unwrap();
        assert_eq!(body, &sent);
        let (trace, span) = (body["trace_id"].as_str().unwrap(), body["span_id"].as_str().unwrap());
        let mut expected: Value = serde_json::from_slice(&event.encode().unwrap()).unwrap();
        (expected["trace_id"], expected["span_id"]) = (json!(trace), json!(span));
        assert_eq!(body, &expected);

        let id = event.id.to_string();
        let traceparent = format!("00-{trace}-{span}-01");
        let time = event.timestamp.to_rfc3339();
        let mut headers = BTreeMap::from([
            ("Nats-Msg-Id", id.as_str()),
            ("Content-Type", "application/json"),
            ("traceparent", &traceparent),
        ]);
        if event.data.position_id == "cloud" {
            headers.extend([
                ("ce-specversion", "1.0"),
                ("ce-id", &id),
                ("ce-type", "position.enqueued"),
                ("ce-source", "test"),
                ("ce-subject", "K%C3%B6ln%20%F0%9F%8E%AB"),
                ("ce-time", &time),
            ]);
        }
        assert_eq!(read["headers"], json!(headers));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_known_to_both() {
    let (server, connection) = server().await;
    let mut python = Python::connect(&server.url());
    let publisher = publisher(&connection, PublisherOptions::new());
    let (ours, theirs) = (enqueued("ours", 1), enqueued("theirs", 1));
    let mut theirs_first = |event: &Event<PositionEnqueuedV1>| {
        let headers = json!([["Nats-Msg-Id", event.id.to_string()]]);
        let body = base64(event.encode().unwrap());
        let request = json!({ "subject": SUBJECT, "body": body, "headers": headers });
        python.ask("publish", request)["duplicate"] == json!(true)
    };
    assert!(!publisher.publish(&ours).await.unwrap().duplicate);
    assert!(theirs_first(&ours));
    assert!(!theirs_first(&theirs));
    assert!(publisher.publish(&theirs).await.unwrap().duplicate);
    assert_eq!(messages(&connection, STREAM).await, 2);
}
