//! A connection to NATS with JetStream, and requests to its API.

mod denials;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::response::Response;
use async_nats::{Client, ConnectError, ConnectErrorKind, Event, ServerAddr, ServerError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::sync::watch;

pub(crate) use self::denials::{Denial, Denied, Mark};
use self::denials::{Denials, SUBSCRIBE};
use crate::error::{Error, ErrorKind, Result};
use crate::topology::is_filter;

/// The oldest server that works: older ones drop several filters of a consumer in silence.
const FLOOR: (u32, u32) = (2, 10);

/// Under which a client receives answers, unless told.
const INBOX_PREFIX: &str = "_INBOX";

/// What stands before every request to JetStream, unless told.
const API_PREFIX: &str = "$JS.API";

/// How to connect. Every setting but the name has a default.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    name: String,
    servers: Vec<String>,
    login: Login,
    root_certificates: Option<PathBuf>,
    client_certificate: Option<(PathBuf, PathBuf)>,
    require_tls: bool,
    inbox_prefix: Option<String>,
    api_prefix: Option<String>,
    connect_timeout: Duration,
    request_timeout: Duration,
}

/// As whom to connect.
#[derive(Clone)]
enum Login {
    Nobody,
    Token(String),
    Password { user: String, password: String },
    Nkey(String),
    Credentials(PathBuf),
}

impl std::fmt::Debug for Login {
    /// Names the way and no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Login::Nobody => "Nobody",
            Login::Token(_) => "Token",
            Login::Password { .. } => "Password",
            Login::Nkey(_) => "Nkey",
            Login::Credentials(_) => "Credentials",
        })
    }
}

impl ConnectOptions {
    /// Connects to `nats://127.0.0.1:4222`, as nobody, under the name of the service.
    pub fn new(name: impl Into<String>) -> ConnectOptions {
        ConnectOptions {
            name: name.into(),
            servers: Vec::new(),
            login: Login::Nobody,
            root_certificates: None,
            client_certificate: None,
            require_tls: false,
            inbox_prefix: None,
            api_prefix: None,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
        }
    }

