//! `wr tail`: events as they come, decoded and judged.

mod source;

use std::io::{self, Write};

use futures_util::stream::{StreamExt, select_all};
use serde::Serialize;
use serde_json::Value;
use wr_core::Catalogue;
use wr_core::chrono::DateTime;
use wr_runtime::async_nats::jetstream::Message;
use wr_runtime::{Connection, Overrides, Registry, Topology};

use self::source::{News, Source};
use crate::Exit;
use crate::arguments::{ConnectArguments, TailArguments};
use crate::error::{Error, Result};
use crate::message::{Decoded, time};
use crate::screen::{Screen, Tone, printable};
use crate::unknown;

/// An event that came.
#[derive(Debug, Serialize)]
struct Came {
    stream: String,
    sequence: u64,
    subject: String,
    stored_at: String,
    #[serde(flatten)]
    decoded: Decoded,
}

pub(crate) async fn run(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    options: TailArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let sources = sources(catalogue, &options)?;
    for event_type in &options.types {
        unknown::note(screen, "event type", event_type, &unknown::event_types(catalogue));
    }
    let registry = Registry::new(catalogue)?;
    let connection = connect.connect().await?;
    // What is not deleted the server forgets by itself.
    let is_needed = |subject: &str| !subject.contains(".CONSUMER.DELETE.");
    let following = follow(&registry, &connection, sources, &options, screen);
    connection.unless_forbidden(is_needed, following).await?
}

async fn follow(
    registry: &Registry,
    connection: &Connection,
    sources: Vec<(&'static str, Vec<String>)>,
    options: &TailArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let mut messages = Vec::new();
    for (stream, filters) in sources {
        let source = Source::new(connection, stream, filters, options).await?;
        messages.push(source.messages().boxed());
    }
    let mut messages = select_all(messages);
    let mut shown = 0;
    while options.count.is_none_or(|count| shown < count) {
        let Some(message) = messages.next().await else { break };
        let message = match message? {
            News::Message(message) => *message,
            News::Note(note) => {
                writeln!(screen.err, "{}", printable(&note))?;
                continue;
            }
        };
        let body = &message.payload;
        // What is filtered by must be seen, whatever is masked after.
        if !options.means(serde_json::from_slice(body).ok().as_ref()) {
            continue;
        }
        let shows = screen.shows_personal_data;
        let decoded = Decoded::read(registry, &message.subject, body, shows);
        let came = came(&message, decoded)?;
        screen.show(&came, write)?;
        // Who reads no more has seen what they wanted.
        if screen.out.flush().is_err() {
            break;
        }
        shown += 1;
    }
    Ok(Exit::Done)
}

/// Which streams to read, and what of each.
fn sources(
    catalogue: &'static Catalogue,
    options: &TailArguments,
) -> Result<Vec<(&'static str, Vec<String>)>> {
    let topology = Topology::new(catalogue, Overrides::default())?;
    let mut sources = Vec::new();
    match &options.subject {
        Some(filter) => {
            let wrong = |_| {
                let next =
                    "write tokens between dots, where `*` is any token and a final `>` any rest";
                Error::usage(format!("`{filter}` is no subject and no filter"), next)
            };
            let streams = topology.streams_of(filter).map_err(wrong)?;
            sources.extend(streams.iter().map(|stream| (stream.name, vec![filter.clone()])));
        }
        None => {
            for stream in topology.constants().streams {
                let is_in = |subject: &&str| {
                    topology.stream_of(subject).is_some_and(|it| it.name == stream.name)
                };
                let all = catalogue.subjects.iter().map(|it| it.subject);
                let filters: Vec<String> = all.filter(is_in).map(str::to_owned).collect();
                if !filters.is_empty() {
                    sources.push((stream.name, filters));
                }
            }
        }
    }
    let dead_letters = topology.constants().dead_letters.stream;
    if let [(only, _)] = sources.as_slice()
        && *only == dead_letters
    {
        let what = "these subjects carry dead letters, which are no events";
        return Err(Error::usage(what, "look at them with `wr dlq list --each`"));
    }
    sources.retain(|(stream, _)| *stream != dead_letters);
    match sources.is_empty() {
        true => {
            let what = "no stream of the catalogue has such a subject";
            Err(Error::usage(what, "see the subjects with `wr topology plan --json`"))
        }
        false => Ok(sources),
    }
}

impl TailArguments {
    pub(crate) fn follows(&self) -> bool {
        !self.no_follow
    }

    /// Whether a message is one of those that are asked for.
    fn means(&self, message: Option<&Value>) -> bool {
        let member = |name: &str| message.and_then(|it| it.get(name));
        let field = |name: &str| member("data").and_then(|data| data.get(name));
        let has = |value: Option<&Value>, text: &str| match value {
            Some(Value::String(string)) => string == text,
            Some(value) => serde_json::from_str(text).is_ok_and(|told: Value| told == *value),
            None => false,
        };
        let type_fits =
            self.types.is_empty() || self.types.iter().any(|it| has(member("type"), it));
        let about =
            |queue: &String| has(member("queue_id"), queue) || has(field("queue_id"), queue);
        type_fits
            && self.queue.as_ref().is_none_or(about)
            && self.position.as_ref().is_none_or(|id| has(field("position_id"), id))
            && self.fields.iter().all(|(name, value)| has(field(name), value))
    }
}

fn came(message: &Message, decoded: Decoded) -> Result<Came> {
    let info = message.info().map_err(|error| {
        Error::failed(format!("a message of no stream: {error}"), "run the command again")
    })?;
    let stored_at = i64::try_from(info.published.unix_timestamp_nanos()).unwrap_or_default();
    Ok(Came {
        stream: info.stream.to_owned(),
        sequence: info.stream_sequence,
        subject: message.subject.to_string(),
        stored_at: time(DateTime::from_timestamp_nanos(stored_at)),
        decoded,
    })
}

/// One line: when, what, about which queue, the payload; a second one where it is refused.
fn write(screen: &mut Screen<'_>, came: &Came) -> io::Result<()> {
    let name = came.decoded.member("type").unwrap_or(&came.subject);
    let refused = came.decoded.refused.as_deref();
    let tone = if refused.is_some() { Tone::Bad } else { Tone::Name };
    let name = screen.paint(tone, printable(name));
    let when = screen.paint(Tone::Quiet, &came.stored_at);
    let place = screen.paint(Tone::Quiet, format!("{} {}", came.stream, came.sequence));
    let queue = came.decoded.member("queue_id").map(|queue| format!(" {}", printable(queue)));
    let data = match &came.decoded.message {
        Some(message) => message.get("data").unwrap_or(message).to_string(),
        None => format!("no JSON: {} bytes", came.decoded.bytes),
    };
    let queue = queue.unwrap_or_default();
    writeln!(screen.out, "{when} {name}{queue} {} {place}", printable(&data))?;
    if let Some(why) = refused {
        let text = format!("  a consumer refuses it: {}", printable(why));
        writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
    }
    Ok(())
}
