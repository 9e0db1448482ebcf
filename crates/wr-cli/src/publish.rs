//! `wr publish`: messages from a file, each judged by its schema before it is sent.

use std::io::{self, Read, Write};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use wr_core::chrono::{SecondsFormat, Utc};
use wr_core::uuid::Uuid;
use wr_core::{Catalogue, Subject};
use wr_runtime::async_nats::HeaderMap;
use wr_runtime::{Connection, ErrorKind, Registry, Side, TraceContext};

use crate::Exit;
use crate::arguments::{ConnectArguments, PublishArguments};
use crate::error::{Error, Result};
use crate::interrupt::Interrupts;
use crate::message::Masking;
use crate::refusal::Broken;
use crate::screen::{Screen, Tone, count, printable};
use crate::unknown;

/// What became of one message.
#[derive(Debug, Serialize)]
struct Published {
    /// Its number in the file, from 1.
    number: usize,
    subject: Option<&'static str>,
    id: Option<String>,
    stream: Option<String>,
    sequence: Option<u64>,
    /// The stream had it already.
    duplicate: bool,
    /// Why it was not sent.
    refused: Option<String>,
    /// The rules of the schema that it breaks.
    broken: Vec<Broken>,
}

/// Why a message may not be sent.
struct Refusal {
    why: String,
    broken: Vec<Broken>,
}

impl<T: Into<String>> From<T> for Refusal {
    fn from(why: T) -> Refusal {
        Refusal { why: why.into(), broken: Vec::new() }
    }
}

/// How long to try to publish one: longer than the election of a leader takes.
const DEADLINE: Duration = Duration::from_secs(15);

/// What to do where messages have ids of their own.
const AGAIN: &str = "run the command again: what was sent has its id, and is not stored twice within \
                     the duplicate window of its stream";

/// All or nothing is judged; nothing is sent where one message is refused.
pub(crate) async fn run(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    options: PublishArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let text = read(&options)?;
    let messages = documents(&text, &options.name())?;
    let registry = Registry::new(catalogue)?;
    let mut ready = Vec::new();
    let mut refused = Vec::new();
    for (number, document) in (1..).zip(messages) {
        let message = options.message(catalogue, document)?;
        match judged(&registry, &message, screen.shows_personal_data) {
            Ok(subject) => ready.push((number, subject, message)),
            Err(why) => refused.push((number, why)),
        }
    }
    if !refused.is_empty() {
        for (number, Refusal { why, broken }) in refused {
            let told = Published { number, refused: Some(why), broken, ..nothing() };
            screen.show(&told, |screen, told| options.write_refused(screen, told))?;
        }
        let file = options.name();
        // On a terminal the end comes last; whether it is heard, the last flush tells.
        let _ = screen.out.flush();
        writeln!(screen.err, "nothing was sent")?;
        writeln!(screen.err, "  = help: correct {file}, then judge it again with `--dry-run`")?;
        return Ok(Exit::No);
    }
    let all = ready.len();
    if options.from > all {
        let what =
            format!("`--from {}`: the file has {}", options.from, count(all as u64, "message"));
        return Err(Error::usage(what, "give the number of a message in the file"));
    }
    let ready = ready.split_off(options.from - 1);
    if options.dry_run {
        let text = format!("{} would be sent", count(ready.len() as u64, "message"));
        screen.show(&serde_json::json!({ "would_send": ready.len() }), |screen, _| {
            writeln!(screen.out, "{text}")
        })?;
        return Ok(Exit::Done);
    }
    let connection = connect.connect().await?;
    let mut interrupts = Interrupts::new();
    for (number, subject, message) in &ready {
        let (number, sending) = (*number, send(&connection, *number, subject, message));
        let asked = || writeln!(screen.err, "ending behind this one; once more aborts");
        let Some(sent) = interrupts.finish(sending, asked).await? else {
            let (what, next) = options.uncertain(number, all, message);
            return Err(Error::stopped(format!("aborted: {what}"), next));
        };
        let told = sent.map_err(|why| options.unsent(number, all, message, &why))?;
        screen.show(&told, write)?;
        // Who stops this run, or watches it, has seen what was sent; the last flush tells of errors.
        let _ = screen.out.flush();
        if interrupts.is_asked && number < all {
            let what = format!(
                "interrupted: message {number} of {all} is stored, those behind it were not sent"
            );
            let next = format!("run the command again with `--from {}`", number + 1);
            return Err(Error::stopped(what, next));
        }
    }
    Ok(Exit::Done)
}

fn nothing() -> Published {
    Published {
        number: 0,
        subject: None,
        id: None,
        stream: None,
        sequence: None,
        duplicate: false,
        refused: None,
        broken: Vec::new(),
    }
}