    /// Adds a server, as `nats://host:port` or `tls://host:port`; more than one are tried in turn.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(url.into());
        self
    }

    /// Logs in by a token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.login = Login::Token(token.into());
        self
    }

    /// Logs in by a user and a password.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Login::Password { user: user.into(), password: password.into() };
        self
    }

    /// Logs in by the seed of an nkey, which begins with `SU`.
    #[must_use]
    pub fn nkey(mut self, seed: impl Into<String>) -> Self {
        self.login = Login::Nkey(seed.into());
        self
    }

    /// Logs in by a credentials file, as `nsc` writes it.
    #[must_use]
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.login = Login::Credentials(path.into());
        self
    }

    /// Trusts the certificates of a PEM file instead of the system's.
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.root_certificates = Some(path.into());
        self
    }

    /// Shows the server a certificate: two PEM files.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.client_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// Refuses a connection without TLS.
    #[must_use]
    pub fn require_tls(mut self) -> Self {
        self.require_tls = true;
        self
    }

    /// Receives answers under this prefix instead of `_INBOX`, for users who may only subscribe to
    /// their own.
    #[must_use]
    pub fn inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.inbox_prefix = Some(prefix.into());
        self
    }

    /// Works with the JetStream of this domain, such as that of a hub behind a leaf node: asks on
    /// `$JS.{domain}.API.` instead of `$JS.API.`.
    #[must_use]
    pub fn domain(self, domain: impl std::fmt::Display) -> Self {
        self.api_prefix(format!("$JS.{domain}.API"))
    }

    /// Asks JetStream on this prefix instead of `$JS.API`, for accounts that import it from another
    /// one.
    #[must_use]
    pub fn api_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.api_prefix = Some(prefix.into());
        self
    }

    /// How long one attempt to connect may take; 5 s unless told.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long an answer of JetStream may take; 5 s unless told.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Connects. Later the connection mends itself, without limit.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`], [`ErrorKind::Login`], [`ErrorKind::ServerTooOld`], [`ErrorKind::JetStreamOff`], or
    /// [`ErrorKind::Option`] for a file that cannot be read.
    pub async fn connect(self) -> Result<Connection> {
        let servers = match self.servers.is_empty() {
            true => vec!["nats://127.0.0.1:4222".to_owned()],
            false => self.servers.clone(),
        };
        let place = format!("connect to {}", masked(&servers).join(", "));
        self.open(servers).await.map_err(|error| error.at(place))
    }

    async fn open(self, servers: Vec<String>) -> Result<Connection> {
        let api_prefix = self.api_prefix.clone().unwrap_or_else(|| API_PREFIX.to_owned());
        let is_plain = is_filter(&api_prefix) && !api_prefix.contains(['*', '>']);
        if !is_plain {
            return Err(ErrorKind::Option(format!("`{api_prefix}` is no subject")).into());
        }
        let denials = Denials::new();
        let connected = watch::Sender::new(0);
        let options = self.nats_options(&denials, &connected)?;
        let server = match &servers[..] {
            [one] => one.parse::<ServerAddr>().ok(),
            _ => None,
        };
        let client = options.connect(servers).await.map_err(|error| connect_error(&error))?;
        let info = client.server_info();
        if parse_version(&info.version).is_none_or(|version| version < FLOOR) {
            return Err(ErrorKind::ServerTooOld(info.version).into());
        }
        // Behind a leaf, JetStream may be elsewhere: the account tells.
        if !info.jetstream && self.api_prefix.is_none() {
            return Err(ErrorKind::JetStreamOff("on the server").into());
        }
        let context = jetstream::context::ContextBuilder::new().api_prefix(api_prefix.as_str());
        let mut context = context.build(client.clone());
        context.set_timeout(self.request_timeout);
        let connection = Connection {
            client,
            context,
            denials,
            connected,
            request_timeout: self.request_timeout,
            inbox_prefix: self.inbox_prefix.unwrap_or_else(|| INBOX_PREFIX.to_owned()),
            api_prefix,
            runtime: Handle::current(),
            server: server.map(|server| (server.host().to_owned(), server.port())),
        };
        connection.require_account().await?;
        Ok(connection)
    }

    fn nats_options(
        &self,
        denials: &Denials,
        connected: &watch::Sender<u64>,
    ) -> Result<async_nats::ConnectOptions> {
        let mut options = async_nats::ConnectOptions::new()
            .name(&self.name)
            .connection_timeout(self.connect_timeout)
            .request_timeout(Some(self.request_timeout))
            .require_tls(self.require_tls);
        options = match &self.login {
            Login::Nobody => options,
            Login::Token(token) => options.token(token.clone()),
            Login::Password { user, password } => {
                options.user_and_password(user.clone(), password.clone())
            }
            Login::Nkey(seed) => options.nkey(seed.clone()),
            Login::Credentials(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    ErrorKind::Option(format!("credentials file `{}`: {error}", path.display()))
                })?;
                options.credentials(&text).map_err(|error| {
                    ErrorKind::Option(format!("credentials file `{}`: {error}", path.display()))
                })?
            }
        };
        if let Some(path) = &self.root_certificates {
            require_pem(path, "CERTIFICATE")?;
            options = options.add_root_certificates(path.clone());
        }
        if let Some((certificate, key)) = &self.client_certificate {
            require_pem(certificate, "CERTIFICATE")?;
            require_pem(key, "PRIVATE KEY")?;
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        if let Some(prefix) = &self.inbox_prefix {
            options = options.custom_inbox_prefix(prefix);
        }
        let (denials, connected) = (denials.clone(), connected.clone());
        Ok(options.event_callback(move |event| {
            heed(&denials, &connected, event);
            std::future::ready(())
        }))
    }
}

/// Tells the log what happens to the connection, and those who wait of what was denied to them.
fn heed(denials: &Denials, connected: &watch::Sender<u64>, event: Event) {
    match event {
        Event::Connected => {
            tracing::info!("connected to NATS");
            connected.send_modify(|times| *times += 1);
        }
        Event::Disconnected => tracing::warn!("the connection to NATS is gone; reconnecting"),
        Event::ServerError(ServerError::Other(text)) => match Denial::parse(&text) {
            Some(denial) => {
                tracing::error!(subject = denial.subject, "NATS: {text}");
                denials.add(denial);
            }
            None => tracing::warn!("NATS: {text}"),
        },
        other => tracing::warn!("NATS: {other}"),
    }
}

/// A connection to NATS with JetStream; a clone is the same connection.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    context: jetstream::Context,
    denials: Denials,
    connected: watch::Sender<u64>,
    request_timeout: Duration,
    inbox_prefix: String,
    api_prefix: String,
    runtime: Handle,
    /// Host and port, where one is configured.
    server: Option<(String, u16)>,
}

impl Connection {
    /// The client, for whatever else a service does on NATS.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The JetStream context, for whatever else a service does on JetStream.
    pub fn jetstream(&self) -> &jetstream::Context {
        &self.context
    }

