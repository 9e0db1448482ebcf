//! Which catalogue a stream was last set up for: a mark in its metadata, which `apply` writes.
//!
//! Nothing depends on a mark. While services are replaced one after the other, two catalogues with
//! different minors are at work on the same streams, and that is as it should be: so a mark of
//! another catalogue is no drift, and makes nobody less ready. It tells an operator which schemas
//! were applied, and whether their own tool is built from older ones.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use wr_core::Catalogue;

/// The setting that holds the marks beside what others keep there: an operator, and the server
/// itself, under names that begin with `_nats.`.
pub(super) const METADATA: &str = "metadata";
/// Under which name the fingerprint stands.
pub(super) const FINGERPRINT: &str = "wr-events.catalogue";
/// Under which name the newest minor of each event stands, so that older can be told from newer.
const VERSIONS: &str = "wr-events.versions";

/// How the catalogue that a stream was last set up for is to the one that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mark {
    /// The stream does not say: it was made by hand, or before there were marks.
    None,
    /// It is the same.
    Same,
    /// It lacks events or minors, and has none more.
    Older,
    /// It has events or minors more, and lacks none.
    Newer,
    /// Each has what the other lacks, or the same versions say something else.
    Other,
}

/// The mark of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Marked {
    /// The stream.
    pub stream: String,
    /// How the catalogue that it was last set up for is to ours.
    pub mark: Mark,
    /// The fingerprint of that catalogue, where the stream says it.
    pub fingerprint: Option<String>,
    /// The versions that the two do not share, such as `position.enqueued 1.1 there, 1.0 here`.
    pub versions: Vec<String>,
}

/// What a stream is marked with.
pub(super) fn of(catalogue: &Catalogue) -> Map<String, Value> {
    let events = catalogue.subjects.iter().map(|it| (it.event_type, it.major, it.minors));
    let letters = catalogue.dead_letters.iter().map(|it| ("dead-letter", it.major, it.minors));
    let versions = events.chain(letters).map(|(name, major, minors)| {
        format!("{name} {major}.{}", minors.last().map_or(0, |minor| minor.minor))
    });
    let versions = versions.collect::<Vec<_>>().join(", ");
    Map::from_iter([
        (FINGERPRINT.to_owned(), catalogue.fingerprint.into()),
        (VERSIONS.to_owned(), versions.into()),
    ])
}

impl Marked {
    /// Compares the settings that a stream has with those that it is to have.
    pub(super) fn new(
        stream: &str,
        theirs: &Map<String, Value>,
        ours: &Map<String, Value>,
    ) -> Self {
        let fingerprint = text(theirs, FINGERPRINT);
        let (there, here) = (versions(theirs), versions(ours));
        let names = there.keys().chain(here.keys().filter(|name| !there.contains_key(*name)));
        let differing = names.filter(|name| there.get(*name) != here.get(*name));
        let (mut lacks, mut has_more) = (false, false);
        let differing = differing.map(|name| {
            let (there, here) = (there.get(name), here.get(name));
            lacks |= there < here;
            has_more |= there > here;
            let (event, major) = name;
            let minor = |it: Option<&u32>| it.map_or("none".into(), |it| format!("{major}.{it}"));
            format!("{event} {} there, {} here", minor(there), minor(here))
        });
        let differing: Vec<String> = differing.collect();
        let mark = match (fingerprint, lacks, has_more) {
            (None, _, _) => Mark::None,
            (same, _, _) if same == text(ours, FINGERPRINT) => Mark::Same,
            (Some(_), true, false) => Mark::Older,
            (Some(_), false, true) => Mark::Newer,
            (Some(_), _, _) => Mark::Other,
        };
        let versions = match mark {
            Mark::None | Mark::Same => Vec::new(),
            Mark::Older | Mark::Newer | Mark::Other => differing,
        };
        let fingerprint = fingerprint.map(str::to_owned);
        Marked { stream: stream.to_owned(), mark, fingerprint, versions }
    }
}

/// What a stream says under a name of its metadata.
pub(super) fn text<'a>(config: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    config.get(METADATA)?.get(name)?.as_str()
}

/// The newest minor of each event and major; what cannot be read is left out.
fn versions(config: &Map<String, Value>) -> BTreeMap<(&str, u32), u32> {
    let said = text(config, VERSIONS).unwrap_or_default();
    said.split(',').filter_map(version).collect()
}

fn version(text: &str) -> Option<((&str, u32), u32)> {
    let (name, version) = text.trim().split_once(' ')?;
    let (major, minor) = version.split_once('.')?;
    Some(((name, major.parse().ok()?), minor.parse().ok()?))
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mark::None => "of no catalogue",
            Mark::Same => "of this catalogue",
            Mark::Older => "of an older catalogue",
            Mark::Newer => "of a newer catalogue",
            Mark::Other => "of another catalogue",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(fingerprint: &str, versions: &str) -> Map<String, Value> {
        let metadata = json!({ FINGERPRINT: fingerprint, VERSIONS: versions, "_nats.ver": "2.12" });
        Map::from_iter([(METADATA.to_owned(), metadata)])
    }

    fn marked(there: &str) -> (Mark, Vec<String>) {
        let ours = config("ours", "order.paid 1.2, order.placed 1.0, order.placed 2.0");
        let marked = Marked::new("S", &config("theirs", there), &ours);
        (marked.mark, marked.versions)
    }

    #[test]
    fn older_is_told_from_newer() {
        for (there, mark, versions) in [
            (
                "order.paid 1.0, order.placed 1.0, order.placed 2.0",
                Mark::Older,
                &["order.paid 1.0 there, 1.2 here"][..],
            ),
            (
                "order.paid 1.2, order.placed 1.0",
                Mark::Older,
                &["order.placed none there, 2.0 here"],
            ),
            (
                "order.paid 1.10, order.placed 1.0, order.placed 2.0, order.sent 1.0",
                Mark::Newer,
                &["order.paid 1.10 there, 1.2 here", "order.sent 1.0 there, none here"],
            ),
            (
                "order.paid 1.3, order.placed 1.0",
                Mark::Other,
                &["order.paid 1.3 there, 1.2 here", "order.placed none there, 2.0 here"],
            ),
            ("order.paid 1.2, order.placed 1.0, order.placed 2.0", Mark::Other, &[]),
        ] {
            assert_eq!(marked(there), (mark, versions.iter().map(|it| (*it).to_owned()).collect()));
        }
        let none = Marked::new("S", &Map::new(), &config("ours", ""));
        assert_eq!((none.mark, none.fingerprint), (Mark::None, None));
        let same = Marked::new("S", &config("ours", "nonsense"), &config("ours", "order.paid 1.2"));
        assert_eq!((same.mark, same.versions), (Mark::Same, Vec::new()));
    }
}
