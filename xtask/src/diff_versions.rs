//! `diff`: what changed between two versions of a subject, in words, for a changelog.

use std::io;

use wr_compat::{Finding, Kind, Mode, compare};
use wr_schema::draft::Draft;
use wr_schema::json::Node;
use wr_schema::{EventType, Subject, Version};

use crate::compat::{Major, guarded, majors};
use crate::folders::Schemas;
use crate::{Error, Exit, Screen};

/// Tell what changed between two versions of an event, in words.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask diff position.enqueued 1.0 1.1
  cargo xtask diff position.enqueued 1.0 2.0 --format markdown")]
pub(crate) struct Args {
    /// The event, or `envelope`, or `dead-letter`; of a whole subject the major is left out
    #[arg(value_name = "SUBJECT")]
    subject: String,
    /// The old version
    #[arg(value_name = "A")]
    old: String,
    /// The new version
    #[arg(value_name = "B")]
    new: String,
    #[command(flatten)]
    schemas: Schemas,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How changes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line each
    Text,
    /// A section for a changelog
    Markdown,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let sources = args.schemas.load()?;
    let draft = Draft::of(&sources);
    let majors = majors(&draft);
    let name = name(&args.subject, &majors)?;
    let versions: Vec<(&Major, Version)> = majors
        .iter()
        .filter(|major| event_of(&major.subject) == name)
        .flat_map(|major| major.minors.iter().map(move |(version, _)| (major, *version)))
        .collect();
    let find = |text: &str| {
        let version = Version::parse(text)
            .map_err(|error| Error::usage(error.to_string(), "name it as in `1.0`"))?;
        let found = versions.iter().find(|(_, other)| *other == version);
        let node = found.and_then(|(major, version)| {
            major.minors.iter().find(|(other, _)| other == version).map(|(_, node)| node)
        });
        let known: Vec<String> =
            versions.iter().map(|(_, version)| format!("`{version}`")).collect();
        node.ok_or_else(|| {
            Error::usage(
                format!("`{name}` has no version that can be read as `{version}`"),
                format!("it has {}", known.join(", ")),
            )
        })
    };
    let (old, new) = (find(&args.old)?, find(&args.new)?);
    let findings = changes(old, new)?;
    match args.format {
        Format::Text => {
            writeln!(screen.out, "{name}, {} to {}:", args.old, args.new)?;
            for finding in &findings {
                writeln!(screen.out, "  {}", sentence(finding, "breaking: "))?;
            }
            if findings.is_empty() {
                writeln!(screen.out, "  nothing that a message or a reader could tell")?;
            }
        }
        Format::Markdown => {
            writeln!(screen.out, "### `{name}` {} to {}\n", args.old, args.new)?;
            list(&findings, screen.out)?;
        }
    }
    Ok(Exit::Clean)
}

/// What changed: what hurts first, each in the order of the text.
pub(crate) fn changes(old: &Node, new: &Node) -> Result<Vec<Finding>, Error> {
    let report = guarded(|| compare(old, new, Mode::Languages))
        .map_err(|what| Error::failed(what, "report this with the schemas that show it"))?;
    let mut findings = report.findings;
    findings.sort_by_key(|finding| finding.kind == Kind::Allowed);
    Ok(findings)
}

/// Changes as a list in Markdown.
pub(crate) fn list<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut findings = findings.into_iter().peekable();
    if findings.peek().is_none() {
        return writeln!(out, "Nothing that a message or a reader could tell.");
    }
    findings.try_for_each(|finding| writeln!(out, "- {}", sentence(finding, "**breaking**: ")))
}

/// What changed, and where, if the message does not say it.
fn sentence(finding: &Finding, breaking: &str) -> String {
    let hurts = match finding.kind {
        Kind::Allowed => "",
        Kind::Unproven => "not proved: ",
        Kind::Backward | Kind::Forward | Kind::Meaning | Kind::Code => breaking,
    };
    format!("{hurts}{}", finding.sentence())
}

/// The event that a folder is of; the other folders are named as they are.
pub(crate) fn event_of(folder: &str) -> String {
    Subject::parse(folder).map_or(folder.to_owned(), |subject| subject.event_type().to_string())
}

/// The event that the user means.
fn name(given: &str, majors: &[Major]) -> Result<String, Error> {
    let parts: Vec<&str> = given.split('.').collect();
    let name = match parts.as_slice() {
        [_, entity, action] | [_, entity, action, _] => format!("{entity}.{action}"),
        _ => given.to_owned(),
    };
    let known: Vec<String> = majors.iter().map(|major| event_of(&major.subject)).collect();
    if known.contains(&name) {
        return Ok(name);
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let near = similar::get_close_matches(name.as_str(), &known, 3, 0.6);
    let next = match near.as_slice() {
        [] => "name an event as in `position.enqueued`".to_owned(),
        near => format!("did you mean `{}`?", near.join("` or `")),
    };
    let what = match EventType::parse(&name) {
        Ok(_) => format!("there is no event `{name}`"),
        Err(error) => error.to_string(),
    };
    Err(Error::usage(what, next))
}