    /// The version of the server, for example `2.12.1`.
    pub fn server_version(&self) -> String {
        self.client.server_info().version
    }

    /// How long an answer of JetStream may take.
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Host and port of the server: as configured, or, of several, as the one that is connected says
    /// of itself, unless it listens everywhere and does not say where.
    pub(crate) fn server(&self) -> Option<(String, u16)> {
        self.server.clone().or_else(|| {
            let info = self.client.server_info();
            let is_somewhere = !matches!(info.host.as_str(), "" | "0.0.0.0" | "::");
            is_somewhere.then_some((info.host, info.port))
        })
    }

    /// The runtime that it lives in.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Refuses what is sent while there is no connection: it would be kept, and sent later.
    pub(crate) fn require_connected(&self) -> Result<()> {
        match self.client.connection_state() {
            State::Connected => Ok(()),
            _ => Err(ErrorKind::Disconnected.into()),
        }
    }

    /// What is denied from now on.
    pub(crate) fn denied(&self) -> Denied {
        self.denials.follow()
    }

    /// Told each time that the connection is made anew.
    pub(crate) fn reconnected(&self) -> watch::Receiver<u64> {
        self.connected.subscribe()
    }

    /// A subject of JetStream's API as this connection asks it, of what follows `$JS.API.`: it has
    /// another prefix in a domain.
    pub(crate) fn api_subject(&self, rest: &str) -> String {
        format!("{}.{rest}", self.api_prefix)
    }

    /// Asks JetStream's API what nothing else here asks; the subject is what follows `$JS.API.`.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`], at once; [`ErrorKind::StreamMissing`],
    /// [`ErrorKind::ConsumerMissing`] or [`ErrorKind::Server`], where the server refuses; or there
    /// is no answer.
    pub async fn ask(
        &self,
        subject: &str,
        request: &serde_json::Value,
    ) -> Result<serde_json::Value> {
        self.api(subject, request).await
    }

    /// As [`Connection::ask`], of any type.
    pub(crate) async fn api<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: &str,
        request: &Q,
    ) -> Result<A> {
        let full = self.api_subject(subject);
        let place = format!("`{full}`");
        let mark = self.denials.mark();
        let call = self.context.request(subject.to_owned(), request);
        let is_ours = |denial: &Denial| denial.subject == full || self.deafens(denial);
        let answer = self.unless_denied(mark, is_ours, call).await;
        let answer: Response<A> = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(self.request_error(&error).at(place)),
            Err(denied) => return Err(denied.at(place)),
        };
        match answer {
            Response::Ok(answer) => Ok(answer),
            Response::Err { error } => {
                Err(missing(subject, &error).unwrap_or_else(|| Error::from(&error)).at(place))
            }
        }
    }

    /// The moment before a call, for [`Connection::unless_denied`].
    pub(crate) fn mark(&self) -> Mark {
        self.denials.mark()
    }

    /// Runs a call until it ends, or until the server denies a subject that is its.
    pub(crate) async fn unless_denied<T>(
        &self,
        mark: Mark,
        is_ours: impl Fn(&Denial) -> bool,
        call: impl Future<Output = T>,
    ) -> Result<T> {
        tokio::select! {
            biased;
            answer = call => Ok(answer),
            denial = self.denials.wait(mark, is_ours) => Err(denial.error()),
        }
    }

    /// Runs calls of the client until they end, or until the server denies this connection a subject
    /// that they need: such a call would only time out, for a denial reaches the client apart from
    /// it.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`]: what was denied.
    pub async fn unless_forbidden<T>(
        &self,
        is_needed: impl Fn(&str) -> bool,
        calls: impl Future<Output = T>,
    ) -> Result<T> {
        self.unless_denied(self.mark(), |denial| is_needed(&denial.subject), calls).await
    }

    /// Whether it keeps every answer from us.
    pub(crate) fn deafens(&self, denial: &Denial) -> bool {
        let below = denial.subject.strip_prefix(&self.inbox_prefix);
        denial.is_of_subscription() && below.is_some_and(|rest| rest.starts_with('.'))
    }

    /// Whether JetStream is that of the server, and not of a domain or an account behind it.
    pub(crate) fn is_local(&self) -> bool {
        self.api_prefix == API_PREFIX
    }

    fn request_error(&self, error: &jetstream::context::RequestError) -> Error {
        use jetstream::context::RequestErrorKind;
        match error.kind() {
            RequestErrorKind::TimedOut => ErrorKind::TimedOut(self.request_timeout).into(),
            RequestErrorKind::NoResponders => ErrorKind::NoJetStream.into(),
            RequestErrorKind::InvalidSubject => ErrorKind::InvalidSubject.into(),
            RequestErrorKind::Other => ErrorKind::Nats(with_sources(error)).into(),
        }
    }

    /// JetStream may be on for the server and off for the account. Whoever may not ask is not
    /// refused here: their own calls will tell. Who may not hear an answer would never learn why.
    async fn require_account(&self) -> Result<()> {
        match self.api::<_, serde_json::Value>("INFO", &serde_json::json!({})).await {
            Ok(_) => Ok(()),
            Err(error) => match error.kind() {
                ErrorKind::JetStreamOff(_) => Err(error),
                ErrorKind::NoJetStream => Err(ErrorKind::JetStreamOff("for the account").into()),
                ErrorKind::PermissionDenied { operation, .. } if *operation == SUBSCRIBE => {
                    Err(error)
                }
                _ => Ok(()),
            },
        }
    }
}

