//! The incident, held: the dead letters are there, the services still have their bugs, and whoever
//! sits at the terminal is the operator, with `wr`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::json;
use tokio::sync::oneshot;

use crate::Result;
use crate::access::Access;

/// Who looks after messages, and who may change streams and consumers.
const LOGINS: [&str; 2] = ["operator", "provisioner"];

/// Writes how to log in, as contexts of the `nats` tool, into a folder that goes with the server;
/// the operator's.
pub(crate) fn write_contexts(access: &Access, folder: &Path) -> Result<PathBuf> {
    for user in LOGINS {
        let context = json!({
            "description": format!("{user} of the demo"),
            "url": access.url(),
            "user": user,
            "password": access.password(),
            "inbox_prefix": format!("_INBOX_{user}"),
        });
        fs::write(path(folder, user), format!("{context:#}\n"))?;
    }
    Ok(path(folder, LOGINS[0]))
}

fn path(folder: &Path, user: &str) -> PathBuf {
    folder.join(format!("{user}.json"))
}

/// Waits for Enter, or for the end of the input.
pub(crate) async fn enter() {
    let (heard, hears) = oneshot::channel();
    // Nobody waits for this thread: it ends with the process.
    thread::spawn(move || {
        let _ = io::stdin().read_line(&mut String::new());
        let _ = heard.send(());
    });
    let _ = hears.await;
}
