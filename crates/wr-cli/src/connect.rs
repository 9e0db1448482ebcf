//! How `wr` connects: flags and their variables first, then a context of the `nats` tool.

use std::path::{Path, PathBuf};

use wr_runtime::{ConnectOptions, Connection};

use crate::arguments::ConnectArguments;
use crate::context::Context;
use crate::error::{Error, Result};

impl ConnectArguments {
    /// Connects.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        Ok(self.options()?.connect().await?)
    }

    fn options(&self) -> Result<ConnectOptions> {
        // Who says where to connect does not mean whatever context is selected.
        let context = match (&self.context, self.server.is_empty()) {
            (None, false) => Context::default(),
            (name, _) => Context::load(name.as_deref())?,
        };
        let mut options =
            ConnectOptions::new("wr").connect_timeout(self.timeout).request_timeout(self.timeout);
        let servers = match self.server.is_empty() {
            true => context.url.split(',').map(|url| url.trim().to_owned()).collect(),
            false => self.server.clone(),
        };
        for server in servers.into_iter().filter(|server| !server.is_empty()) {
            options = options.server(server);
        }
        options = self.login(options, &context)?;
        let path = |flag: &Option<PathBuf>, other: &str| flag.clone().or_else(|| said(other));
        if let Some(ca) = path(&self.tlsca, &context.ca) {
            options = options.root_certificates(ca);
        }
        match (path(&self.tlscert, &context.cert), path(&self.tlskey, &context.key)) {
            (Some(certificate), Some(key)) => {
                options = options.client_certificate(certificate, key)
            }
            (None, None) => {}
            _ => {
                let next = "give both `--tlscert` and `--tlskey`";
                return Err(Error::usage("a certificate and its key belong together", next));
            }
        }
        let domain = self.js_domain.clone().or_else(|| said(&context.jetstream_domain));
        options = match (domain, said::<String>(&context.jetstream_api_prefix)) {
            (Some(domain), _) => options.domain(domain),
            (None, Some(prefix)) => options.api_prefix(prefix),
            (None, None) => options,
        };
        let prefix = self.inbox_prefix.clone().or_else(|| said(&context.inbox_prefix));
        Ok(match prefix {
            Some(prefix) => options.inbox_prefix(prefix),
            None => options,
        })
    }

    /// One way to log in: what a flag says, else what the context does.
    fn login(&self, options: ConnectOptions, context: &Context) -> Result<ConnectOptions> {
        if let Some(creds) = &self.creds {
            return Ok(options.credentials_file(creds));
        }
        if let Some(nkey) = &self.nkey {
            return Ok(options.nkey(seed(nkey)?));
        }
        if let Some(user) = &self.user {
            return Ok(options.user(user, self.password.clone().unwrap_or_default()));
        }
        if let Some(token) = &self.token {
            return Ok(options.token(token));
        }
        if let Some(creds) = said::<PathBuf>(&context.creds) {
            return Ok(options.credentials_file(creds));
        }
        if let Some(nkey) = said::<PathBuf>(&context.nkey) {
            return Ok(options.nkey(seed(&nkey)?));
        }
        if !context.user.is_empty() {
            return Ok(options.user(&context.user, &context.password));
        }
        Ok(match context.token.as_str() {
            "" => options,
            token => options.token(token),
        })
    }
}

/// What a context says, where it says something.
fn said<T: for<'a> From<&'a str>>(text: &str) -> Option<T> {
    (!text.is_empty()).then(|| T::from(text))
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