/// Refuses a file that cannot be read, or that holds nothing of what it is for.
fn require_pem(path: &Path, label: &str) -> Result<()> {
    let wrong = |why: &dyn std::fmt::Display| {
        Err(ErrorKind::Option(format!("file `{}`: {why}", path.display())).into())
    };
    // Others than UTF-8 may stand between the blocks.
    match std::fs::read(path) {
        Ok(bytes) if String::from_utf8_lossy(&bytes).contains(&format!("{label}-----")) => Ok(()),
        Ok(_) => wrong(&format!("no `{label}` in the form of PEM")),
        Err(error) => wrong(&error),
    }
}

fn connect_error(error: &ConnectError) -> ErrorKind {
    let text = with_sources(error);
    match error.kind() {
        // The handshake comes with the first bytes that are read or written.
        ConnectErrorKind::Io if is_tls(error) => ErrorKind::Login(text),
        ConnectErrorKind::Authentication
        | ConnectErrorKind::AuthorizationViolation
        | ConnectErrorKind::Tls => ErrorKind::Login(text),
        ConnectErrorKind::ServerParse => ErrorKind::Option(text),
        ConnectErrorKind::Dns
        | ConnectErrorKind::TimedOut
        | ConnectErrorKind::Io
        | ConnectErrorKind::MaxReconnects => ErrorKind::Connect(text),
    }
}

fn is_tls(error: &ConnectError) -> bool {
    let source = std::error::Error::source(error);
    let source = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    let inner = source.and_then(std::io::Error::get_ref);
    inner.is_some_and(|inner| inner.is::<async_nats::rustls::Error>())
}

/// What a request's subject ends with and the server does not have.
fn missing(subject: &str, error: &jetstream::Error) -> Option<Error> {
    let mut names = subject.rsplit('.').map(str::to_owned);
    let last = names.next()?;
    match error.error_code() {
        ErrorCode::CONSUMER_NOT_FOUND => {
            Some(ErrorKind::ConsumerMissing { stream: names.next()?, consumer: last }.into())
        }
        // The stream of a consumer stands before the consumer.
        ErrorCode::STREAM_NOT_FOUND if subject.starts_with("CONSUMER.") => {
            Some(ErrorKind::StreamMissing(names.next()?).into())
        }
        ErrorCode::STREAM_NOT_FOUND => Some(ErrorKind::StreamMissing(last).into()),
        _ => None,
    }
}

/// An error with the reasons below it.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// The URLs of servers without what may be a secret in them.
fn masked(servers: &[String]) -> Vec<String> {
    let mask = |url: &String| match url.rsplit_once('@') {
        Some((login, host)) => {
            let scheme = login.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://***@{host}")
        }
        None => url.clone(),
    };
    servers.iter().map(mask).collect()
}

/// Major and minor of a version such as `2.10.26` or `2.12.0-RC.1`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(parse_version("2.9.10").unwrap() < FLOOR);
        assert!(parse_version("2.10.26").unwrap() >= FLOOR);
        assert!(parse_version("2.12.0-RC.1").unwrap() >= FLOOR);
        assert_eq!(parse_version("nightly"), None);
    }

    #[test]
    fn no_secret_in_an_error() {
        let servers = ["nats://user:secret@host:4222".to_owned(), "nats://host".to_owned()];
        assert_eq!(masked(&servers), ["nats://***@host:4222", "nats://host"]);
    }
}
