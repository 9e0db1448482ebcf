//! What changed between any two versions of an event, whom it breaks, and who deploys first.

use serde::Serialize;
use wr_compat::{Evidence, Finding, Kind, Mode, Overall, Report, compare};
use wr_schema::catalog::{History, Minor};

use crate::text;

/// Two versions of an event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Pair {
    pub(crate) old: String,
    pub(crate) new: String,
    /// The word by which the verdict is styled: `ok`, `new-major`, `breaking` or `unproven`.
    pub(crate) tone: &'static str,
    /// The verdict in a few words.
    pub(crate) verdict: String,
    pub(crate) changes: Vec<Change>,
    /// What to do, in order.
    pub(crate) rollout: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    /// The rule that says it.
    pub(crate) rule: &'static str,
    /// What changed, as Markdown.
    pub(crate) sentence: String,
    /// Whom it breaks, in a few words; none where nobody.
    pub(crate) breaks: Option<&'static str>,
    /// What shows it.
    pub(crate) evidence: Option<Shown>,
    /// What to do instead, as Markdown, where it breaks somebody.
    pub(crate) help: Option<String>,
}

/// What shows a change to break somebody.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Shown {
    /// What the document is.
    pub(crate) caption: String,
    /// The document, where there is one.
    pub(crate) document: Option<String>,
    /// What is said of it, each as Markdown.
    pub(crate) says: Vec<String>,
}

/// Who is on either side of an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sides {
    pub(crate) publishers: Vec<String>,
    pub(crate) consumers: Vec<String>,
    /// How long a message stays, in words; none where no stream keeps it.
    pub(crate) kept: Option<String>,
}

/// Every two versions of some majors of one event, oldest first: the newest version with the one
/// before it comes first, since that is what people look for.
pub(crate) fn pairs(majors: &[&[Minor]], sides: &Sides) -> Vec<Pair> {
    let versions: Vec<&Minor> = majors.iter().flat_map(|minors| minors.iter()).collect();
    let mut pairs = Vec::new();
    for (at, new) in versions.iter().enumerate().rev() {
        for old in versions.iter().take(at).rev() {
            pairs.push(pair(old, new, sides));
        }
    }
    pairs
}

/// The verdict that a tone stands for, in two words at most.
pub(crate) fn tone(tone: &str) -> &'static str {
    match tone {
        "ok" => "compatible",
        "new-major" => "new major",
        "breaking" => "breaking",
        _ => "unproven",
    }
}

/// The minors of some histories.
pub(crate) fn minors<'a>(histories: &[&'a History]) -> Vec<&'a [Minor]> {
    histories.iter().map(|history| history.minors.as_slice()).collect()
}

fn pair(old: &Minor, new: &Minor, sides: &Sides) -> Pair {
    let report = compare(&old.schema, &new.schema, Mode::Languages);
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    // What hurts first, and last what no message shows; each in the order of the text.
    findings.sort_by_key(|finding| (finding.kind == Kind::Allowed, finding.rule == ANNOTATION));
    let same_major = old.version.major == new.version.major;
    let (tone, verdict) = verdict(&report, same_major, new);
    Pair {
        old: old.version.to_string(),
        new: new.version.to_string(),
        tone,
        verdict,
        changes: findings.into_iter().map(|finding| change(finding, same_major)).collect(),
        rollout: if same_major {
            minor_rollout(&report, sides)
        } else {
            major_rollout(old, new, sides)
        },
    }
}

fn verdict(report: &Report, same_major: bool, new: &Minor) -> (&'static str, String) {
    let words = match (report.overall(), same_major) {
        (Overall::Compatible, true) => "every reader reads what every writer sends",
        (Overall::Breaking, true) => "this is no legal minor",
        (Overall::Unproven, true) => "it could not be told, which is no pass",
        (_, false) => {
            let words = format!(
                "v{} travels on a subject of its own, beside the old one",
                new.version.major
            );
            return ("new-major", words);
        }
    };
    let tone = match report.overall() {
        Overall::Compatible => "ok",
        Overall::Breaking => "breaking",
        Overall::Unproven => "unproven",
    };
    (tone, words.to_owned())
}

fn change(finding: &Finding, same_major: bool) -> Change {
    let breaks = match finding.kind {
        Kind::Backward => Some("breaks new readers"),
        Kind::Forward => Some("breaks deployed readers"),
        Kind::Meaning => Some("changes a meaning unnoticed"),
        Kind::Code => Some("breaks code"),
        Kind::Unproven => Some("not proved"),
        Kind::Allowed => None,
    };
    Change {
        rule: finding.rule,
        sentence: finding.sentence(),
        breaks,
        evidence: breaks.and_then(|_| shown(finding)),
        // A new major is what the help asks for.
        help: breaks.filter(|_| same_major).map(|_| finding.help.clone()),
    }
}

