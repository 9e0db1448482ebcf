//! `wr dlq show`: a dead letter with all its circumstances.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};
use wr_core::Catalogue;
use wr_runtime::{DeadLetterQueue, Registry};

use super::error;
use crate::Exit;
use crate::arguments::ShowArguments;
use crate::error::Result;
use crate::message::{Decoded, Masking, headers, time, write_decoded, write_headers};
use crate::screen::{Screen, Tone, printable};

#[derive(Debug, Serialize)]
struct Shown {
    sequence: u64,
    reason: String,
    error: String,
    original_subject: String,
    given_up_at: String,
    stream: Option<String>,
    consumer: Option<String>,
    stream_sequence: Option<u64>,
    stored_at: Option<String>,
    deliveries: Option<i64>,
    /// Where the schema was broken, and by which rule.
    schema_errors: Vec<Value>,
    original_headers: Map<String, Value>,
    #[serde(flatten)]
    decoded: Decoded,
}

pub(super) async fn run(
    catalogue: &'static Catalogue,
    queue: &DeadLetterQueue,
    options: &ShowArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let sequence = options.sequence;
    let Some(letter) = queue.get(sequence).await? else {
        let text =
            format!("there is no dead letter {sequence}: it was redriven, purged, or never there");
        writeln!(screen.err, "{text}")?;
        return Ok(Exit::No);
    };
    if options.body {
        screen.out.write_all(&letter.body)?;
        return Ok(Exit::Done);
    }
    let registry = Registry::new(catalogue)?;
    let (subject, shows) = (&letter.original_subject, screen.shows_personal_data);
    let masking = Masking::new(catalogue, subject, shows);
    let broken = letter.schema_errors.iter();
    let shown = Shown {
        sequence,
        reason: letter.reason.as_str().to_owned(),
        error: error(&letter, &masking),
        original_subject: subject.clone(),
        given_up_at: time(letter.timestamp),
        stream: letter.stream.clone(),
        consumer: letter.consumer.clone(),
        stream_sequence: letter.stream_sequence,
        stored_at: letter.stored_at.map(time),
        deliveries: letter.deliveries,
        schema_errors: broken
            .map(|it| json!({ "pointer": masking.pointer(&it.pointer), "keyword": it.keyword }))
            .collect(),
        original_headers: headers(&letter.original_headers, shows),
        decoded: Decoded::read(&registry, subject, &letter.body, shows),
    };
    screen.show(&shown, write_shown)?;
    Ok(Exit::Done)
}

fn write_shown(screen: &mut Screen<'_>, shown: &Shown) -> io::Result<()> {
    let reason = screen.paint(Tone::Bad, printable(&shown.reason));
    let subject = screen.paint(Tone::Name, printable(&shown.original_subject));
    writeln!(screen.out, "dead letter {}: {subject}", shown.sequence)?;
    writeln!(screen.out, "{reason}: {}", printable(&shown.error))?;
    for broken in &shown.schema_errors {
        let text = |name: &str| broken.get(name).and_then(Value::as_str).unwrap_or_default();
        writeln!(screen.out, "  `{}` breaks `{}`", printable(text("pointer")), text("keyword"))?;
    }
    let or =
        |text: &Option<String>| text.as_deref().map_or_else(|| "unknown".to_owned(), printable);
    let number = |it: Option<u64>| it.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
    writeln!(
        screen.out,
        "given up {} by {}, after {}",
        shown.given_up_at,
        or(&shown.consumer),
        match shown.deliveries.and_then(|it| u64::try_from(it).ok()) {
            Some(1) => "1 delivery".to_owned(),
            Some(it) => format!("{it} deliveries"),
            None => "an unknown number of deliveries".to_owned(),
        },
    )?;
    writeln!(
        screen.out,
        "original: {} {}, stored {}",
        or(&shown.stream),
        number(shown.stream_sequence),
        or(&shown.stored_at)
    )?;
    write_headers(screen, &shown.original_headers)?;
    write_decoded(screen, &shown.decoded)
}
