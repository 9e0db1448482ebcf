//! Opens a page in the browser of whoever runs the verb.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Error;

/// What opens a file on this system: the program, and what stands before the file.
const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("open", &[])
} else if cfg!(windows) {
    ("cmd", &["/C", "start", ""])
} else {
    ("xdg-open", &[])
};

pub(super) fn open(page: &Path) -> Result<(), Error> {
    let (program, before) = OPENER;
    let page = page.canonicalize().unwrap_or_else(|_| page.to_owned());
    let mut command = Command::new(program);
    command
        .args(before)
        .arg(&page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Not waited for: on some systems the opener is the browser, and lives as long.
    command.spawn().map(drop).map_err(|error| {
        Error::failed(
            format!("cannot start `{program}`: {error}"),
            format!("open `{}` in a browser", page.display()),
        )
    })
}
