//! Connecting: logins, certificates, and who may not come in.

use std::path::{Path, PathBuf};

use serde_json::json;
use wr_runtime::{ConnectOptions, Connection, ErrorKind, Result};
use wr_testkit::{Server, ServerOptions};

use crate::support::ask;

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
