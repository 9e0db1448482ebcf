//! What the demo shows: lines that are drawn again in place on a terminal, and one line a second
//! elsewhere.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::meter::{Meter, Meters};

/// How often the numbers are shown: on a terminal, and elsewhere.
const REDRAW: Duration = Duration::from_millis(100);
const NEXT_LINE: Duration = Duration::from_secs(1);

pub(crate) struct Board {
    is_terminal: bool,
    has_colour: bool,
    began: Instant,
    shown: Instant,
    /// How many lines would be drawn over.
    drawn: usize,
}

impl Board {
    pub(crate) fn new() -> Board {
        let is_terminal = io::stdout().is_terminal();
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let now = Instant::now();
        Board {
            is_terminal,
            has_colour: is_terminal && !no_colour,
            began: now,
            shown: now,
            drawn: 0,
        }
    }

    /// The headline of a part of the story.
    pub(crate) fn step(&mut self, text: &str) {
        self.drawn = 0;
        let text = self.styled("1", text);
        self.write(&format!("\n{text}\n"));
    }

    /// A line below the headline.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) {
        self.drawn = 0;
        self.write(&format!("{}\n", format!("  {}", text.as_ref()).trim_end()));
    }

    /// A table, whose first row is its head; its first columns are words, the others numbers.
    pub(crate) fn table(&mut self, words: usize, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column| rows.iter().filter_map(|row| row.get(column)).map(String::len).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in rows {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, width))| match column < words {
                true => format!("{cell:<width$}"),
                false => format!("{cell:>width$}"),
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            self.say(line);
        }
    }

    /// The numbers of the moment, if it is time to show them.
    pub(crate) fn live(&mut self, room: &str, meters: &Meters) {
        let pause = if self.is_terminal { REDRAW } else { NEXT_LINE };
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        match self.is_terminal {
            true => self.redraw(room, meters),
            false => self.progress(room, meters),
        }
    }

    fn progress(&mut self, room: &str, meters: &Meters) {
        let sum =
            |number: fn(&Meter) -> u64| meters.consumers().into_iter().map(number).sum::<u64>();
        self.say(format!(
            "{:>3} s: {} published, {} handled, {} retried, {} dead letters; {room}",
            self.began.elapsed().as_secs(),
            meters.publishers.published(),
            sum(Meter::handled),
            sum(Meter::retried),
            sum(Meter::dead_letters),
        ));
    }

    fn redraw(&mut self, room: &str, meters: &Meters) {
        let mut lines = vec![format!("{room}, {} events published", meters.publishers.published())];
        for meter in meters.consumers() {
            let dead_letters = format!("{:>3} dead letters", meter.dead_letters());
            let dead_letters = match meter.dead_letters() {
                0 => dead_letters,
                _ => self.styled("31", &dead_letters),
            };
            lines.push(format!(
                "{:<22}{:>6} handled {:>4} retried {dead_letters}",
                meter.service,
                meter.handled(),
                meter.retried(),
            ));
        }
        // Up to the first line that is drawn over, each of which is cleared.
        let up = match self.drawn {
            0 => String::new(),
            drawn => format!("\x1b[{drawn}A"),
        };
        let text: String = lines.iter().map(|line| format!("\x1b[2K  {line}\n")).collect();
        self.write(&format!("{up}{text}"));
        self.drawn = lines.len();
    }

    fn styled(&self, code: &str, text: &str) -> String {
        match self.has_colour {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    /// Who closes the pipe does not want to know more; the demo goes on to its end.
    fn write(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}
