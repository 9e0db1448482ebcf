//! `wr dlq redrive`: dead letters go to the consumer that gave them up.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use wr_runtime::{DeadLetterQueue, RedriveOptions, RedriveOutcome, RedriveReport};

use super::{Chosen, reasons_json};
use crate::Exit;
use crate::arguments::RedriveArguments;
use crate::error::Result;
use crate::screen::{Screen, Tone, count, printable};

pub(super) async fn run(
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
    let how = options.how();
    let (mut done, mut failed) = (0_u64, 0_u64);
    let progress = |_: u64, outcome: &RedriveOutcome| {
        bar.inc(1);
        match outcome {
            RedriveOutcome::Redriven | RedriveOutcome::Already => done += 1,
            _ => failed += 1,
        }
        if failed > 0 {
            bar.set_message(format!("{failed} not sent"));
        }
    };
    let report = tokio::select! {
        report = queue.redrive(&chosen.selection, &how, progress) => report?,
        _ = tokio::signal::ctrl_c() => {
            bar.abandon();
            writeln!(
                screen.err,
                "interrupted after {}; run the command again for the rest: nothing is sent twice",
                count(done, "dead letter"),
            )?;
            return Ok(Exit::Interrupted);
        }
    };
    bar.finish_and_clear();
    let document = report_json(&report, options.dry_run);
    screen.show(&document, |screen, _| write_report(screen, &report, options.dry_run))?;
    let is_done = report.redriven + report.already == report.selected && report.left.is_empty();
    Ok(if is_done { Exit::Done } else { Exit::No })
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
    })
}

fn write_report(screen: &mut Screen<'_>, report: &RedriveReport, is_dry: bool) -> io::Result<()> {
    if report.selected == 0 {
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
        let text = format!("{sequence} was sent and is still in the queue: {why}");
        writeln!(screen.out, "{}", screen.paint(Tone::Warning, text))?;
    }
    if let Some(why) = &report.stopped {
        let text = format!("ended early, as several failed in a row: {why}; run it again");
        writeln!(screen.out, "{}", screen.paint(Tone::Bad, text))?;
    }
    Ok(())
}
