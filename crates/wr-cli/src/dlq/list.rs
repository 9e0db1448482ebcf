//! `wr dlq list`: counts by consumer and reason, or one line each.

use std::io::Write;

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use wr_core::Catalogue;
use wr_runtime::{DeadLetter, DeadLetterQueue, Group, ListOrder, Reason, Selection};

use super::{error, groups_text};
use crate::Exit;
use crate::arguments::ListArguments;
use crate::error::Result;
use crate::message::{Masking, time};
use crate::screen::{Screen, Tone, printable};

pub(super) async fn run(
    catalogue: &'static Catalogue,
    queue: &DeadLetterQueue,
    options: &ListArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let selection = options.selection.selection();
    if options.each {
        return list_each(catalogue, queue, &selection, screen).await;
    }
    let groups = queue.groups(&selection).await?;
    let all: Vec<Value> = groups.iter().map(group_json).collect();
    screen.show(&json!({ "groups": all }), |screen, _| match groups.is_empty() {
        true => writeln!(screen.out, "{}", screen.paint(Tone::Good, "no dead letters")),
        false => {
            let text = groups_text(&screen.out, &groups);
            write!(screen.out, "{text}")
        }
    })?;
    Ok(Exit::Done)
}

fn group_json(group: &Group) -> Value {
    json!({
        "consumer": group.consumer,
        "reason": group.reason.as_ref().map(Reason::as_str),
        "count": group.count,
        "oldest": time(group.oldest),
        "newest": time(group.newest),
    })
}

/// Row by row, for there may be many.
async fn list_each(
    catalogue: &'static Catalogue,
    queue: &DeadLetterQueue,
    selection: &Selection,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let mut entries = std::pin::pin!(queue.list(selection, ListOrder::NewestFirst));
    let mut none = true;
    let shows = screen.shows_personal_data;
    let why = |letter: &DeadLetter| {
        error(letter, &Masking::new(catalogue, &letter.original_subject, shows))
    };
    // Who reads no more has seen what they wanted.
    while screen.out.flush().is_ok()
        && let Some(entry) = entries.try_next().await?
    {
        none = false;
        let kept_at = time(entry.kept_at);
        if screen.json {
            let mut row = json!({ "sequence": entry.sequence, "kept_at": kept_at });
            let told = match &entry.letter {
                Ok(letter) => json!({
                    "reason": letter.reason.as_str(),
                    "consumer": letter.consumer,
                    "original_subject": letter.original_subject,
                    "error": why(letter),
                }),
                Err(error) => json!({ "unreadable": error.to_string() }),
            };
            if let (Value::Object(row), Value::Object(told)) = (&mut row, told) {
                row.extend(told);
            }
            screen.json_line(&row)?;
            continue;
        }
        let place = screen.paint(Tone::Name, entry.sequence);
        let when = screen.paint(Tone::Quiet, kept_at);
        let told = match &entry.letter {
            Ok(letter) => {
                let reason = screen.paint(Tone::Bad, letter.reason.as_str());
                let consumer = letter.consumer.as_deref().unwrap_or("unknown");
                let subject = &letter.original_subject;
                format!(
                    "{} {reason} {} {}",
                    printable(consumer),
                    printable(subject),
                    printable(&why(letter))
                )
            }
            Err(error) => screen.paint(Tone::Bad, printable(&error.to_string())),
        };
        writeln!(screen.out, "{place} {when} {told}")?;
    }
    if none && !screen.json {
        writeln!(screen.out, "{}", screen.paint(Tone::Good, "no dead letters"))?;
    }
    Ok(Exit::Done)
}
