//! Connecting: logins, certificates, and who may not come in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryStreamExt;
use serde_json::json;
use wr_events::wr_core::chrono::Utc;
use wr_events::{
    CATALOGUE, Event, SessionActiveV1, SessionExpiredV1, SessionStartedV1,
    SessionStartedV1Required, SessionTerminatedV1,
};
use wr_runtime::async_nats::connection::State;
use wr_runtime::{
    ConnectOptions, Connection, DeadLetterQueue, Delivery, ErrorKind, Handled, HandlerError,
    Handlers, ListOrder, Overrides, Publisher, PublisherOptions, Result, Selection, Subscriber,
    SubscriberOptions, Topology,
};
use wr_testkit::{Direction, Proxy, Server, ServerOptions};

use crate::support::{apply, ask, drain_all, messages, until};

/// A pair of the documentation of NATS.
const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
const OTHER_SEED: &str = "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4";

fn server(config: &str) -> Server {
    ServerOptions::new().config(config).start().unwrap()
}

fn options(server: &Server) -> ConnectOptions {
    ConnectOptions::new("test").server(server.url())
}

/// JetStream answers.
async fn works(connection: Result<Connection>) {
    ask(&connection.unwrap(), "INFO", json!({})).await;
}

fn is_login(connection: Result<Connection>) {
    let error = connection.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Login(_)), "{:?}", error.kind());
    assert!(!error.is_retryable());
}

fn is_option(connection: Result<Connection>, part: &str) {
    let error = connection.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Option(_)), "{:?}", error.kind());
    assert!(error.to_string().contains(part), "{error}");
}

/// A file beside this one.
fn tls(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

#[tokio::test]
async fn a_user_has_a_password() {
    let server = server("authorization { user: a, password: b }");
    works(options(&server).user("a", "b").connect().await).await;
    is_login(options(&server).user("a", "c").connect().await);
    is_login(options(&server).connect().await);
}

#[tokio::test]
async fn a_token_lets_in() {
    let server = server("authorization { token: secret }");
    works(options(&server).token("secret").connect().await).await;
    is_login(options(&server).token("other").connect().await);
}

#[tokio::test]
async fn an_nkey_lets_in() {
    let server = server(&format!("authorization {{ users: [{{ nkey: {PUBLIC} }}] }}"));
    works(options(&server).nkey(SEED).connect().await).await;
    is_login(options(&server).nkey(OTHER_SEED).connect().await);
    is_login(options(&server).nkey("no seed").connect().await);
}

#[tokio::test]
async fn a_credentials_file_lets_in() {
    let server = server(include_str!("login/operator.conf"));
    let file = |name| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/login").join(name);
    works(options(&server).credentials_file(file("user.creds")).connect().await).await;
    is_login(options(&server).connect().await);
    is_option(options(&server).credentials_file(tls("ca.pem")).connect().await, "ca.pem");
}

#[tokio::test]
async fn tls_shows_who_both_are() {
    let path = |name| tls(name).display().to_string();
    let server = server(&format!(
        "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}",
        path("server.pem"),
        path("server.key"),
        path("ca.pem"),
    ));
    let url = format!("tls://127.0.0.1:{}", server.port());
    let options = || ConnectOptions::new("test").server(&url).require_tls();
    let trusting = || options().root_certificates(tls("ca.pem"));
    let whole = trusting().client_certificate(tls("client.pem"), tls("client.key"));
    works(whole.connect().await).await;

    // It does not trust the server.
    is_login(options().connect().await);
    // The server does not know it.
    trusting().connect().await.unwrap_err();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let server = server("");
    is_login(options(&server).require_tls().connect().await);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named() {
    let server = server("");
    let (ca, missing) = (tls("ca.pem"), tls("missing.pem"));
    let client = |certificate: &Path, key: &Path| {
        options(&server).client_certificate(certificate, key).connect()
    };
    is_option(options(&server).root_certificates(&missing).connect().await, "missing.pem");
    is_option(options(&server).root_certificates(tls("client.key")).connect().await, "client.key");
    is_option(client(&missing, &tls("client.key")).await, "missing.pem");
    is_option(client(&tls("client.pem"), &missing).await, "missing.pem");
    is_option(client(&tls("client.pem"), &ca).await, "ca.pem");
    is_option(options(&server).credentials_file(&missing).connect().await, "missing.pem");
}

#[tokio::test]
async fn a_user_may_have_an_inbox_of_its_own() {
    let server = server(
        "authorization { users: [{ user: a, password: b, permissions: { \
         publish: \">\", subscribe: \"_INBOX_a.>\" } }] }",
    );
    let options = || options(&server).user("a", "b");
    works(options().inbox_prefix("_INBOX_a").connect().await).await;
    let error = options().connect().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PermissionDenied { .. }), "{error}");
}

