//! A published file is gone.
//!
//! Streams keep messages of a version until they are too old, and services that were built from
//! it are running: whoever reads them needs its schema for as long.
//!
//! Example: `1.0.json` is on `main`, and a branch removes it because there is a `1.1.json`.
//!
//! Get it back: `git checkout REV -- FILE`.

use wr_compat::{Evidence, Finding, Kind};
use wr_schema::json::Node;

/// Its id.
pub(super) const ID: &str = "frozen_file_removed";

/// Its text, whose first lines are its page.
pub(super) const SOURCE: &str = include_str!("frozen_file_removed.rs");

/// The finding of a file that was published.
pub(super) fn finding(published: &Node) -> Finding {
    Finding {
        rule: ID,
        kind: Kind::Code,
        pointer: String::new(),
        old: Some(published.head()),
        new: None,
        message: "a published file is gone".to_owned(),
        help: "put it back: messages of this version are stored".to_owned(),
        evidence: Evidence::None,
    }
}
