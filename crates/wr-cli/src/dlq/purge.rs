//! `wr dlq purge`: dead letters are deleted.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use wr_runtime::DeadLetterQueue;

use super::{Chosen, reasons_json};
use crate::Exit;
use crate::arguments::PurgeArguments;
use crate::error::{Error, Result};
use crate::interrupt::Interrupts;
use crate::screen::{Screen, Tone, count, printable};

pub(super) async fn run(
    queue: &DeadLetterQueue,
    options: &PurgeArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let question = |letters: &str| format!("Delete {letters} for good?");
    let is_decided = options.dry_run || options.yes;
    let chosen = Chosen::ask(queue, &options.selection, is_decided, question, screen).await?;
    let Some(chosen) = chosen else {
        writeln!(screen.err, "nothing was deleted")?;
        return Ok(Exit::No);
    };
    let stop = AtomicBool::new(false);
    let purging = queue.purge_until(&chosen.selection, options.dry_run, &stop);
    let asked = || {
        stop.store(true, Ordering::Relaxed);
        writeln!(screen.err, "ending behind this one; once more aborts")
    };
    let report = Interrupts::new().finish(purging, asked).await?.ok_or_else(|| {
        let what = "aborted: the one under way may be deleted, those behind it are not";
        Error::stopped(what, "see what is left with `wr dlq list`")
    })??;
    let document = json!({
        "dry_run": options.dry_run,
        "selected": report.selected,
        "purged": report.purged,
        "gone": report.gone,
        "failed": reasons_json(&report.failed),
        "stopped": report.stopped.as_ref().map(ToString::to_string),
        "interrupted": report.interrupted,
    });
    screen.show(&document, |screen, _| {
        let done = if options.dry_run { "would be deleted" } else { "deleted" };
        let text = format!("{} of {} {done}", report.purged, count(report.selected, "dead letter"));
        writeln!(screen.out, "{}", screen.paint(Tone::Good, text))?;
        for (sequence, why) in &report.failed {
            let text = format!("{sequence} stays: {}", printable(&why.to_string()));
            writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
        }
        if let Some(why) = &report.stopped {
            let text = format!("ended early: {}; run it again", printable(&why.to_string()));
            writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
        }
        if report.interrupted {
            let text = screen.paint(Tone::Warning, "interrupted: run it again for the rest");
            writeln!(screen.out, "{text}")?;
        }
        Ok(())
    })?;
    if report.interrupted {
        return Ok(Exit::Interrupted);
    }
    let is_done = report.failed.is_empty() && report.stopped.is_none();
    Ok(if is_done { Exit::Done } else { Exit::No })
}
