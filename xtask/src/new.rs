//! `new`: writes the first file of an event, or the next minor or major of one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use wr_schema::Sources;
use wr_schema::author::{self, NewFile};
use wr_schema::draft::Draft;

use crate::folders::Schemas;
use crate::render::shown;
use crate::{Error, Exit, Screen};

/// Write the next schema file: a new event, a new minor, a new major.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask new event waitingroom.position.transferred
  cargo xtask new minor position.enqueued
  cargo xtask new major position.enqueued")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Event(EventArgs),
    Minor(MinorArgs),
    Major(MajorArgs),
}

/// Begin an event at version 1.0.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask new event waitingroom.position.transferred
  cargo xtask new event position.transferred
  cargo xtask new event shop.cart.opened --schemas ../shop/schemas")]
struct EventArgs {
    /// The event; the domain may be left out where the folder has one
    #[arg(value_name = "DOMAIN.ENTITY.ACTION")]
    name: String,
    #[command(flatten)]
    schemas: Schemas,
}

/// Copy the newest file of an event to its next minor, where fields may be added.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask new minor position.enqueued
  cargo xtask new minor position.enqueued --major 1")]
struct MinorArgs {
    /// The event; a whole subject names its major too
    #[arg(value_name = "ENTITY.ACTION")]
    name: String,
    /// The major to add to [default: the newest]
    #[arg(long, value_name = "N")]
    major: Option<u32>,
    #[command(flatten)]
    schemas: Schemas,
}

/// Copy the newest file of an event to a new major, where anything may change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  cargo xtask new major position.enqueued")]
struct MajorArgs {
    /// The event
    #[arg(value_name = "ENTITY.ACTION")]
    name: String,
    #[command(flatten)]
    schemas: Schemas,
}

pub(crate) fn run(args: &Args, screen: &mut Screen<'_>) -> Result<Exit, Error> {
    let schemas = match &args.what {
        What::Event(args) => &args.schemas,
        What::Minor(args) => &args.schemas,
        What::Major(args) => &args.schemas,
    };
    let folder = schemas.folder();
    // An event may be the first thing in its folder; a copy needs something to copy.
    let begins = matches!(args.what, What::Event(_)) && !folder.exists();
    let sources = if begins { Sources::default() } else { schemas.load()? };
    let draft = Draft::of(&sources);
    let file = match &args.what {
        What::Event(args) => author::event(&draft, &args.name),
        What::Minor(args) => author::minor(&draft, &args.name, args.major),
        What::Major(args) => author::major(&draft, &args.name),
    }
    .map_err(|error| refused(&error, &folder))?;
    create(&folder.join(&file.path), &file.contents)?;
    let steps = Steps {
        shown: shown(&folder, &file.path),
        topology: draft.at("topology.json").map(|file| shown(&folder, file.path)),
        flags: schemas.flags(),
        out: if schemas.is_default() { "" } else { " --out DIR" },
    };
    steps.write(&args.what, &file, &folder, screen)?;
    Ok(Exit::Clean)
}

/// Writes a file that is not there yet.
fn create(path: &Path, contents: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = match file {
        Ok(mut file) => file.write_all(contents.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::failed(
                format!("`{}` exists already, and is not overwritten", path.display()),
                "mend or remove that file: `cargo xtask lint` shows why it is not read as a version",
            ));
        }
        Err(error) => Err(error),
    };
    written.map_err(|error| Error::file("write", path, &error))
}

/// What to do with the new file.
struct Steps {
    shown: String,
    topology: Option<String>,
    flags: String,
    out: &'static str,
}

impl Steps {
    fn write(
        &self,
        what: &What,
        file: &NewFile,
        folder: &Path,
        screen: &mut Screen<'_>,
    ) -> io::Result<()> {
        let Steps { shown: path, topology, flags, out } = self;
        write!(screen.out, "wrote {path}")?;
        match &file.copied_from {
            Some(from) => writeln!(screen.out, ", a copy of {}", shown(folder, from))?,
            None => writeln!(screen.out)?,
        }
        let mut steps = vec![format!("edit {path}: {}", edit(what))];
        if let (Some(topology), What::Event(_) | What::Major(_)) = (topology, what) {
            steps.push(format!(
                "add `{}` to exactly one stream of {topology}, to the services that publish it \
                 and the consumers that handle it",
                file.subject
            ));
        }
        steps.push(format!("cargo xtask lint{flags}"));
        steps.push(format!("cargo xtask gen{flags}{out}"));
        // Elsewhere it is for that folder's owner to say whether the catalogue is written there.
        if flags.is_empty() {
            steps.push("cargo xtask docs".to_owned());
            steps.push("INSTA_UPDATE=always cargo test -p wr-tests published".to_owned());
        }
        writeln!(screen.out, "\nnext:")?;
        for (number, step) in (1..).zip(steps) {
            writeln!(screen.out, "  {number}. {step}")?;
        }
        Ok(())
    }
}

