//! A proxy that loses things.

use std::sync::{Arc, Mutex};

use wr_testkit::{Direction, Frame, Proxy, Server};

use crate::client::{Client, until};

fn proxied() -> (Server, Proxy, Client) {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(server.port()).unwrap();
    let client = Client::connect(proxy.port());
    (server, proxy, client)
}

#[test]
fn what_passes_is_left_as_it_is() {
    let (_server, proxy, mut client) = proxied();
    client.send("SUB > 1\r\n");
    let long = "PUB a 3\r\n".repeat(100_000);
    for payload in ["", "\r\n", "MSG a 1 5\r\nhello", &long] {
        client.publish("a", payload);
        assert_eq!(client.message().1, payload);
    }
    client.send("HPUB a b 22 24\r\nNATS/1.0\r\nK: value\r\n\r\n{}\r\n");
    let (line, message) = client.message();
    assert_eq!(line, "HMSG a 1 b 22 24\r\n");
    assert_eq!(message, "NATS/1.0\r\nK: value\r\n\r\n{}");
    assert_eq!(client.until_pong(), "");
    assert_eq!(proxy.dropped(Direction::ToClient) + proxy.dropped(Direction::ToServer), 0);
    assert_eq!(proxy.url(), format!("nats://127.0.0.1:{}", proxy.port()));
}

#[test]
fn a_filter_sees_what_it_drops() {
    let (_server, proxy, mut client) = proxied();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_there = Arc::clone(&seen);
    proxy.drop_frames(Direction::ToServer, move |frame: &Frame<'_>| {
        seen_there.lock().unwrap().push(format!("{frame:?}"));
        frame.subject == "lost"
    });
    client.send("SUB > 1\r\nHPUB lost r 12 17\r\nNATS/1.0\r\n\r\nPING\n\r\n");
    client.publish("kept", "yes");
    assert_eq!(client.message().0, "MSG kept 1 3\r\n");
    assert_eq!(client.until_pong(), "");
    assert_eq!(proxy.dropped(Direction::ToServer), 1);
    let expected = Frame {
        verb: "HPUB",
        subject: "lost",
        reply: Some("r"),
        headers: b"NATS/1.0\r\n\r\n",
        payload: b"PING\n",
    };
    assert_eq!(seen.lock().unwrap()[0], format!("{expected:?}"));
}

#[test]
fn publish_acks_are_lost_and_the_message_is_not() {
    let (_server, proxy, mut client) = proxied();
    client.create_stream(1);
    proxy.drop_frames(Direction::ToClient, |frame| frame.is_publish_ack());
    client.ask("s", "one");
    until("the ack is lost", || proxy.dropped(Direction::ToClient) == 1);
    assert_eq!(client.until_pong(), "");
    assert_eq!(client.stored(), 1);
    proxy.pass_all();
    assert!(client.request("s", "two").contains("\"seq\":2"));
    assert_eq!(proxy.dropped(Direction::ToClient), 1);
}

#[test]
fn delivery_acks_are_lost_and_the_message_stays_pending() {
    let (_server, proxy, mut client) = proxied();
    client.create_stream(1);
    client.request("s", "one");
    let config =
        "{\"stream_name\":\"S\",\"config\":{\"durable_name\":\"D\",\"ack_policy\":\"explicit\"}}";
    client.request("$JS.API.CONSUMER.DURABLE.CREATE.S.D", config);
    client.ask("$JS.API.CONSUMER.MSG.NEXT.S.D", "");
    let (line, _) = client.message();
    let ack = line.split_whitespace().find(|word| word.starts_with("$JS.ACK.")).unwrap();

    proxy.drop_frames(Direction::ToServer, |frame| frame.is_delivery_ack());
    client.publish(ack, "+ACK");
    assert_eq!(client.until_pong(), "");
    assert_eq!(proxy.dropped(Direction::ToServer), 1);
    let info = client.request("$JS.API.CONSUMER.INFO.S.D", "");
    assert!(info.contains("\"num_ack_pending\":1,"), "{info}");

    proxy.pass_all();
    client.request(ack, "+ACK");
    let info = client.request("$JS.API.CONSUMER.INFO.S.D", "");
    assert!(info.contains("\"num_ack_pending\":0,"), "{info}");
}

#[test]
fn connections_are_cut_and_refused() {
    let (mut server, proxy, mut client) = proxied();
    assert_eq!(proxy.connections(), 1);
    proxy.cut();
    assert_eq!((client.line().as_str(), proxy.connections()), ("", 0));

    let mut client = Client::connect(proxy.port());
    proxy.refuse();
    assert_eq!(client.line(), "");
    assert!(Client::greeted(proxy.port()).is_none());
    proxy.pass_all();
    let mut client = Client::connect(proxy.port());

    server.kill();
    assert_eq!(client.line(), "");
    assert!(Client::greeted(proxy.port()).is_none());
    server.restart().unwrap();
    let mut client = Client::connect(proxy.port());
    let port = proxy.port();
    drop(proxy);
    assert_eq!(client.line(), "");
    assert!(Client::greeted(port).is_none());
}