fn shown(finding: &Finding) -> Option<Shown> {
    let (caption, document, says) = match &finding.evidence {
        Evidence::Witness(witness) => {
            let caption = match finding.kind {
                Kind::Forward => "A new message that deployed readers refuse",
                _ => "A stored message that new readers refuse",
            };
            let says = witness.violations.iter().map(|violation| {
                let place = match violation.pointer.as_str() {
                    "" => "the message".to_owned(),
                    pointer => text::code(pointer),
                };
                format!("Their error: {} refuses {place}.", text::code(&violation.keyword))
            });
            (caption.to_owned(), Some(&witness.document), says.collect())
        }
        Evidence::Meanings { document, old, new } => {
            let says = vec![format!("To old readers: {old}."), format!("To new readers: {new}.")];
            ("A message with two meanings".to_owned(), Some(document), says)
        }
        Evidence::RustTypes { path, old, new } => {
            let ty = |ty: &Option<String>| ty.as_deref().map_or("not there".to_owned(), text::code);
            let says = vec![format!("{}: {}, then {}.", text::code(path), ty(old), ty(new))];
            ("A Rust path with two types".to_owned(), None, says)
        }
        Evidence::Reason(reason) => {
            ("Why nothing was shown".to_owned(), None, vec![reason.clone()])
        }
        Evidence::None => return None,
    };
    Some(Shown { caption, document: document.map(|document| format!("{document:#}")), says })
}

/// The rule of changes that no message shows.
const ANNOTATION: &str = "annotation_changed";
/// The rules whose changes an older reader takes for something that it does not know.
const UNKNOWN_UNTIL_DEPLOYED: &[&str] = &["enum_value_added", "union_branch_added"];

fn minor_rollout(report: &Report, sides: &Sides) -> Vec<String> {
    let consumers = named(&sides.consumers, "the consumers");
    let publishers = named(&sides.publishers, "the publishers");
    let has = |rules: &[&str]| report.findings.iter().any(|finding| rules.contains(&finding.rule));
    match report.overall() {
        Overall::Breaking => {
            return vec![
                "Do not roll this out: undo it, or make the change in a new major.".to_owned(),
            ];
        }
        Overall::Unproven => {
            return vec![
                "Do not roll this out before it is proved, or waived for a reason.".to_owned(),
            ];
        }
        Overall::Compatible => {}
    }
    if report.findings.iter().all(|finding| finding.rule == ANNOTATION) {
        return vec!["Nothing has to be deployed: the messages are the same.".to_owned()];
    }
    if has(UNKNOWN_UNTIL_DEPLOYED) {
        return vec![
            format!("Consumers first: deploy {consumers} with code for the new value."),
            format!(
                "Then {publishers}. A consumer of the old version reads the new value as `Unknown`: it refuses nothing, and does nothing special either."
            ),
        ];
    }
    let stay = match &sides.kept {
        Some(kept) => format!("for {kept} after the last old publisher"),
        None => "as long as old messages are kept".to_owned(),
    };
    vec![
        format!(
            "Either side first: a consumer of the old version ignores what is new in the messages \
             of {publishers}.",
        ),
        format!(
            "Whoever reads a new field takes it as optional: messages without it are in the stream {stay}."
        ),
    ]
}

fn major_rollout(old: &Minor, new: &Minor, sides: &Sides) -> Vec<String> {
    let (old, new) = (old.version.major, new.version.major);
    let consumers = named(&sides.consumers, "the consumers");
    let publishers = named(&sides.publishers, "the publishers");
    let kept = sides.kept.clone().unwrap_or_else(|| "their time".to_owned());
    vec![
        format!(
            "Add the subject of v{new} to a stream and to the filters of {consumers} in topology.json, and a handler for v{new} beside the one for v{old}."
        ),
        format!(
            "Apply the topology and deploy {consumers} at once. A process starts only if its handlers are exactly the filters on the server: the new code is refused before, and from then on the old code is refused when it starts again or loses its consumer. What is running goes on, and what nobody reads meanwhile waits in the stream."
        ),
        format!("Then {publishers}, sending v{new} instead of v{old}."),
        format!(
            "After {kept}, when no v{old} is left in a stream or among the dead letters, its handlers and its subject can go, in one step again."
        ),
    ]
}

fn named(names: &[String], otherwise: &str) -> String {
    if names.is_empty() || names.len() > 4 {
        return otherwise.to_owned();
    }
    text::listed(&names.iter().map(|name| text::code(name)).collect::<Vec<_>>())
}