pub(crate) fn session(session_id: &str) -> Event<SessionStartedV1> {
    let (session_id, position_id) = (session_id.to_owned(), "p".to_owned());
    let required = SessionStartedV1Required { session_id, position_id, expires_at: Utc::now() };
    Event::new("test", SessionStartedV1::new(required))
}

async fn ignore<T>(_: Event<T>, _: Delivery) -> Handled {
    Ok(())
}

/// Those of `notification-service`, to whom every session but a `good` one is of no use.
pub(crate) fn session_handlers() -> Handlers {
    let started =
        async |event: Event<SessionStartedV1>, _: Delivery| match event.data.session_id.as_str() {
            "good" => Ok(()),
            _ => Err(HandlerError::permanent("no use")),
        };
    Handlers::new(&CATALOGUE)
        .on(started)
        .on(ignore::<SessionActiveV1>)
        .on(ignore::<SessionExpiredV1>)
        .on(ignore::<SessionTerminatedV1>)
}

/// Everything is asked in the domain: what is asked outside is lost on the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_asked_for_everything() {
    let server = server("jetstream { domain: hub }");
    let proxy = Proxy::start(server.port()).unwrap();
    proxy.drop_frames(Direction::ToServer, |frame| frame.subject.starts_with("$JS.API."));
    let options = || ConnectOptions::new("test").server(proxy.url());
    let options = || options().request_timeout(Duration::from_secs(2));
    let connection = options().domain("hub").connect().await.unwrap();
    apply(&connection).await;
    let handlers = session_handlers();
    // It remembers what it has handled, in a bucket.
    let subscriber =
        Subscriber::start(&connection, "notification-service", handlers, SubscriberOptions::new());
    let subscriber = subscriber.await.unwrap();
    let publisher =
        Publisher::new(&connection, &CATALOGUE, "test", PublisherOptions::new()).unwrap();
    for session_id in ["good", "bad"] {
        publisher.publish(&session(session_id)).await.unwrap();
    }
    let queue = DeadLetterQueue::new(&connection, &CATALOGUE).unwrap();
    let letters = async || {
        let letters = queue.list(&Selection::all(), ListOrder::OldestFirst);
        letters.try_collect::<Vec<_>>().await.unwrap().len()
    };
    until("one is dead", async || letters().await == 1).await;
    let remembered = || messages(&connection, "KV_notification-service-handled");
    until("one is remembered", async || remembered().await == 1).await;
    drain_all(subscriber).await;
    assert_eq!(proxy.dropped(Direction::ToServer), 0);

    for odd in ["", "a b", ">", "*"] {
        is_option(options().domain(odd).connect().await, "is no subject");
    }
}

/// The connection goes over to a server without JetStream.
#[tokio::test(flavor = "multi_thread")]
async fn who_loses_jetstream_is_told_so() {
    let mut server = server("");
    let without = ServerOptions::new().without_jetstream().start().unwrap();
    let options = || {
        let options = options(&server).server(without.url());
        options.request_timeout(Duration::from_secs(2))
    };
    // The servers are tried in any order.
    let connection = loop {
        match options().connect().await {
            Ok(connection) => break connection,
            Err(error) => assert_eq!(error.kind(), &ErrorKind::JetStreamOff("on the server")),
        }
    };
    apply(&connection).await;
    server.kill();
    let client = connection.client();
    until("it goes over", async || {
        client.connection_state() == State::Connected && !client.server_info().jetstream
    })
    .await;
    let topology = Topology::new(&CATALOGUE, Overrides::default().replicas(1)).unwrap();
    let error = topology.plan(&connection).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (&ErrorKind::NoJetStream, true));
    let handlers = Handlers::new(&CATALOGUE)
        .on(ignore::<SessionStartedV1>)
        .on(ignore::<SessionActiveV1>)
        .on(ignore::<SessionExpiredV1>)
        .on(ignore::<SessionTerminatedV1>);
    let options = SubscriberOptions::new();
    let refused = Subscriber::start(&connection, "notification-service", handlers, options).await;
    assert_eq!(refused.unwrap_err().kind(), &ErrorKind::NoJetStream);
}
