//! `wr dlq`: what consumers gave up: counted, shown, redriven, purged.

mod list;
mod purge;
mod redrive;
mod show;
mod wording;

use std::fmt::Display;
use std::io::Write;

use serde_json::{Value, json};
use wr_core::Catalogue;
use wr_runtime::{DeadLetter, DeadLetterQueue, Group, Reason, Selection};

use crate::Exit;
use crate::arguments::{
    ConnectArguments, DlqVerb, ListArguments, PurgeArguments, RedriveArguments, SelectionArguments,
};
use crate::error::Result;
use crate::message::{Masking, ago};
use crate::personal::MASK;
use crate::screen::{Output, Screen, Table, Tone, count};
use crate::unknown;

pub(crate) async fn run(
    catalogue: &'static Catalogue,
    connect: &ConnectArguments,
    verb: DlqVerb,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    match &verb {
        DlqVerb::List(ListArguments { selection, .. })
        | DlqVerb::Redrive(RedriveArguments { selection, .. })
        | DlqVerb::Purge(PurgeArguments { selection, .. }) => {
            unknown::note_selection(screen, catalogue, selection);
        }
        DlqVerb::Show(_) => {}
    }
    let connection = connect.connect().await?;
    let queue = DeadLetterQueue::new(&connection, catalogue)?;
    match verb {
        DlqVerb::List(options) => list::run(catalogue, &queue, &options, screen).await,
        DlqVerb::Show(options) => show::run(catalogue, &queue, &options, screen).await,
        DlqVerb::Redrive(options) => redrive::run(catalogue, &queue, &options, screen).await,
        DlqVerb::Purge(options) => purge::run(&queue, &options, screen).await,
    }
}

impl SelectionArguments {
    fn selection(&self) -> Selection {
        let mut selection = Selection::all();
        if let Some(after) = self.after {
            selection = selection.after(after);
        }
        if !self.sequences.is_empty() {
            selection = selection.sequences(self.sequences.iter().copied());
        }
        if let Some(consumer) = &self.consumer {
            selection = selection.consumer(consumer);
        }
        if let Some(stream) = &self.stream {
            selection = selection.stream(stream);
        }
        if let Some(subject) = &self.subject {
            selection = selection.subject(subject);
        }
        if let Some(reason) = &self.reason {
            selection = selection.reason(Reason::parse(reason));
        }
        if let Some(since) = self.since {
            selection = selection.since(since);
        }
        if let Some(until) = self.until {
            selection = selection.until(until);
        }
        match self.limit {
            Some(limit) => selection.limit(limit),
            None => selection,
        }
    }
}

/// Why a dead letter was given up. What a handler wrote, or somebody unknown, may hold a value of the
/// message, and is masked: all but the words of this runtime for a reason of its own.
fn error(letter: &DeadLetter, masking: &Masking) -> String {
    match letter.reason {
        Reason::UnmarshalError
        | Reason::SchemaViolation
        | Reason::UnknownType
        | Reason::UnknownMajor
        | Reason::EnvelopeMismatch
        | Reason::MaxDeliveriesExceeded
            if wording::is_ours(letter) =>
        {
            masking.error(&letter.error, &letter.schema_errors)
        }
        _ if masking.shows_personal_data || letter.error.is_empty() => letter.error.clone(),
        _ => MASK.to_owned(),
    }
}

/// What is selected, by consumer and reason.
fn groups_text(on: &Output<'_>, groups: &[Group]) -> String {
    let mut table = Table::new(&["count", "consumer", "reason", "oldest", "newest"]);
    for group in groups {
        let reason = group.reason.as_ref().map_or("no dead letter", Reason::as_str);
        table.row(vec![
            (Some(Tone::Bad), group.count.to_string()),
            (Some(Tone::Name), group.consumer.clone().unwrap_or_else(|| "unknown".to_owned())),
            (None, reason.to_owned()),
            (None, ago(group.oldest)),
            (None, ago(group.newest)),
        ]);
    }
    table.text(on)
}

/// A selection that a person is to decide on.
struct Chosen {
    selection: Selection,
    /// How many dead letters it is now.
    total: u64,
}

impl Chosen {
    /// Shows what is selected, and asks, unless nothing would be done or the answer is given. None
    /// where the answer is no.
    async fn ask(
        queue: &DeadLetterQueue,
        arguments: &SelectionArguments,
        is_decided: bool,
        question: impl FnOnce(&str) -> String,
        screen: &mut Screen<'_>,
    ) -> Result<Option<Chosen>> {
        let selection = arguments.selection();
        let groups = queue.groups(&selection).await?;
        let total: u64 = groups.iter().map(|group| group.count).sum();
        if total > 0 && !is_decided {
            let text = groups_text(&screen.err, &groups);
            write!(screen.err, "{text}")?;
            let question = question(&count(total, "dead letter"));
            if !screen.confirm(&question, "`--dry-run`").await? {
                return Ok(None);
            }
        }
        // None but those that were shown, and of them no more than were asked for.
        let selection = selection.up_to(groups.iter().map(|group| group.last).max().unwrap_or(0));
        Ok(Some(Chosen { selection, total }))
    }
}

/// Dead letters and what is the matter with each, for a program.
fn reasons_json<E: Display>(all: &[(u64, E)]) -> Vec<Value> {
    all.iter().map(|(at, why)| json!({ "sequence": at, "why": why.to_string() })).collect()
}