fn read(options: &PublishArguments) -> Result<String> {
    let path = &options.file;
    let mut text = String::new();
    let got = match path.as_os_str() == "-" {
        true => io::stdin().read_to_string(&mut text).map(drop),
        false => std::fs::read_to_string(path).map(|all| text = all),
    };
    got.map_err(|cause| Error::file("read", path, &cause))?;
    Ok(text)
}

/// The documents of a text, whatever white space stands between them.
fn documents(text: &str, name: &str) -> Result<Vec<Value>> {
    let all = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let all = all.collect::<Result<Vec<_>, _>>().map_err(|cause| {
        let next = "correct the file: one message as JSON, or one a line";
        Error::usage(format!("{name} is no JSON: {cause}"), next)
    })?;
    match all.is_empty() {
        true => Err(Error::usage(format!("{name} is empty"), "give a file with a message")),
        false => Ok(all),
    }
}

impl PublishArguments {
    /// The file, as a person calls it.
    fn name(&self) -> String {
        match self.file.as_os_str() == "-" {
            true => "standard input".to_owned(),
            false => format!("`{}`", self.file.display()),
        }
    }

    /// Each broken rule on a line of its own, with a pointer into what stands in the file.
    fn write_refused(&self, screen: &mut Screen<'_>, told: &Published) -> io::Result<()> {
        let (number, file) = (told.number, self.name());
        let why = match (&told.refused, told.broken.is_empty()) {
            (Some(why), true) => format!(": {why}"),
            _ => String::new(),
        };
        let text = format!("message {number} of {file} is refused{why}");
        writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
        for Broken { pointer, keyword, demand } in &told.broken {
            let place = match (&self.event_type, pointer.strip_prefix("/data")) {
                (Some(_), Some("")) => "the payload".to_owned(),
                (Some(_), Some(rest)) => format!("`{}`", printable(rest)),
                (Some(_), None) => format!("`{}` of the envelope", printable(pointer)),
                (None, _) if pointer.is_empty() => "the message".to_owned(),
                (None, _) => format!("`{}`", printable(pointer)),
            };
            writeln!(screen.out, "  {place} {demand} (`{keyword}`)")?;
        }
        Ok(())
    }

    /// The message: the document, or the envelope around it.
    fn message(&self, catalogue: &'static Catalogue, document: Value) -> Result<Value> {
        let Some(event_type) = &self.event_type else { return Ok(document) };
        let of_type = |subject: &&Subject| subject.event_type == event_type;
        let newest = catalogue.subjects.iter().filter(of_type).max_by_key(|it| it.major);
        let unknown = || {
            let next = format!("there are {}", unknown::event_types(catalogue).join(", "));
            Error::usage(format!("the catalogue has no event of type `{event_type}`"), next)
        };
        let subject = newest.ok_or_else(unknown)?;
        let minor = subject.newest().map_or(0, |minor| minor.minor);
        let mut message = serde_json::json!({
            "id": Uuid::now_v7().to_string(),
            "version": format!("{}.{minor}", subject.major),
            "type": event_type,
            "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            "source": self.source,
            "data": document,
        });
        if let (Some(queue), Value::Object(members)) = (&self.queue, &mut message) {
            members.insert("queue_id".to_owned(), queue.as_str().into());
        }
        Ok(message)
    }

    /// What to say of a message that could not be sent. Payloads get new ids in every run, so that
    /// nothing but their number tells the next run where to begin.
    fn unsent(&self, number: usize, all: usize, message: &Value, why: &wr_runtime::Error) -> Error {
        let (what, next) = match why.is_uncertain() {
            true => self.uncertain(number, all, message),
            false => {
                let what = format!("message {number} of {all}, and those behind it, were not sent");
                (what, self.go_on(number))
            }
        };
        Error::failed(format!("{what}: {why}"), next)
    }

    /// Where to go on after what was not sent.
    fn go_on(&self, number: usize) -> String {
        match &self.event_type {
            None => AGAIN.to_owned(),
            Some(_) => format!(
                "see to that, then run the command again with `--from {number}`: those before it \
                 are stored"
            ),
        }
    }

    /// What to say of a message of which nobody knows whether it is stored, and what to do.
    fn uncertain(&self, number: usize, all: usize, message: &Value) -> (String, String) {
        let what =
            format!("message {number} of {all} may be stored, those behind it were not sent");
        let next = match &self.event_type {
            None => AGAIN.to_owned(),
            Some(event_type) => format!(
                "those before it are stored; look for its id with `wr tail --type {event_type} \
                 --since 10m --no-follow --json | grep {}`, then run the command again, with \
                 `--from {}` where it is there, else with `--from {number}`",
                id(message),
                number + 1
            ),
        };
        (what, next)
    }
}

