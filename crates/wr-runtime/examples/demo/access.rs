//! Who is who on the server: each service logs in as itself, and may do what `topology.json` says
//! that it does, and no more.

use uuid::Uuid;
use wr_runtime::{ConnectOptions, Connection};
use wr_testkit::{Server, ServerOptions};

use crate::Result;

/// The users and their permissions, as `cargo xtask gen` writes them.
const AUTHORIZATION: &str = include_str!("../../../../schemas/generated/nats-authorization.conf");

/// A variable of the configuration begins so, and goes on with the name of its user.
const VARIABLE: &str = "$NATS_PASSWORD_";

/// Where the server is, and how to log in.
pub(crate) struct Access {
    url: String,
    /// The same for everybody, in a demo that lasts for seconds.
    password: String,
}

impl Access {
    /// Starts a server that refuses whatever stands in no list.
    pub(crate) fn start() -> Result<(Server, Access)> {
        let password = Uuid::now_v7().to_string();
        let variables = AUTHORIZATION.split(VARIABLE).skip(1).filter_map(|rest| {
            let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
            Some(format!("{}{name}: \"{password}\"\n", VARIABLE.trim_start_matches('$')))
        });
        let passwords: String = variables.collect();
        let server = ServerOptions::new().config(passwords).config(AUTHORIZATION).start()?;
        let url = server.url();
        Ok((server, Access { url, password }))
    }

    /// Where the server is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What everybody logs in with.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Logs in. Answers come under a prefix of its own, so that nobody can listen to another's.
    pub(crate) async fn connect(&self, user: &str) -> Result<Connection> {
        let options = ConnectOptions::new(user)
            .server(&self.url)
            .user(user, &self.password)
            .inbox_prefix(format!("_INBOX_{user}"));
        Ok(options.connect().await?)
    }
}
