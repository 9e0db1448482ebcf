//! Where a verb writes to, and how: text for a person, or a document for a program.

use std::fmt::{self, Display};
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::error::{Error, Result};

/// Where a verb writes to, and how.
pub(crate) struct Screen<'a> {
    /// What was asked for. Standard output.
    pub(crate) out: Output<'a>,
    /// Progress, questions and errors. Standard error.
    pub(crate) err: Output<'a>,
    /// Whether a program reads.
    pub(crate) json: bool,
    /// Whether personal data is shown.
    pub(crate) shows_personal_data: bool,
    /// Whether a person can be asked.
    pub(crate) is_attended: bool,
}

/// A place to write to whose failure stops no work: what is half done because nobody reads any more
/// would be worse. After a failure writing does nothing, and [`Write::flush`] tells of it.
pub(crate) struct Output<'a> {
    to: Box<dyn Write + 'a>,
    failed: Option<io::Error>,
    /// Whether it shows colours.
    has_colours: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(to: impl Write + 'a, has_colours: bool) -> Output<'a> {
        Output { to: Box::new(to), failed: None, has_colours }
    }

    /// A text in the colour of what it is.
    pub(crate) fn paint<T: Display>(&self, tone: Tone, text: T) -> String {
        let style = match tone {
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Warning => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Name => Style::new().bold(),
            Tone::Quiet => Style::new().dimmed(),
        };
        match self.has_colours {
            true => format!("{style}{text}{style:#}"),
            false => text.to_string(),
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed.is_none() {
            self.failed = self.to.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.failed.is_none() {
            self.failed = self.to.flush().err();
        }
        match &self.failed {
            None => Ok(()),
            Some(error) => Err(match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            }),
        }
    }
}

/// What a text is, as a colour tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
    /// A name that the eye looks for.
    Name,
    /// What is there for completeness.
    Quiet,
}

impl Screen<'_> {
    /// What was found: as JSON where a program reads, else by `text`.
    pub(crate) fn show<T: Serialize>(
        &mut self,
        found: &T,
        text: impl FnOnce(&mut Self, &T) -> io::Result<()>,
    ) -> Result<()> {
        if self.json {
            self.json_line(found)?;
        } else {
            text(self, found)?;
        }
        Ok(())
    }

    /// One line of JSON.
    pub(crate) fn json_line<T: Serialize>(&mut self, found: &T) -> io::Result<()> {
        let line = serde_json::to_string(found).map_err(io::Error::other)?;
        writeln!(self.out, "{}", printable_json(&line))
    }

    /// A text for `out`, in the colour of what it is.
    pub(crate) fn paint<T: Display>(&self, tone: Tone, text: T) -> String {
        self.out.paint(tone, text)
    }

    /// Asks a person for a yes. Whoever cannot be asked has to say it on the command line, and may
    /// look at it before by other means.
    pub(crate) async fn confirm(&mut self, question: &str, look: &str) -> Result<bool> {
        if !self.is_attended || self.json {
            let what = format!("nobody is there to answer: {question}");
            return Err(Error::usage(what, format!("look at it with {look}, then add `--yes`")));
        }
        let read = || {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|_| line)
        };
        let asked = async {
            write!(self.err, "{question} [y/N] ")?;
            self.err.flush()?;
            answer(read).await
        };
        let answer = tokio::select! {
            // Whoever sees the question can interrupt it.
            biased;
            _ = tokio::signal::ctrl_c() => return Err(Error::interrupted()),
            answer = asked => answer?,
        };
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

/// What is read beside everything else: meanwhile the connection answers the server, which would end
/// it otherwise.
async fn answer(read: impl FnOnce() -> io::Result<String> + Send + 'static) -> io::Result<String> {
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

impl fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("json", &self.json).finish_non_exhaustive()
    }
}

/// A table whose columns are as wide as what stands in them; the last may be of any width.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<(Option<Tone>, String)>>,
}

impl Table {
    /// A table with names above its columns.
    pub(crate) fn new(head: &[&str]) -> Table {
        let cell = |name: &&str| (Some(Tone::Quiet), (*name).to_owned());
        Table { rows: vec![head.iter().map(cell).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<(Option<Tone>, String)>) {
        // Control characters come from outside and would move the cursor.
        let clean = |(tone, text): (Option<Tone>, String)| (tone, printable(&text));
        self.rows.push(cells.into_iter().map(clean).collect());
    }

    /// The lines, each with its end.
    pub(crate) fn text(&self, on: &Output<'_>) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|(_, text)| text.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut lines = String::new();
        for row in &self.rows {
            let mut line = String::new();
            let last = row.len().saturating_sub(1);
            for (at, ((tone, text), width)) in row.iter().zip(&widths).enumerate() {
                let fill = if at == last { 0 } else { width - text.chars().count() + 2 };
                line += &tone.map_or_else(|| text.clone(), |tone| on.paint(tone, text));
                line += &" ".repeat(fill);
            }
            lines += line.trim_end();
            lines.push('\n');
        }
        lines
    }
}

/// The text with what is no character to look at written as an escape.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match is_odd(c) {
            true => clean.extend(c.escape_default()),
            false => clean.push(c),
        }
    }
    clean
}

/// As [`printable`], of JSON, which stays JSON; its lines stay lines.
pub(crate) fn printable_json(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match is_odd(c) && c != '\n' {
            true => clean += &format!("\\u{:04x}", u32::from(c)),
            false => clean.push(c),
        }
    }
    clean
}

/// Whether a character moves the cursor, or turns around the text behind it.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `1 message`, `2 messages`.
pub(crate) fn count(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_output_has_its_own_colours() {
        let mut table = Table::new(&["a"]);
        table.row(vec![(Some(Tone::Bad), "b".to_owned())]);
        assert_eq!(table.text(&Output::new(Vec::new(), false)), "a\nb\n");
        assert!(table.text(&Output::new(Vec::new(), true)).contains('\u{1b}'));
    }

    #[tokio::test]
    async fn a_question_stops_nothing_else() {
        let (sender, receiver) = std::sync::mpsc::channel();
        // The answer comes only after something else was done.
        let read = move || receiver.recv().map_err(io::Error::other);
        let work = async { sender.send("yes".to_owned()).map_err(io::Error::other) };
        let (answer, _) = futures_util::future::join(answer(read), work).await;
        assert_eq!(answer.unwrap(), "yes");
    }

    #[test]
    fn what_comes_from_outside_cannot_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(printable("\u{9b}2J\u{202e}ä\u{2069}"), "\\u{9b}2J\\u{202e}ä\\u{2069}");
        let value = serde_json::json!({ "a": "\u{9b}2J\u{202e}\u{7f}ä\n\u{1b}" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let clean = printable_json(&text);
        assert!(clean.chars().all(|c| c == '\n' || !is_odd(c)), "{clean}");
        assert_eq!(clean.lines().count(), 3);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&clean).unwrap(), value);
    }
}
