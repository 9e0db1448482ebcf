//! `wr dlq redrive`: dead letters go to the consumer that gave them up.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use wr_core::Catalogue;
use wr_runtime::{DeadLetterQueue, RedriveOptions, RedriveOutcome, RedriveReport, Skip};

use super::{Chosen, reasons_json};
use crate::Exit;
use crate::arguments::RedriveArguments;
use crate::error::Result;
use crate::interrupt::Interrupts;
use crate::screen::{Screen, Tone, count, printable};

pub(super) async fn run(
    catalogue: &'static Catalogue,
    queue: &DeadLetterQueue,
    options: &RedriveArguments,
    screen: &mut Screen<'_>,
) -> Result<Exit> {
    let to = match &options.to {
        Some(to) => format!("`{to}`"),
        None => "the consumers that gave them up".to_owned(),
    };
    let question = |letters: &str| format!("Send {letters} to {to}?");
    let is_decided = options.dry_run || options.yes;
    let chosen = Chosen::ask(queue, &options.selection, is_decided, question, screen).await?;
    let Some(chosen) = chosen else {
        writeln!(screen.err, "nothing was sent")?;
        return Ok(Exit::No);
    };
    let bar = bar(chosen.total, screen, options.dry_run);
    let stop = Arc::new(AtomicBool::new(false));
    let how = options.how().stop(stop.clone());
    let mut failed = 0_u64;
    let progress = |_: u64, outcome: &RedriveOutcome| {
        bar.inc(1);
        if !matches!(outcome, RedriveOutcome::Redriven | RedriveOutcome::Already) {
            failed += 1;
            bar.set_message(format!("{failed} not sent"));
        }
    };
    let redriving = queue.redrive(&chosen.selection, &how, progress);
    let asked = || {
        stop.store(true, Ordering::Relaxed);
        writeln!(screen.err, "ending behind this one; once more aborts")
    };
    let Some(report) = Interrupts::new().finish(redriving, asked).await? else {
        bar.abandon();
        let window = humantime::format_duration(window(catalogue));
        writeln!(
            screen.err,
            "aborted: one may have been sent and be in the queue still; run again within {window}, \
             it is not sent twice",
        )?;
        return Ok(Exit::Interrupted);
    };
    let report = report?;
    bar.finish_and_clear();
    let document = report_json(&report, options.dry_run);
    screen.show(&document, |screen, _| write_report(screen, &report, options.dry_run))?;
    if options.selection.limit.is_some()
        && let Some(last) = passable(&report)
    {
        writeln!(
            screen.err,
            "those that stay count for `--limit`: `--after {last}` begins behind them"
        )?;
    }
    if report.interrupted {
        return Ok(Exit::Interrupted);
    }
    let is_done = report.redriven + report.already == report.selected
        && report.left.is_empty()
        && report.stopped.is_none();
    Ok(if is_done { Exit::Done } else { Exit::No })
}

/// The last of those that stay for good. What failed, or is in the queue still, another run is to come
/// by: nothing behind the first of those is it.
fn passable(report: &RedriveReport) -> Option<u64> {
    let again = report.failed.iter().chain(&report.left).map(|(sequence, _)| *sequence).min();
    let stays = report.skipped.iter().filter(|(sequence, why)| {
        *why != Skip::Gone && again.is_none_or(|again| *sequence < again)
    });
    stays.map(|(sequence, _)| *sequence).max()
}

/// How long the stream of any consumer remembers what was sent to it.
fn window(catalogue: &'static Catalogue) -> Duration {
    let streams = catalogue.topology.into_iter().flat_map(|topology| {
        let is_read = |name: &str| topology.consumers.iter().any(|it| it.stream == name);
        topology.streams.iter().filter(move |stream| is_read(stream.name))
    });
    Duration::from_secs(streams.map(|it| it.duplicate_window_seconds).min().unwrap_or_default())
}

impl RedriveArguments {
    fn how(&self) -> RedriveOptions {
        let mut how = RedriveOptions::new().round(self.round);
        if self.dry_run {
            how = how.dry_run();
        }
        if let Some(rate) = self.rate {
            how = how.rate(rate);
        }
        if let Some(to) = &self.to {
            how = how.consumer(to);
        }
        if self.keep {
            how = how.keep();
        }
        how
    }
}

/// A bar that is drawn only where a person looks.
fn bar(total: u64, screen: &Screen<'_>, is_dry: bool) -> ProgressBar {
    let target = match screen.is_attended && !screen.json && !is_dry {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta} left {msg}");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn report_json(report: &RedriveReport, is_dry: bool) -> Value {
    json!({
        "dry_run": is_dry,
        "selected": report.selected,
        "redriven": report.redriven,
        "already": report.already,
        "skipped": reasons_json(&report.skipped),
        "failed": reasons_json(&report.failed),
        "left": reasons_json(&report.left),
        "stopped": report.stopped.as_ref().map(ToString::to_string),
        "interrupted": report.interrupted,
    })
}

fn write_report(screen: &mut Screen<'_>, report: &RedriveReport, is_dry: bool) -> io::Result<()> {
    if report.selected == 0 && !report.interrupted {
        return writeln!(screen.out, "no dead letters are selected");
    }
    let done = if is_dry { "would be redriven" } else { "redriven" };
    let text = format!("{} of {} {done}", report.redriven, count(report.selected, "dead letter"));
    writeln!(screen.out, "{}", screen.paint(Tone::Good, text))?;
    if report.already > 0 {
        writeln!(screen.out, "{} had been redriven before", report.already)?;
    }
    for (sequence, why) in &report.skipped {
        let text = format!("{sequence} stays: {}", printable(&why.to_string()));
        writeln!(screen.out, "{}", screen.paint(Tone::Warning, text))?;
    }
    for (sequence, why) in &report.failed {
        let text = format!("{sequence} was not sent: {}", printable(&why.to_string()));
        writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
    }
    for (sequence, why) in &report.left {
        let why = printable(&why.to_string());
        let text = format!("{sequence} was sent and is still in the queue: {why}");
        writeln!(screen.out, "{}", screen.paint(Tone::Warning, text))?;
    }
    if let Some(why) = &report.stopped {
        let text = format!("ended early: {}; run it again", printable(&why.to_string()));
        writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
    }
    if report.interrupted {
        writeln!(
            screen.out,
            "{}",
            screen.paint(Tone::Warning, "interrupted: run it again for the rest")
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use wr_runtime::ErrorKind;

    use super::*;

    #[test]
    fn nothing_is_passed_over_that_may_go_well_another_time() {
        let mut report = RedriveReport::default();
        assert_eq!(passable(&report), None);
        report.skipped = vec![(2, Skip::NoConsumer), (4, Skip::NoConsumer), (5, Skip::Gone)];
        assert_eq!(passable(&report), Some(4));
        report.failed = vec![(3, ErrorKind::NoStream.into())];
        assert_eq!(passable(&report), Some(2));
        report.left = vec![(1, ErrorKind::NoStream.into())];
        assert_eq!(passable(&report), None);
    }
}