/// The subject of a message that may be sent, or why it may not.
fn judged(
    registry: &Registry,
    message: &Value,
    shows_personal_data: bool,
) -> Result<&'static str, Refusal> {
    let catalogue = registry.catalogue();
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    let lack = |name: &str| format!("it has no `{name}`; with `--type` the file holds payloads");
    let event_type = text("type").ok_or_else(|| lack("type"))?;
    let version = text("version").ok_or_else(|| lack("version"))?;
    let (major, _) = wr_core::parse_version(version)
        .ok_or_else(|| "its `version` is not of the form `{major}.{minor}`".to_owned())?;
    let major = major.parse().unwrap_or(u32::MAX);
    let subject = catalogue.find_type(event_type, major).map_err(|error| error.to_string())?;
    let bytes = message.to_string();
    let judged = registry.validate_message(Side::Publish, subject.subject, bytes.as_bytes());
    let masking = Masking::new(catalogue, subject.subject, shows_personal_data);
    judged.map(|()| subject.subject).map_err(|error| Refusal {
        why: masking.refusal(&error),
        broken: broken(subject, version, message, &error, &masking),
    })
}

/// The rules that a message breaks, by the schema of the version that it names.
fn broken(
    subject: &Subject,
    version: &str,
    message: &Value,
    error: &wr_runtime::Error,
    masking: &Masking,
) -> Vec<Broken> {
    let ErrorKind::Violations(violations) = error.kind() else { return Vec::new() };
    let minor = wr_core::parse_version(version).and_then(|(_, minor)| minor.parse().ok());
    let minor = minor.and_then(|minor| subject.minor(minor));
    let schema = minor.and_then(|minor| serde_json::from_str(minor.writer).ok());
    let schema = schema.unwrap_or(Value::Null);
    let told = |violation| {
        let broken = Broken::new(&schema, message, violation);
        Broken { pointer: masking.pointer(&broken.pointer), ..broken }
    };
    let mut all: Vec<Broken> = violations.iter().map(told).collect();
    // One that lacks several names is found once for each.
    all.dedup();
    all
}

async fn send(
    connection: &Connection,
    number: usize,
    subject: &'static str,
    message: &Value,
) -> Result<Published, wr_runtime::Error> {
    let mut headers = HeaderMap::new();
    headers.insert("Content-Type", "application/json");
    headers.insert("Nats-Msg-Id", id(message));
    TraceContext::root().write(&mut headers);
    let body = message.to_string().into_bytes();
    let told = connection.deliver(subject, headers, body.into(), DEADLINE).await?;
    Ok(Published {
        number,
        subject: Some(subject),
        id: Some(id(message).to_owned()),
        stream: Some(told.stream),
        sequence: Some(told.sequence),
        duplicate: told.duplicate,
        refused: None,
        broken: Vec::new(),
    })
}

/// The id of a message that was judged.
fn id(message: &Value) -> &str {
    message.get("id").and_then(Value::as_str).unwrap_or_default()
}

fn write(screen: &mut Screen<'_>, told: &Published) -> io::Result<()> {
    let place = format!(
        "{} {}",
        told.stream.as_deref().unwrap_or_default(),
        told.sequence.unwrap_or_default()
    );
    let what = if told.duplicate { "was there already" } else { "published" };
    let tone = if told.duplicate { Tone::Warning } else { Tone::Good };
    let text = screen.paint(tone, what);
    let (subject, id) = (told.subject.unwrap_or_default(), told.id.as_deref().unwrap_or_default());
    let number = told.number;
    writeln!(screen.out, "{text} message {number}: {subject} as {place}, id {id}")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Verb};

    /// What is said of message 3 of 9, in the words of JSON.
    fn unsent(arguments: &[&str], why: ErrorKind) -> String {
        let arguments = [&["wr", "publish", "file"], arguments].concat();
        let Verb::Publish(options) = Arguments::try_parse_from(arguments).unwrap().verb else {
            unreachable!("it publishes");
        };
        let mut told = Vec::new();
        let error = options.unsent(3, 9, &serde_json::json!({ "id": "the-id" }), &why.into());
        error.write(&mut told, true).unwrap();
        String::from_utf8(told).unwrap()
    }

    #[test]
    fn who_sends_payloads_is_told_where_to_go_on() {
        let late = || ErrorKind::TimedOut(DEADLINE);
        let told = unsent(&["--type", "queue.paused"], late());
        for part in ["message 3 of 9 may be stored", "grep the-id", "`--from 3`", "`--from 4`"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let told = unsent(&["--type", "queue.paused"], ErrorKind::InvalidSubject);
        for part in ["message 3 of 9, and those behind it, were not sent", "`--from 3`"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        for why in [late(), ErrorKind::InvalidSubject] {
            let told = unsent(&[], why);
            assert!(told.contains("run the command again: what was sent has its id"), "{told}");
        }
    }
}