fn edit(what: &What) -> &'static str {
    match what {
        What::Event(_) => "its description, its properties, and two examples or more",
        What::Minor(_) => {
            "append optional properties, and an example with them; what a reader of an older \
             minor would refuse needs a new major"
        }
        What::Major(_) => "whatever is to change; both majors are published until the old one ends",
    }
}

/// An error with the command that helps.
fn refused(error: &author::Error, folder: &Path) -> Error {
    let next = match error {
        author::Error::Name(_) => {
            "name it as in `waitingroom.position.enqueued`: domain, entity, action".to_owned()
        }
        author::Error::NoDomain { name } => {
            format!("name the domain too: `cargo xtask new event DOMAIN.{name}`")
        }
        author::Error::OtherDomain { .. } => format!(
            "a folder holds one domain, and `{}` is taken: give another with `--schemas DIR`",
            folder.display()
        ),
        author::Error::Exists { subject } => format!(
            "`cargo xtask new minor {name}` adds fields to it, `cargo xtask new major {name}` \
             changes it",
            name = subject.event_type()
        ),
        author::Error::SameRustName { .. } => {
            "choose a name that differs in its letters".to_owned()
        }
        author::Error::Reserved { .. } => "choose another entity".to_owned(),
        author::Error::FirstMajor { .. } => "leave the major out".to_owned(),
        author::Error::Unknown { name, known } => unknown(name, known),
        author::Error::WrongMajor { .. } => {
            "leave the major out; `new minor --major N` goes on from an older one".to_owned()
        }
        author::Error::Unfit { .. } => {
            "mend what `cargo xtask lint` shows of that file, then run this again".to_owned()
        }
        author::Error::Last { .. } => "begin a new event".to_owned(),
        _ => "see `cargo xtask new --help`".to_owned(),
    };
    let what = match error {
        author::Error::Unfit { path, problem } => {
            format!("`{}` cannot be copied: it {problem}", shown(folder, path))
        }
        author::Error::Unknown { name, .. } => {
            format!("`{}` has no event `{name}`", folder.display())
        }
        other => other.to_string(),
    };
    Error::usage(what, next)
}

fn unknown(name: &str, known: &[String]) -> String {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let near = similar::get_close_matches(name, &known, 3, 0.6);
    if near.is_empty() {
        return "begin it with `cargo xtask new event`, or see which folders there are".to_owned();
    }
    format!("did you mean `{}`?", near.join("` or `"))
}

#[cfg(test)]
mod tests {
    use wr_schema::{Subject, Version};

    use super::*;

    /// Of the minor that README.md begins.
    #[test]
    fn readme_shows_every_step() {
        let path = |minor| format!("waitingroom.position.heartbeat.v1/1.{minor}.json");
        let file = NewFile {
            path: path(1),
            contents: String::new(),
            subject: Subject::parse("waitingroom.position.heartbeat.v1").unwrap(),
            version: Version::parse("1.1").unwrap(),
            copied_from: Some(path(0)),
        };
        let folder = Path::new("schemas");
        let shown = shown(folder, &file.path);
        let steps = Steps { shown, topology: None, flags: String::new(), out: "" };
        let what = What::Minor(MinorArgs {
            name: "position.heartbeat".to_owned(),
            major: None,
            schemas: Schemas::default(),
        });
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut screen = Screen { out: &mut out, err: &mut err, colour: false };
        steps.write(&what, &file, folder, &mut screen).unwrap();
        let told = format!("```\n{}```\n", String::from_utf8(out).unwrap());
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        assert!(fs::read_to_string(readme).unwrap().contains(&told), "README.md lacks:\n{told}");
    }
}
