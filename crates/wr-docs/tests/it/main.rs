//! What the site, the AsyncAPI document and the Markdown say, of small catalogues and of all that
//! the repository has.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod hostile;
mod links;
mod pages;

use std::fs;
use std::path::{Path, PathBuf};

use wr_docs::{File, Options};
use wr_schema::{Catalog, Sources};

/// Every folder of schemas that the repository has: its own, and those of other domains.
fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("schemas")];
    let others = fs::read_dir(root.join("tests/cases/catalogues")).unwrap();
    folders.extend(others.map(|entry| entry.unwrap().path()));
    folders.sort();
    folders
}

fn catalog(sources: &Sources) -> Catalog {
    Catalog::build(sources).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn load(folder: &Path) -> Catalog {
    catalog(&Sources::load(folder).unwrap())
}

fn options() -> Options {
    Options { krate: "demo_events".to_owned() }
}

fn site(catalog: &Catalog) -> Vec<File> {
    wr_docs::site(catalog, &options()).unwrap()
}

fn text<'a>(files: &'a [File], path: &str) -> &'a str {
    let found = files.iter().find(|file| file.path == path);
    &found.unwrap_or_else(|| panic!("there is no {path}")).contents
}

/// A catalogue of one event in two minors and a second major, on one stream with one consumer.
fn small() -> Catalog {
    let payload = |description: &str, more: &str, examples: &str| {
        format!(
            r#"{{"description": "{description}", "type": "object", "required": ["id"],
                "properties": {{
                    "id": {{"description": "Which thing.", "type": "string", "maxLength": 9}}{more}
                }},
                "examples": [{examples}]}}"#
        )
    };
    let colour = r#", "colour": {"description": "Its colour.", "type": "string", "enum": ["red", "blue"], "x-wr-pii": "Says nothing of anybody."}"#;
    let size = r#", "size": {"description": "Its size.", "type": "integer", "minimum": 0, "maximum": 9, "x-wr-unit": "metres"}"#;
    let of_id = r#"{"id": "a"}, {"id": "b"}"#;
    let texts = [
        ("demo.thing.made.v1/1.0.json", payload("A thing was made. By hand.", "", of_id)),
        (
            "demo.thing.made.v1/1.1.json",
            payload(
                "A thing was made. By hand.",
                colour,
                r#"{"id": "a"}, {"id": "b", "colour": "red"}"#,
            ),
        ),
        (
            "demo.thing.made.v2/2.0.json",
            payload("A thing was made.", size, r#"{"id": "a"}, {"id": "b", "size": 3}"#),
        ),
        ("topology.json", TOPOLOGY.to_owned()),
    ];
    catalog(&Sources::from_texts(texts))
}

const TOPOLOGY: &str = r#"{
  "streams": [
    {"name": "THINGS", "description": "Things.",
     "subjects": ["demo.thing.made.v1", "demo.thing.made.v2", "demo.redrive.reader.>"],
     "max_messages": 1000, "max_bytes": 1048576, "max_age_seconds": 7200,
     "duplicate_window_seconds": 60, "replicas": 1},
    {"name": "DEAD", "description": "Dead letters.", "subjects": ["demo.dlq.>"],
     "max_messages": 1000, "max_bytes": 1048576, "max_age_seconds": 86400,
     "duplicate_window_seconds": 86400, "replicas": 1},
    {"name": "REPORTS", "description": "Reports.",
     "subjects": ["$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>"],
     "max_messages": 1000, "max_bytes": 1048576, "max_age_seconds": 86400,
     "duplicate_window_seconds": 60, "replicas": 1}
  ],
  "consumers": [
    {"name": "reader", "stream": "THINGS", "description": "Reads things.",
     "filter_subjects": ["demo.thing.made.v1", "demo.thing.made.v2", "demo.redrive.reader.>"],
     "ack_wait_seconds": 30, "attempts": 3, "max_deliver": 10, "max_ack_pending": 100}
  ],
  "dead_letters": {"stream": "DEAD", "subject": "demo.dlq.{stream}.{consumer}"},
  "redrive": {"subject": "demo.redrive.{consumer}.{subject}"},
  "advisories": {"stream": "REPORTS"},
  "services": {
    "maker": {"description": "Makes things.", "publishes": ["demo.thing.made.v1", "demo.thing.made.v2"]},
    "listener": {"description": "Listens.", "consumes": ["reader"]}
  }
}"#;
