//! How `wr` connects: flags first, then the context that a flag names, then variables, then the
//! context that is selected.

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use wr_runtime::{ConnectOptions, Connection};

use crate::arguments::ConnectArguments;
use crate::context::Context;
use crate::error::{Error, Result};

/// What one source says of a connection.
#[derive(Debug, Default)]
struct Settings {
    /// The source, as an error names it.
    name: &'static str,
    servers: Vec<String>,
    logins: Vec<Login>,
    /// Of the user, or of one that another source names.
    password: Option<String>,
    ca: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    inbox_prefix: Option<String>,
    domain: Option<String>,
    api_prefix: Option<String>,
}

/// A way to log in.
#[derive(Debug)]
enum Login {
    User(String),
    Credentials(PathBuf),
    Nkey(PathBuf),
    Token(String),
}

impl Login {
    fn flag(&self) -> &'static str {
        match self {
            Login::User(_) => "user",
            Login::Credentials(_) => "creds",
            Login::Nkey(_) => "nkey",
            Login::Token(_) => "token",
        }
    }
}

impl ConnectArguments {
    /// Remembers what was said by variables: clap does not tell them from flags in the values.
    pub(crate) fn distinguish(&mut self, matches: &ArgMatches) {
        let is_variable =
            |id: &clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::EnvVariable);
        self.variables = matches.ids().filter(|id| is_variable(id)).map(clap::Id::clone).collect();
    }

    /// Connects.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        Ok(self.options()?.connect().await?)
    }

    fn options(&self) -> Result<ConnectOptions> {
        let sources = self.sources()?;
        let mut options =
            ConnectOptions::new("wr").connect_timeout(self.timeout).request_timeout(self.timeout);
        let named = sources.iter().find(|source| !source.servers.is_empty());
        for server in named.into_iter().flat_map(|source| &source.servers) {
            options = options.server(server);
        }
        options = login(options, &sources)?;
        if let Some(ca) = first(&sources, |source| source.ca.as_ref()) {
            options = options.root_certificates(ca);
        }
        let shows = |source: &&Settings| source.certificate.is_some() || source.key.is_some();
        options = match sources.iter().find(shows) {
            None => options,
            Some(Settings { certificate: Some(certificate), key: Some(key), .. }) => {
                options.client_certificate(certificate, key)
            }
            Some(Settings { name, .. }) => {
                let what = format!("{name}: a certificate and its key belong together");
                return Err(Error::usage(what, "give both `--tlscert` and `--tlskey`"));
            }
        };
        let domain = first(&sources, |source| source.domain.as_ref());
        options = match (domain, first(&sources, |source| source.api_prefix.as_ref())) {
            (Some(domain), _) => options.domain(domain),
            (None, Some(prefix)) => options.api_prefix(prefix),
            (None, None) => options,
        };
        Ok(match first(&sources, |source| source.inbox_prefix.as_ref()) {
            Some(prefix) => options.inbox_prefix(prefix),
            None => options,
        })
    }

    /// The sources, the first of which counts.
    fn sources(&self) -> Result<Vec<Settings>> {
        // As from a variable of a script that is not set: another server must not be meant then.
        if !self.is_variable("server") && self.server.iter().any(String::is_empty) {
            return Err(Error::usage("`--server` is empty", "give a URL, or leave the flag out"));
        }
        let (flags, variables) = (self.settings("flags"), self.settings("variables"));
        let named = self.context.as_deref();
        if let (Some(name), false) = (named, self.is_variable("context")) {
            let context = Settings::of_context(Context::load(Some(name))?);
            return Ok(vec![flags, context, variables]);
        }
        // Who says where to connect does not mean whatever context is selected, and its login is
        // for nobody else.
        let is_said = !flags.servers.is_empty() || !variables.servers.is_empty();
        let selected = if is_said { Context::default() } else { Context::load(named)? };
        Ok(vec![flags, variables, Settings::of_context(selected)])
    }

    fn is_variable(&self, id: &str) -> bool {
        self.variables.iter().any(|variable| variable == id)
    }

    /// What flags say, or variables.
    fn settings(&self, name: &'static str) -> Settings {
        let is_ours = |id: &str| self.is_variable(id) == (name == "variables");
        let text = |id: &str, value: &Option<String>| {
            value.clone().filter(|value| is_ours(id) && !value.is_empty())
        };
        let path = |id: &str, value: &Option<PathBuf>| value.clone().filter(|_| is_ours(id));
        let servers = self.server.iter().filter(|url| is_ours("server") && !url.is_empty());
        Settings {
            name,
            servers: servers.cloned().collect(),
            logins: [
                text("user", &self.user).map(Login::User),
                path("creds", &self.creds).map(Login::Credentials),
                path("nkey", &self.nkey).map(Login::Nkey),
                text("token", &self.token).map(Login::Token),
            ]
            .into_iter()
            .flatten()
            .collect(),
            password: text("password", &self.password),
            ca: path("tlsca", &self.tlsca),
            certificate: path("tlscert", &self.tlscert),
            key: path("tlskey", &self.tlskey),
            inbox_prefix: text("inbox_prefix", &self.inbox_prefix),
            domain: text("js_domain", &self.js_domain),
            api_prefix: None,
        }
    }
}

