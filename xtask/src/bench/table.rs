//! What was measured as tables in Markdown, the same on a terminal and in README.md.

use std::fmt::Write as _;

use super::instructions::{ByMessage, Change, Counts};
use super::results::{Message, Results};
use super::rows::{BASES, FIGURES, Figure, LENIENT, MESSAGES, OTHERS, OURS, STRICT, Target};

/// Marks what is not reached.
const MISSED: &str = "✗";

/// The section of README.md.
pub(super) fn section(results: &Results, counts: Option<&Counts>) -> String {
    let mut text = String::new();
    if !results.codec.is_empty() {
        text += "![Time of decoding a message, in times of serde_json into an unchecked derive](tests/bench/performance.svg)\n\n";
    }
    text += &of_results(results);
    if let Some(counts) = counts {
        text += "\n";
        text += &of_counts(&counts.counts);
    }
    text
}

/// Every table of what was measured.
pub(super) fn of_results(results: &Results) -> String {
    let machine = &results.machine;
    let mut text = format!(
        "Measured on {} cores with rustc {} for {}.\nA figure in brackets is the target; `{MISSED}` \
         marks what does not reach it.\n",
        machine.cores, machine.toolchain, machine.target
    );
    let messages = MESSAGES.map(|name| results.codec.get(name));
    if let Some(launches) = messages.iter().flatten().map(|message| message.launches).max() {
        let _ = write!(
            text,
            "Times are medians over {launches} launches, in times of what `serde_json` needs with an \
             unchecked derive of the same struct: `from_slice` to decode, `to_vec` to encode.\n\n"
        );
        text += &codec(&messages);
    }
    if !results.figures.is_empty() {
        let rows = FIGURES.iter().filter_map(|figure| {
            let Figure { label, unit, target, .. } = figure;
            let value = *results.figures.get(figure.id)?;
            Some(vec![(*label).to_owned(), cell(value, unit, *target)])
        });
        let head = vec![String::new(), "measured (target)".to_owned()];
        text += "\n";
        text += &table(std::iter::once(head).chain(rows).collect());
    }
    text
}

fn codec(messages: &[Option<&Message>; 3]) -> String {
    let mut rows = vec![head("time", |at| {
        messages.get(at).copied().flatten().map(|message| length(message.bytes))
    })];
    for row in OURS.iter().chain(OTHERS) {
        rows.extend(line(row.label, |at| {
            let measured = messages.get(at)?.as_ref()?.rows.get(row.id)?;
            Some(ratio(measured.ratio, row.time.and_then(|targets| targets.get(at).copied())))
        }));
    }
    for (id, label) in BASES {
        rows.extend(line(&format!("{label}, ns"), |at| {
            let ns = messages.get(at)?.as_ref()?.rows.get(*id)?.ns;
            Some(grouped(ns.round() as u64))
        }));
    }
    table(rows)
}

/// The instructions of one operation, in times of what they are held against, and what a leniency
/// costs.
pub(super) fn of_counts(counts: &ByMessage) -> String {
    let count = |at: usize, row: &str| {
        let name = MESSAGES.get(at)?;
        counts.get(*name)?.get(row).copied()
    };
    let mut rows = vec![head("instructions", |_| None)];
    for row in OURS {
        rows.extend(line(row.label, |at| {
            let most = row.instructions.and_then(|targets| targets.get(at).copied());
            Some(ratio(count(at, row.id)? as f64 / count(at, row.base)? as f64, most))
        }));
    }
    for (id, label) in BASES {
        rows.extend(line(label, |at| count(at, id).map(grouped)));
    }
    table(rows) + &lenient(counts)
}

/// What a message costs that uses a leniency, and how much more that is than without it.
fn lenient(counts: &ByMessage) -> String {
    let rows = LENIENT.iter().filter_map(|(message, row, label)| {
        let rows = counts.get(*message)?;
        let (with, without) = (*rows.get(*row)?, *rows.get(STRICT)?);
        let more = percent(without, with);
        Some(vec![format!("`{message}`, {label}"), grouped(with), more])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["decode, owned: a leniency that is used", "instructions", "than without it"];
    let head = head.map(str::to_owned).to_vec();
    format!("\n{}", table(std::iter::once(head).chain(rows).collect()))
}

/// How much more one count is than another.
fn percent(before: u64, now: u64) -> String {
    format!("{:+.2} %", (now as f64 / before as f64 - 1.0) * 100.0)
}

/// What has changed since the counts were kept.
pub(super) fn of_changes(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "\nno count has changed\n".to_owned();
    }
    let head = ["changed", "row", "kept", "now", ""].map(str::to_owned).to_vec();
    let rows = changes.iter().map(|change| {
        let text = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), grouped);
        let percent = match (change.before, change.now) {
            (Some(before), Some(now)) => {
                let mark =
                    if change.is_regression() { format!(" {MISSED}") } else { String::new() };
                format!("{}{mark}", percent(before, now))
            }
            (None, Some(_)) => "new".to_owned(),
            (_, None) => "gone".to_owned(),
        };
        vec![
            change.message.clone(),
            change.row.clone(),
            text(change.before),
            text(change.now),
            percent,
        ]
    });
    format!("\n{}", table(std::iter::once(head).chain(rows).collect()))
}

