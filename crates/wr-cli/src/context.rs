//! The contexts of the `nats` tool: where its users have their servers and logins already.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};

/// What a context says, as far as it can be used here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Context {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) creds: String,
    pub(crate) nkey: String,
    pub(crate) cert: String,
    pub(crate) key: String,
    pub(crate) ca: String,
    pub(crate) inbox_prefix: String,
    pub(crate) jetstream_domain: String,
    pub(crate) jetstream_api_prefix: String,
    // What it may say besides, and would be wrong to ignore.
    nsc: String,
    user_jwt: String,
    user_seed: String,
    socks_proxy: String,
    tls_first: bool,
    windows_cert_store: String,
}

impl Context {
    /// The context of a name or in a file; without one, that which is selected, if any is.
    pub(crate) fn load(name: Option<&str>) -> Result<Context> {
        let folder = folder();
        let name = match name {
            Some(name) if name.contains('/') || name.ends_with(".json") => {
                return Context::read(Path::new(name));
            }
            Some(name) => Some(name.to_owned()),
            None => folder.as_deref().and_then(selected),
        };
        let Some(name) = name else { return Ok(Context::default()) };
        let no_folder = || {
            let what = format!("context `{name}` is nowhere: there is no home directory");
            Error::usage(what, "give the file: `--context PATH.json`")
        };
        let path = folder.ok_or_else(no_folder)?.join("context").join(format!("{name}.json"));
        if !path.is_file() {
            let what = format!("there is no context `{name}`: no file `{}`", path.display());
            return Err(Error::usage(what, "list them with `nats context ls`, or use `--server`"));
        }
        Context::read(&path)
    }

    fn read(path: &Path) -> Result<Context> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| Error::file("read", path, &cause))?;
        let mut context: Context = serde_json::from_str(&text).map_err(|cause| {
            let what = format!("context file `{}`: {cause}", path.display());
            Error::failed(what, "repair it with `nats context edit`")
        })?;
        context.refuse_what_is_not_done(path)?;
        let paths = [&mut context.creds, &mut context.nkey, &mut context.cert, &mut context.key];
        for path in paths.into_iter().chain([&mut context.ca]) {
            *path = expanded(path, |name| std::env::var(name).unwrap_or_default());
        }
        Ok(context)
    }

    /// To ignore them would connect elsewhere, or as somebody else.
    fn refuse_what_is_not_done(&self, path: &Path) -> Result<()> {
        let said = [
            ("nsc", &self.nsc),
            ("user_jwt", &self.user_jwt),
            ("user_seed", &self.user_seed),
            ("socks_proxy", &self.socks_proxy),
            ("windows_cert_store", &self.windows_cert_store),
        ];
        let named = said.iter().find(|(_, value)| !value.is_empty()).map(|(name, _)| *name);
        match named.or(self.tls_first.then_some("tls_first")) {
            None => Ok(()),
            Some(name) => {
                let what =
                    format!("context file `{}` sets `{name}`, which `wr` cannot", path.display());
                Err(Error::usage(what, "connect by flags, for example `--server` and `--creds`"))
            }
        }
    }
}

/// A path as the `nats` tool reads it: a first `~` is the home directory, `$NAME` and `${NAME}` are
/// variables, which are empty where they are not set.
fn expanded(path: &str, variable: impl Fn(&str) -> String) -> String {
    let home = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let (mut whole, mut rest) = match home {
        Some(rest) => (variable("HOME"), rest),
        None => (String::new(), path),
    };
    while let Some((before, after)) = rest.split_once('$') {
        whole += before;
        let braced = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, behind) = braced.unwrap_or(after.split_at(end.unwrap_or(after.len())));
        match name {
            "" => whole.push('$'),
            name => whole += &variable(name),
        }
        rest = behind;
    }
    whole + rest
}

/// Where the `nats` tool keeps its contexts.
fn folder() -> Option<PathBuf> {
    let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let configuration = path("XDG_CONFIG_HOME").map(PathBuf::from);
    let configuration =
        configuration.or_else(|| Some(PathBuf::from(path("HOME")?).join(".config")));
    Some(configuration?.join("nats"))
}

/// The name of the context that is selected.
fn selected(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("context.txt")).ok()?;
    let name = text.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_expanded() {
        let variable = |name: &str| match name {
            "HOME" => "/home/ann".to_owned(),
            "WHERE" => "keys".to_owned(),
            _ => String::new(),
        };
        for (path, expected) in [
            ("~/a.creds", "/home/ann/a.creds"),
            ("~", "/home/ann"),
            ("~bob/a", "~bob/a"),
            ("/a/~/b", "/a/~/b"),
            ("$HOME/${WHERE}/$NOBODY.a", "/home/ann/keys/.a"),
            ("a$", "a$"),
            ("", ""),
        ] {
            assert_eq!(expanded(path, variable), expected);
        }
    }
}