impl Settings {
    /// Of several logins the `nats` tool takes the first in this order.
    fn of_context(context: Context) -> Settings {
        let text = |text: String| (!text.is_empty()).then_some(text);
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        let login = text(context.user).map(Login::User);
        let login = login.or_else(|| path(&context.creds).map(Login::Credentials));
        let login = login.or_else(|| path(&context.nkey).map(Login::Nkey));
        let login = login.or_else(|| text(context.token).map(Login::Token));
        let servers = context.url.split(',').map(str::trim).filter(|url| !url.is_empty());
        Settings {
            name: "the context",
            servers: servers.map(str::to_owned).collect(),
            password: text(context.password)
                .filter(|_| matches!(login, None | Some(Login::User(_)))),
            logins: login.into_iter().collect(),
            ca: path(&context.ca),
            certificate: path(&context.cert),
            key: path(&context.key),
            inbox_prefix: text(context.inbox_prefix),
            domain: text(context.jetstream_domain),
            api_prefix: text(context.jetstream_api_prefix),
        }
    }
}

/// What the first source says that says it.
fn first<'a, T>(
    sources: &'a [Settings],
    what: impl Fn(&'a Settings) -> Option<&'a T>,
) -> Option<&'a T> {
    sources.iter().find_map(what)
}

/// One way to log in, that of the first source that has one. A password of its own goes before that
/// of the user's source, and is of no use to another way.
fn login(options: ConnectOptions, sources: &[Settings]) -> Result<ConnectOptions> {
    let alone = |source: &&Settings| source.logins.is_empty() && source.password.is_some();
    let at = sources.iter().position(|source| !source.logins.is_empty());
    let (before, rest) = sources.split_at(at.unwrap_or(sources.len()));
    let before = before.iter().find(alone);
    let Some((source, after)) = rest.split_first() else {
        return match before {
            Some(Settings { name, .. }) => Err(no_user(name)),
            None => Ok(options),
        };
    };
    let own = source.password.is_some().then_some(source);
    let password = before.or(own).or_else(|| after.iter().find(alone));
    match (source.logins.as_slice(), before.or(own)) {
        ([Login::User(user)], _) => {
            let password = password.and_then(|source| source.password.as_deref());
            Ok(options.user(user, password.unwrap_or_default()))
        }
        ([_], Some(Settings { name, .. })) => Err(no_user(name)),
        ([Login::Credentials(path)], None) => Ok(options.credentials_file(path)),
        ([Login::Nkey(path)], None) => Ok(options.nkey(seed(path)?)),
        ([Login::Token(token)], None) => Ok(options.token(token)),
        (several, _) => {
            let names: Vec<_> = several.iter().map(|login| format!("`{}`", login.flag())).collect();
            let what = format!("{}: {} are several logins", source.name, names.join(" and "));
            Err(Error::usage(what, "give one"))
        }
    }
}

fn no_user(name: &str) -> Error {
    Error::usage(format!("{name}: a password is for a user, and none is named"), "give `--user`")
}

/// The seed in a file, which may have a comment and an ending of its own.
fn seed(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|cause| Error::file("read", path, &cause))?;
    let seed = text.lines().map(str::trim).find(|line| line.starts_with("SU"));
    let none = || {
        let what = format!("nkey file `{}`: no line begins with `SU`", path.display());
        Error::usage(what, "give the file with the seed of a user")
    };
    Ok(seed.ok_or_else(none)?.to_owned())
}