/// The first row: what is measured, and the messages.
fn head(what: &str, more: impl Fn(usize) -> Option<String>) -> Vec<String> {
    let names = MESSAGES.iter().enumerate().map(|(at, name)| match more(at) {
        Some(more) => format!("`{name}`, {more}"),
        None => format!("`{name}`"),
    });
    std::iter::once(what.to_owned()).chain(names).collect()
}

/// A row, if a message has it.
fn line(label: &str, cell: impl Fn(usize) -> Option<String>) -> Option<Vec<String>> {
    let cells: Vec<Option<String>> = (0..MESSAGES.len()).map(cell).collect();
    cells.iter().any(Option::is_some).then(|| {
        let cells = cells.into_iter().map(Option::unwrap_or_default);
        std::iter::once(label.to_owned()).chain(cells).collect()
    })
}

/// A value and what it is to reach; what is shown is what is judged.
fn cell(value: f64, unit: &str, target: Target) -> String {
    let shown = format!("{value:.2}");
    let judged: f64 = shown.parse().unwrap_or(value);
    let (target, is_reached) = match target {
        Target::AtMost(most) => (format!(" (≤ {most:.2}{unit})"), judged <= most),
        Target::AtLeast(least) => (format!(" (≥ {least:.2}{unit})"), judged >= least),
        Target::Open => (String::new(), true),
    };
    let mark = if is_reached { String::new() } else { format!(" {MISSED}") };
    format!("{shown}{unit}{target}{mark}")
}

/// A ratio and the most that it is to be.
fn ratio(ratio: f64, most: Option<f64>) -> String {
    cell(ratio, "", most.map_or(Target::Open, Target::AtMost))
}

/// A length in bytes, as people say it.
fn length(bytes: usize) -> String {
    if bytes < 1_000 { format!("{bytes} B") } else { format!("{:.1} kB", bytes as f64 / 1e3) }
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Rows of one width as a table, the first above the others.
fn table(rows: Vec<Vec<String>>) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(3)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text += "|\n";
        if number == 0 {
            for width in &widths {
                let _ = write!(text, "|{:-<width$}", "", width = width + 2);
            }
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::results::{Machine, Measured};

    fn results() -> Results {
        let row = |ns: f64, ratio: f64| Measured { ns, ratio };
        let message = |bytes: usize, ratio: f64| Message {
            bytes,
            launches: 5,
            rows: BTreeMap::from([
                ("serde_decode".to_owned(), row(1_234.5, 1.0)),
                ("decode_owned".to_owned(), row(1_234.5 * ratio, ratio)),
                ("value_boon".to_owned(), row(4_000.0, 3.24)),
            ]),
        };
        let target = "x86_64-unknown-linux-gnu".to_owned();
        Results {
            machine: Machine {
                cores: 2,
                toolchain: "1.95.0".to_owned(),
                target,
                ..Machine::default()
            },
            codec: BTreeMap::from([
                ("position.enqueued".to_owned(), message(395, 0.404)),
                ("queue.updated".to_owned(), message(4_267, 0.556)),
            ]),
            figures: BTreeMap::from([
                ("generate_1000".to_owned(), 2.01),
                ("publish".to_owned(), 0.9),
                ("publish_cpu_us".to_owned(), 7.5),
                ("unheard_of".to_owned(), 1.0),
            ]),
        }
    }

    #[test]
    fn what_was_measured_is_shown_with_its_targets() {
        insta::assert_snapshot!(of_results(&results()));
    }

    #[test]
    fn counts_are_shown_as_ratios() {
        let rows = [("serde_encode", 4_000), ("encode_proved", 1_801), ("decode_owned", 3)];
        let rows = rows.map(|(row, count)| (row.to_owned(), count));
        let lenient = [("decode_owned", 4_000), ("lenient_null", 4_050)];
        let lenient = lenient.map(|(row, count)| (row.to_owned(), count));
        let counts = BTreeMap::from([
            ("position.heartbeat".to_owned(), rows.into()),
            ("position.enqueued".to_owned(), lenient.into()),
        ]);
        insta::assert_snapshot!(of_counts(&counts));
    }

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
